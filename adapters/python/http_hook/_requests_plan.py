"""Plans of calls, made of what requests takes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any

import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth
from requests.utils import super_len

from http_hook import _files, _jar, _machine
from http_hook._json import to_json
from http_hook._loop import BODILESS

# Options that requests takes by name.
_OPTIONS = ("allow_redirects", "cert", "proxies", "stream", "verify")


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
        files = _files.read(files)
    elif is_stream(data) and method not in BODILESS:
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
        if (cookies or jars) and any(text_of(name).lower() == "cookie" for name in arguments.get("headers") or ()):
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


def is_stream(data: Any) -> bool:
    """Whether requests reads it piece by piece."""
    return hasattr(data, "__iter__") and not isinstance(data, (str, bytes, list, tuple, Mapping))


def auth_of(auth: Any) -> tuple[tuple[str, ...] | str | None, Any]:
    """Tells what of an `auth` the machine does itself, and what is left to the object."""
    if auth is None:
        return None, None
    if isinstance(auth, tuple) and len(auth) == 2:
        return ("basic", text_of(auth[0]), text_of(auth[1])), None
    kind = type(auth)
    if kind is HTTPBasicAuth:
        return ("basic", text_of(auth.username), text_of(auth.password)), None
    if kind is HTTPDigestAuth:
        return ("digest", text_of(auth.username), text_of(auth.password)), None
    if not callable(auth):
        return auth, None
    return "none", auth


def text_of(value: Any) -> str:
    if value is None:
        return ""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
