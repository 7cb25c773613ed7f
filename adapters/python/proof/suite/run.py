"""Runs the provider's own tests: over its own hooks, which all have to pass, then over ours.

`python run.py` runs the version that is installed, whose tests stand in the folder that `--tests` names. What fails
has to stand in `known.toml`, with its reason; an entry that no longer fails is a failure, too. `--report` only tells
(for another version).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import tomllib

HERE = Path(__file__).resolve().parent
# Name, hooks, preset, and how many tests have to pass.
RUNS = [
    ("original", "original", "", 161),
    ("sync-airflow", "sync", "airflow", 160),
    ("sync-usual", "sync", "usual", 156),
    ("both-airflow", "both", "airflow", 154),
]
LIMIT = 240
FOLDERS = ["hooks", "operators", "triggers", "sensors", "notifications", "test_exceptions.py"]


def started(tests: Path, hooks: str, preset: str, notes: str, packages: str) -> subprocess.Popen[str]:
    paths = [packages, str(HERE), str(HERE / "shim")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_CONN_")}
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_HOOK_PRESET"):
        environment.pop(name, None)
    environment |= {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "HOOKS": hooks,
        "PRESET": preset,
        "NOTES": notes,
        # Its sensors have no time limit of their own.
        "AIRFLOW__SENSORS__DEFAULT_TIMEOUT": "8",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(HERE / "pytest.ini"),
        "--rootdir",
        str(tests),
        str(tests / "unit"),
    ]
    return subprocess.Popen(
        command, env=environment, cwd=tests, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def short(test: str) -> str:
    return test.rpartition("unit/http/")[2]


def counts(outcomes: dict[str, str]) -> str:
    """Passed of all, a folder at a time."""
    parts = []
    for folder in FOLDERS:
        of = [how for test, how in outcomes.items() if short(test).startswith(folder) and how != "skipped"]
        parts.append(f"{folder.removeprefix('test_').removesuffix('.py')} {of.count('passed')}/{len(of)}")
    return ", ".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tests", type=Path, required=True, help="the folder tests of the source distribution")
    parser.add_argument("--packages", default="", help="a folder that goes before the installed packages")
    parser.add_argument("--report", action="store_true", help="tell, and never fail")
    parser.add_argument("--only", help="one of the runs")
    given = parser.parse_args()
    runs = [run for run in RUNS if given.only in (None, run[0])]
    known: list[dict[str, Any]] = tomllib.loads((HERE / "known.toml").read_text()).get("failure", [])
    failures: list[str] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="http-hook-") as folder:
        # Airflow writes its settings when it is first imported, and two at once would meet there.
        subprocess.run(
            [sys.executable, "-c", "import airflow.settings"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Most of the time is sleep.
        processes = [(run, started(given.tests, run[1], run[2], f"{folder}/{run[0]}", given.packages)) for run in runs]
        for (name, hooks, _, least), process in processes:
            try:
                output, _ = process.communicate(timeout=max(1, LIMIT - (time.monotonic() - began)))
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
                failures.append(f"{name}: not done after {LIMIT} s")
            notes = Path(folder, name)
            if not notes.exists():
                failures.append(f"{name}: no outcome:\n{output[-4000:]}")
                continue
            found = json.loads(notes.read_text())
            outcomes = found["outcomes"]
            ran = {test: how for test, how in outcomes.items() if how != "skipped"}
            passed = [test for test, how in ran.items() if how == "passed"]
            made = len(found["machine"])
            good = len(set(found["machine"]) & set(passed))
            calls = "" if hooks == "original" else f"; {made} make a call through the machine, {good} of them pass"
            print(f"suite {name}: {len(passed)} of {len(ran)} passed, at least {least}; {counts(outcomes)}{calls}")
            # Another version has another number of tests.
            if len(passed) < least and not given.report:
                failures.append(f"{name}: {len(passed)} passed, and at least {least} have to")
            failed = {short(test) for test, how in ran.items() if how != "passed"}
            listed = {entry["test"] for entry in known if name in entry["runs"]}
            for test in sorted(failed - listed):
                text = next(text for node, text in found["texts"].items() if short(node) == test)
                failures.append(f"{name}: {test} is not listed: {text}")
            for test in sorted(listed - failed):
                failures.append(f"{name}: {test} is listed as failing, and passes")
    for entry in known:
        if not entry.get("reason") or not entry.get("runs"):
            failures.append(f"known.toml: {entry['test']} without a reason or runs")
    for line in failures:
        print(f"failed {line}")
    print(f"suite: {len(failures)} failures, {time.monotonic() - began:.0f} s")
    return 1 if failures and not given.report else 0


if __name__ == "__main__":
    sys.exit(main())
