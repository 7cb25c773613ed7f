"""Cookies of a jar: sent where the jar would send them, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookiejar import Cookie, CookieJar
from typing import Any

import requests
from requests.cookies import RequestsCookieJar, get_cookie_header


def plain(jar: Any) -> dict[str, str]:
    """Returns the cookies of a jar that belong to whatever is called, as those of a dict do."""
    if not isinstance(jar, CookieJar):
        return {}
    return {cookie.name: cookie.value or "" for cookie in jar if _is_plain(cookie) and not cookie.is_expired()}


def bound(jars: Iterable[Any]) -> list[CookieJar]:
    """Returns the jars that may hold cookies of a place."""
    return [jar for jar in jars if isinstance(jar, CookieJar)]


def _is_plain(cookie: Cookie) -> bool:
    return not cookie.domain and cookie.path in ("", "/") and not cookie.secure and not cookie.port


def header(jars: Iterable[CookieJar], url: str, own_origin: bool, given: str | None) -> str | None:
    """Returns what goes into the header `Cookie` at a URL: what is there already, and what the jars would send besides.

    Of two cookies of one name that of the earlier source is sent. One without a domain goes to the connection's own origin only.
    """
    pairs = given.split("; ") if given else []
    names = {pair.partition("=")[0] for pair in pairs}
    for jar in jars:
        there = RequestsCookieJar(policy=getattr(jar, "_policy", None))
        for cookie in list(jar):
            if not _is_plain(cookie) and (cookie.domain or own_origin):
                there.set_cookie(cookie)
        if not len(there):
            continue
        asked = requests.PreparedRequest()
        asked.url, asked.headers = url, {}  # type: ignore[assignment]
        found = get_cookie_header(there, asked)
        added = [pair for pair in (found.split("; ") if found else []) if pair.partition("=")[0] not in names]
        names.update(pair.partition("=")[0] for pair in added)
        pairs.extend(added)
    return "; ".join(pairs) or None
