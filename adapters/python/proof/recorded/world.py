"""The recorded network, clock and environment, put around a call: names lead to the server, waits take no time."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp
import requests
from certificates import contexts
from server import Server

BEGAN = 1_700_000_000.0
# What the hooks log at warning and above: level and text.
LOGGED: list[list[str]] = []


class Clock:
    """A clock that moves by the waits alone, which it notes."""

    def __init__(self) -> None:
        self.moved = 0.0
        self._looks = 0
        self.sleeps: list[float] = []

    def time(self) -> float:
        # The time of day never stands still, and is coarse.
        self._looks += 1
        return BEGAN + self.moved + self._looks * 5e-5

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(float(seconds))
        self.moved += seconds


class World:
    """One server for all cases."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="http-hook-")
        context, self.ca_bundle = contexts(Path(self._folder.name))
        self.server = Server(context)
        self.dialled: list[tuple[str, int]] = []
        self.sent: list[dict[str, Any]] = []
        self.clock = Clock()
        self.is_async = False
        self._resolve = socket.getaddrinfo

    def stop(self) -> None:
        self.server.stop()
        self._folder.cleanup()

    def _address(self, host: str, port: int) -> tuple[str, int]:
        if host == "unresolvable.test":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if host == "blackhole.test":
            # What a connection that nobody accepts comes to, at once.
            raise TimeoutError("timed out")
        if host == "refused.test":
            return ("127.0.0.1", self.server.closed_port)
        known = [*self.server.ports, self.server.closed_port]
        return ("127.0.0.1", port if port in known else self.server.ports[0])

    def _getaddrinfo(self, host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        address = self._address(name, int(port or 0))
        if not self.is_async:
            self.dialled.append((name.strip("[]"), int(port or 0)))
        return self._resolve(*address, *rest, **more)

    @contextmanager
    def around(self, case: dict[str, Any], home: str) -> Iterator[None]:
        """The world of a case."""
        self.dialled, self.sent, self.clock = [], [], Clock()
        LOGGED.clear()
        self.server.begin(case.get("server"))
        send = requests.Session.send
        clock = self.clock

        def noted(session: Any, request: Any, **given: Any) -> Any:
            self.sent.append(dict(given))
            return send(session, request, **given)

        real_sleep = asyncio.sleep

        async def async_sleep(seconds: float, result: Any = None) -> Any:
            if seconds:
                clock.sleep(seconds)
            return await real_sleep(0, result)

        environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environ = {
            name: value
            for name, value in environ.items()
            if name not in ("NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
        }
        environ |= {"HOME": home} | (case.get("env") or {})
        self.is_async = is_async = case["kind"] == "async"
        resolve = aiohttp.TCPConnector._resolve_host

        async def resolved(connector: Any, host: str, port: int, traces: Any = None) -> Any:
            # A literal address is never looked up there.
            self.dialled.append((host.strip("[]"), port))
            return await resolve(connector, host, port, traces)

        with (
            mock.patch.dict(os.environ, environ, clear=True),
            mock.patch.object(socket, "getaddrinfo", self._getaddrinfo),
            mock.patch.object(requests.Session, "send", noted),
            mock.patch.object(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", self.ca_bundle),
            mock.patch.object(aiohttp.TCPConnector, "_resolve_host", resolved),
            mock.patch.object(random, "uniform", lambda a, b: (a + b) / 2),
            mock.patch.object(random, "random", lambda: 0.5),
            # The seed of each call.
            mock.patch.object(secrets, "randbits", lambda bits: 7),
            mock.patch.object(time, "sleep", clock.sleep),
            mock.patch.object(asyncio, "sleep", async_sleep),
            mock.patch.object(time, "time", clock.time),
            # An event loop lives by the real clock.
            mock.patch.object(time, "monotonic", time.monotonic if is_async else lambda: BEGAN + clock.moved),
        ):
            yield

    def requests(self) -> list[dict[str, Any]]:
        """The requests that arrived, with what was dialled for each: one connection a request."""
        dialled = [one for one in self.dialled if one[0] not in ("unresolvable.test", "refused.test", "blackhole.test")]
        dialled = [one for one in dialled if one[1] != self.server.closed_port]
        made = []
        tunnel = None
        for seen in self.server.seen:
            if tunnel:
                host, port = tunnel
            elif dialled:
                host, port = dialled.pop(0)
            else:
                host, port = "127.0.0.1", seen.port
            tunnel = (host, port) if seen.method == "CONNECT" else None
            made.append(
                {
                    "connect": {"host": host, "port": port, "tls": seen.tls},
                    "method": seen.method,
                    "target": seen.target,
                    "headers": seen.headers,
                    "body": seen.body,
                    "framing": seen.framing,
                }
            )
        return made
