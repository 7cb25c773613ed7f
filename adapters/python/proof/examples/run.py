"""Runs each DAG of `examples/`: parses it and executes its task against a shop on loopback, without a scheduler
(`dag.test()`).
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples"
LIMIT = 120
# What the task of each gives, and which requests the shop sees.
EXPECTED: dict[str, tuple[Any, list[str]]] = {
    "hook_in_a_task": ([1, 2], ["GET /v1/orders?state=open"]),
    "async_hook_in_a_task": (["open", "open", "sent"], ["GET /v1/orders/1", "GET /v1/orders/2", "GET /v1/orders/3"]),
    "operator_with_retries": (8, ["POST /v1/orders", "POST /v1/orders"]),
    "deferrable_post": (9, ["POST /v1/reports"]),
    "sensor_until_ready": (None, ["GET /v1/reports/9"] * 3),
    "connection_type_and_notifier": (3, ["GET /v1/orders/count", "POST /v1/news"]),
}
# By request, what the shop answers in turn; the last one again and again.
ANSWERS: dict[str, list[tuple[int, Any]]] = {
    "GET /v1/orders?state=open": [(200, [{"id": 1}, {"id": 2}])],
    "GET /v1/orders/1": [(200, {"state": "open"})],
    "GET /v1/orders/2": [(200, {"state": "open"})],
    "GET /v1/orders/3": [(200, {"state": "sent"})],
    "POST /v1/orders": [(503, {}), (201, {"id": 8})],
    "POST /v1/reports": [(201, {"id": 9})],
    "GET /v1/reports/9": [(404, {}), (200, {"state": "new"}), (200, {"state": "ready"})],
    "GET /v1/orders/count": [(200, {"count": 3})],
    "POST /v1/news": [(200, {})],
}


class Shop(BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []
    keys: ClassVar[list[str | None]] = []
    lock = threading.Lock()

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = f"{self.command} {self.path}"
        with self.lock:
            number = self.seen.count(name)
            self.seen.append(name)
            self.keys.append(self.headers.get("Idempotency-Key"))
        answers = ANSWERS.get(name, [(410, {})])
        status, body = answers[min(number, len(answers) - 1)]
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer

    def log_message(self, *_: Any) -> None:
        pass


def inside(names: list[str]) -> int:
    """Runs the examples: Airflow's settings are those of this process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    shop = {"host": "127.0.0.1", "port": server.server_port, "login": "user", "password": "secret"}
    os.environ["AIRFLOW_CONN_SHOP"] = json.dumps({"conn_type": "http"} | shop)
    os.environ["AIRFLOW_CONN_TYPED_SHOP"] = json.dumps({"conn_type": "http_hook"} | shop)
    logging.disable(logging.INFO)
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    failures = 0
    for name in names:
        began = time.monotonic()
        Shop.seen.clear()
        Shop.keys.clear()
        bag = DagBag(str(EXAMPLES / f"{name}.py"))
        assert not bag.import_errors, bag.import_errors
        run = bag.dags[name].test()
        (task,) = run.get_task_instances()
        value = task.xcom_pull(task_ids=task.task_id)
        wanted, requests = EXPECTED[name]
        good = str(task.state) == "success" and value == wanted and sorted(Shop.seen) == sorted(requests)
        # A repeated order is known by its key.
        good &= name != "operator_with_retries" or len(set(Shop.keys)) == 1
        failures += not good
        wrong = "" if good else f": FAILED, expected {wanted!r} by {requests}, got {Shop.seen}"
        seconds = time.monotonic() - began
        print(
            f"example {name}: {task.task_id} is {task.state}, gives {value!r}, {len(Shop.seen)} requests, "
            f"{seconds:.0f} s{wrong}",
            flush=True,
        )
    sys.stdout.flush()
    os._exit(1 if failures else 0)


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        return inside(sys.argv[2:])
    names = sorted(path.stem for path in EXAMPLES.glob("*.py"))
    if names != sorted(EXPECTED):
        print(f"failed: the examples are {names}, and {sorted(EXPECTED)} are expected")
        return 1
    began = time.monotonic()
    home = tempfile.mkdtemp(prefix="http-hook-")
    environment = os.environ | {
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "NO_PROXY": "*",
    }
    try:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), "--inside", *(sys.argv[1:] or names)],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT,
        )
        output, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as error:
        output, code = (error.stdout or b"").decode() if isinstance(error.stdout, bytes) else str(error.stdout), 1
        print(f"failed: not done after {LIMIT} s")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    shown = [line for line in output.splitlines() if line.startswith("example ") or (code and "[info " not in line)]
    print("\n".join(shown))
    print(f"examples: {'all hold' if code == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s")
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
