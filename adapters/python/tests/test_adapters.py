"""Adapters of the caller's: what they send again by themselves knows the deadline of the call."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from http_hook.requests import HttpHook


class Own(Retry):
    """Retries that somebody has written in a way of his own."""

    def get_backoff_time(self) -> float:
        return 5.0


class Sleeps(Retry):
    """The same, which waits by itself."""

    def sleep(self, response: Any = None) -> None:
        time.sleep(0.3)


def hook_over(server: Any, retries: Retry) -> HttpHook:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=retries))
    return HttpHook(server.url, session=session)


AGAIN: dict[str, Any] = {"total": 9, "allowed_methods": None, "status_forcelist": [503]}


@pytest.mark.parametrize(
    ("retries", "status", "after"),
    [
        (Retry(**AGAIN, backoff_factor=4), 503, None),
        (Retry(**AGAIN, backoff_factor=4), None, None),
        (Retry(**AGAIN), 503, "20"),
        (Retry(**AGAIN, raise_on_status=False), 503, "20"),
        (Own(**AGAIN), 503, None),
        (Sleeps(**AGAIN), 503, None),
    ],
)
def test_the_deadline_ends_what_an_adapter_sends_again(server: Any, retries: Retry, status: Any, after: Any) -> None:
    for _ in range(9):
        if status is None:
            server.breaks()
        else:
            server.then(status, **({} if after is None else {"Retry-After": after}))
    begun = time.monotonic()
    with pytest.raises(requests.RequestException) as raised:
        hook_over(server, retries).post("x", json=1, deadline=0.7)
    assert time.monotonic() - begun < 2
    failure: Any = raised.value.failure  # type: ignore[attr-defined]
    returned = not retries.raise_on_status
    assert (failure.status, failure.sent) == ((503, "yes") if returned else (None, "maybe"))
    assert 1 <= len(server.asked) < 9


def test_what_fits_into_the_deadline_is_sent_again(server: Any) -> None:
    server.then(503).breaks().then(503, Retry_After="0").then(200, b"yes")
    retries = Retry(**AGAIN, backoff_factor=0.01)
    assert hook_over(server, retries).get("x", deadline=20).content == b"yes"
    assert len(server.asked) == 4


def test_without_a_deadline_an_adapter_waits_as_it_likes(server: Any) -> None:
    server.then(503, Retry_After="1").then(200, b"yes")
    begun = time.monotonic()
    response = hook_over(server, Retry(**AGAIN)).get("x")
    assert (response.content, time.monotonic() - begun >= 1) == (b"yes", True)
    assert type(response.raw.retries) is Retry


def test_what_an_adapter_retries_with_is_left_as_it_is(server: Any) -> None:
    retries = Retry(**AGAIN)
    hook_over(server, retries).get("x", deadline=5)
    assert type(retries) is Retry
    assert retries.total == 9
