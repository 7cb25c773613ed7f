"""Makes the calls of a recorded case: through the provider's classes, or through ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import aiohttp
from airflow.sdk import Connection
from judge import Made, described, told_options
from values import argument, function, hook_arguments, retry_arguments
from world import LOGGED, World


class Classes:
    """The classes that a case is run through."""

    def __init__(self, ours: bool) -> None:
        if ours:
            from http_hook import airflow as found
        else:
            from types import SimpleNamespace

            from airflow.providers.http.hooks.http import HttpAsyncHook, HttpHook
            from airflow.providers.http.operators.http import HttpOperator
            from airflow.providers.http.sensors.http import HttpSensor

            found = SimpleNamespace(
                HttpHook=HttpHook, HttpAsyncHook=HttpAsyncHook, HttpOperator=HttpOperator, HttpSensor=HttpSensor
            )
        self.hook: Any = found.HttpHook
        self.async_hook: Any = found.HttpAsyncHook
        self.operator: Any = found.HttpOperator
        self.sensor: Any = found.HttpSensor
        if ours:
            # What was recorded has the original's defaults (D9 and D20 are taken back).
            self.hook.preset = self.async_hook.preset = "airflow"


class NoConnection(Exception):
    """A connection that cannot be made."""


def connection_of(given: Any) -> Connection | None:
    if given is None:
        return None
    if "uri" in given:
        return Connection.from_uri(given["uri"], "http_default")
    text = given["json_text"] if "json_text" in given else json.dumps(given["json"])
    return Connection.from_json(text, conn_id="http_default")


@contextmanager
def known(connection: Connection | None) -> Iterator[None]:
    """Looking up an id gives this connection, a new copy each time; without one it ends as for an unknown id."""
    import attrs
    from airflow.sdk.exceptions import AirflowNotFoundException

    def get(conn_id: str) -> Connection:
        if connection is None:
            raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")
        return attrs.evolve(connection) if attrs.has(type(connection)) else connection

    async def async_get(conn_id: str) -> Connection:
        return get(conn_id)

    with mock.patch.object(Connection, "get", get), mock.patch.object(Connection, "async_get", async_get):
        yield


def run(case: dict[str, Any], world: World, classes: Classes) -> list[Made]:
    """Makes all calls of a case. An error of the hook's constructor is one of each call."""
    given = case["input"]
    with known(connection_of(given["connection"])):
        if case["kind"] == "http":
            return _sync(given, world, classes)
        if case["kind"] == "async":
            return asyncio.run(_async(given, world, classes))
        return [_task(case["kind"], given, world, classes)]


def _sync(given: dict[str, Any], world: World, classes: Classes) -> list[Made]:
    try:
        hook = classes.hook(**hook_arguments(given["hook"]))
    except Exception as error:
        return [Made(described(error)) for _ in given["calls"]]
    return [_one(hook, call, world) for call in given["calls"]]


def _one(hook: Any, call: dict[str, Any], world: World) -> Made:
    made = Made()
    arrived, sent, slept = len(world.server.seen), len(world.sent), len(world.clock.sleeps)
    logged = len(LOGGED)
    named = call.get("fn", "run")
    response = None
    try:
        keywords = argument(
            {name: value for name, value in call.items() if name in ("endpoint", "data", "headers", "extra_options")}
        )
        keywords |= argument(call.get("request_kwargs") or {})
        if named == "run":
            result = response = hook.run(**keywords)
        elif named == "run_with_advanced_retry":
            result = response = hook.run_with_advanced_retry(retry_arguments(call["retry"]), **keywords)
        else:
            result = getattr(hook, named)(**keywords)
        # Before the body is looked at, which reads it.
        if len(world.sent) > sent:
            made.send_options = told_options(world.sent[sent], response)
        made.outcome = _ok(named, result)
    except Exception as error:
        made.outcome = described(error, _last(error))
    made.base_url = hook.base_url
    made.logs = LOGGED[logged:]
    made.requests = world.requests()[arrived:]
    made.sleeps = world.clock.sleeps[slept:]
    if len(world.sent) > sent and made.send_options is None:
        made.send_options = told_options(world.sent[sent], None)
    if named == "run_with_advanced_retry":
        statistics = getattr(getattr(hook, "_retry_obj", None), "statistics", {})
        made.attempts = statistics.get("attempt_number")
    return made


def _last(error: Exception) -> Any:
    attempt = getattr(error, "last_attempt", None)
    if attempt is None:
        return None
    failed = attempt.exception() if attempt.failed else None
    outcome = described(failed) if failed is not None else _ok("run", attempt.result())
    return {"attempt_number": attempt.attempt_number, "outcome": outcome}


def _ok(named: str, result: Any) -> dict[str, Any]:
    if named == "get_conn":
        return {"ok": {"value": _session(result)}}
    if hasattr(result, "status_code"):
        text = result.text
        return {
            "ok": {
                "status": result.status_code,
                "reason": result.reason,
                "url": result.url,
                "history": [one.status_code for one in result.history],
                "encoding": result.encoding,
                "text": text,
            }
        }
    return {"ok": {"value": list(result) if isinstance(result, tuple) else result}}


def _session(session: Any) -> dict[str, Any]:
    import socket

    adapter = session.get_adapter("http://127.0.0.1/")
    names = ["TCP_NODELAY", "SO_KEEPALIVE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_KEEPIDLE"]
    levels = {"SO_KEEPALIVE": socket.SOL_SOCKET}
    numbers = {(levels.get(name, socket.IPPROTO_TCP), getattr(socket, name)): name for name in names}
    options = getattr(adapter, "socket_options", None)
    kept = (
        {numbers[level, name]: value for level, name, value in options if (level, name) in numbers} if options else None
    )
    return {
        "headers": list(session.headers.items()),
        "proxies": dict(session.proxies),
        "stream": session.stream,
        "verify": session.verify,
        "cert": session.cert,
        "max_redirects": session.max_redirects,
        "trust_env": session.trust_env,
        "socket_options": kept,
    }


async def _async(given: dict[str, Any], world: World, classes: Classes) -> list[Made]:
    try:
        hook = classes.async_hook(**hook_arguments(given["hook"]))
    except Exception as error:
        return [Made(described(error)) for _ in given["calls"]]
    all_made = []
    async with aiohttp.ClientSession() as session:
        for call in given["calls"]:
            made = Made()
            arrived, slept = len(world.server.seen), len(world.clock.sleeps)
            keywords = argument({name: value for name, value in call.items() if name != "request_kwargs"})
            try:
                response = await hook.run(session=session, **keywords)
                made.outcome = {
                    "ok": {
                        "status": response.status,
                        "reason": response.reason,
                        "url": str(response.url),
                        "history": [one.status for one in response.history],
                        "text": await response.text(),
                    }
                }
            except Exception as error:
                made.outcome = described(error)
            config = getattr(hook, "_config", None)
            made.base_url = config.base_url if config else hook.base_url or None
            made.requests = world.requests()[arrived:]
            made.sleeps = world.clock.sleeps[slept:]
            all_made.append(made)
    return all_made


def _task(kind: str, given: dict[str, Any], world: World, classes: Classes) -> Made:
    made = Made()
    keywords = dict(given["args"])
    for name in ("response_check", "response_filter", "pagination_function"):
        if name in keywords:
            keywords[name] = function(keywords[name])
    if "retry_args" in keywords:
        keywords["retry_args"] = retry_arguments(keywords["retry_args"])
    keywords = {
        name: argument(value) if isinstance(value, (dict, list)) and name != "retry_args" else value
        for name, value in keywords.items()
    }
    try:
        if kind == "operator":
            value = classes.operator(task_id="t", **keywords).execute({})
        else:
            value = classes.sensor(task_id="t", **keywords).poke({})
        made.outcome = {"ok": {"value": value}}
    except Exception as error:
        made.outcome = described(error, _last(error))
    made.requests = world.requests()
    made.sleeps = list(world.clock.sleeps)
    return made
