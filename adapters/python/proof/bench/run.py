"""The client's CPU for one `run` (GET, a parameter, a header, Basic): the provider's hook and ours, in one
interleaved run.

`python run.py [rounds]`. The server is a process of its own on loopback. In each round each hook makes `CALLS` calls,
in an order that turns; the ratio is the median of the rounds' ratios to the provider of the same round. Fails if a
ratio is over its limit.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any
from unittest import mock

CALLS = 10
ROUNDS = 200
LIMITS = {"plain": 0.85, "kept": 0.65, "transport": 0.50}
NAMES = {
    "provider": "provider",
    "plain": "ours over requests, a session a call as there",
    "kept": "ours over requests, session and connection kept",
    "fresh": "ours over the Rust transport, the connection read for each call",
    "transport": "ours over the Rust transport, the connection kept",
}
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"answer": 42}'


class Answers(asyncio.Protocol):
    """Answers each request, whatever it is, and keeps the connection."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.got = b""

    def data_received(self, data: bytes) -> None:
        self.got += data
        while b"\r\n\r\n" in self.got:
            self.got = self.got.partition(b"\r\n\r\n")[2]
            self.transport.write(ANSWER)


def serve(pipe: Any) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(forever())


def quiet() -> None:
    import structlog

    def drop(*_: Any) -> Any:
        raise structlog.DropEvent

    # Both hooks log alike; a level as in production, where debug lines are dropped at once.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), cache_logger_on_first_use=False
    )
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def undisturbed() -> str:
    """Takes one processor for client and server before all other work, if that is allowed: who shares it costs both hooks alike."""
    try:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        return "beside other work"
    return "before other work"


def hooks() -> dict[str, Callable[[], Any]]:
    """What makes a hook, by name; the transport only if the wheel has it."""
    from airflow.providers.http.hooks.http import HttpHook as Original

    from http_hook.airflow import HttpHook

    made: dict[str, Callable[[], Any]] = {
        "provider": lambda: Original(method="GET", http_conn_id="bench"),
        "plain": lambda: HttpHook(method="GET", http_conn_id="bench"),
        "kept": lambda: HttpHook(method="GET", http_conn_id="bench", keep_session=True),
    }
    try:
        HttpHook(http_conn_id="bench", transport="ureq")
    except ImportError as error:
        print(f"no Rust transport in this wheel: {error}")
    else:
        made["fresh"] = lambda: HttpHook(method="GET", http_conn_id="bench", transport="ureq")
        made["transport"] = lambda: HttpHook(method="GET", http_conn_id="bench", transport="ureq", keep_session=True)
    return made


def measured(made: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """CPU and wall seconds of each round, by name."""
    ready = {name: make() for name, make in made.items()}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in made}

    def call(hook: Any) -> None:
        response = hook.run("v1/answer", {"q": "a b"}, {"X-Header": "1"})
        assert response.status_code == 200, response

    for hook in ready.values():
        for _ in range(20):
            call(hook)
    names = list(made)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            hook = ready[name]
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(CALLS):
                call(hook)
            found[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return found


def table(title: str, found: dict[str, list[tuple[float, float]]], enforced: bool) -> int:
    print(f"\n{title}\n\n| | calls/s | CPU s / 1000 | ratio | limit |\n| --- | ---: | ---: | ---: | ---: |")
    failures = 0
    for name, rounds in found.items():
        rate = CALLS / statistics.median(wall for _, wall in rounds)
        cpu = statistics.median(cpu for cpu, _ in rounds) * 1000 / CALLS
        ratio = statistics.median(cpu / base for (cpu, _), (base, _) in zip(rounds, found["provider"], strict=False))
        limit = LIMITS.get(name) if enforced else None
        failures += limit is not None and ratio > limit
        print(f"| {NAMES[name]} | {rate:.0f} | {cpu:.2f} | {ratio:.2f} | {limit or ''} |")
    return failures


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    quiet()
    cores, load = os.cpu_count(), os.getloadavg()[0]
    how = undisturbed()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        port = here.recv()
        given = {"conn_type": "http", "host": "127.0.0.1", "port": port, "login": "user", "password": "pass"}
        os.environ["AIRFLOW_CONN_BENCH"] = json.dumps(given)
        made = hooks()
        print(
            f"CPython {platform.python_version()}, {rounds} rounds of {CALLS} calls each, "
            f"one of {cores} cores {how}, load {load:.1f}, {len(os.environ)} variables in the environment"
        )
        failures = table(
            "The connection is looked up for each call, as the provider does.", measured(made, rounds), True
        )
        from airflow.sdk import Connection

        connection = Connection.from_json(json.dumps(given), conn_id="bench")
        with mock.patch.object(Connection, "get", lambda conn_id: connection):
            table("The connection is at hand.", measured(made, max(1, rounds // 2)), False)
    finally:
        server.terminate()
        server.join()
    print(f"\nbench: {failures} ratios over their limit")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
