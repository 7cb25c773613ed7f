"""Where a redirect leads over a session of aiohttp that says something of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from http_hook.aiohttp import HttpHook, InvalidRequest


@pytest.mark.parametrize(
    ("told", "shows"),
    [
        ({"headers": {"Authorization": "Bearer key"}}, "a header Authorization"),
        ({"headers": {"X-Api-Key": "key"}}, "a header X-Api-Key"),
        ({"headers": {"Accept": "text/plain"}, "cookies": {"sid": "key"}}, "a cookie without a domain"),
        ({"auth": aiohttp.BasicAuth("me", "key")}, "an auth"),
        ({"headers": {"User-Agent": "mine", "accept": "text/plain"}}, None),
        ({}, None),
    ],
)
def test_nothing_of_a_session_goes_to_another_origin(serve: Any, told: dict[str, Any], shows: str | None) -> None:
    home, away = serve(), serve()
    home.then(302, Location=f"{home.url}/here").then(302, Location=f"{away.url}/there")

    async def call() -> Any:
        async with aiohttp.ClientSession(**told) as session:
            return await HttpHook(home.url, session=session).get("x")

    if shows is None:
        assert asyncio.run(call()).status == 200
        assert len(away.asked) == 1
        return
    with pytest.raises(InvalidRequest, match=shows) as raised:
        asyncio.run(call())
    # At home it holds.
    assert [one.path for one in home.asked] == ["/x", "/here"]
    assert away.asked == []
    assert raised.value.failure.sent == "no"  # type: ignore[attr-defined]
    assert "key" not in str(raised.value).lower().replace("x-api-key", "")


def test_a_cookie_with_a_domain_stays_where_it_belongs(serve: Any) -> None:
    home, away = serve(), serve()
    home.then(302, Location=f"{away.url.replace('127.0.0.1', 'localhost')}/there")

    async def call() -> Any:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            from yarl import URL

            session.cookie_jar.update_cookies({"sid": "key"}, URL(home.url))
            return await HttpHook(home.url, session=session).get("x")

    assert asyncio.run(call()).status == 200
    assert home.asked[0].headers["Cookie"] == "sid=key"
    assert "Cookie" not in away.asked[0].headers
