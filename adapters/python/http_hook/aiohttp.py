"""Calls over a session of aiohttp: the machine decides, the session sends.

    async with HttpHook("https://user:password@api.example.com", policy=RetryPolicy()) as hook:
        response = await hook.get("v1/orders", params={"limit": 50})

Responses are aiohttp's own, their bodies read; what went wrong is an exception of aiohttp with a `Failure` in its attribute `failure`.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http.cookies import Morsel
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from http_hook import _environment, _machine
from http_hook._aiohttp_errors import InvalidRequest, ResponseTooLarge, classify, is_of_client, of_failure, shown
from http_hook._arguments import OfAiohttp, OfAiohttpOpen, OfHook, Unpack
from http_hook._json import to_json
from http_hook._now import Now
from http_hook._told import Raises, with_failure

__all__ = ["HttpHook", "InvalidRequest", "Loop", "ResponseTooLarge"]

_BODILESS = frozenset({"GET", "HEAD"})
# What the machine leaves out is to stay out.
_NOT_BY_ITSELF = ("Content-Type", "User-Agent", "Accept", "Accept-Encoding")


def usual_headers() -> list[tuple[str, str]]:
    """Returns the headers that aiohttp sends by itself."""
    usual = dict(getattr(aiohttp.ClientRequest, "DEFAULT_HEADERS", {}))
    usual.setdefault("User-Agent", aiohttp.http.SERVER_SOFTWARE)
    return [(str(name), str(value)) for name, value in usual.items()]


class Loop(Raises):
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
        self.call = call
        self.now = Now()
        self.request = request
        self.source = source
        self.options = options or {}
        self.leave_open = leave_open
        self.text_body = text_body
        self.cookies = list(cookies)
        self._asked_for: tuple[str, str] | None = None
        self.response: Any = None
        self.error: Exception | None = None
        self.history: list[Any] = []
        self._reading = False
        self._judged = True

    async def run(self) -> Any:
        """Runs the call to its end.

        Raises the exception of aiohttp that ended it, or one like it, with a `Failure` in its attribute `failure`. An
        `asyncio.CancelledError` has one, too.
        """
        try:
            return await self._run()
        except BaseException as error:
            self.broken_off(error, self.call)
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
        if send.cause in ("redirect", "challenge"):
            if self.response is not None:
                self.history.append(self.response)
        elif send.cause != "token":
            self.history = []
        self._reading = False
        preparing = True
        try:
            url, arguments = _exact(send.url), self.arguments(send)
            preparing = False
            response = await self._in_time(send, self.send(send, url, arguments))
            return await self._answered(send, response)
        except Exception as error:
            session = getattr(self.request, "__self__", None)
            wrapped = bool(getattr(session, "_middlewares", None) or self.options.get("middlewares"))
            if not preparing and self.ends(error, is_of_client(error, wrapped), self.call):
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
            _show(self.cookies, send, headers)
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
        context = _ssl(send.verify, send.cert)
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
        self.error, self.response = None, response
        if not isinstance(status, int):
            # A stand-in of somebody's test: nobody can judge it.
            self.call.cancel()
            self._judged = False
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


def _exact(url: str) -> str | URL:
    """Keeps yarl from writing a URL in its own way."""
    return url if str(URL(url)) == url else URL(url, encoded=True)


def _show(cookies: Iterable[tuple[str, Morsel[str]]], send: _machine.Send, headers: CIMultiDict[str]) -> None:
    """Adds the cookies that belong where a request goes; one without a domain belongs to the connection's own origin."""
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies([(name, one) for name, one in cookies if one["domain"] or send.own_origin])
    given = headers.get("Cookie")
    pairs = given.split("; ") if given else []
    names = {pair.partition("=")[0] for pair in pairs}
    found = jar.filter_cookies(URL(send.url))
    pairs.extend(f"{name}={one.coded_value}" for name, one in found.items() if name not in names)
    if pairs:
        headers["Cookie"] = "; ".join(pairs)


def cookies_of(cookies: Any) -> tuple[dict[str, str] | None, list[tuple[str, Morsel[str]]]]:
    """Parts cookies that belong to whatever is called from those of a place; a session's jar is its own to ask."""
    if not cookies:
        return None, []
    if isinstance(cookies, aiohttp.abc.AbstractCookieJar):
        raise _machine.ArgumentError("cookies: a jar is the session's: give the session in its place")
    plain: dict[str, str] = {}
    bound: list[tuple[str, Morsel[str]]] = []
    for name, one in cookies.items() if isinstance(cookies, Mapping) else cookies:
        if not isinstance(one, Morsel):
            plain[name] = str(one)
        elif any(one[part] for part in ("domain", "secure", "expires", "max-age")) or one["path"] not in ("", "/"):
            bound.append((name, one))
        else:
            plain[name] = one.value
    return plain or None, bound


_contexts: dict[tuple[Any, Any], Any] = {}


def _ssl(verify: Any, cert: Any) -> Any:
    """Returns what aiohttp takes for `ssl`; contexts are kept, for making one takes long."""
    if cert is None and verify is True:
        return True
    if cert is None and verify is False:
        return False
    key = (verify, cert)
    if key not in _contexts:
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
        if verify is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if cert is not None:
            context.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
        if len(_contexts) >= 64:
            _contexts.clear()
        _contexts[key] = context
    return _contexts[key]


class HttpHook:
    """Calls through a connection: a URI, or a `Connection`.

    `policy` says when to send again (default: never), `preset` is `usual` or `airflow`, `session` a session of the caller's, which
    is left open; other keywords are those of `Hook`. Headers that a session of the caller's has go wherever the call leads.
    """

    def __init__(
        self,
        connection: str | _machine.Connection,
        *,
        policy: _machine.RetryPolicy | None = None,
        preset: str = "usual",
        session: aiohttp.ClientSession | None = None,
        trust_env: bool = True,
        **options: Unpack[OfHook],
    ) -> None:
        if trust_env:
            options.setdefault("environment", _environment.variables())
            options.setdefault("netrc", _environment.netrc())
        options.setdefault("default_headers", usual_headers())
        self.hook = _machine.Hook(connection, policy=policy, preset=preset, client="aiohttp", **options)
        self._given = session
        # A session belongs to the loop that it is made in.
        self._made: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session that sends; made when it is first asked for in a loop."""
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        made = self._made.get(loop)
        if made is None:
            for over in [one for one in list(self._made) if one.is_closed()]:
                self._made.pop(over, None)
            self._made[loop] = made = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
            if hasattr(made, "_retry_connection"):
                # Whether anything is sent again is the machine's to say, and to count.
                made._retry_connection = False
        return made

    async def __aenter__(self) -> HttpHook:
        return self

    async def __aexit__(self, *_args: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the session of the loop that runs, unless it is the caller's."""
        made = self._made.pop(asyncio.get_running_loop(), None)
        if made is not None:
            await made.close()

    async def run(
        self, method: str, endpoint: str = "", *, leave_open: bool = False, **arguments: Unpack[OfAiohttp]
    ) -> aiohttp.ClientResponse:
        """Makes a call.

        The arguments are those of `Plan`; `json` is a value, `data` may be a source of aiohttp's kind. Raises an exception of aiohttp
        with a `Failure` in its attribute `failure`.
        """
        given: dict[str, Any] = dict(arguments)
        plain, bound = cookies_of(given.pop("cookies", None))
        plan, source = planned(method, endpoint, cookies=plain, **given)
        call = _machine.Call(self.hook, plan, secrets.randbits(64), time.time())
        loop = Loop(call, self.session.request, source=source, leave_open=leave_open, cookies=bound)
        return await loop.run()  # type: ignore[no-any-return]

    async def get(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a GET; see `run`."""
        return await self.run("GET", endpoint, **arguments)

    async def head(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a HEAD; see `run`."""
        return await self.run("HEAD", endpoint, **arguments)

    async def post(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a POST; see `run`."""
        return await self.run("POST", endpoint, **arguments)

    async def put(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a PUT; see `run`."""
        return await self.run("PUT", endpoint, **arguments)

    async def patch(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a PATCH; see `run`."""
        return await self.run("PATCH", endpoint, **arguments)

    async def delete(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a DELETE; see `run`."""
        return await self.run("DELETE", endpoint, **arguments)


def planned(
    method: str, endpoint: str | None = "", *, data: Any = None, json: Any = None, **arguments: Any
) -> tuple[_machine.Plan, Any]:
    """Plans a call; the second part is the source of a body that the machine does not hold."""
    source = None
    # As aiohttp does.
    method = method.upper()
    is_plain = data is None or isinstance(data, (str, bytes, bytearray, list, tuple, Mapping))
    if not is_plain and method not in _BODILESS:
        source, data = data, None
        arguments["external"] = True
    if json is not None:
        json = to_json(json)
    return _machine.Plan(method, endpoint, data=data, json=json, **arguments), source
