"""What a session of requests says, and does in a way of its own."""

from __future__ import annotations

import os
import socket
import weakref
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from http_hook._loop import OneCall
from http_hook._requests_errors import InvalidRequest
from http_hook._requests_plan import auth_of, text_of

# What is made here has it.
MARK = "_http_hook"


def overrides(session: Any, name: str) -> bool:
    """Whether a session of requests does something in a way of its own."""
    if not isinstance(session, requests.Session):
        return False
    return name in session.__dict__ or getattr(type(session), name) is not getattr(requests.Session, name)


# By these a session of requests says how redirects are followed.
_REDIRECTS = ("get_redirect_target", "rebuild_auth", "rebuild_method", "rebuild_proxies", "should_strip_auth")


def leads(session: Any) -> None:
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


def unled(session: requests.Session) -> None:
    """Lets a session follow no redirect of requests that were made here; the machine does."""
    if MARK in session.__dict__ or not hasattr(session, "resolve_redirects"):
        return
    own = session.__dict__.get("resolve_redirects")
    usual = type(session).resolve_redirects
    # Without a circle: a session that nobody has any more closes its sockets at once.
    of = weakref.ref(session)

    def resolve_redirects(resp: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(req, MARK, False) is True:
            return iter(())
        return usual(of(), resp, req, *args, **kwargs) if own is None else own(resp, req, *args, **kwargs)  # type: ignore[arg-type]

    session.resolve_redirects = resolve_redirects  # type: ignore[method-assign]
    setattr(session, MARK, True)


class OwnHook:
    """A hook of the caller's, as requests calls it."""

    def __init__(self, loop: OneCall, function: Any) -> None:
        self._loop = loop
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._loop.callers(self.function, *args, **kwargs)


def hooks_of(own: Mapping[str, Any] | None, session: Any) -> Mapping[str, Any] | None:
    """Returns the hooks of a call: its own, else those of the session, as requests merges them."""
    usual = getattr(session, "hooks", None)
    if not usual or not isinstance(usual, (dict, Mapping)) or not usual.get("response"):
        return own
    if not own or not own.get("response"):
        return usual
    return {**usual, **own}


def let_go(request: Any, own: Any) -> None:
    hooks = getattr(request, "hooks", None)
    if isinstance(hooks, dict) and own in hooks.get("response", ()):
        kept = [one for one in hooks["response"] if one != own]
        hooks["response"] = [one.function if isinstance(one, OwnHook) else one for one in kept]


# What a session of requests says where nobody has changed it.
_OF_A_SESSION: dict[str, Any] = {
    "verify": True,
    "cert": None,
    "proxies": {},
    "stream": False,
    "max_redirects": requests.models.DEFAULT_REDIRECT_LIMIT,
}
_NO_LAYER: dict[str, Any] = {}


def layer_of(session: Any) -> tuple[dict[str, Any], Any]:
    """Tells what a session says of its own, and the object that proves who is calling, if it is left to one; nothing if it says nothing."""
    if not isinstance(session, requests.Session):
        return _NO_LAYER, None
    usual = requests.utils.default_headers()
    headers: list[tuple[str, str | None]] = []
    for name, value in session.headers.items():
        if usual.get(name) != value:
            headers.append((text_of(name), None if value is None else text_of(value)))
    without = [name.lower() for name in usual if name not in session.headers]
    headers.extend((name, None) for name in without if name != "connection")
    options = {name: getattr(session, name) for name, said in _OF_A_SESSION.items() if getattr(session, name) != said}
    auth, shown = auth_of(session.auth)
    if not headers and not options and not without and auth is None:
        return _NO_LAYER, shown
    return {"headers": headers, "options": options, "auth": auth, "without": without}, shown


def with_params(session: Any, own: Any) -> Any:
    """Returns the parameters of a call with those of its session, as requests merges them."""
    usual = getattr(session, "params", None)
    # A session that prepares requests in a way of its own is asked for these.
    if not isinstance(usual, Mapping) or not usual or overrides(session, "prepare_request"):
        return own
    if isinstance(own, Mapping):
        return {name: value for name, value in {**usual, **own}.items() if value is not None}
    return own or usual


class KeepAlive(HTTPAdapter):
    """Connections with TCP keep-alive. A process that was forked makes its own: an answer to one is read by no other."""

    __attrs__ = [*HTTPAdapter.__attrs__, "_settings"]  # noqa: RUF012

    def __init__(self, idle: int, interval: int, count: int) -> None:
        self._settings = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
        for name, value in (("TCP_KEEPIDLE", idle), ("TCP_KEEPINTVL", interval), ("TCP_KEEPCNT", count)):
            if hasattr(socket, name):
                self._settings.append((socket.IPPROTO_TCP, getattr(socket, name), value))
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs["socket_options"] = self._settings
        self._made_in = os.getpid()
        super().init_poolmanager(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        if self._made_in != os.getpid():
            renewed(self)
            self._made_in = os.getpid()
        return super().send(*args, **kwargs)


def renewed(adapter: HTTPAdapter) -> None:
    """Lets an adapter have connections of its own; those that it had stay open in the process that made them."""
    adapter.__setstate__(adapter.__getstate__())
