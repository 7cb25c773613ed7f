"""Calls over a session of requests: the machine decides, the session sends.

    hook = HttpHook("https://user:password@api.example.com", policy=RetryPolicy())
    response = hook.get("v1/orders", params={"limit": 50})

Responses are requests' own; what went wrong is an exception of requests with a `Failure` in its attribute `failure`.
"""

from __future__ import annotations

import io
import secrets
import socket
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth, HTTPDigestAuth
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from requests.utils import guess_filename, super_len
from urllib3._collections import HTTPHeaderDict

from http_hook import _environment, _jar, _machine
from http_hook._arguments import OfHook, OfRequests, Unpack
from http_hook._json import to_json
from http_hook._now import Now
from http_hook._requests_errors import (
    InvalidRequest,
    ResponseTooLarge,
    classify,
    is_of_client,
    may_follow_another,
    of_failure,
)
from http_hook._timed import Clock, unwatched, watched
from http_hook._told import Hidden, Raises, redacted, with_failure

__all__ = ["HttpHook", "InvalidRequest", "Loop", "ResponseTooLarge"]

_CHUNK = 64 * 1024
_BODILESS = frozenset({"GET", "HEAD"})
_MARK = "_http_hook"
Timeouts = tuple[float | None, float | None, float | None, float | None]


class Loop(Raises):
    """One call over a session, to be run once.

    `source` is the body of a request that the machine does not hold, `auth` an object of requests' kind, which is asked for
    requests to the connection's own origin only, `hooks` are requests' own, `jars` those whose cookies are sent where they belong.
    What code of the caller's raises in the middle of an exchange ends the call as it is.
    """

    def __init__(
        self,
        call: _machine.Call,
        session: requests.Session,
        *,
        source: Any = None,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | None = None,
        hooks: Mapping[str, Any] | None = None,
        text_body: bool = False,
        fragment: str = "",
        allow_redirects: Any = False,
        spelled: Mapping[str, str] | None = None,
        jars: Sequence[CookieJar] = (),
        keeps_alive: bool = True,
    ) -> None:
        self.call = call
        self.now = Now()
        self.session = session
        self.source = source
        self.auth = auth
        self.hooks = hooks
        self.text_body = text_body
        self.fragment = fragment
        self.allow_redirects = allow_redirects
        self.spelled = spelled
        self.jars = jars
        self.keeps_alive = keeps_alive
        self.response: Any = None
        self.error: Exception | None = None
        self.history: list[requests.Response] = []
        self.asked: _machine.Send | _machine.Wait | None = None
        self.prepared: requests.PreparedRequest | None = None
        self._begun = False
        self._reading = False
        self._limit = 0
        self._until: float | None = None
        self._clock: Clock | None = None
        self._shown: str | None = None
        self._keeps_body = True
        self._judged = True

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
            self.broken_off(error, self.call)
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
        cause = send.cause
        if cause in ("redirect", "challenge"):
            if self.response is not None:
                self.history.append(self.response)
        elif cause != "token":
            self.history = []
            self.attempt(send)
        prepared, self.prepared = self.prepared, None
        timeouts = send.timeouts
        _, head, _, total = timeouts
        self._until = None if total is None else time.monotonic() + total
        self._clock = None if head is None and total is None else Clock(head, total)
        self._limit = send.max_response_bytes
        self._keeps_body = not send.stream
        self._reading = False
        asked: Any = None
        try:
            request = prepared or self.prepare(send)
            asked = request.url
            return self._answered(send, self.send(send, request, timeouts))
        except Exception as error:
            if self.ends(error, is_of_client(error), self.call):
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
            _leads(self.session)
        options = self.options(send, timeouts)
        before = watched(self.session, request.url, self._clock)
        try:
            return self.session.send(request, **options)
        finally:
            unwatched(before)
            # The request is shown with the response: what was hung on it here is nobody's business.
            _let_go(request, self._keep)

    def _answered(self, send: _machine.Send, response: Any) -> _machine.Send | _machine.Wait | None:
        status = response.status_code
        self.error = None
        self.response = response
        if self._clock is not None:
            self._clock.body_begins()
        if not isinstance(status, int):
            # A stand-in of somebody's test: nobody can judge it.
            self.call.cancel()
            self._judged = False
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

    def _keep(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> requests.Response:
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

    def prepare(self, send: _machine.Send) -> requests.PreparedRequest:
        """Makes the request of a send, as requests would have prepared it."""
        made = requests.PreparedRequest()
        made.method = method = send.method
        made.url = send.url + self.fragment
        lines: Iterable[tuple[str, str]] = send.headers
        if self.spelled:
            # Names have no case; but who wrote one may look for it.
            lines = [(self.spelled.get(name.lower(), name), value) for name, value in lines]
        headers: Any = CaseInsensitiveDict()
        store = getattr(headers, "_store", None)
        if isinstance(store, dict):
            # What is behind it: to set each by itself takes several times as long.
            store.update({line[0].lower(): line for line in lines})
        else:
            headers.update(lines)
        if not send.own_origin and headers.get("Accept-Encoding") == "identity":
            # Nobody asked for that: requests undoes more.
            headers["Accept-Encoding"] = requests.utils.DEFAULT_ACCEPT_ENCODING
        made.headers = headers
        body: Any = send.body
        if send.is_external:
            body = self.source
            length = send.content_length
            if length:
                headers["Content-Length"] = str(length)
            else:
                headers["Transfer-Encoding"] = "chunked"
        elif body is not None:
            headers["Content-Length"] = str(len(body))
            if self.text_body:
                body = body.decode("utf-8", "surrogateescape")
        elif method not in _BODILESS and not self._dropped(send):
            headers["Content-Length"] = "0"
        if self.keeps_alive and "Connection" not in headers:
            headers["Connection"] = "keep-alive"
        if self.jars:
            cookies = _jar.header(self.jars, send.url, send.own_origin, headers.get("Cookie"))
            if cookies is not None:
                headers["Cookie"] = cookies
        made.body = body
        # Of use to those alone who send the request again by themselves.
        own_hooks = _hooks(self.hooks, self.session)
        made._cookies = RequestsCookieJar() if self.auth is not None or own_hooks else None
        hooks: dict[str, list[Any]] = {"response": [self._keep]}
        for event, own in (own_hooks or {}).items():
            hooks.setdefault(event, []).extend(_Hook(self, one) for one in ([own] if callable(own) else own or ()))
        made.hooks = hooks
        setattr(made, _MARK, True)
        if send.own_origin and send.cause != "token":
            if overrides(self.session, "prepare_request"):
                self._prepared_there(made)
            elif self.auth is not None:
                shown = self.callers(self.auth, made)
                made.__dict__.update(shown.__dict__)
                if isinstance(made.body, (str, bytes)):
                    made.prepare_content_length(made.body)
        return made

    def _prepared_there(self, made: requests.PreparedRequest) -> None:
        """Lets a session that prepares requests in a way of its own prepare this one. Where it goes and what it does stays as it is."""
        headers: dict[str, Any] = dict.fromkeys(getattr(self.session, "headers", None) or ())
        for name, value in made.headers.items():
            for one in [one for one in headers if one.lower() == name.lower()]:
                del headers[one]
            if name.lower() not in _FRAMING:
                headers[name] = value
        # Who is calling is proved already, unless an object is left to do it.
        auth: Any = self.auth or (lambda request: request)
        asked = requests.Request(made.method, made.url, headers=headers, data=made.body or [], auth=auth)
        shown = self.callers(self.session.prepare_request, asked)
        if not isinstance(shown, requests.PreparedRequest):
            raise InvalidRequest("prepare_request of the session gave no prepared request")
        if shown.method != made.method or urlsplit(str(shown.url))[:2] != urlsplit(str(made.url))[:2]:
            raise InvalidRequest(
                "prepare_request of the session changed the method, or the origin that is called: "
                "that is decided before it is asked, so say it by the connection, the endpoint or the hook"
            )
        own = {name: made.__dict__[name] for name in ("hooks", "_cookies", _MARK)}
        made.__dict__.update({**shown.__dict__, **own})

    def _dropped(self, send: _machine.Send) -> bool:
        """Whether a redirect took the body away, and all that was said of it."""
        if send.cause != "redirect" or self.response is None:
            return False
        return self.response.status_code not in (307, 308)

    def options(self, send: _machine.Send, timeouts: Timeouts) -> dict[str, Any]:
        """Returns the keyword arguments of `Session.send`."""
        connect, head, _, total = timeouts
        if total is not None:
            connect = total if connect is None else min(connect, total)
            head = total if head is None else min(head, total)
        proxy = send.proxy
        _unled(self.session)
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


def overrides(session: Any, name: str) -> bool:
    """Whether a session of requests does something in a way of its own."""
    if not isinstance(session, requests.Session):
        return False
    return name in session.__dict__ or getattr(type(session), name) is not getattr(requests.Session, name)


# By these a session of requests says how redirects are followed.
_REDIRECTS = ("get_redirect_target", "rebuild_auth", "rebuild_method", "rebuild_proxies", "should_strip_auth")
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})


def _leads(session: Any) -> None:
    """Refuses to follow a redirect in another way than a session says."""
    own = [name for name in _REDIRECTS if overrides(session, name)]
    if isinstance(session, requests.Session):
        usual = requests.Session.resolve_redirects
        if type(session).resolve_redirects is not usual:
            own.append("resolve_redirects")
    if own:
        raise InvalidRequest(
            f"{own[0]} of the session is not asked when a redirect is followed: the machine follows it, and takes no credential "
            "to another origin. Do without it, or call with allow_redirects=False and follow the redirect yourself"
        )


class _Hook:
    """A hook of the caller's, as requests calls it."""

    def __init__(self, loop: Raises, function: Any) -> None:
        self._loop = loop
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._loop.callers(self.function, *args, **kwargs)


def _hooks(own: Mapping[str, Any] | None, session: Any) -> Mapping[str, Any] | None:
    """Returns the hooks of a call: its own, else those of the session, as requests merges them."""
    usual = getattr(session, "hooks", None)
    if not usual or not isinstance(usual, (dict, Mapping)) or not usual.get("response"):
        return own
    if not own or not own.get("response"):
        return usual
    return {**usual, **own}


def _unled(session: requests.Session) -> None:
    """Lets a session follow no redirect of requests that were made here; the machine does."""
    if _MARK in session.__dict__ or not hasattr(session, "resolve_redirects"):
        return
    own = session.__dict__.get("resolve_redirects")
    usual = type(session).resolve_redirects
    # Without a circle: a session that nobody has any more closes its sockets at once.
    of = weakref.ref(session)

    def resolve_redirects(resp: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(req, _MARK, False) is True:
            return iter(())
        return usual(of(), resp, req, *args, **kwargs) if own is None else own(resp, req, *args, **kwargs)  # type: ignore[arg-type]

    session.resolve_redirects = resolve_redirects  # type: ignore[method-assign]
    setattr(session, _MARK, True)


def _let_go(request: Any, own: Any) -> None:
    hooks = getattr(request, "hooks", None)
    if isinstance(hooks, dict) and own in hooks.get("response", ()):
        kept = [one for one in hooks["response"] if one != own]
        hooks["response"] = [one.function if isinstance(one, _Hook) else one for one in kept]


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


class _KeepAlive(HTTPAdapter):
    """Connections with TCP keep-alive."""

    def __init__(self, idle: int, interval: int, count: int) -> None:
        self._settings = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
        for name, value in (("TCP_KEEPIDLE", idle), ("TCP_KEEPINTVL", interval), ("TCP_KEEPCNT", count)):
            if hasattr(socket, name):
                self._settings.append((socket.IPPROTO_TCP, getattr(socket, name), value))
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs["socket_options"] = self._settings
        super().init_poolmanager(*args, **kwargs)


class HttpHook:
    """Calls through a connection: a URI, or a `Connection`.

    `policy` says when to send again (default: never), `preset` is `usual` or `airflow`, `session` a session of the caller's, which
    is left open; other keywords are those of `Hook`. Proxies, authorities and the netrc of the environment hold unless
    `trust_env` is false. Not to be shared by threads that are given one session which is not safe to share.

    Of a session of the caller's, headers, `auth`, `params`, cookies, hooks and options (`verify`, `cert`, `proxies`, `stream`,
    `max_redirects`, a `trust_env` that is false) hold as well.
    Its headers and credentials count as the connection's: they lie over those that are stored, and go to its origin only.
    """

    def __init__(
        self,
        connection: str | _machine.Connection,
        *,
        policy: _machine.RetryPolicy | None = None,
        preset: str = "usual",
        session: requests.Session | None = None,
        trust_env: bool = True,
        **options: Unpack[OfHook],
    ) -> None:
        if trust_env and getattr(session, "trust_env", True):
            options.setdefault("environment", _environment.variables())
            options.setdefault("netrc", _environment.netrc())
        # What requests undoes by itself, it may ask for.
        usual = requests.utils.default_headers()
        options.setdefault("default_headers", [("Accept-Encoding", usual["Accept-Encoding"])])
        client = "requests" if session is None else "session"
        made_of: dict[str, Any] = {
            "connection": connection,
            "policy": policy,
            "preset": preset,
            "client": client,
            **options,
        }
        self._made_of = Hidden(made_of)
        self.hook = _machine.Hook(**made_of)
        self._over: Hidden[tuple[str, _machine.Hook]] | None = None
        self._own = session is None
        self.session = self._made() if session is None else session

    @staticmethod
    def _made() -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, _KeepAlive(120, 30, 20))
        return session

    def __enter__(self) -> HttpHook:
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the session, unless it is the caller's."""
        if self._own:
            self.session.close()

    def run(self, method: str, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a call.

        `data`, `params`, `json`, `headers`, `files`, `cookies`, `auth`, `allow_redirects`, `cert`, `proxies`, `stream`, `verify`
        are as in requests; `options` are named as Airflow's `extra_options`; `policy`, `retries`, `timeout` and `deadline` (seconds),
        `idempotency_key`, `allow_resend` and `max_response_bytes` are those of `Plan`. Raises an exception of requests with a
        `Failure` in its attribute `failure`.
        """
        hook, plan, rest = self._planned(method, endpoint, dict(arguments))
        call = _machine.Call(hook, plan, secrets.randbits(64), time.time())
        return Loop(call, self.session, **rest).run()  # type: ignore[no-any-return]

    def _planned(
        self, method: str, endpoint: str, arguments: dict[str, Any]
    ) -> tuple[_machine.Hook, _machine.Plan, dict[str, Any]]:
        """Plans a call, over what a session of the caller's says."""
        if self._own:
            return self.hook, *planned(method, endpoint, **arguments)
        session = self.session
        layer, auth = _layer(session)
        hook = self.hook
        if layer:
            key = repr(sorted(layer.items()))
            # Another thread may find that the session says something else.
            over = self._over
            if over is None or over.value[0] != key:
                self._over = over = Hidden((key, self._hook_over(layer)))
            hook = over.value[1]
        arguments = dict(arguments)
        arguments["params"] = _with_params(session, arguments.get("params"))
        plan, rest = planned(method, endpoint, jar=getattr(session, "cookies", None), **arguments)
        if arguments.get("auth") is None and self._made_of.value.get("auth") is None:
            rest["auth"] = auth
        if any(name.lower() == "cookie" for name, _ in layer.get("headers", ())):
            rest["jars"] = ()
        rest["keeps_alive"] = "connection" not in layer.get("without", ())
        return hook, plan, rest

    def _hook_over(self, layer: dict[str, Any]) -> _machine.Hook:
        made_of = dict(self._made_of.value)
        own = made_of.get("headers") or []
        names = {name.lower() for name, _ in own}
        made_of["headers"] = [line for line in layer["headers"] if line[0].lower() not in names] + list(own)
        made_of["options"] = {**layer["options"], **(made_of.get("options") or {})}
        if made_of.get("auth") is None and layer["auth"] is not None:
            made_of["auth"] = layer["auth"]
        return _machine.Hook(**made_of)

    def get(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a GET; see `run`."""
        return self.run("GET", endpoint, **arguments)

    def head(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a HEAD; see `run`."""
        return self.run("HEAD", endpoint, **arguments)

    def post(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a POST; see `run`."""
        return self.run("POST", endpoint, **arguments)

    def put(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a PUT; see `run`."""
        return self.run("PUT", endpoint, **arguments)

    def patch(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a PATCH; see `run`."""
        return self.run("PATCH", endpoint, **arguments)

    def delete(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a DELETE; see `run`."""
        return self.run("DELETE", endpoint, **arguments)

    def explain(self, method: str, endpoint: str = "", **arguments: Unpack[OfRequests]) -> str:
        """Tells of every part of a call which layer set it."""
        hook, plan, _ = self._planned(method, endpoint, dict(arguments))
        return hook.explain(plan)

    def to_curl(self, method: str, endpoint: str = "", **arguments: Unpack[OfRequests]) -> str:
        """Writes a call as a command of curl, secrets as variables of the shell."""
        hook, plan, _ = self._planned(method, endpoint, dict(arguments))
        return hook.to_curl(plan)


# What a session of requests says where nobody has changed it.
_OF_A_SESSION: dict[str, Any] = {
    "verify": True,
    "cert": None,
    "proxies": {},
    "stream": False,
    "max_redirects": requests.models.DEFAULT_REDIRECT_LIMIT,
}
_NO_LAYER: dict[str, Any] = {}


def _layer(session: Any) -> tuple[dict[str, Any], Any]:
    """Tells what a session says of its own, and the object that proves who is calling, if it is left to one; nothing if it says nothing."""
    if not isinstance(session, requests.Session):
        return _NO_LAYER, None
    usual = requests.utils.default_headers()
    headers: list[tuple[str, str | None]] = []
    for name, value in session.headers.items():
        if usual.get(name) != value:
            headers.append((_text(name), None if value is None else _text(value)))
    without = [name.lower() for name in usual if name not in session.headers]
    headers.extend((name, None) for name in without if name != "connection")
    options = {name: getattr(session, name) for name, said in _OF_A_SESSION.items() if getattr(session, name) != said}
    auth, shown = auth_of(session.auth)
    if not headers and not options and not without and auth is None:
        return _NO_LAYER, shown
    return {"headers": headers, "options": options, "auth": auth, "without": without}, shown


def _with_params(session: Any, own: Any) -> Any:
    """Returns the parameters of a call with those of its session, as requests merges them."""
    usual = getattr(session, "params", None)
    # A session that prepares requests in a way of its own is asked for these.
    if not isinstance(usual, Mapping) or not usual or overrides(session, "prepare_request"):
        return own
    if isinstance(own, Mapping):
        return {name: value for name, value in {**usual, **own}.items() if value is not None}
    return own or usual


def planned(
    method: str,
    endpoint: str | None = "",
    *,
    data: Any = None,
    json: Any = None,
    files: Any = None,
    auth: Any = None,
    hooks: Mapping[str, Any] | None = None,
    cookies: Any = None,
    jar: Any = None,
    **arguments: Any,
) -> tuple[_machine.Plan, dict[str, Any]]:
    """Plans a call with what requests takes; what the machine does not hold is in the second part, for the `Loop`.

    `cookies` is a dict, or a jar, whose cookies are sent where they belong; `jar` is that of a session, and read anew for each request.
    """
    rest: dict[str, Any] = {"hooks": hooks}
    # As requests does.
    method = method.upper()
    options = {name: arguments.pop(name) for name in _OPTIONS if name in arguments}
    if isinstance(arguments.get("timeout"), (tuple, list)):
        options["timeout"] = arguments.pop("timeout")
    if options:
        arguments["options"] = {**(arguments.get("options") or {}), **options}
    if isinstance(data, io.StringIO):
        # Its length in characters is not that of its bytes.
        data = data.read().encode()
    scheme, rest["auth"] = auth_of(auth)
    if files:
        files = _files(files)
    elif is_stream(data) and method not in _BODILESS:
        rest["source"] = data
        arguments.update(external=True, length=super_len(data) or None)
        data = None
    if json is not None:
        try:
            json = to_json(json)
        except ValueError as error:
            raise requests.exceptions.InvalidJSONError(error) from error
    if cookies or jar is not None:
        own = cookies if isinstance(cookies, CookieJar) else None
        cookies = {**_jar.plain(jar), **(_jar.plain(own) if own is not None else dict(cookies or {}))}
        rest["jars"] = jars = _jar.bound((own, jar))
        if (cookies or jars) and any(_text(name).lower() == "cookie" for name in arguments.get("headers") or ()):
            # As requests: who writes the header is asked for nothing else.
            cookies, rest["jars"] = {}, ()
    rest["text_body"] = not files and (json is None or bool(data)) and data is not None and not isinstance(data, bytes)
    if endpoint and "#" in endpoint:
        rest["fragment"] = "#" + endpoint.partition("#")[2]
    plan = _machine.Plan(
        method,
        endpoint,
        data=data,
        json=json,
        files=files or None,
        cookies=cookies or None,
        auth=scheme,
        **arguments,
    )
    return plan, rest


# Options that requests takes by name.
_OPTIONS = ("allow_redirects", "cert", "proxies", "stream", "verify")


def is_stream(data: Any) -> bool:
    """Whether requests reads it piece by piece."""
    return hasattr(data, "__iter__") and not isinstance(data, (str, bytes, list, tuple, Mapping))


def auth_of(auth: Any) -> tuple[tuple[str, ...] | str | None, Any]:
    """Tells what of an `auth` the machine does itself, and what is left to the object."""
    if auth is None:
        return None, None
    if isinstance(auth, tuple) and len(auth) == 2:
        return ("basic", _text(auth[0]), _text(auth[1])), None
    kind = type(auth)
    if kind is HTTPBasicAuth:
        return ("basic", _text(auth.username), _text(auth.password)), None
    if kind is HTTPDigestAuth:
        return ("digest", _text(auth.username), _text(auth.password)), None
    if not callable(auth):
        return auth, None
    return "none", auth


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _files(files: Any) -> list[tuple[str, Any]]:
    """Reads the files into memory, as requests does."""
    pairs: Iterable[tuple[str, Any]] = files.items() if isinstance(files, Mapping) else files
    read = []
    for field, given in pairs:
        content_type = headers = None
        if isinstance(given, (tuple, list)):
            filename, content, *more = given
            content_type = more[0] if more else None
            headers = more[1] if len(more) > 1 else None
        else:
            filename, content = guess_filename(given) or field, given
        if content is None:
            continue
        if hasattr(content, "read"):
            content = content.read()
        part = {"content": content, "filename": filename}
        if content_type:
            part["content_type"] = content_type
        if headers:
            part["headers"] = dict(headers)
        read.append((field, {"$file": part}))
    return read
