#!/usr/bin/env python3
"""Runs the command beside curl and HTTPie against one server that counts, and writes the table of COMPARISON.md.

    cargo build --release -p http-hook-cli
    python3 adapters/cli/compare/compare.py target/release/http-hook curl http > adapters/cli/COMPARISON.md
"""

import base64
import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

GIB = 1 << 30
SIZE = int(os.environ.get("SIZE", GIB))


class Server:
    """What comes back is decided by the path; every request is noted."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.seen = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            while self.one(peer):
                pass
        except OSError:
            pass
        finally:
            peer.close()

    def one(self, peer):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = peer.recv(65536)
            if not piece:
                return False
            data += piece
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        self.seen.append((method, path, headers))
        nth = sum(1 for seen in self.seen if seen[1] == path)
        if headers.get("expect"):
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        count = len(body)
        if "content-length" in headers:
            while count < int(headers["content-length"]):
                piece = peer.recv(1 << 20)
                if not piece:
                    return False
                count += len(piece)
        elif headers.get("transfer-encoding") == "chunked":
            tail = body[-5:]
            while not tail.endswith(b"0\r\n\r\n"):
                piece = peer.recv(1 << 20)
                if not piece:
                    return False
                count += len(piece)
                tail = (tail + piece)[-5:]
        return self.answer(peer, method, path, headers, nth, count)

    def reply(self, peer, status, body=b"", headers=(), method="GET"):
        lines = [f"HTTP/1.1 {status}", *headers]
        if not status.startswith("204"):
            lines.append(f"Content-Length: {len(body)}")
        peer.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if method == "HEAD" else body))
        return True

    def answer(self, peer, method, path, headers, nth, count):
        what = path.split("/")[1]
        if what == "busy":
            if nth == 1:
                return self.reply(peer, "503 Busy", b"busy", ["Retry-After: 1"])
            return self.reply(peer, "200 OK", b"done")
        if what == "busy-long":
            if nth == 1:
                return self.reply(peer, "503 Busy", b"busy", ["Retry-After: 4"])
            return self.reply(peer, "200 OK", b"done")
        if what == "reset":
            if nth == 1:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return False
            return self.reply(peer, "200 OK", b"done")
        if what == "dies":
            return False
        if what == "away":
            other = OTHER.port
            return self.reply(peer, "302 Found", b"", [f"Location: http://localhost:{other}/there"])
        if what == "there":
            return self.reply(peer, "200 OK", b"secret" if "authorization" in headers else b"none")
        if what == "drip":
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
            for _ in range(8):
                time.sleep(0.5)
                peer.sendall(b".")
            return True
        if what == "down":
            peer.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n".encode())
            piece = b"x" * (1 << 20)
            for _ in range(SIZE >> 20):
                peer.sendall(piece)
            return True
        if what == "up":
            return self.reply(peer, "200 OK", str(count).encode())
        if what == "bomb":
            headers = ["Content-Type: application/octet-stream", "Content-Encoding: gzip"]
            return self.reply(peer, "200 OK", BOMB, headers)
        if what == "digest":
            if headers.get("authorization", "").startswith("Digest "):
                return self.reply(peer, "200 OK", b"welcome")
            challenge = 'Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256'
            return self.reply(peer, "401 Unauthorized", b"", [f"WWW-Authenticate: {challenge}"])
        if what == "cookie":
            if "seen=1" in headers.get("cookie", ""):
                return self.reply(peer, "200 OK", b"seen")
            return self.reply(peer, "302 Found", b"", ["Set-Cookie: seen=1; Path=/", "Location: /cookie"])
        if what == "head":
            return self.reply(peer, "200 OK", b"x" * 1000, method=method)
        if what == "empty":
            return self.reply(peer, "204 No Content")
        return self.reply(peer, "200 OK", b"ok")


def run(args, stdin=None, stop=None):
    """Runs a command: exit code, stdout, seconds, the most memory in MiB."""
    with tempfile.TemporaryFile() as out, open(os.devnull, "wb") as err:
        began = time.monotonic()
        child = subprocess.Popen(args, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=err, env=ENV, cwd=FOLDER)
        if stop:
            time.sleep(stop)
            os.kill(child.pid, signal.SIGINT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - began
        out.seek(0)
        code = child.returncode if child.returncode >= 0 else 128 - child.returncode
        return code, out.read(1 << 16), took, usage.ru_maxrss / 1024


OTHER = Server()
FOLDER = tempfile.mkdtemp()
BOMB = gzip.compress(bytes(SIZE), 6)
ENV = {"PATH": os.environ["PATH"], "HOME": FOLDER}
HOOK, CURL, HTTP = (os.path.abspath(shutil.which(arg) or arg) for arg in sys.argv[1:4])
BIG = os.path.join(FOLDER, "big")
with open(BIG, "wb") as file:
    file.truncate(SIZE)
AUTH = base64.b64encode(b"reader:pw").decode()


def hook(base, *args):
    ENV["AIRFLOW_CONN_API"] = f"http://reader:pw@127.0.0.1:{base}"
    return [HOOK, "call", "api", *args]


def curl(base, path, *args):
    return [CURL, "-sS", "--retry", "2", "-u", "reader:pw", f"http://127.0.0.1:{base}{path}", *args]


def http(base, path, *args, method="GET", auth="reader:pw"):
    items = [arg for arg in args if not arg.startswith("-")]
    options = [arg for arg in args if arg.startswith("-")]
    return [HTTP, "--ignore-stdin", "--check-status", "-b", *options, "-a", auth, method, f"http://127.0.0.1:{base}{path}", *items]


def told(server, result, extra=""):
    code, _, took, _ = result
    requests = len(server.seen)
    count = f"{requests} request{'' if requests == 1 else 's'}"
    return f"exit {code}, {count}, {took:.1f} s{extra}"


def each(name, expected, commands, extra=None):
    cells = []
    for make in commands:
        server = Server()
        OTHER.seen.clear()
        command = make(server.port)
        if command is None:
            cells.append("not offered")
            continue
        result = command() if callable(command) else run(command)
        cells.append(told(server, result, extra(server, result) if extra else ""))
    print(f"| {name} | {expected} | {' | '.join(cells)} |", flush=True)


def main():
    version = subprocess.run([CURL, "--version"], capture_output=True, text=True).stdout.split()[1]
    httpie = subprocess.run([HTTP, "--version"], capture_output=True, text=True).stdout.strip()
    print("# Beside curl and HTTPie\n")
    print("Written by [a script](compare/compare.py): one server on loopback, which counts requests; `--retry 2` for those who have it, which")
    print(f"is the default of `http-hook`. curl is {version}, HTTPie {httpie}. Memory is the growth over the same command's smallest call.\n")
    print("| what happens | what is right | http-hook | curl --retry 2 | HTTPie |")
    print("| --- | --- | --- | --- | --- |")
    least = [run(make(Server().port))[3] for make in
             (lambda p: hook(p, "ok"), lambda p: curl(p, "/ok"), lambda p: http(p, "/ok"))]

    def same(path, *args, **more):
        return (lambda p: hook(p, path.lstrip("/"), *args), lambda p: curl(p, path), lambda p: http(p, path, **more))

    each("503 with Retry-After: 1, then 200", "a second request a second later", same("/busy"))
    each("the connection is reset, then 200", "a GET is sent again", same("/reset"))
    free = socket.create_server(("127.0.0.1", 0))
    closed = free.getsockname()[1]
    free.close()
    each("connection refused", "an error that says so", (
        lambda p: hook(closed, "x"), lambda p: curl(closed, "/x"), lambda p: http(closed, "/x")))
    each("a redirect to another origin", "no credentials there", (
        lambda p: hook(p, "away", "-L"), lambda p: curl(p, "/away", "-L"), lambda p: http(p, "/away", "--follow")),
        lambda server, result: ", credentials there" if any("authorization" in s[2] for s in OTHER.seen) else ", none there")
    each("a POST on a connection that dies", "sent once: it may have been done", (
        lambda p: hook(p, "POST", "dies", "a=1"), lambda p: curl(p, "/dies", "-d", "a=1"),
        lambda p: http(p, "/dies", "a=1", method="POST")))
    each("a body that drips for 4 s, limit 2 s", "it is alive: all of it", (
        lambda p: hook(p, "drip", "--timeout", "2s"), lambda p: curl(p, "/drip", "--max-time", "2", "--retry", "0"),
        lambda p: http(p, "/drip", "--timeout=2")))

    def grown(index):
        return lambda server, result: f", {max(result[3] - least[index], 0):.0f} MiB"

    gib = "1 GiB" if SIZE == GIB else f"{SIZE >> 20} MiB"
    for name, makes in (
        (f"{gib} down to a file", (
            lambda p: hook(p, "down", "-o", "a"), lambda p: curl(p, "/down", "-o", "b"),
            lambda p: http(p, "/down", "--download", "--output=c"))),
        (f"{gib} up from a file", (
            lambda p: hook(p, "PUT", "up", f"@{BIG}"), lambda p: curl(p, "/up", "-T", BIG),
            lambda p: http(p, "/up", f"@{BIG}", method="PUT"))),
        (f"{gib} in {len(BOMB) >> 10} KiB of gzip, unpacked", (
            lambda p: hook(p, "bomb", "--compressed", "-o", "d"), lambda p: curl(p, "/bomb", "--compressed", "-o", "e"),
            lambda p: http(p, "/bomb", "--download", "--output=f"))),
    ):
        cells = []
        for index, make in enumerate(makes):
            server = Server()
            result = run(make(server.port))
            cells.append(told(server, result, grown(index)(server, result)))
        print(f"| {name} | memory that does not grow with it | {' | '.join(cells)} |", flush=True)

    each("401 that asks for Digest", "an answer to the challenge", (
        lambda p: hook(p, "digest", "-u", "reader:pw", "--digest"), lambda p: curl(p, "/digest", "--digest"),
        lambda p: http(p, "/digest", "--auth-type=digest")))
    each("302 to itself that sets a cookie", "the cookie goes back: two requests", (
        lambda p: hook(p, "cookie", "-L"), lambda p: curl(p, "/cookie", "-L", "--max-redirs", "9"),
        lambda p: http(p, "/cookie", "--follow")))
    each("HEAD of 1,000 bytes", "the head at once", (
        lambda p: hook(p, "head", "-I"), lambda p: curl(p, "/head", "-I"), lambda p: http(p, "/head", method="HEAD")))
    each("204", "nothing, and success", same("/empty"))

    def interrupted(p):
        def twice():
            state = os.path.join(FOLDER, "state")
            first = run(hook(p, "busy-long", "--save-state", state), stop=1.5)
            second = run([HOOK, "resume", state])
            return second[0], second[1], first[2] + second[2], second[3]
        return twice

    def anew(make):
        def twice():
            first = run(make, stop=1.5)
            second = run(make)
            return second[0], second[1], first[2] + second[2], second[3]
        return twice

    each("interrupted in a wait of 4 s, then gone on", "the wait that is left, then one request", (
        interrupted, lambda p: anew(curl(p, "/busy-long")), lambda p: anew(http(p, "/busy-long"))))
    print()
    print("curl's `-L` keeps cookies only with `-b ''`; its `--max-time` is for everything, and `--retry` sends a request again after a")
    print("503, not after a reset (`--retry-all-errors` would, a POST too). HTTPie has no retries, and asks for gzip by itself.")


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
