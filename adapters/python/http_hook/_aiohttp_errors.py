"""What went wrong in aiohttp, in the words of the machine, and the way back."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from http_hook._machine import Failure
from http_hook._told import Raised, redacted


class ResponseTooLarge(aiohttp.ClientError):
    """A response is larger than the call allows."""


class InvalidRequest(aiohttp.ClientError, ValueError):
    """No request could be made of what was given; nothing was sent."""


def _named(*names: str) -> tuple[type[BaseException], ...]:
    found = (getattr(aiohttp, name, None) for name in names)
    return tuple(one for one in found if isinstance(one, type))


# The most special first. What a client of some version does not have is left out.
_KINDS: tuple[tuple[str, str, tuple[type[BaseException], ...]], ...] = (
    ("connect_timeout", "no", _named("ConnectionTimeoutError")),
    ("head_timeout", "maybe", _named("SocketTimeoutError", "ServerTimeoutError")),
    ("dns", "no", _named("ClientConnectorDNSError")),
    ("tls", "no", _named("ClientConnectorCertificateError", "ClientConnectorSSLError", "ServerFingerprintMismatch")),
    ("proxy", "no", _named("ClientProxyConnectionError", "ClientHttpProxyError")),
    ("connect", "no", _named("ClientConnectorError")),
    ("body", "yes", _named("ClientPayloadError", "ContentTypeError")),
    ("invalid_request", "no", _named("InvalidURL")),
    ("protocol", "maybe", _named("ClientResponseError")),
    ("timeout", "maybe", (asyncio.TimeoutError, TimeoutError)),
    ("interrupted", "maybe", _named("ClientError")),
)


def is_of_client(error: BaseException, has_middlewares: bool = False) -> bool:
    """Whether aiohttp, or what is below it, can have raised this; any other exception comes of somebody's code.

    Code that aiohttp runs may raise aiohttp's own classes. Where it was raised tells: behind the signals of a trace; or, where there
    are middlewares, in no module of aiohttp and of Python.
    """
    if not isinstance(error, _OF_CLIENT):
        return False
    place, module = error.__traceback__, ""
    while place is not None:
        module = str(place.tb_frame.f_globals.get("__name__", ""))
        if module == "aiohttp.tracing":
            return False
        place = place.tb_next
    root = module.partition(".")[0]
    return not has_middlewares or root in ("aiohttp", "http_hook", "") or root in sys.stdlib_module_names


_OF_CLIENT = (aiohttp.ClientError, OSError, asyncio.TimeoutError, TimeoutError, ValueError, TypeError)


def shown(error: Raised, url: str, as_shown: str, proxy: str | None = None) -> Raised:
    """Takes out of an exception what may not be shown of a URL; aiohttp writes the one that was asked for."""
    redacted(error, url, as_shown, proxy)
    asked = getattr(error, "request_info", None)
    if url != as_shown and isinstance(error, aiohttp.ClientResponseError) and isinstance(asked, aiohttp.RequestInfo):
        told = URL(as_shown, encoded=True)
        error.request_info = aiohttp.RequestInfo(told, asked.method, asked.headers, told)
        error.args = (error.request_info, *error.args[1:])
    if isinstance(error, aiohttp.ClientResponseError):
        quiet(error)
    return error


def quiet(error: aiohttp.ClientResponseError) -> aiohttp.ClientResponseError:
    """Lets `repr` of an exception show no headers, and nothing of the answers before; it holds them all the same."""
    if type(error).__repr__ is aiohttp.ClientResponseError.__repr__:
        error.__class__ = _quiet_class(type(error))
    return error


_classes: dict[type, Any] = {}


def _quiet_class(kind: type) -> Any:
    """Makes the class of such exceptions, which is called as the one it is over: logs show its name."""
    if kind not in _classes:
        members: dict[str, Any] = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
        members |= {"__repr__": _without_headers, "__reduce__": _reduced}
        _classes[kind] = type(kind.__name__, (kind,), members)
    return _classes[kind]


def _without_headers(error: aiohttp.ClientResponseError) -> str:
    asked: Any = error.request_info
    told = [f"method={getattr(asked, 'method', None)!r}", f"url={str(getattr(asked, 'real_url', ''))!r}"]
    told.append(f"status={error.status}, message={error.message!r}")
    return f"{type(error).__name__}({', '.join(told)})"


def _reduced(error: aiohttp.ClientResponseError) -> Any:
    """Lets an exception cross to another process: with its headers, and without the answers before, which have connections."""
    kind = type(error).__mro__[1]
    state = {name: _portable(value) for name, value in vars(error).items()}
    state["history"] = ()
    args = (state.get("request_info"), (), *map(_portable, error.args[2:]))
    return _again, (kind, args), state


def _portable(value: Any) -> Any:
    if isinstance(value, aiohttp.RequestInfo):
        return value._replace(headers=_portable(value.headers))
    return CIMultiDict(value) if isinstance(value, CIMultiDictProxy) else value


def _again(kind: type[aiohttp.ClientResponseError], args: tuple[Any, ...]) -> aiohttp.ClientResponseError:
    return quiet(kind.__new__(kind, *args))


def classify(error: BaseException, reading: bool) -> tuple[str, str]:
    """Tells what happened, and whether the server can have seen the request; `reading` if the head had come."""
    if isinstance(error, ResponseTooLarge):
        return "limit", "yes"
    for kind, sent, classes in _KINDS:
        if isinstance(error, classes):
            if reading:
                return {"head_timeout": "body_timeout", "timeout": "timeout"}.get(kind, "body"), "yes"
            return kind, sent
    if reading:
        return "body", "yes"
    if isinstance(error, (ValueError, TypeError)):
        return "invalid_request", "maybe"
    return "interrupted", "maybe"


def of_failure(failure: Failure, response: Any) -> Exception:
    """Makes the exception of a failure for which aiohttp has raised none."""
    if response is not None and failure.cause in ("response", "refused"):
        told = {
            "status": response.status,
            "message": response.reason or "",
            "headers": getattr(response, "headers", None),
        }
        history = tuple(getattr(response, "history", ()) or ())
        asked: Any = getattr(response, "request_info", None)
        if failure.kind in ("redirect", "too_many_redirects"):
            # As aiohttp, which tells no status of what it does not follow.
            return quiet(aiohttp.TooManyRedirects(asked, history))
        return quiet(aiohttp.ClientResponseError(asked, history, **told))
    if failure.is_timeout:
        return aiohttp.ServerTimeoutError(failure.text)
    if failure.cause == "transport" or failure.reason in ("breaker", "rate_limit", "budget"):
        return aiohttp.ClientConnectionError(failure.text)
    return InvalidRequest(failure.text)
