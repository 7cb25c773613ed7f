#!/usr/bin/env python3
"""Tells how large the command is, and how long a call on loopback takes beside curl; fails if either is over its bar.

    cargo build --release -p http-hook-cli
    python3 adapters/cli/compare/size.py target/release/http-hook curl
"""

import http.server
import os
import statistics
import subprocess
import sys
import threading
import time

# Bytes, of a stripped binary with the default features.
BAR = 8_000_000
PAIRS = int(os.environ.get("PAIRS", 200))


class Answer(http.server.BaseHTTPRequestHandler):
    """The same few bytes to every request."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def took(*command):
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main():
    hook, curl = sys.argv[1:]
    size = os.path.getsize(hook)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    pairs = [(took(hook, "call", "-", url), took(curl, "-s", url)) for _ in range(PAIRS)]
    # What else the machine does makes calls slower, never faster: the first tenth is what the commands themselves take.
    own, other = (statistics.quantiles(times, n=10)[0] * 1000 for times in zip(*pairs))
    print(f"{size:,} bytes, at most {BAR:,}; a call takes {own / other:.2f} of curl's time ({own:.1f} and {other:.1f} ms, {PAIRS} pairs)")
    sys.exit(size > BAR or own > other)


if __name__ == "__main__":
    main()
