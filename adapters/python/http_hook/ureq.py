"""Calls over ureq, a transport in the extension module: less work for each call, and no client of Python's.

Only in a wheel that was built with it: `maturin build --release --features ureq`, or `ureq-native-tls` for `https`. Responses are made anew
as those of requests. What needs a session, an `auth` object or a body that is streamed, is refused.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from http_hook import _environment, _jar, _machine
from http_hook import requests as _requests
from http_hook._arguments import OfHook, OfRequests, Unpack
from http_hook._loop import call_of
from http_hook._requests_errors import InvalidRequest, of_kind
from http_hook._requests_loop import Loop, Timeouts
from http_hook._requests_plan import planned
from http_hook._requests_session import let_go, overrides

__all__ = ["HttpHook", "UreqTransport"]


def named(transport: Any) -> Any:
    """Returns a transport, made if it is named."""
    if transport != "ureq":
        if isinstance(transport, str):
            raise ValueError("transport: the one that has a name is ureq")
        return transport
    return UreqTransport()


def UreqTransport() -> Any:
    """Makes a transport, which keeps its connections and may be shared by threads."""
    import http_hook._http_hook as extension

    made = getattr(extension, "UreqTransport", None)
    if made is None:
        raise ImportError("this wheel has no transport of its own: build it with `maturin build --features ureq`")
    return made()


class OverTransport(Loop):
    """A loop whose requests go by a transport of the package's own."""

    transport: Any = None

    def send(self, send: _machine.Send, request: requests.PreparedRequest, timeouts: Timeouts) -> Any:
        """Sends a request, and makes the response anew."""
        if self.auth is not None or send.is_external:
            raise InvalidRequest("an auth object, or a body that is streamed, needs a session of requests")
        for name in ("prepare_request", "merge_environment_settings"):
            if overrides(self.session, name):
                raise InvalidRequest(f"{name} of the session is not asked: no session sends")
        if self.jars and _jar.header(self.jars, send.url, send.own_origin, None) is not None:
            raise InvalidRequest("a cookie that has a domain, a path or `secure` needs a session of requests")
        told = self.transport.send(send)
        if len(told) == 3:
            raise of_kind(*told)
        let_go(request, self.kept)
        response = _response(request, *told)
        for hook in (request.hooks or {}).get("response") or ():
            response = self.callers(hook, response) or response
        return response


def _response(
    request: requests.PreparedRequest, status: int, lines: list[tuple[str, str]], reason: str, body: bytes
) -> requests.Response:
    made = requests.Response()
    made.status_code, made.reason, made.url, made.request = status, reason, str(request.url), request
    headers: Any = CaseInsensitiveDict()
    for name, value in lines:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
        if name == "set-cookie":
            _take(made, value)
    made.headers = headers
    made.encoding = get_encoding_from_headers(headers)
    made._content = body
    made._content_consumed = True
    made._http_hook_lines = lines  # type: ignore[attr-defined]
    return made


def _take(response: requests.Response, line: str) -> None:
    try:
        for name, morsel in SimpleCookie(line).items():
            response.cookies.set(name, morsel.value)
    except CookieError:
        pass


class HttpHook(_requests.HttpHook):
    """Calls through a connection, over ureq; else as `http_hook.requests.HttpHook`."""

    def __init__(
        self,
        connection: str | _machine.Connection,
        *,
        transport: Any = "ureq",
        policy: _machine.RetryPolicy | None = None,
        preset: str = "usual",
        trust_env: bool = True,
        **options: Unpack[OfHook],
    ) -> None:
        if trust_env:
            _environment.fill(options)
        self.transport = named(transport)
        self._make({"connection": connection, "policy": policy, "preset": preset, "client": "ureq", **options})
        self._over = None
        # It only holds settings: nothing goes by it.
        self.session = requests.Session()
        self._own = True

    def run(self, method: str, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a call; see `http_hook.requests.HttpHook.run`."""
        plan, rest = planned(method, endpoint, **arguments)
        call = call_of(self.hook, plan)
        loop = OverTransport(call, self.session, **rest)
        loop.transport = self.transport
        return loop.run()  # type: ignore[no-any-return]
