"""A process that is forked has connections of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from http_hook.requests import HttpHook

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def forked(work: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def ports(server: Any, hook: Any, call: Callable[[Any, str], Any]) -> list[int]:
    """Returns where requests came from: two of this process, one of a child in between."""
    came: list[int] = []
    for _ in range(3):
        server.answers.append(lambda handler: answer(handler, came))
    call(hook, "a")
    forked(lambda: call(hook, "b"))
    call(hook, "c")
    return came


def answer(handler: Any, came: list[int]) -> None:
    came.append(handler.client_address[1])
    handler.close_connection = False
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_a_hook_that_was_used_before(server: Any) -> None:
    came = ports(server, HttpHook(server.url), lambda hook, path: hook.get(path))
    assert came[0] == came[2] != came[1]


@pytest.mark.parametrize("keep_session", [False, True])
def test_a_hook_of_airflow_that_was_used_before(server: Any, stored: Any, keep_session: bool) -> None:
    airflow = pytest.importorskip("http_hook.airflow")
    hook = airflow.HttpHook("GET", stored(server), keep_session=keep_session)
    came = ports(server, hook, lambda hook, path: hook.run(path))
    assert came[0] == came[2] != came[1]
