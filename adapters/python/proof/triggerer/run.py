"""A POST under way in a triggerer that is killed, in a real Airflow: how often does the server see it?

Scheduler, DAG processor, API server and triggerer are processes of their own, over a database of their own in a
temporary folder. Each task defers and sends one POST, which the server answers after `HOLD` seconds. When all of them
are under way the triggerer gets SIGKILL, and a new one is started, which takes the triggers over. `python run.py
[provider ours keyed]`; loopback only; at most `LIMIT` seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

HERE = Path(__file__).resolve().parent
HOLD = 15
LIMIT = 420
# POSTs that the server sees, keys that they carry (`None`: none), and how the task ends.
EXPECTED = {"provider": (2, 0, "success"), "ours": (1, 0, "failed"), "keyed": (2, 1, "success")}


class Target(BaseHTTPRequestHandler):
    """Holds each POST, and notes its path and key."""

    seen: ClassVar[list[tuple[float, str, str | None]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((time.monotonic(), self.path.strip("/"), self.headers.get("Idempotency-Key")))
        time.sleep(HOLD)
        try:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
        except OSError:
            pass

    def log_message(self, *_: Any) -> None:
        pass


class Airflow:
    """The processes of one Airflow, in a folder of its own."""

    def __init__(self, folder: Path, tasks: list[str], target: int) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{port}"
        dags = folder / "dags"
        dags.mkdir()
        shutil.copy(HERE / "dags.py", dags)
        from cryptography.fernet import Fernet

        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        self.environment = kept | {
            "AIRFLOW_HOME": str(folder),
            "PROOF_TASKS": ",".join(tasks),
            "NO_PROXY": "*",
            "no_proxy": "*",
            "AIRFLOW_CONN_PROOF": json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": target}),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            # They run once, by themselves.
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "3",
            "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.api}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "0",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "8",
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
            "PYTHONUNBUFFERED": "1",
        }

    def command(self, *words: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "airflow", *words],
            env=self.environment,
            check=True,
            timeout=120,
            stdout=self._log("command"),
            stderr=subprocess.STDOUT,
        )

    def start(self, name: str, *words: str) -> None:
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "airflow", *(words or (name,))],
            env=self.environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=self._log(name),
            stderr=subprocess.STDOUT,
        )

    def kill(self, name: str, how: int = signal.SIGKILL) -> None:
        """The whole group: a triggerer runs its triggers in a child."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        process.wait()

    def states(self) -> dict[str, str | None]:
        with sqlite3.connect(f"file:{self.folder}/airflow.db?mode=ro", uri=True, timeout=10) as base:
            return dict(base.execute("select dag_id, state from task_instance where task_id = 'post'"))

    def known(self) -> set[str]:
        with sqlite3.connect(f"file:{self.folder}/airflow.db?mode=ro", uri=True, timeout=10) as base:
            return {one for (one,) in base.execute("select dag_id from serialized_dag")}

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.api}/api/v2/version", timeout=10) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def xcoms(self) -> list[tuple[str, str]]:
        with sqlite3.connect(f"file:{self.folder}/airflow.db?mode=ro", uri=True, timeout=10) as base:
            return list(base.execute("select dag_id, key from xcom"))

    def _log(self, name: str) -> Any:
        return open(self.folder / f"{name}.log", "ab")

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)


def until(condition: Any, seconds: float, what: str) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise SystemExit(f"failed: {what} within {seconds:.0f} s")
        time.sleep(0.5)


def proof(airflow: Airflow, tasks: list[str]) -> int:
    began = time.monotonic()

    def told(text: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True)

    airflow.command("db", "migrate")
    told("the database is there")
    for name in ("api-server", "dag-processor", "triggerer"):
        airflow.start(name)
    until(airflow.answers, 90, "the API server answers")
    told("the API server answers")
    until(lambda: airflow.known() >= set(tasks), 90, "the DAGs are known")
    airflow.start("scheduler")
    told("the DAGs are known")
    seen = Target.seen
    until(lambda: {path for _, path, _ in seen} >= set(tasks), 120, "each POST is under way")
    told(f"{len(seen)} POSTs are under way: the triggerer is killed")
    airflow.kill("triggerer")
    airflow.start("triggerer")
    over = ("success", "failed")
    until(lambda: all(airflow.states().get(name) in over for name in tasks), 150, "each task is over")
    states = airflow.states()
    failures = 0
    for name in tasks:
        keys = [key for _, path, key in seen if path == name]
        made = (len(keys), len({key for key in keys if key}), states[name])
        failures += made != EXPECTED[name]
        good = "as expected" if made == EXPECTED[name] else f"expected {EXPECTED[name]}"
        told(f"{name}: {made[0]} POSTs, {made[1]} different keys, the task ends in {made[2]}: {good}")
    if "ours" in tasks:
        logs = "".join(path.read_text() for path in airflow.folder.glob("logs/dag_id=ours/**/*.log"))
        is_told = "may have been sent already" in logs
        told(f"the log of ours {'says' if is_told else 'does NOT say'} that the request may have been sent already")
        failures += not is_told
    left = [key for dag, key in airflow.xcoms() if dag in tasks and key != "return_value"]
    told(f"XComs that are left, return values aside: {left or 'none'}")
    return 1 if failures or left else 0


def main() -> int:
    tasks = sys.argv[1:] or list(EXPECTED)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Target)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"failed: not done after {LIMIT} s"))
    signal.alarm(LIMIT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("failed: ended from outside"))
    folder = Path(tempfile.mkdtemp(prefix="http-hook-"))
    airflow = Airflow(folder, tasks, server.server_port)
    code: int | str | None = 1
    try:
        code = proof(airflow, tasks)
    except SystemExit as end:
        print(end.code)
    finally:
        # Whatever comes now, no process stays.
        for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        airflow.stop()
        server.server_close()
        if code and os.environ.get("PROOF_KEEP"):
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
