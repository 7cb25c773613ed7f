"""Servers that let their bytes drip: no limit of a single read ends them."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import certificates
import pytest
import requests

from http_hook.aiohttp import HttpHook as AsyncHttpHook
from http_hook.requests import HttpHook

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX-Long: " + b"x" * 1000 + b"\r\n\r\n"


class Drip:
    """Sends what it has at once, then byte after byte, with a pause before each."""

    def __init__(
        self,
        at_once: bytes,
        dripping: bytes,
        pause: float = 0.05,
        reads: int = 1 << 20,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.at_once, self.dripping, self.pause, self.reads, self.tls = at_once, dripping, pause, reads, tls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(client,), daemon=True).start()

    def answer(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self.tls is not None:
                client = self.tls.wrap_socket(client, server_side=True)
        with client, contextlib.suppress(OSError):
            client.recv(self.reads)
            self.asked += 1
            client.sendall(self.at_once)
            for byte in self.dripping:
                time.sleep(self.pause)
                client.sendall(bytes([byte]))


@pytest.fixture
def drip() -> Iterator[Any]:
    made: list[Drip] = []

    def make(*given: Any, **named: Any) -> Drip:
        made.append(Drip(*given, **named))
        return made[-1]

    yield make
    for one in made:
        one.listener.close()


def took(work: Any) -> tuple[float, Any]:
    begun = time.monotonic()
    with pytest.raises(requests.RequestException) as raised:
        work()
    return time.monotonic() - begun, raised.value


def test_the_deadline_ends_a_body_that_drips(drip: Any) -> None:
    server = drip(HEAD, b"x" * 1000)
    with HttpHook(server.url) as hook:
        seconds, error = took(lambda: hook.get("a", deadline=0.5))
    assert 0.3 < seconds < 2
    assert (error.failure.kind, error.failure.reason, error.failure.sent) in [
        ("body_timeout", "deadline", "yes"),
        ("timeout", "deadline", "yes"),
    ]


def test_the_deadline_ends_a_head_that_drips(drip: Any) -> None:
    server = drip(b"", HEAD)
    with HttpHook(server.url) as hook:
        seconds, error = took(lambda: hook.get("a", deadline=0.5))
    assert 0.3 < seconds < 2
    assert error.failure.sent == "maybe"


def test_the_limit_of_the_head_is_for_all_of_it(drip: Any) -> None:
    server = drip(b"", HEAD)
    with HttpHook(server.url) as hook:
        seconds, error = took(lambda: hook.get("a", timeout=0.5))
    assert 0.3 < seconds < 2
    assert (error.failure.kind, error.failure.sent) == ("head_timeout", "maybe")


def test_a_body_that_drips_has_the_time_that_nobody_limits(drip: Any) -> None:
    server = drip(HEAD[:-4].replace(b"1000", b"20", 1) + b"\r\n\r\n", b"x" * 20)
    with HttpHook(server.url) as hook:
        assert len(hook.get("a", timeout=0.5).content) == 20


def test_a_session_of_the_callers_is_read_against_the_clock(drip: Any, server: Any) -> None:
    slow = drip(HEAD, b"x" * 1000)
    with requests.Session() as session:
        # Its connections are there before.
        server.then(200, b"hello")
        session.get(server.url)
        assert HttpHook(server.url, session=session).get("a").status_code == 200
        hook = HttpHook(slow.url, session=session)
        seconds, _ = took(lambda: hook.get("a", deadline=0.5))
        assert seconds < 2
        # What others send over it has the limits that they give.
        assert session.get(server.url).status_code == 200
        with pytest.raises(requests.RequestException):
            session.get(slow.url, timeout=0.01)


def test_a_kept_connection_is_read_against_the_clock_of_its_call(server: Any) -> None:
    with HttpHook(server.url) as hook:
        hook.get("a", deadline=0.3)
        time.sleep(0.4)
        server.then(200, b"x" * 100_000)
        assert len(hook.get("b", deadline=5).content) == 100_000


def test_a_streamed_body_is_the_callers_however_long_it_takes(drip: Any) -> None:
    server = drip(HEAD[:-4].replace(b"1000", b"20", 1) + b"\r\n\r\n", b"x" * 20)
    with HttpHook(server.url) as hook:
        response = hook.get("a", options={"stream": True}, deadline=0.5)
        assert len(response.content) == 20


def test_the_deadline_ends_an_upload_that_nobody_reads(drip: Any) -> None:
    server = drip(b"", b"x" * 100, pause=0.2, reads=1)
    with HttpHook(server.url) as hook:
        seconds, error = took(lambda: hook.post("a", data=io.BytesIO(b"x" * (64 << 20)), deadline=0.7))
    assert seconds < 3
    assert error.failure.sent == "maybe"


def test_connecting_takes_no_longer_than_the_deadline() -> None:
    # A listener whose queue is full answers nobody.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        waiting = [socket.socket() for _ in range(8)]
        for one in waiting:
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(full.getsockname())
        with HttpHook(url) as hook:
            seconds, _ = took(lambda: hook.get("a", deadline=0.5))
        for one in waiting:
            one.close()
    assert seconds < 3


@pytest.fixture(scope="module")
def tls(tmp_path_factory: Any) -> ssl.SSLContext:
    return certificates.made(tmp_path_factory.mktemp("tls"), "localhost")[0]


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("at_once, dripping", [(b"", HEAD), (HEAD, b"x" * 1000)])
def test_the_deadline_holds_over_tls(drip: Any, tls: ssl.SSLContext, at_once: bytes, dripping: bytes) -> None:
    server = drip(at_once, dripping, tls=tls)
    with HttpHook(server.url.replace("http:", "https:")) as hook:
        seconds, error = took(lambda: hook.get("a", deadline=0.6, options={"verify": False}))
    assert server.asked == 1
    assert 0.3 < seconds < 2
    assert error.failure.sent == ("yes" if at_once else "maybe")


def test_the_deadline_ends_a_handshake_that_stalls(drip: Any) -> None:
    server = drip(b"", b"x" * 100)
    with HttpHook(server.url.replace("http:", "https:")) as hook:
        seconds, _ = took(lambda: hook.get("a", deadline=0.6))
    assert seconds < 2


def test_the_deadline_ends_a_proxy_that_drips(drip: Any) -> None:
    proxy = drip(b"", b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000)
    with HttpHook("https://api.example.test") as hook:
        seconds, _ = took(lambda: hook.get("a", deadline=0.6, options={"proxies": {"https": proxy.url}}))
    assert proxy.asked == 1
    assert 0.3 < seconds < 2


def test_aiohttp_ends_a_head_that_drips(drip: Any) -> None:
    server = drip(b"", HEAD)

    async def work() -> Any:
        async with AsyncHttpHook(server.url) as hook:
            with pytest.raises(aiohttp.ServerTimeoutError) as raised:
                await hook.get("a", timeout=0.4)
            return raised.value

    begun = time.monotonic()
    error = asyncio.run(work())
    assert time.monotonic() - begun < 3
    assert (error.failure.kind, error.failure.sent) == ("head_timeout", "maybe")


def test_aiohttp_ends_a_body_that_drips(drip: Any) -> None:
    server = drip(HEAD, b"x" * 1000)

    async def work() -> Any:
        async with AsyncHttpHook(server.url) as hook:
            with pytest.raises((aiohttp.ClientError, asyncio.TimeoutError)) as raised:
                await hook.get("a", deadline=0.5)
            return raised.value

    begun = time.monotonic()
    assert asyncio.run(work()).failure.reason == "deadline"
    assert time.monotonic() - begun < 3
