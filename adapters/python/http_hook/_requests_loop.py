"""The loop over a session of requests."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests
from urllib3._collections import HTTPHeaderDict

from http_hook import _machine
from http_hook._requests_errors import ResponseTooLarge, classify, is_of_client, may_follow_another, of_failure
from http_hook._requests_prepared import Prepares
from http_hook._requests_session import leads, let_go, overrides, unled
from http_hook._timed import Clock, unwatched, watched
from http_hook._told import redacted, with_failure

_CHUNK = 64 * 1024
Timeouts = tuple[float | None, float | None, float | None, float | None]


class Loop(Prepares):
    """One call over a session, to be run once.

    What code of the caller's raises in the middle of an exchange ends the call as it is.
    """

    def __init__(
        self, call: _machine.Call, session: requests.Session, *, allow_redirects: Any = False, **given: Any
    ) -> None:
        super().__init__(call, session, **given)
        self.allow_redirects = allow_redirects
        self.asked: _machine.Send | _machine.Wait | None = None
        self.prepared: requests.PreparedRequest | None = None
        self._begun = False
        self._limit = 0
        self._until: float | None = None
        self._clock: Clock | None = None
        self._shown: str | None = None
        self._keeps_body = True

    def begin(self) -> _machine.Send | _machine.Wait | None:
        """Takes the first step, unless it was taken."""
        if not self._begun:
            self._begun = True
            self.asked = self.call.step(self.now())
        return self.asked

    def run(self) -> Any:
        """Runs the call to its end.

        Raises the exception of requests that ended it, or one like it, with a `Failure` in its attribute `failure`. A
        `KeyboardInterrupt` has one, too.
        """
        try:
            return self._run()
        except BaseException as error:
            self.broken_off(error)
            raise

    def _run(self) -> Any:
        asked = self.begin()
        while asked is not None:
            if isinstance(asked, _machine.Wait):
                begun = self.now()
                self.wait(asked)
                if not self._judged:
                    break
                asked = self.call.step(self.now.waited(begun, asked.seconds))
            else:
                asked = self.exchange(asked)
        failure = self.call.failure
        if not self._judged:
            return self.response
        return self.accepted() if failure is None else self.failed(failure)

    def accepted(self) -> Any:
        """Gives the response that the call ends with."""
        return self.response

    def failed(self, failure: _machine.Failure) -> Any:
        """Raises what the call ends with."""
        if failure.cause == "transport" and self.error is not None:
            raise with_failure(self.error, failure)
        raise with_failure(of_failure(failure, self.response), failure)

    def wait(self, wait: _machine.Wait) -> None:
        """Lets time pass."""
        time.sleep(wait.seconds)

    def attempt(self, send: _machine.Send) -> None:
        """Is told that an attempt begins."""

    def exchange(self, send: _machine.Send) -> _machine.Send | _machine.Wait | None:
        """Sends a request, and answers the call with what came back."""
        if self.begins(send):
            self.attempt(send)
        prepared, self.prepared = self.prepared, None
        timeouts = send.timeouts
        _, head, _, total = timeouts
        self._until = None if total is None else time.monotonic() + total
        self._clock = None if head is None and total is None else Clock(head, total)
        self._limit = send.max_response_bytes
        self._keeps_body = not send.stream
        asked: Any = None
        try:
            request = prepared or self.prepare(send)
            asked = request.url
            return self._answered(send, self.send(send, request, timeouts))
        except Exception as error:
            if self.ends(error, is_of_client(error)):
                raise
            # Its text is shown, in logs as well. An auth object may have changed what is asked for.
            for url in {send.url, str(asked or "").partition("#")[0] or send.url}:
                redacted(error, url, self.call.shown_url(url), send.proxy)
            self.error, self.response = error, None
            kind, sent = classify(error, self._reading)
            if sent == "no" and may_follow_another(error, self.session, asked):
                sent = "maybe"
            return self.call.fail(kind, sent, self.now(), type(error).__name__)

    def send(self, send: _machine.Send, request: requests.PreparedRequest, timeouts: Timeouts) -> Any:
        """Sends a request."""
        if send.cause == "redirect":
            leads(self.session)
        options = self.options(send, timeouts)
        before = watched(self.session, request.url, self._clock)
        try:
            return self.session.send(request, **options)
        finally:
            unwatched(before)
            # The request is shown with the response: what was hung on it here is nobody's business.
            let_go(request, self.kept)

    def _answered(self, send: _machine.Send, response: Any) -> _machine.Send | _machine.Wait | None:
        status = response.status_code
        if self._clock is not None:
            self._clock.body_begins()
        if not self.answered(response, status):
            return None
        if self.history and send.cause != "token":
            response.history = self.history[:]
        headers = _headers(response)
        reason = response.reason if isinstance(response.reason, str) else None
        if status >= 400:
            # Exceptions will tell of it.
            self._shown = self.call.shown_url(send.url)
        if send.stream:
            limit = self.past(self.call.head, status, headers, self.now(), reason)
            if limit is None:
                if self._clock is not None:
                    # What is left is the caller's to read.
                    self._clock.is_over()
                return None
            body = self._part(response, limit)
        else:
            body = response.content
        body = body if isinstance(body, bytes) else b""
        return self.past(self.call.finish, status, headers, body, self.now(), reason)  # type: ignore[no-any-return]

    def _part(self, response: requests.Response, limit: int) -> bytes:
        """Reads the body of a streamed response up to a limit, and keeps it in the response."""
        self._reading = True
        body = self._read(response, limit, cut=True)
        self._reading = False
        return body

    def kept(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Reads the body within its limits before requests does."""
        if self._clock is not None:
            self._clock.body_begins()
        if self._keeps_body:
            self._reading = True
            if response.raw is not None and getattr(response, "_content", None) is False:
                self._read(response, self._limit)
            self._reading = False
        return response

    def _read(self, response: requests.Response, limit: int, cut: bool = False) -> bytes:
        pieces, size, until = [], 0, self._until
        for piece in response.iter_content(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                response.close()
                if cut:
                    break
                raise ResponseTooLarge("the answer is too large", response=response)
            if until is not None and time.monotonic() > until:
                response.close()
                raise requests.exceptions.ReadTimeout("the exchange took too long")
        body = b"".join(pieces)[: limit if cut else None]
        response._content = body
        response._content_consumed = True
        return body

    def options(self, send: _machine.Send, timeouts: Timeouts) -> dict[str, Any]:
        """Returns the keyword arguments of `Session.send`."""
        connect, head, _, total = timeouts
        if total is not None:
            connect = total if connect is None else min(connect, total)
            head = total if head is None else min(head, total)
        proxy = send.proxy
        unled(self.session)
        options: dict[str, Any] = {
            "timeout": connect if connect == head else (connect, head),
            "allow_redirects": self.allow_redirects,
            "proxies": {} if proxy is None else {"http": proxy, "https": proxy},
            "stream": send.stream,
            "verify": send.verify,
            "cert": send.cert,
        }
        if send.own_origin and overrides(self.session, "merge_environment_settings"):
            names = ("proxies", "stream", "verify", "cert")
            given = [options[name] for name in names]
            told = self.callers(self.session.merge_environment_settings, send.url, *given)
            options.update((name, told[name]) for name in ("proxies", "verify", "cert") if name in told)
        return options


def _headers(response: Any) -> list[tuple[str, str]]:
    """Returns the header lines of a response as they came: requests joins those of one name."""
    lines = getattr(response, "_http_hook_lines", None)
    if isinstance(lines, list):
        return lines
    raw = getattr(response.raw, "headers", None)
    try:
        if isinstance(raw, HTTPHeaderDict) and raw:
            return list(raw.iteritems())
        headers = raw if isinstance(raw, Mapping) and raw else response.headers
        return [(name, value) for name, value in headers.items() if isinstance(value, str)]
    except (AttributeError, TypeError, ValueError):
        return []
