"""Rounds of a call under `retry_args`: where a subclass has a part in the call, each attempt is one."""

from __future__ import annotations

import functools
import json
import secrets
import time
from contextvars import ContextVar
from typing import Any, Protocol

from http_hook import _machine
from http_hook._told import with_failure
from http_hook.tenacity import Retries

# What a call does in the original at each attempt: a class that does one of these in its own way has to be asked each time.
_EACH_TIME = (
    "run",
    "run_and_check",
    "get_conn",
    "get_connection",
    "url_from_endpoint",
    "_set_base_url",
    "_extract_auth",
    "_configure_session_from_auth",
    "_configure_session_from_extra",
    "_configure_session_from_mount_adapters",
)
# One attempt, of which the machine tells what the server asks for. Whether there is another one is decided around it.
_ONCE = {
    "when": {"type": "any", "conditions": [{"type": "check_failed"}, {"type": "error"}]},
    "once": {"type": "never"},
    "stop": {"type": "after_attempt", "max_attempts": 1},
}


@functools.cache
def usual_hints() -> tuple[float, float]:
    """Returns the longest wait of a server's that is waited, in seconds, and by which share it may be longer."""
    told = json.loads(_machine.RetryPolicy().to_json())["hints"]
    return float(told["cap"]), float(told["jitter"])


class OfHook(Protocol):
    """What rounds and loops ask of their hook."""

    preset: str | None
    policy: Any
    deadline: float | None
    max_response_bytes: int | None
    merged_extra: dict[str, Any]
    transport: Any

    @property
    def log(self) -> Any: ...

    def run(self, *args: Any, **kwargs: Any) -> Any: ...

    def check_response(self, response: Any) -> None: ...

    def _hints(self) -> bool: ...

    def _is_ours(self, name: str) -> bool: ...


class OfLoop(Protocol):
    """What rounds ask of a loop."""

    call: _machine.Call

    def may_repeat(self) -> bool: ...


class Ticket:
    """One round of a call under `retry_args`, on its way from `run_with_advanced_retry` to the loops that it comes to.

    It is held by no hook: it is seen by whoever runs in the same context between the two, and by nothing that a loop runs.
    """

    def __init__(
        self,
        hook: OfHook,
        retries: Retries | None,
        policy: _machine.RetryPolicy,
        seeds: list[int],
        begun: float,
    ) -> None:
        self.hook = hook
        self.retries = retries
        self.policy = policy
        self.loops: list[OfLoop] = []
        self.ended: BaseException | None = None
        self._seeds = seeds
        self._begun = begun

    def seed(self) -> int:
        """Returns what decides the random choices of the next call: the same in each round, so that a key stays what it is."""
        place = len(self.loops)
        while len(self._seeds) <= place:
            self._seeds.append(secrets.randbits(64))
        return self._seeds[place]

    def left(self, deadline: float | None) -> float | None:
        """Returns what is left of a deadline, which is that of all rounds."""
        return None if deadline is None else max(deadline - (time.monotonic() - self._begun), 0.001)

    def failure(self) -> _machine.Failure | None:
        """Returns the failure of the last call, if it failed."""
        return self.loops[-1].call.failure if self.loops else None

    def may_repeat(self) -> bool:
        """Whether all that was sent may be sent again."""
        return all(loop.may_repeat() for loop in self.loops)


TICKET: ContextVar[Ticket | None] = ContextVar("http_hook_ticket", default=None)


def rounds(
    hook: OfHook,
    retries: Retries | None,
    policy: _machine.RetryPolicy,
    arguments: dict[Any, Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Runs the call, and runs it again while tenacity says so of what the machine does not see.

    A plain class needs one round: its loop sends as often as it may. Where a subclass has a part in the call each attempt is a round.
    """
    seeds: list[int] = []
    begun = time.monotonic()
    each_time = retries is not None and not all(hook._is_ours(name) for name in _EACH_TIME)
    while True:
        if each_time and retries is not None:
            retries.attempt()
            ticket = Ticket(hook, None, _machine.RetryPolicy(_ONCE), seeds, begun)
        else:
            ticket = Ticket(hook, retries, policy, seeds, begun)
        value: Any = None
        error: Exception | None = None
        token = TICKET.set(ticket)
        try:
            value = hook.run(*args, **kwargs)
        except Exception as raised:
            error = raised
        finally:
            TICKET.reset(token)
        # Of what a loop has ended with the strategies have had their say.
        told = error is ticket.ended if error is not None else True
        if retries is None or (told and not each_time):
            if error is not None:
                raise error
            return value
        if retries.data:
            # From here on tenacity's own state counts.
            policy = retries.policy(arguments, data=False)
            retries.data = False
        ended, outcome = _judged(hook, retries, ticket, value, error)
        if ended:
            return outcome


def _judged(hook: OfHook, retries: Retries, ticket: Ticket, value: Any, error: Exception | None) -> tuple[bool, Any]:
    """Asks tenacity of a round; waits if there is to be another one, else ends as it does."""
    failure = ticket.failure()
    retries.outcome = lambda: (value, error)

    def ended() -> tuple[bool, Any]:
        if error is not None:
            raise error
        return True, value

    if not retries._when():
        return ended()
    seconds = retries._wait()
    if retries._stop(seconds):
        note = None if failure is None else functools.partial(noted, failure)
        return True, retries.gave_up(note)
    if not ticket.may_repeat():
        return ended()
    if failure is not None and failure.hint is not None and hook._hints():
        cap, jitter = usual_hints()
        if failure.hint > cap:
            return ended()
        # Not all at once, and never earlier.
        seconds = max(seconds, failure.hint * (1 + jitter * secrets.randbelow(1 << 16) / (1 << 16)))
    left = ticket.left(hook.deadline)
    if left is not None and seconds >= left:
        return ended()
    retries.sleep(seconds)
    return False, None


def noted(failure: _machine.Failure, error: Any) -> None:
    if isinstance(error, BaseException):
        with_failure(error, failure)
