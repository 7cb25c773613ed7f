"""What the loops have in common: what they keep of a call, and exceptions that are not the client's."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable
from typing import Any

from http_hook import _machine
from http_hook._now import Now
from http_hook._told import with_failure

# What has no body unless one is given.
BODILESS = frozenset({"GET", "HEAD"})


def call_of(hook: _machine.Hook, plan: _machine.Plan, seed: int | None = None) -> _machine.Call:
    """Begins a call now; what decides its random choices is drawn if it is not given, whatever `random` was seeded with."""
    return _machine.Call(hook, plan, secrets.randbits(64) if seed is None else seed, time.time())


class OneCall:
    """What a loop keeps of its call.

    It knows of exceptions that are not the client's. They end the call, and nothing is sent again because of them.
    """

    def __init__(self, call: _machine.Call) -> None:
        self.call = call
        self.now = Now()
        self.response: Any = None
        self.error: Exception | None = None
        self.history: list[Any] = []
        # What the policy's own code raised, and what code of the caller's raised that is run in the middle of an exchange.
        self.of_policy: BaseException | None = None
        self.of_attempt: BaseException | None = None
        self._reading = False
        self._judged = True

    def begins(self, send: _machine.Send) -> bool:
        """Is told of a request before it is made: tells whether an attempt begins with it, and keeps the answers that led to it."""
        self._reading = False
        if send.cause in ("redirect", "challenge"):
            if self.response is not None:
                self.history.append(self.response)
            return False
        if send.cause == "token":
            return False
        self.history = []
        return True

    def answered(self, response: Any, status: Any) -> bool:
        """Keeps an answer; tells whether it can be judged. A stand-in of somebody's test, whose status is no number, nobody can judge."""
        self.error, self.response = None, response
        if isinstance(status, int):
            return True
        self.call.cancel()
        self._judged = False
        return False

    def past(self, answer: Callable[..., Any], *arguments: Any) -> Any:
        """Answers the call. What is raised then comes of the policy's own code."""
        try:
            return answer(*arguments)
        except Exception as error:
            self.of_policy = error
            raise

    def callers(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Runs code of the caller's."""
        try:
            return function(*arguments, **named)
        except Exception as error:
            self.of_attempt = error
            raise

    async def callers_own(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Runs code of the caller's that has to be awaited."""
        try:
            return await function(*arguments, **named)
        except Exception as error:
            self.of_attempt = error
            raise

    def broken_off(self, error: BaseException) -> None:
        """Ends the call with what ends a task or the program; it tells then whether the server can have seen the request."""
        if isinstance(error, Exception):
            return
        failure = self.call.cancel()
        if failure is not None:
            with contextlib.suppress(AttributeError):
                with_failure(error, failure)

    def ends(self, error: Exception, is_of_client: bool) -> bool:
        """Whether an exception in the middle of an exchange ends the call as it is; it gets the failure then."""
        if error is self.of_policy:
            return True
        if is_of_client and error is not self.of_attempt:
            return False
        self.of_attempt = error
        failure = self.call.cancel()
        if failure is not None and getattr(error, "failure", None) is None:
            # One without attributes has none.
            with contextlib.suppress(AttributeError):
                with_failure(error, failure)
        return True
