"""What ends a call from without, and what an adapter sends by itself: whether the server can have seen the request is told."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from typing import Any

import aiohttp
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from http_hook import Call, Hook, Plan, RetryPolicy
from http_hook.aiohttp import HttpHook as AsyncHttpHook
from http_hook.requests import HttpHook


class Stopped(BaseException):
    """Ends a program, as `KeyboardInterrupt` does."""


def interrupted(seconds: float, work: Any) -> BaseException:
    """Does work, and breaks it off in the middle."""

    def stop(*_args: Any) -> None:
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with pytest.raises(Stopped) as raised:
            work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return raised.value


def test_an_interrupt_in_the_middle_of_a_post_tells_that_it_may_have_been_sent(serve: Any) -> None:
    server = serve()
    server.waits(1.0)
    error: Any = interrupted(0.3, lambda: HttpHook(server.url).post("x", json=1))
    assert (error.failure.reason, error.failure.sent, error.failure.attempts) == ("cancelled", "maybe", 1)


def test_an_interrupt_of_a_wait_tells_what_came_before(server: Any) -> None:
    server.then(503, Retry_After="30")
    error: Any = interrupted(0.3, lambda: HttpHook(server.url, policy=RetryPolicy()).get("x"))
    assert (error.failure.reason, error.failure.requests) == ("cancelled", 1)


@pytest.mark.parametrize("how", ["cancel", "wait_for"])
def test_a_task_that_is_cancelled_in_the_middle_of_a_post_tells_that_it_may_have_been_sent(
    serve: Any, how: str
) -> None:
    server = serve()
    server.waits(1.0)

    async def call() -> Any:
        async with AsyncHttpHook(server.url) as hook:
            if how == "wait_for":
                with pytest.raises(asyncio.TimeoutError) as late:
                    await asyncio.wait_for(hook.post("x", json=1), 0.3)
                return late.value.__cause__
            task = asyncio.ensure_future(hook.post("x", json=1))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            return raised.value

    error: Any = asyncio.run(call())
    while not hasattr(error, "failure"):
        # Python 3.10 raises another one in whoever waits for a task, with that of the task behind.
        error = error.__context__
    assert (error.failure.reason, error.failure.sent) == ("cancelled", "maybe")


@pytest.mark.parametrize("busy", [0.0, 0.5])
def test_a_task_that_is_cancelled_late_is_cancelled(server: Any, busy: float) -> None:
    server.waits(1.0)

    async def call() -> None:
        async with AsyncHttpHook(server.url, policy=RetryPolicy()) as hook:
            task = asyncio.ensure_future(hook.get("x", timeout=0.2))
            await asyncio.sleep(0.1)
            # The limit of the head, twice this, passes while nobody can see it.
            time.sleep(busy)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(call())
    assert len(server.asked) == 1


def test_a_body_of_which_a_part_is_read_gives_its_connection_back(server: Any) -> None:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=1, pool_block=True))
    kept = []
    for _ in range(3):
        server.then(500, b"x" * 1_000_000)
        with pytest.raises(requests.exceptions.HTTPError) as raised:
            HttpHook(server.url, session=session).get("x", options={"stream": True}, timeout=2)
        kept.append(raised.value)
    assert [len(error.response.content) for error in kept] == [65536] * 3


def test_a_call_whose_body_is_read_can_be_given_up() -> None:
    call = Call(Hook("http://h.test"), Plan("POST", "x"), 1, 0.0)
    call.step(0.0)
    assert call.head(500, [], 1.0) is not None
    failure = call.cancel()
    assert failure is not None
    assert (failure.reason, failure.sent) == ("cancelled", "maybe")


# The server sees the first try of the adapter, and is gone at the next.
@pytest.mark.parametrize(
    ("retries", "sent"),
    [
        (Retry(3, allowed_methods=None, backoff_factor=0), "maybe"),
        (Retry(3, read=0, status=0, other=0, backoff_factor=0), "no"),
        (0, "no"),
    ],
)
def test_the_last_try_of_an_adapter_is_no_proof_for_those_before(serve: Any, retries: Any, sent: str) -> None:
    server = serve()
    if sent == "maybe":
        server.breaks_for_good()
    else:
        server.closes()
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=retries))
    hook = HttpHook(server.url, session=session, policy=RetryPolicy({"wait": {"type": "none"}}))
    with pytest.raises(requests.exceptions.ConnectionError) as raised:
        hook.post("x", json=1)
    failure: Any = raised.value.failure  # type: ignore[attr-defined]
    assert failure.sent == sent
    # What was not sent is tried again.
    assert failure.attempts == (1 if sent == "maybe" else 3)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_what_breaks_off_is_sent_as_often_as_it_is_counted(server: Any, method: str) -> None:
    server.breaks().breaks().breaks()

    async def call() -> Any:
        async with AsyncHttpHook(server.url) as hook:
            with pytest.raises(aiohttp.ClientError) as raised:
                await hook.run(method, "x")
            return raised.value

    error = asyncio.run(call())
    assert error.failure.requests == len(server.asked) == 1


def test_threads_share_a_hook(server: Any) -> None:
    hook = HttpHook(server.url)
    told: list[Any] = []

    def work() -> None:
        told.extend(hook.get(f"x/{number}").status_code for number in range(5))

    threads = [threading.Thread(target=work) for _ in range(50)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [200] * 250
    assert time.monotonic() - begun < 30
