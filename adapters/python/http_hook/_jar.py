"""Cookies of a jar: sent where the jar would send them, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookiejar import Cookie, CookieJar
from typing import Any

import requests
from requests.cookies import RequestsCookieJar, get_cookie_header

from http_hook._cookies import beside


def plain(jar: Any) -> dict[str, str]:
    """Returns the cookies of a jar that belong to whatever is called, as those of a dict do."""
    if _is_empty(jar) or not isinstance(jar, CookieJar):
        return {}
    return {cookie.name: cookie.value or "" for cookie in jar if _is_plain(cookie) and not cookie.is_expired()}


def bound(jars: Iterable[Any]) -> list[CookieJar]:
    """Returns the jars that hold cookies before a call: what is set during it the machine keeps by itself."""
    return [jar for jar in jars if not _is_empty(jar) and isinstance(jar, CookieJar)]


def _is_empty(jar: Any) -> bool:
    # What is behind a jar: to walk through one takes long.
    return jar is None or not getattr(jar, "_cookies", True)


def _is_plain(cookie: Cookie) -> bool:
    return not cookie.domain and cookie.path in ("", "/") and not cookie.secure and not cookie.port


def header(jars: Iterable[CookieJar], url: str, own_origin: bool, given: str | None) -> str | None:
    """Returns what goes into the header `Cookie` at a URL: what is there already, and what the jars would send besides.

    Of two cookies of one name that of the earlier source is sent. One without a domain goes to the connection's own origin only.
    """
    for jar in jars:
        here = [cookie for cookie in jar if not _is_plain(cookie) and (cookie.domain or own_origin)]
        if not here:
            continue
        there = RequestsCookieJar(policy=getattr(jar, "_policy", None))
        for cookie in here:
            there.set_cookie(cookie)
        asked = requests.PreparedRequest()
        asked.url, asked.headers = url, {}  # type: ignore[assignment]
        found = get_cookie_header(there, asked)
        given = beside(given, ((pair.partition("=")[0], pair) for pair in (found.split("; ") if found else ())))
    return given or None
