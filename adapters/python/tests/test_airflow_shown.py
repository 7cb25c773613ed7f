"""Airflow's classes: what texts show, and what is kept of a connection."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
import requests

pytest.importorskip("airflow.providers.http")

from airflow.exceptions import AirflowException

from http_hook.airflow import HttpAsyncHook, HttpHook


def test_logs_and_exceptions_show_no_secret(stored: Any, caplog: Any, capsys: Any) -> None:
    class Nowhere:
        url = "http://127.0.0.1:9"

    hook = HttpHook("GET", stored(Nowhere))
    with pytest.raises(requests.ConnectionError) as raised:
        hook.run("a", {"page": "2", "api_key": "s3cr3t"})
    streams = capsys.readouterr()
    assert "s3cr3t" not in str(raised.value) + caplog.text + streams.out + streams.err
    assert "page=2" in str(raised.value)


def test_what_lists_the_attributes_of_a_hook_shows_no_secret(server: Any, stored: Any) -> None:
    fields: dict[str, Any] = {"login": "me", "password": "secret-1", "extra": {"X-Key": "secret-2"}}
    hook = HttpHook("GET", stored(server, **fields))
    hook.run("a")
    assert "secret-" not in repr(vars(hook))
    later = HttpAsyncHook("GET", stored(server, **fields))
    asyncio.run(later.run(endpoint="a"))
    # The original keeps its configuration so.
    assert "secret-" not in repr({name: value for name, value in vars(later).items() if name != "_config"})
    assert [one.headers["X-Key"] for one in server.asked] == ["secret-2"] * 2


def test_what_a_connection_says_counts_from_the_next_call_on(server: Any, stored: Any, monkeypatch: Any) -> None:
    hook = HttpHook("GET", stored(server, login="me", password="one"))

    def asked(**given: Any) -> dict[str, str]:
        hook.run("a", **given)
        headers: dict[str, str] = server.asked[-1].headers
        return headers

    first = asked()
    ready = hook._ready.value
    assert asked() == first and hook._ready.value is ready, "nothing is otherwise: nothing is made anew"
    stored(server, login="me", password="other")
    second = asked()
    assert second["Authorization"] != first["Authorization"]
    assert asked(headers={"User-Agent": "mine"})["User-Agent"] == "mine"
    assert asked()["User-Agent"] == first["User-Agent"]
    assert asked(headers={"X-A": "1"})["X-A"] == "1" and "X-A" not in asked()
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with pytest.raises(requests.exceptions.ProxyError):
        hook.run("a")
    monkeypatch.delenv("http_proxy")
    hook.max_response_bytes = 1
    server.then(200, b"two")
    with pytest.raises(Exception, match="too large"):
        hook.run("a")
    hook.max_response_bytes = None
    stored(server, login="me", password="other", extra={"X-Of": "extra"})
    assert asked()["X-Of"] == "extra" and hook._ready.value is None, "what counts or keeps is made for each call"


def test_a_copy_of_a_hook_makes_its_own(server: Any, stored: Any) -> None:
    hook = HttpHook("GET", stored(server, login="me", password="pa55"))
    hook.run("a")
    assert "pa55" not in repr(vars(hook))
    copy.copy(hook).run("a")
    assert len({asked.headers["Authorization"] for asked in server.asked}) == 1
    assert hook._ready.value is not None and copy.deepcopy(hook._ready).value is None


def test_what_is_behind_a_failed_check_shows_no_secret(server: Any, stored: Any) -> None:
    server.then(404)
    with pytest.raises(AirflowException) as raised:
        HttpHook("GET", stored(server)).run("a", {"api_key": "s3cr3t"})
    assert "s3cr3t" not in str(raised.value.__context__)
    assert "404" in str(raised.value.__context__)
