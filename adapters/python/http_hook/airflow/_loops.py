"""The loops of a hook: its checks, its log lines, its exceptions."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from airflow.providers.common.compat.sdk import AirflowException

from http_hook import _machine
from http_hook._loop import call_of
from http_hook._requests_errors import of_failure
from http_hook._requests_loop import Loop
from http_hook._requests_plan import planned
from http_hook._requests_session import MARK, OwnHook
from http_hook._told import redacted, with_failure
from http_hook.airflow import _session
from http_hook.airflow._given import header_text, policy_of, usual_preset
from http_hook.airflow._rounds import TICKET, OfHook, Ticket, noted
from http_hook.ureq import OverTransport

# Where a prepared request keeps its loop.
LOOP = "_http_hook_loop"


class AirflowLoop(Loop):
    """The loop of a hook: its checks, its log lines, its exceptions."""

    def __init__(
        self,
        call: _machine.Call,
        session: requests.Session,
        hook: OfHook,
        *,
        ticket: Ticket | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(call, session, **rest)
        self.hook = hook
        self.checks = True
        self.ticket = ticket
        self.retries = None if ticket is None else ticket.retries
        self._checked: tuple[Any, Exception | None] | None = None
        self._sent = 0
        self._repeatable = True
        if ticket is not None:
            ticket.loops.append(self)
        if self.retries is not None:
            self.retries.outcome = self.outcome

    def run(self) -> Any:
        # Code of the caller's that is run meanwhile makes calls of its own.
        token = TICKET.set(None)
        try:
            return super().run()
        except Exception as error:
            if self.ticket is not None and error is not self.of_attempt:
                self.ticket.ended = error
            raise
        finally:
            TICKET.reset(token)

    def may_repeat(self) -> bool:
        """Whether what was sent may be sent again in another round."""
        if self._sent == 0 or self._repeatable:
            return True
        failure = self.call.failure
        if failure is None or self.history or self.source is not None:
            return False
        return failure.sent == "no" or failure.status in (421, 425)

    def attempt(self, send: _machine.Send) -> None:
        self._checked = None
        if self.retries is not None:
            self.retries.attempt()

    def exchange(self, send: _machine.Send) -> Any:
        if self.ticket is not None:
            self._sent += 1
            self._repeatable = self._repeatable and self.call.repeatable
        asked = super().exchange(send)
        if isinstance(self.error, requests.exceptions.ConnectionError):
            self.hook.log.warning("%s Tenacity will retry to execute the operation", self.error)
        return asked

    def wait(self, wait: _machine.Wait) -> None:
        of_attempt = wait.reason in ("backoff", "hint")
        if self.checks and self.response is not None and of_attempt:
            # As the original, which says so after each attempt.
            error = self.check()
            if self.retries is None and not self.hook._is_ours("check_response"):
                if error is None:
                    # The hook's own check lets it pass.
                    self.call.cancel()
                    self._judged = False
                    return
                if not isinstance(error, (AirflowException, requests.exceptions.RequestException)):
                    # That is no word on the answer.
                    self.of_attempt = error
                    raise error
        if self.retries is None or not of_attempt:
            time.sleep(wait.seconds)
        else:
            self.retries.sleep(wait.seconds)

    def check(self) -> Exception | None:
        """Asks the hook's check of the last response, once."""
        if self._checked is None or self._checked[0] is not self.response:
            error = None
            try:
                if self.checks:
                    self.hook.check_response(self.response)
            except Exception as raised:
                error = raised
                if self._shown is not None:
                    redacted(error, str(getattr(self.response, "url", "")).partition("#")[0], self._shown)
            self._checked = (self.response, error)
        return self._checked[1]

    def outcome(self) -> tuple[Any, Exception | None]:
        """Tells what the last attempt came to."""
        if self.error is not None:
            return None, self.error
        error = self.check()
        return (None, error) if error is not None else (self.response, None)

    def accepted(self) -> Any:
        error = self.check()
        if error is not None:
            raise error
        if self.retries is not None:
            self.retries._take()
        return self.response

    def failed(self, failure: _machine.Failure) -> Any:
        note: Callable[[Any], None] = functools.partial(noted, failure)
        if self.retries is not None and self.gives_up(failure) and (self.error or self.response) is not None:
            return self.retries.gave_up(note)
        if failure.cause == "response":
            error = self.check()
            if error is None:
                # The hook's own check lets it pass.
                return self.response
            raise with_failure(error, failure)
        if failure.cause == "transport" and self.error is not None:
            raise with_failure(self.error, failure)
        raise with_failure(of_failure(failure, self.response), failure)

    def gives_up(self, failure: _machine.Failure) -> bool:
        """Whether it was the strategy that stopped the call."""
        if failure.reason in ("stopped", "attempts"):
            return True
        return failure.reason == "deadline" and self.hook.deadline is None


class TransportLoop(OverTransport, AirflowLoop):
    """The same over a transport of the package's own."""

    def __init__(self, call: _machine.Call, session: requests.Session, hook: OfHook, **rest: Any) -> None:
        super().__init__(call, session, hook, **rest)
        self.transport = hook.transport


def _adopt(request: requests.PreparedRequest, loop: Loop) -> None:
    """Lets the loop read and lead a request that somebody else prepared."""
    if isinstance(request, requests.PreparedRequest):
        hooks = dict(request.hooks or {})
        hooks["response"] = [loop.kept, *(OwnHook(loop, one) for one in hooks.get("response") or ())]
        request.hooks = hooks
        setattr(request, MARK, True)


def adopted(
    hook: OfHook,
    ticket: Ticket | None,
    session: requests.Session,
    request: requests.PreparedRequest,
    extra_options: dict[Any, Any],
) -> AirflowLoop:
    """Makes a call of a request that somebody else prepared."""
    url = urlsplit(str(request.url))
    target = url.path + (f"?{url.query}" if url.query else "")
    headers = [
        (name, header_text(value))
        for name, value in (request.headers or {}).items()
        if name.lower() not in ("connection", "content-length", "transfer-encoding", "host")
    ]
    body = request.body
    source = body if body is not None and not isinstance(body, (str, bytes)) else None
    ready = _machine.Hook(
        _machine.Connection(host=f"{url.scheme}://{url.netloc}"),
        client="session",
        preset=hook.preset or usual_preset(),
        auth="none",
        headers=headers,
        policy=policy_of(hook.policy),
        max_response_bytes=hook.max_response_bytes,
        **_session.environment_of(session, None, "none"),
    )
    external: dict[str, Any] = {"external": True} if source is not None else {}
    plan, rest = planned(
        str(request.method),
        target,
        data=None if source is not None else body,
        options=_session.options_of(session, dict(extra_options), hook.merged_extra),
        policy=None if ticket is None else ticket.policy,
        deadline=hook.deadline if ticket is None else ticket.left(hook.deadline),
        **external,
    )
    rest["source"] = source
    call = call_of(ready, plan, None if ticket is None else ticket.seed())
    loop = AirflowLoop(call, session, hook, ticket=ticket, **rest)
    _adopt(request, loop)
    return loop
