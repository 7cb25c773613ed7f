"""Cookies of a call over aiohttp: sent where they belong, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http.cookies import Morsel
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from http_hook import _machine
from http_hook._cookies import beside


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


def show(cookies: Iterable[tuple[str, Morsel[str]]], send: _machine.Send, headers: CIMultiDict[str]) -> None:
    """Adds the cookies that belong where a request goes; one without a domain belongs to the connection's own origin."""
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies([(name, one) for name, one in cookies if one["domain"] or send.own_origin])
    found = jar.filter_cookies(URL(send.url))
    header = beside(headers.get("Cookie"), ((name, f"{name}={one.coded_value}") for name, one in found.items()))
    if header is not None:
        headers["Cookie"] = header
