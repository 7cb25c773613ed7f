"""What a session of requests says, which a subclass of a hook may have made otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import requests
from airflow.providers.http.hooks.http import _process_extra_options_from_connection
from requests.auth import HTTPProxyAuth

from http_hook import _environment
from http_hook._requests_plan import auth_of
from http_hook._requests_session import overrides
from http_hook.airflow._given import header_text

_USUAL_HEADERS = {name.lower(): (name, value) for name, value in requests.utils.default_headers().items()}
_USUAL_TO_SEND = _USUAL_HEADERS.keys() - {"connection"}
_USUAL_NAMES = frozenset(requests.utils.default_headers())
_OF_A_SESSION: dict[str, Any] = {
    "verify": True,
    "cert": None,
    "proxies": {},
    "stream": False,
    "trust_env": True,
    "max_redirects": requests.models.DEFAULT_REDIRECT_LIMIT,
}


def lines_of(session: Any) -> list[tuple[str, Any]]:
    headers = getattr(session, "headers", {})
    # What is behind the dict of requests, which would look each name up anew.
    store = getattr(headers, "_store", None)
    lines = store.values() if isinstance(store, dict) else headers.items()
    return [line if isinstance(line[0], str) else (header_text(line[0]), line[1]) for line in lines]


def names_of(session: Any) -> Set[str] | None:
    """Returns the names of the headers of a session, in lower case; `None` of a stand-in that has none to say."""
    headers = getattr(session, "headers", None)
    store = getattr(headers, "_store", None)
    if isinstance(store, dict):
        return store.keys()
    return {str(header_text(name)).lower() for name in headers} if isinstance(headers, Mapping) else None


def spelled(lines: list[tuple[str, Any]], headers: dict[str, Any] | None) -> dict[str, str]:
    """Returns the spelling of names that are not written as usual."""
    given = [name for name, _ in lines if name not in _USUAL_NAMES]
    given.extend(map(header_text, headers or ()))
    return {name.lower(): name for name in given if name != name.title()}


def with_params(given: dict[str, Any], session: requests.Session) -> dict[str, Any]:
    params = getattr(session, "params", None)
    # A session that prepares requests in a way of its own is asked for these.
    if isinstance(params, dict) and params and not overrides(session, "prepare_request"):
        own = given.get("params")
        given["params"] = {**params, **own} if isinstance(own, dict) else own or params
    return given


def scheme_of(session: requests.Session, connection: Any) -> tuple[Any, Any]:
    """Tells what the machine does of the session's authentication, and what is left to an object."""
    auth = getattr(session, "auth", None)
    if auth is None:
        # A subclass may have taken it away.
        return ("none" if connection.login else None), None
    if type(auth) is HTTPProxyAuth:
        return "HTTPProxyAuth", None
    return auth_of(auth)


def headers_of(
    session: Any, lines: list[tuple[str, Any]], connection: Any, headers: dict[str, Any] | None, decodes: bool
) -> dict[str, Any]:
    """Tells which headers of a session lie under those of the connection, and which over them.

    :param decodes: whether what sends undoes content codings.
    """
    extra = {str(name).lower(): value for name, value in _extra(connection).items()}
    of_call = {str(name).lower() for name in headers or ()}
    low, high = [], []
    for name, value in lines:
        lower = name.lower()
        usual = _USUAL_HEADERS.get(lower)
        if lower in of_call or (lower == "connection" and usual is not None and value == usual[1]):
            continue
        if lower in extra and extra[lower] == value:
            continue
        if usual is not None and value == usual[1]:
            if decodes or lower != "accept-encoding":
                low.append((name, value))
        else:
            high.append((name, None if value is None else header_text(value)))
    here = names_of(session)
    if here is not None and (_USUAL_TO_SEND - here or not extra.keys() <= here):
        # What a subclass has taken out.
        here = here | of_call
        gone = _USUAL_TO_SEND - here
        high.extend((_USUAL_HEADERS[lower][0], None) for lower in sorted(gone))
        of_extra = _process_extra_options_from_connection(conn=connection, extra_options={})[0] if extra else {}
        high.extend((str(name), None) for name in of_extra if str(name).lower() not in here)
    if of_call:
        # What the call sets lies over them, and what it takes out is theirs.
        low.extend(line for lower, line in _USUAL_HEADERS.items() if lower in of_call and lower != "connection")
    return {"default_headers": low, "headers": high}


def options_of(session: requests.Session, extra_options: dict[str, Any], merged: dict[str, Any]) -> dict[str, Any]:
    """Returns the options of the call, with what a subclass set on its session."""
    options = dict(extra_options)
    expected = _OF_A_SESSION
    if merged:
        expected = {
            "verify": merged.get("verify", merged.get("verify_ssl", True)),
            "cert": merged.get("cert"),
            "proxies": merged.get("proxies", merged.get("proxy", {})),
            "stream": merged.get("stream", False),
            "trust_env": merged.get("trust_env", True),
            "max_redirects": merged.get("max_redirects", requests.models.DEFAULT_REDIRECT_LIMIT),
        }
    for name, usual in expected.items():
        own = getattr(session, name, usual)
        if own != usual and isinstance(own, (bool, str, int, tuple, dict, type(None))):
            options[name] = own
    return options


def environment_of(session: requests.Session, connection: Any, scheme: Any) -> dict[str, Any]:
    """Tells what the environment says, where the session trusts it."""
    if getattr(session, "trust_env", True) is False:
        return {}
    told: dict[str, Any] = {"environment": _environment.variables()}
    if scheme is None and connection is not None and not connection.login:
        told["netrc"] = _environment.netrc()
    return told


def _extra(connection: Any) -> dict[str, Any]:
    extra = connection.extra_dejson if connection.extra else {}
    return extra if isinstance(extra, dict) else {}
