"""The recorded server: answers in turn, at two ports of loopback, one connection a request."""

from __future__ import annotations

import base64
import socket
import ssl
import struct
import threading
from dataclasses import dataclass
from typing import Any

PATIENCE = 20
# The first byte of a TLS handshake.
HANDSHAKE = b"\x16"


@dataclass
class Seen:
    """A request as it arrived."""

    port: int
    tls: bool
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    framing: str


def body_of(value: Any) -> bytes:
    """Reads `{"text": ..}` or `{"base64": ..}`."""
    if not value:
        return b""
    return value["text"].encode() if "text" in value else base64.b64decode(value["base64"])


def latin1(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def written(answer: dict[str, Any], method: str) -> bytes:
    """Writes an answer, with the headers that the server adds."""
    reason = answer.get("reason")
    head = f"HTTP/1.1 {answer.get('status', 200)}" + ("" if reason is None else f" {reason}")
    lines = [latin1(head)]
    tunnel = method == "CONNECT" and answer.get("status") == 200
    has_length = tunnel
    for name, value in answer.get("headers") or []:
        has_length |= name.lower() == "content-length"
        lines.append(name.encode() + b": " + latin1(value))
    body = body_of(answer.get("body"))
    if not has_length:
        lines.append(b"Content-Length: %d" % len(body))
    if not tunnel:
        lines.append(b"Connection: close")
    cut = 10 if answer.get("fault") == "truncated_body" else 0
    if cut:
        # Ten bytes fewer than it says: the length counts what never comes.
        lines = [line for line in lines if not line.lower().startswith(b"content-length")]
        lines.append(b"Content-Length: %d" % (len(body) + cut))
    rest = b"" if method == "HEAD" or tunnel else body
    return b"\r\n".join(lines) + b"\r\n\r\n" + rest


class Server:
    """Listens at two ports until `stop`."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self.seen: list[Seen] = []
        self._script: list[dict[str, Any]] = []
        self._default: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._listeners = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(2)]
        self.ports = [listener.getsockname()[1] for listener in self._listeners]
        self.closed_port = _unused()
        for listener, port in zip(self._listeners, self.ports, strict=False):
            threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()

    def begin(self, server: dict[str, Any] | None) -> None:
        """Takes the answers of a case and forgets what came before."""
        server = server or {}
        with self._lock:
            self.seen = []
            self._script = list(server.get("script") or [])
            self._default = server.get("default") or {"status": 200, "reason": "OK"}

    def stop(self) -> None:
        for listener in self._listeners:
            listener.close()

    def _accept(self, listener: socket.socket, port: int) -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connection, args=(stream, port), daemon=True).start()

    def _connection(self, stream: socket.socket, port: int) -> None:
        stream.settimeout(PATIENCE)
        try:
            while first := stream.recv(1, socket.MSG_PEEK):
                encrypted = first == HANDSHAKE
                if encrypted:
                    stream = self._tls.wrap_socket(stream, server_side=True)
                with stream.makefile("rb") as source:
                    seen = read(source, port, encrypted)
                if seen is None or not self._answer(stream, seen):
                    return
        except OSError:
            return
        finally:
            stream.close()

    def _answer(self, stream: socket.socket, seen: Seen) -> bool:
        """Writes what the script says, and tells whether the connection goes on."""
        with self._lock:
            answer = self._script.pop(0) if self._script else self._default
            self.seen.append(seen)
        fault = answer.get("fault")
        if fault == "reset":
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if fault == "hang":
            stream.recv(1)
            return False
        if fault != "close":
            stream.sendall(body_of(answer["raw"]) if "raw" in answer else written(answer, seen.method))
            if seen.method == "CONNECT" and answer.get("status") == 200:
                return True
        if isinstance(stream, ssl.SSLSocket):
            stream = stream.unwrap()
        stream.shutdown(socket.SHUT_WR)
        # So that closing in good order does not turn into a reset.
        while stream.recv(65536):
            pass
        return False


def read(source: Any, port: int, tls: bool) -> Seen | None:
    """Reads one request, and nothing behind it."""
    line = source.readline()
    if not line:
        return None
    method, _, target = line.decode("latin-1").rstrip("\r\n").rpartition(" ")[0].partition(" ")
    headers: list[tuple[str, str]] = []
    while line := source.readline().rstrip(b"\r\n"):
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip(" \t")))
    lower = {name.lower(): value for name, value in headers}
    if "transfer-encoding" in lower:
        body, framing = b"", "chunked"
        while size := int(source.readline().split(b";")[0], 16):
            body += source.read(size)
            source.readline()
        source.readline()
    elif "content-length" in lower:
        body, framing = source.read(int(lower["content-length"])), "content-length"
    else:
        body, framing = b"", "none"
    return Seen(port, tls, method, target, headers, body, framing)


def _unused() -> int:
    """A port on which nobody listens: it is bound and never listened at, so that nobody else gets it."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    _holders.append(holder)
    return int(holder.getsockname()[1])


_holders: list[socket.socket] = []
