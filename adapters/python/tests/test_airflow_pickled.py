"""Airflow's hooks cross to another process, and triggers are data."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("airflow.providers.http")

import aiohttp
from airflow.sdk.exceptions import TaskDeferred

from http_hook import RetryPolicy
from http_hook.airflow import HttpAsyncHook, HttpEventTrigger, HttpHook, HttpOperator, HttpSensorTrigger, HttpTrigger


@pytest.mark.parametrize(
    "given", [{}, {"keep_session": True}, {"policy": RetryPolicy()}, {"tcp_keep_alive": False}], ids=repr
)
@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("crossed", [lambda hook: pickle.loads(pickle.dumps(hook)), copy.deepcopy, copy.copy])
def test_a_hook_goes_on_elsewhere(
    server: Any, stored: Any, given: dict[str, Any], used: bool, crossed: Callable[[Any], Any]
) -> None:
    hook = HttpHook("GET", stored(server, login="reader", password="secret"), **given)
    if used:
        hook.run("a")
    there = crossed(hook)
    assert there.run("b").status_code == 200
    assert server.asked[-1].headers["Authorization"] == "Basic cmVhZGVyOnNlY3JldA=="
    assert getattr(there.keep_alive_adapter, "socket_options", 0) == getattr(
        hook.keep_alive_adapter, "socket_options", 0
    )


def test_an_asynchronous_hook_goes_on_elsewhere(server: Any, stored: Any) -> None:
    hook = HttpAsyncHook("GET", stored(server, login="reader", password="secret"))

    async def calls() -> None:
        await hook.run(endpoint="a")
        await pickle.loads(pickle.dumps(hook)).run(endpoint="b")

    asyncio.run(calls())
    assert len({asked.headers["Authorization"] for asked in server.asked}) == 1


def test_a_policy_is_deferred_as_data(server: Any, stored: Any) -> None:
    policy = RetryPolicy()
    data = json.loads(policy.to_json())
    _, arguments = HttpTrigger(stored(server), policy=policy).serialize()
    assert json.loads(json.dumps(arguments))["policy"] == data
    operator = HttpOperator(task_id="t", http_conn_id=stored(server), policy=policy, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute({})
    assert deferred.value.trigger.policy == data


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
