"""The loop over a session of aiohttp."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http.cookies import Morsel
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from http_hook import _machine
from http_hook._aiohttp_cookies import show
from http_hook._aiohttp_errors import InvalidRequest, ResponseTooLarge, classify, is_of_client, of_failure, shown
from http_hook._aiohttp_tls import tls
from http_hook._loop import OneCall
from http_hook._told import with_failure

# What the machine leaves out is to stay out.
_NOT_BY_ITSELF = ("Content-Type", "User-Agent", "Accept", "Accept-Encoding")


class Loop(OneCall):
    """One call over a session, to be run once.

    `request` sends: `ClientSession.request`, or what stands for it. `source` is the body of a request that the machine does not
    hold, `options` are keyword arguments of the client's own, `cookies` those that belong to a place. With `leave_open` the body of an
    accepted response is the caller's to read. What code of the caller's raises in the middle of an exchange ends the call as it is.
    """

    def __init__(
        self,
        call: _machine.Call,
        request: Callable[..., Awaitable[Any]],
        *,
        source: Any = None,
        options: Mapping[str, Any] | None = None,
        leave_open: bool = False,
        text_body: bool = False,
        cookies: Iterable[tuple[str, Morsel[str]]] = (),
    ) -> None:
        super().__init__(call)
        self.request = request
        self.source = source
        self.options = options or {}
        self.leave_open = leave_open
        self.text_body = text_body
        self.cookies = list(cookies)
        self._asked_for: tuple[str, str] | None = None

    async def run(self) -> Any:
        """Runs the call to its end.

        Raises the exception of aiohttp that ended it, or one like it, with a `Failure` in its attribute `failure`. An
        `asyncio.CancelledError` has one, too.
        """
        try:
            return await self._run()
        except BaseException as error:
            self.broken_off(error)
            raise

    async def _run(self) -> Any:
        asked = self.call.step(self.now())
        while asked is not None:
            if isinstance(asked, _machine.Wait):
                begun = self.now()
                await self.wait(asked)
                asked = self.call.step(self.now.waited(begun, asked.seconds))
            else:
                await self.before(asked)
                asked = await self.exchange(asked)
        failure = self.call.failure
        if failure is None or not self._judged:
            return self.response
        raise with_failure(self.failed(failure), failure)

    def failed(self, failure: _machine.Failure) -> BaseException:
        """Makes the exception that the call ends with."""
        if failure.cause == "transport" and self.error is not None:
            return self.error
        made = of_failure(failure, self.response)
        return made if self._asked_for is None else shown(made, *self._asked_for)

    async def before(self, send: _machine.Send) -> None:
        """Is told of a request before it is sent."""

    async def wait(self, wait: _machine.Wait) -> None:
        """Lets time pass."""
        await asyncio.sleep(wait.seconds)

    async def exchange(self, send: _machine.Send) -> _machine.Send | _machine.Wait | None:
        """Sends a request, and answers the call with what came back."""
        self.begins(send)
        preparing = True
        try:
            url, arguments = _exact(send.url), self.arguments(send)
            preparing = False
            response = await self._in_time(send, self.send(send, url, arguments))
            return await self._answered(send, response)
        except Exception as error:
            session = getattr(self.request, "__self__", None)
            wrapped = bool(getattr(session, "_middlewares", None) or self.options.get("middlewares"))
            if not preparing and self.ends(error, is_of_client(error, wrapped)):
                raise
            # Its text is shown, in logs as well.
            self.error = shown(error, send.url, self.call.shown_url(send.url), send.proxy)
            self.response = None
            # Authorities and certificates are read before anything is sent.
            kind, sent = ("invalid_request", "no") if preparing else classify(error, self._reading)
            return self.call.fail(kind, sent, self.now(), type(error).__name__)

    async def _in_time(self, send: _machine.Send, sending: Awaitable[Any]) -> Any:
        """Waits for the head. The client's own limit is for each read: a server that sends a byte now and then never lets it run out."""
        head = send.timeouts[1]
        if head is None or send.is_external:
            # How long a body of the caller's takes nobody can say.
            return await sending
        # Waiting for a connection has the same limit, by itself.
        seconds = 2 * head
        task = asyncio.ensure_future(sending)
        is_late = False

        def end() -> None:
            nonlocal is_late
            is_late = task.cancel()

        timer = asyncio.get_running_loop().call_later(seconds, end)
        # Whoever cancels this task meanwhile is heard, though the time has passed as well.
        cancelled = _cancelled()
        try:
            return await task
        except asyncio.CancelledError:
            if is_late and _cancelled() == cancelled:
                raise aiohttp.ServerTimeoutError("the head of the answer took too long") from None
            raise
        finally:
            timer.cancel()

    async def send(self, send: _machine.Send, url: str | URL, arguments: dict[str, Any]) -> Any:
        """Sends a request."""
        return await self.request(send.method, url, **arguments)

    def arguments(self, send: _machine.Send) -> dict[str, Any]:
        """Returns the keyword arguments of a request."""
        headers = CIMultiDict(send.headers)
        if self.cookies:
            show(self.cookies, send, headers)
        body: Any = self.source if send.is_external else send.body
        if self.text_body and isinstance(body, bytes):
            body = body.decode()
        connect, head, _, total = send.timeouts
        arguments: dict[str, Any] = {
            "data": body,
            "headers": headers,
            "allow_redirects": False,
            "timeout": aiohttp.ClientTimeout(total=total, connect=head, sock_connect=connect, sock_read=head),
            "skip_auto_headers": _NOT_BY_ITSELF,
        }
        context = tls(send.verify, send.cert)
        if context is not True:
            arguments["ssl"] = context
        if send.proxy is not None:
            arguments["proxy"] = send.proxy
        session = getattr(self.request, "__self__", None)
        if not send.own_origin:
            _lends(session)
        checks = getattr(session, "_raise_for_status", False)
        if checks is True:
            # The machine looks at the status.
            arguments["raise_for_status"] = False
        elif callable(checks):
            arguments["raise_for_status"] = functools.partial(self.callers_own, checks)
        arguments.update(self.options)
        return arguments

    async def _answered(self, send: _machine.Send, response: Any) -> _machine.Send | _machine.Wait | None:
        status = response.status
        if not self.answered(response, status):
            return None
        if self.history and send.cause != "token":
            response._history = tuple(self.history)
        headers = [(_bytes(name), _bytes(value)) for name, value in getattr(response, "headers", {}).items()]
        reason = getattr(response, "reason", None)
        reason = reason.encode("utf-8", "replace").decode() if isinstance(reason, str) else None
        if status >= 300:
            # Exceptions will tell of it.
            self._asked_for = send.url, self.call.shown_url(send.url)
        if self.leave_open or send.stream:
            limit = self.past(self.call.head, status, headers, self.now(), reason)
            if limit is None:
                return None
            body = await self._read(response, limit, cut=True)
        else:
            body = await self._read(response, send.max_response_bytes)
        return self.past(self.call.finish, status, headers, body, self.now(), reason)  # type: ignore[no-any-return]

    async def _read(self, response: Any, limit: int, cut: bool = False) -> bytes:
        self._reading = True
        body = await read(response, limit, cut)
        self._reading = False
        return body


async def read(response: Any, limit: int, cut: bool = False) -> bytes:
    """Reads the body of a response up to a limit, and keeps it in the response; past it is an error, unless it is to be cut there."""
    own = getattr(response, "_body", None)
    if isinstance(own, bytes):
        return own
    if not hasattr(response, "content"):
        return b""
    pieces, size = [], 0
    try:
        async for piece in response.content.iter_any():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                response.close()
                if cut:
                    break
                raise ResponseTooLarge("the answer is too large")
    except BaseException:
        # A call that was cancelled, too, gives its connection back.
        response.close()
        raise
    body = b"".join(pieces)[: limit if cut else None]
    # At its end the connection is given back by itself; a response that was released cannot be asked for its body.
    response._body = body
    return body


def _bytes(text: Any) -> str:
    """Returns the bytes of a header, one character each: aiohttp reads them as UTF-8, and what is none as lone surrogates."""
    told = str(text)
    return told if told.isascii() else told.encode("utf-8", "surrogateescape").decode("latin-1")


# What tells nothing of who is calling.
_OPEN_HEADERS = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection"}
    | {"content-type", "pragma", "user-agent"}
)


def _lends(session: Any) -> None:
    """Refuses to go to another origin over a session that would show there what is not meant for it."""
    shows: Any = None
    if getattr(session, "_default_auth", None) is not None:
        shows = "an auth"
    elif isinstance(session, aiohttp.ClientSession):
        named = [name for name in session.headers if name.lower() not in _OPEN_HEADERS]
        if named:
            shows = f"a header {named[0]}"
        elif any(not cookie["domain"] for cookie in session.cookie_jar):
            shows = "a cookie without a domain"
    if shows is not None:
        raise InvalidRequest(
            f"the session has {shows} of its own, which it would show to another origin: let the connection have it, or the call"
        )


def _cancelled() -> int:
    """Returns how often somebody has asked for the end of the task that runs; Python 3.10 does not tell."""
    asked = getattr(asyncio.current_task(), "cancelling", None)
    return 0 if asked is None else asked()


def _exact(url: str) -> str | URL:
    """Keeps yarl from writing a URL in its own way."""
    return url if str(URL(url)) == url else URL(url, encoded=True)
