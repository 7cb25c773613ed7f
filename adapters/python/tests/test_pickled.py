"""What crosses to another process: exceptions, hooks and sessions, by pickle and by deep copies."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
import requests

from http_hook import Connection, RetryPolicy
from http_hook.aiohttp import HttpHook as AsyncHook
from http_hook.requests import HttpHook

CROSSED = pytest.mark.parametrize(
    "crossed", [lambda value: pickle.loads(pickle.dumps(value)), copy.deepcopy], ids=["pickle", "deepcopy"]
)
Crossed = Callable[[Any], Any]


def raised_by_aiohttp(url: str) -> Any:
    async def call() -> None:
        async with AsyncHook(url) as hook:
            await hook.get("a", options={"max_redirects": 1}, headers={"X-Team": "sales"})

    with pytest.raises(aiohttp.ClientError) as raised:
        asyncio.run(call())
    return raised.value


def answers(server: Any, kind: str) -> None:
    if kind == "status":
        server.then(404, X_Reason="none")
    elif kind == "status behind a redirect":
        server.then(302, Location="/b").then(404)
    elif kind == "redirects":
        server.then(302, Location="/b").then(302, Location="/c").then(302, Location="/d")
    elif kind == "no HTTP":
        server.writes(b"junk\r\n\r\n")
    elif kind == "too large":
        server.then(200, b"x" * 100)
    else:
        server.breaks()


@CROSSED
@pytest.mark.parametrize("kind", ["status", "status behind a redirect", "redirects", "no HTTP", "broken off"])
def test_an_exception_of_aiohttp_tells_the_same(server: Any, kind: str, crossed: Crossed) -> None:
    answers(server, kind)
    error = raised_by_aiohttp(server.url)
    there = crossed(error)
    assert type(there) is type(error)
    assert (str(there), repr(there)) == (str(error), repr(error))
    assert (there.failure.reason, there.failure.attempts) == (error.failure.reason, error.failure.attempts)
    if isinstance(error, aiohttp.ClientResponseError):
        assert (there.status, there.message, there.headers) == (error.status, error.message, error.headers)
        assert there.request_info.headers["X-Team"] == "sales"
        assert there.args[0] == there.request_info
        # And once more.
        assert repr(crossed(there)) == repr(error)


@CROSSED
@pytest.mark.parametrize("kind", ["status", "status behind a redirect", "redirects", "no HTTP", "broken off"])
def test_an_exception_of_requests_tells_the_same(server: Any, kind: str, crossed: Crossed) -> None:
    answers(server, kind)
    with pytest.raises(requests.RequestException) as raised:
        HttpHook(server.url).get("a", options={"max_redirects": 1})
    there = crossed(raised.value)
    assert (type(there), str(there)) == (type(raised.value), str(raised.value))
    assert there.failure.reason == raised.value.failure.reason  # type: ignore[attr-defined]


@CROSSED
@pytest.mark.parametrize("as_connection", [False, True])
def test_a_hook_goes_on_elsewhere(server: Any, crossed: Crossed, as_connection: bool) -> None:
    place: Any = server.url.replace("http://", "http://reader:secret@")
    if as_connection:
        place = Connection(place, id="here")
    policy = RetryPolicy({"wait": {"type": "none"}})
    hook = HttpHook(place, policy=policy, headers=[("X-Team", "sales")])
    hook.get("a")
    server.then(503)
    with crossed(hook) as there:
        assert there.get("b").status_code == 200
    assert there.hook.id == hook.hook.id
    assert hook.session is not there.session
    other = AsyncHook(place, policy=policy, headers=[("X-Team", "sales")])

    async def calls() -> None:
        async with other:
            await other.get("a")
            async with crossed(other) as there:
                await there.get("b")
                assert there.session is not other.session

    asyncio.run(calls())
    assert [asked.path for asked in server.asked] == ["/a", "/b", "/b", "/a", "/b"]
    told = {(asked.headers["Authorization"], asked.headers["X-Team"]) for asked in server.asked}
    assert told == {("Basic cmVhZGVyOnNlY3JldA==", "sales")}
    assert "secret" not in repr(vars(there)) + repr(vars(hook))


def test_a_copy_that_is_closed_closes_nothing_of_the_first(server: Any) -> None:
    hook = HttpHook(server.url)
    hook.get("a")
    copy.copy(hook).close()
    assert hook.get("b").status_code == 200


@CROSSED
def test_a_session_goes_on_elsewhere(server: Any, crossed: Crossed) -> None:
    session = crossed(HttpHook(server.url).session)
    assert session.get(server.url).status_code == 200
    with requests.Session() as own:
        own.headers["X-Team"] = "sales"
        there = crossed(HttpHook(server.url, session=own))
        there.get("a")
    assert server.asked[-1].headers["X-Team"] == "sales"
