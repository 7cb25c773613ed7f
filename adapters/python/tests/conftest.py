"""A server on the loopback that answers as a test tells it, and remembers what it was asked."""

from __future__ import annotations

import functools
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

Answer = tuple[int, dict[str, str], bytes]
# In place of an answer: what is done with the handler.
Deed = Callable[[Any], None]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def cookies(self) -> set[str]:
        line = self.headers.get("Cookie")
        return set(line.split("; ")) if line else set()


@dataclass
class Server:
    answers: list[Answer | Deed | None] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    # Listens no more, once it is called.
    closes: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def then(self, status: int, body: bytes = b"", **headers: str) -> Server:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, body))
        return self

    def breaks(self) -> Server:
        """Closes the connection in place of an answer."""
        self.answers.append(None)
        return self

    def breaks_for_good(self) -> Server:
        """Closes the connection in place of an answer, and takes no other."""
        self.answers.append(lambda handler: self.closes())
        return self

    def waits(self, seconds: float) -> Server:
        """Gives no answer, and closes the connection after a time."""
        self.answers.append(lambda handler: time.sleep(seconds))
        return self

    def writes(self, raw: bytes) -> Server:
        """Answers with these bytes."""
        self.answers.append(lambda handler: handler.wfile.write(raw))
        return self


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    of: Server

    def _answer(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.of.asked.append(Asked(self.command, self.path, dict(self.headers.items()), body))
        answer = self.of.answers.pop(0) if self.of.answers else (200, {}, b"")
        if answer is None or callable(answer):
            self.close_connection = True
            if answer is not None:
                answer(self)
            return
        status, headers, content = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _answer

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Any]:
    running: list[ThreadingHTTPServer] = []

    def make(tls: ssl.SSLContext | None = None) -> Server:
        server = Server()
        handler = type("OfThis", (Handler,), {"of": server})
        http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if tls is not None:
            http.socket = tls.wrap_socket(http.socket, server_side=True)
        http.daemon_threads = True
        server.port = http.server_port
        # Closed alone, it would take what comes until its thread looks again.
        server.closes = functools.partial(http.socket.shutdown, socket.SHUT_RDWR)
        running.append(http)
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        return server

    yield make
    for http in running:
        http.shutdown()
        http.server_close()


@pytest.fixture
def server(serve: Any) -> Server:
    made: Server = serve()
    return made


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets ids lead to servers in Airflow: `stored(server, "name", login=…)`."""
    Connection = pytest.importorskip("airflow.sdk").Connection
    known: dict[str, dict[str, Any]] = {}

    def get(conn_id: str) -> Any:
        return Connection(**known[conn_id])

    async def async_get(conn_id: str) -> Any:
        return get(conn_id)

    monkeypatch.setattr(Connection, "get", get)
    monkeypatch.setattr(Connection, "async_get", async_get)

    def keep(server: Any, name: str = "here", **fields: Any) -> str:
        url = urlsplit(server.url)
        told = {"conn_id": name, "conn_type": "http", "host": url.hostname, "port": url.port}
        if "extra" in fields:
            fields["extra"] = json.dumps(fields["extra"])
        known[name] = {**told, **fields}
        return name

    return keep


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.setenv("NETRC", "/nonexistent")
