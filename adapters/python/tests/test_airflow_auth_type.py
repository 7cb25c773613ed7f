"""What `auth_type` names, for an asynchronous hook and for triggers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("airflow.providers.http")

import aiohttp
import requests

from http_hook.airflow import HttpAsyncHook, HttpEventTrigger, HttpSensorTrigger, HttpTrigger


class Called:
    """Counts who calls it with login and password."""

    calls = 0

    def __init__(self, *_credentials: Any) -> None:
        Called.calls += 1


def called(*_credentials: Any) -> Any:
    Called.calls += 1
    return aiohttp.BasicAuth("a", "b")


async def first(trigger: Any) -> Any:
    async for event in trigger.run():
        return event.payload
    return None


MAKERS = {
    "trigger": lambda name, kind: HttpTrigger(name, kind, method="GET", endpoint="a"),
    "sensor": lambda name, kind: HttpSensorTrigger(endpoint="a", http_conn_id=name, auth_type=kind),
    "event": lambda name, kind: HttpEventTrigger("a.b", http_conn_id=name, auth_type=kind, endpoint="a"),
}


@pytest.mark.parametrize("made", MAKERS.values(), ids=list(MAKERS))
@pytest.mark.parametrize("kind", [f"{__name__}.Called", f"{__name__}.called", "builtins.print"])
def test_a_trigger_calls_nothing_that_makes_no_credential(
    server: Any, stored: Any, capsys: Any, made: Any, kind: str
) -> None:
    Called.calls = 0
    name = stored(server, login="reader", password="s3cr3t")
    try:
        told = str(asyncio.run(asyncio.wait_for(first(made(name, kind)), 3)))
    except (TypeError, asyncio.TimeoutError) as error:
        told = str(error)
    assert "makes no credential" in told
    assert (Called.calls, server.asked) == (0, [])
    assert "s3cr3t" not in "".join(capsys.readouterr()) + told


class Signed:
    """As one of aiohttp's, which makes a header."""

    def __init__(self, login: str, password: str) -> None:
        self.login = login

    def encode(self) -> str:
        return f"Signed {self.login}"


class Over(aiohttp.BasicAuth):
    """One over aiohttp's."""

    def encode(self) -> str:
        return f"Over {self.login}"


@pytest.mark.parametrize(
    "kind, sent",
    [
        (None, "Basic cmVhZGVyOnNlY3JldA=="),
        ("aiohttp.BasicAuth", "Basic cmVhZGVyOnNlY3JldA=="),
        ("requests.auth.HTTPBasicAuth", "Basic cmVhZGVyOnNlY3JldA=="),
        (f"{__name__}.Signed", "Signed reader"),
        (f"{__name__}.Over", "Over reader"),
    ],
)
def test_a_class_that_makes_a_credential_is_used(server: Any, stored: Any, kind: str | None, sent: str) -> None:
    name = stored(server, login="reader", password="secret")
    told = asyncio.run(first(MAKERS["trigger"](name, kind)))
    assert told["status"] == "success", told
    assert server.asked[0].headers["Authorization"] == sent


class Token(requests.auth.AuthBase):
    """Works on requests of requests' kind."""

    def __init__(self, *_credentials: Any) -> None:
        """Needs none."""

    def __call__(self, request: Any) -> Any:
        request.headers["X-Token"] = "t"
        return request


def ask(name: str, kind: Any) -> None:
    asyncio.run(HttpAsyncHook("GET", name, auth_type=kind).run(endpoint="a"))


def test_login_and_password_are_sent_in_no_other_way(server: Any, stored: Any) -> None:
    name = stored(server, login="reader", password="secret")
    with pytest.raises(TypeError, match="auth_type: an object of Token is for requests of requests' kind alone"):
        ask(name, Token)
    assert server.asked == []
    ask(name, lambda _login, _password: None)
    assert "Authorization" not in server.asked[0].headers
    ask(name, aiohttp.BasicAuth)
    assert server.asked[1].headers["Authorization"] == "Basic cmVhZGVyOnNlY3JldA=="
