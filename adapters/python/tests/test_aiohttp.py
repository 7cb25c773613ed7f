"""The loop over a session of aiohttp."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from http.cookies import SimpleCookie
from typing import Any, TypeVar

import aiohttp
import pytest
from bugs import Bug
from yarl import URL

from http_hook import Connection, RetryPolicy
from http_hook.aiohttp import HttpHook, ResponseTooLarge

AGAIN = RetryPolicy({"wait": {"type": "fixed", "seconds": 0.01}})
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def call(
    url: str | Connection, method: str = "GET", endpoint: str = "a", hook: dict[str, Any] | None = None, **given: Any
) -> Any:
    async with HttpHook(url, **(hook or {})) as made:
        return await made.run(method, endpoint, **given)


def test_a_call_is_retried_and_answered(server: Any) -> None:
    server.then(503).then(200, b'{"a": 1}', Content_Type="application/json")

    async def work() -> Any:
        async with HttpHook(server.url, policy=AGAIN) as hook:
            response = await hook.get("v1/orders", params={"q": "a b%2F"})
            return response.status, await response.json(), await response.read()

    assert run(work()) == (200, {"a": 1}, b'{"a": 1}')
    assert [asked.path for asked in server.asked] == ["/v1/orders?q=a+b%252F"] * 2


def test_a_failure_is_an_exception_of_aiohttp(server: Any) -> None:
    server.then(404)
    with pytest.raises(aiohttp.ClientResponseError) as raised:
        run(call(server.url))
    assert raised.value.status == 404
    assert raised.value.failure.text == "404:Not Found"  # type: ignore[attr-defined]


def test_a_post_that_broke_off_is_not_sent_again(server: Any) -> None:
    server.breaks()
    with pytest.raises(aiohttp.ClientError) as raised:
        run(call(server.url, "POST", data="x", hook={"policy": AGAIN}))
    assert raised.value.failure.reason == "not_idempotent"  # type: ignore[attr-defined]
    assert len(server.asked) == 1


def test_no_connection() -> None:
    with pytest.raises(aiohttp.ClientConnectorError) as raised:
        run(call("http://127.0.0.1:9"))
    assert (raised.value.failure.kind, raised.value.failure.sent) == ("connect", "no")  # type: ignore[attr-defined]


def test_redirects_leak_nothing(serve: Any) -> None:
    here, there = serve(), serve()
    here.then(302, Location="/b").then(307, Location=f"{there.url}/c")
    url = here.url.replace("//", "//reader:secret@")
    response = run(call(url, hook={"headers": [("X-Api-Key", "k")]}))
    assert [answer.status for answer in response.history] == [302, 307]
    assert str(response.url) == f"{there.url}/c"
    assert not {"X-Api-Key", "Authorization"} & set(there.asked[0].headers)


def test_a_redirect_changes_the_method(server: Any) -> None:
    server.then(303, Location="/b")
    run(call(server.url, "POST", json={"n": 10**20}))
    assert [(asked.method, asked.body) for asked in server.asked] == [
        ("POST", b'{"n": 100000000000000000000}'),
        ("GET", b""),
    ]


def test_a_body_is_read_up_to_its_limit(server: Any) -> None:
    server.then(200, b"x" * 1000)
    with pytest.raises(ResponseTooLarge) as raised:
        run(call(server.url, max_response_bytes=999))
    assert raised.value.failure.kind == "limit"  # type: ignore[attr-defined]


def test_an_open_body_is_the_callers(server: Any) -> None:
    server.then(200, b"x" * 1000)

    async def work() -> int:
        async with HttpHook(server.url) as hook:
            response = await hook.get("a", leave_open=True, max_response_bytes=10)
            return len(await response.read())

    assert run(work()) == 1000


def test_the_deadline_holds(server: Any) -> None:
    for _ in range(20):
        server.then(503)
    begun = time.monotonic()
    slow = RetryPolicy({"wait": {"type": "fixed", "seconds": 0.2}, "stop": {"type": "never"}})
    with pytest.raises(aiohttp.ClientResponseError) as raised:
        run(call(server.url, deadline=0.5, hook={"policy": slow}))
    assert raised.value.failure.reason == "deadline"  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 2


def test_nothing_is_added(server: Any) -> None:
    run(call(server.url, "POST", headers={"Accept": None}, hook={"default_headers": [("User-Agent", "mine")]}))
    headers = server.asked[0].headers
    assert headers["User-Agent"] == "mine"
    assert not {"Accept", "Content-Type"} & set(headers)


def test_a_session_of_the_callers(server: Any) -> None:
    async def work() -> bool:
        async with aiohttp.ClientSession() as session:
            hook = HttpHook(server.url, session=session)
            await hook.get("a")
            await hook.close()
            return session.closed

    assert run(work()) is False


def test_a_call_that_is_cancelled_gives_its_connection_back() -> None:
    async def stall(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
        await writer.drain()
        await asyncio.sleep(20)

    async def work() -> int:
        server = await asyncio.start_server(stall, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connector = aiohttp.TCPConnector(limit=2)
        async with aiohttp.ClientSession(connector=connector) as session:
            hook = HttpHook(f"http://127.0.0.1:{port}", session=session)
            for _ in range(2):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(hook.get("a"), 0.3)
            held = len(connector._acquired)
        server.close()
        return held

    assert run(work()) == 0


def test_waiting_for_a_connection_of_the_pool_ends() -> None:
    async def stall(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(20)

    async def work() -> tuple[float, str]:
        server = await asyncio.start_server(stall, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(connector=connector) as session:
            hook = HttpHook(f"http://127.0.0.1:{port}", session=session)
            first = asyncio.ensure_future(hook.get("a"))
            await asyncio.sleep(0.2)
            begun = time.monotonic()
            with pytest.raises(aiohttp.ServerTimeoutError) as raised:
                await hook.get("b", timeout=0.5)
            took = time.monotonic() - begun
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
        server.close()
        return took, raised.value.failure.sent  # type: ignore[attr-defined]

    took, sent = run(work())
    assert took < 10
    assert sent == "no"


EAGER = RetryPolicy({"when": {"type": "error"}, "wait": {"type": "fixed", "seconds": 0.01}})


def test_what_code_of_the_callers_raises_ends_the_call(server: Any) -> None:
    async def checks(_response: Any) -> None:
        raise aiohttp.ClientError("mine")

    async def traced(*_args: Any) -> None:
        raise Bug

    async def work(expected: type[Exception], **session: Any) -> None:
        async with aiohttp.ClientSession(**session) as own:
            with pytest.raises(expected) as raised:
                await HttpHook(server.url, session=own, policy=EAGER).get("a")
            assert raised.value.failure.sent == "maybe"  # type: ignore[attr-defined]

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(traced)
    run(work(aiohttp.ClientError, raise_for_status=checks))
    assert len(server.asked) == 1
    run(work(Bug, trace_configs=[trace]))
    assert len(server.asked) == 2


def test_a_session_that_looks_at_the_status_leaves_it_to_the_machine(server: Any) -> None:
    server.then(503).then(200)

    async def work() -> int:
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            response = await HttpHook(server.url, session=session, policy=AGAIN).get("a")
            return int(response.status)

    assert run(work()) == 200


@pytest.mark.parametrize("options", [{"verify": "/nowhere/ca.pem"}, {"cert": "/nowhere/c.pem"}])
def test_a_certificate_that_is_not_there_is_not_sent(server: Any, options: dict[str, Any]) -> None:
    with pytest.raises(OSError) as raised:
        run(call(server.url.replace("http:", "https:"), "POST", options=options))
    assert raised.value.failure.sent == "no"  # type: ignore[attr-defined]


def sent_cookies(asked: Any) -> set[str]:
    line = asked.headers.get("Cookie")
    return set(line.split("; ")) if line else set()


def test_cookies_go_where_they_belong(serve: Any) -> None:
    here, there = serve(), serve()
    here.then(302, Location=f"http://localhost:{there.port}/b")
    given = SimpleCookie()
    for line in (
        "a=1",
        "b=2; Domain=localhost",
        "c=3; Domain=other.test",
        "d=4; Secure",
        "e=5; Path=/x",
        "f=6; Path=/",
    ):
        given.load(line)
    run(call(here.url, cookies=given))
    assert sent_cookies(here.asked[0]) == {"a=1", "f=6"}
    assert sent_cookies(there.asked[0]) == {"b=2"}
    run(call(here.url, cookies={"g": "7"}))
    assert sent_cookies(here.asked[1]) == {"g=7"}


def test_the_jar_of_a_session_is_its_own(server: Any) -> None:
    server.then(302, Location="/b", Set_Cookie="a=1; Path=/").then(200).then(200)

    async def work() -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        jar.update_cookies({"a": "0"}, URL(server.url))
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            hook = HttpHook(server.url, session=session)
            await hook.get("a")
            await hook.get("c")
            with pytest.raises(TypeError, match="a jar is the session's"):
                await hook.get("d", cookies=jar)

    run(work())
    assert [sent_cookies(asked) for asked in server.asked] == [{"a=0"}, {"a=1"}, {"a=1"}]


def test_exceptions_show_no_secret(server: Any) -> None:
    secret = {"api_key": "s3cr3t", "page": "2"}
    for status in (404, 302):
        server.then(status, Location="/b", **({} if status == 404 else {"X_Other": "1"}))
        with pytest.raises(aiohttp.ClientResponseError) as raised:
            run(call(Connection(host=f"{server.url}/hidden-base"), params=secret, options={"max_redirects": 0}))
        told = str(raised.value) + repr(raised.value)
        assert "s3cr3t" not in told
        assert "hidden-base" not in told
    server.breaks()
    for url in (server.url, "http://127.0.0.1:9"):
        with pytest.raises(aiohttp.ClientError) as error:
            run(call(url, "POST", params=secret))
        assert "s3cr3t" not in str(error.value) + repr(error.value)


def test_the_auth_of_a_session_goes_to_no_other_origin(serve: Any) -> None:
    here, there = serve(), serve()
    here.then(302, Location=f"{there.url}/b")

    async def work() -> None:
        async with aiohttp.ClientSession(auth=aiohttp.BasicAuth("reader", "secret")) as session:
            with pytest.raises(aiohttp.ClientError, match="the session has an auth of its own"):
                await HttpHook(here.url, session=session).get("a")

    run(work())
    assert "Authorization" in here.asked[0].headers
    assert there.asked == []


def test_code_that_aiohttp_runs_may_raise_what_aiohttp_raises(server: Any) -> None:
    async def traced(*_args: Any) -> None:
        raise aiohttp.ClientOSError("mine")

    async def between(request: Any, handler: Any) -> Any:
        await handler(request)
        raise aiohttp.ClientConnectionError("mine")

    async def through(request: Any, handler: Any) -> Any:
        return await handler(request)

    async def work(asked: int, **session: Any) -> None:
        server.asked.clear()
        async with aiohttp.ClientSession(**session) as own:
            with pytest.raises(aiohttp.ClientError):
                await HttpHook(server.url, session=own, policy=EAGER).get("a")
        assert len(server.asked) == asked

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(traced)
    run(work(1, trace_configs=[trace]))
    if hasattr(aiohttp, "ClientMiddlewareType"):
        run(work(1, middlewares=[between]))
        # aiohttp sends by itself once more what it has not got through to the server.
        for _ in range(6):
            server.breaks()
        run(work(6, middlewares=[through]))


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_hook_is_used_in_one_loop_after_another_and_in_several_at_once(server: Any) -> None:
    hook = HttpHook(server.url)
    told: list[int] = []

    async def call() -> None:
        try:
            told.append((await hook.post("x", json=1)).status)
        finally:
            await hook.close()

    asyncio.run(call())
    asyncio.run(call())
    threads = [threading.Thread(target=asyncio.run, args=(call(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (told, len(server.asked)) == ([200] * 6, 6)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_hook_that_nobody_closes_goes_on_in_the_next_loop(server: Any) -> None:
    hook = HttpHook(server.url)

    async def call() -> int:
        return (await hook.post("x", json=1)).status

    assert [asyncio.run(call()), asyncio.run(call())] == [200, 200]
