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

from airflow.sdk.exceptions import TaskDeferred

from http_hook import RetryPolicy
from http_hook.airflow import HttpAsyncHook, HttpHook, HttpOperator, HttpTrigger


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
