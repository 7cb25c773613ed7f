"""Waits end when they were waited, whatever a clock says: each is waited once, for as long as the policy says."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from http_hook import RetryPolicy
from http_hook import aiohttp as over_aiohttp
from http_hook import requests as over_requests

# Three waits of five seconds, or less where nobody waits for real.
POLICY = RetryPolicy(
    {
        "wait": {"type": "fixed", "seconds": 5},
        "stop": {"type": "after_attempt", "max_attempts": 4},
        "hints": {"retry_after": False},
    }
)


def call(server: Any, client: str, **arguments: Any) -> Any:
    if client == "requests":
        return over_requests.HttpHook(server.url, policy=POLICY).get("x", **arguments)

    async def work() -> Any:
        async with over_aiohttp.HttpHook(server.url, policy=POLICY) as hook:
            return await hook.get("x", **arguments)

    return asyncio.run(work())


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits for nothing, as tests of programs do; tells what would have been waited."""
    seconds: list[float] = []

    async def soon(given: float, result: Any = None) -> None:
        seconds.append(given)

    usual, here = time.sleep, threading.current_thread()

    def sleep(given: float) -> None:
        # Servers of other tests sleep as well.
        (seconds.append if threading.current_thread() is here else usual)(given)

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(asyncio, "sleep", soon)
    return seconds


def set_back(hours: float, waits: list[float]) -> Callable[[], float]:
    """Returns a clock that is set once the first wait is over."""
    usual = time.time
    return lambda: usual() - (hours * 3600 if waits else 0)


@pytest.mark.parametrize("client", ["requests", "aiohttp"])
@pytest.mark.parametrize("hours", [0, 1, -1])
def test_each_wait_is_waited_once(
    server: Any, slept: list[float], monkeypatch: pytest.MonkeyPatch, client: str, hours: float
) -> None:
    server.then(503).then(503).then(503).then(200)
    if hours:
        monkeypatch.setattr(time, "time", set_back(hours, slept))
    call(server, client, deadline=60)
    assert [round(seconds, 2) for seconds in slept] == [5, 5, 5]
    assert len(server.asked) == 4


@pytest.mark.parametrize("client", ["requests", "aiohttp"])
def test_what_was_waited_counts_for_the_deadline(server: Any, slept: list[float], client: str) -> None:
    server.then(503).then(503).then(503).then(200)
    with pytest.raises(Exception) as raised:
        call(server, client, deadline=12)
    failure: Any = raised.value.failure  # type: ignore[attr-defined]
    assert (failure.reason, failure.attempts) == ("deadline", 3)
    assert [round(seconds, 2) for seconds in slept] == [5, 5]
