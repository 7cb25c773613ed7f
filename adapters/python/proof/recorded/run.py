"""Replays the recorded cases of `tests/data/http_hook.json` through the Python classes, over sockets of loopback.

`python run.py original` proves this harness: the provider's own classes have to do what was recorded of them. `python
run.py ours` runs those of `http_hook.airflow`; it has to pass and to deviate as the Rust runner does, whose table
`tests/data/deviations.toml` is read.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import tomllib

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[3] / "tests" / "data"
sys.path.insert(0, str(HERE))

from calls import Classes, run  # noqa: E402
from judge import Difference, Made, compare, described, differ  # noqa: E402
from values import Places  # noqa: E402
from world import LOGGED, World  # noqa: E402

# How many cases that is: a case less fails.
CASES = 624
KINDS = ("http", "async", "operator", "sensor")
# What this server and this network can provide, of what a case may need.
PROVIDED = {
    "second_port",
    "closed_port",
    "named_hosts",
    "environment",
    "files",
    "faults",
    "raw_answers",
    "tls",
    "ca_bundle",
}


def selected(case: dict[str, Any]) -> bool:
    return case["kind"] in KINDS and PROVIDED.issuperset(case.get("needs", []))


def deviations() -> dict[str, str]:
    """The Rust runner's table: the rule by id."""
    table = tomllib.loads((DATA / "deviations.toml").read_text())
    return {
        one: entry["rule"]
        for entry in table["deviation"]
        if entry.get("file", "http_hook") == "http_hook"
        for one in entry["ids"]
    }


def judged(case: dict[str, Any], world: World, classes: Classes) -> Difference | None:
    """The first difference of a case."""
    with tempfile.TemporaryDirectory(prefix="http-hook-") as folder:
        files = Path(folder, "files")
        files.mkdir()
        places = Places(world.server.ports, world.server.closed_port, str(files), world.ca_bundle)
        given = places.fill(case["input"])
        expected = places.fill(case["expected"], expected=True)
        for name, text in (case["input"].get("files") or {}).items():
            files.joinpath(name).write_text(places.fill(text))
        filled = case | {"input": given, "server": given.get("server"), "env": given.get("env")}
        with world.around(filled, folder):
            try:
                made = run(filled, world, classes)
            except Exception as error:
                if "connection_error" not in expected:
                    return differ(expected, "".join(traceback.format_exception(error))[-240:])
                return compare({"outcome": {"error": expected["connection_error"]}}, Made(described(error)))
        recorded = expected.get("calls", [expected])
        if "hook_error" in expected:
            recorded = [{"outcome": {"error": expected["hook_error"]}}] * len(made)
        for number, (want, have) in enumerate(zip(recorded, made, strict=True), start=1):
            found = compare(want, have)
            if found:
                if number > 1:
                    found.expected = f"call {number}: {found.expected}"
                found.expected, found.got = (_named(text, places) for text in (found.expected, found.got))
                return found
    return None


def _named(text: str, places: Places) -> str:
    """Without what changes from run to run."""
    for name in ("{{FILES}}", "{{PORT}}", "{{PORT2}}", "{{CLOSED_PORT}}"):
        text = text.replace(places.of[name], name)
    return text


def quiet() -> None:
    """Airflow logs by structlog: what the hooks log is kept, and nothing is printed."""
    import structlog

    def keep(_: Any, level: str, event: dict[str, Any]) -> Any:
        if level in ("warning", "error", "critical", "exception"):
            LOGGED.append([level, str(event["event"])])
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.stdlib.PositionalArgumentsFormatter(), keep], cache_logger_on_first_use=False
    )
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def as_recorded() -> dict[str, str]:
    """`differs.toml`: what deviates in the Rust runner and goes as the original here, with the reason."""
    table = tomllib.loads((HERE / "differs.toml").read_text())["as_recorded"]
    return {one: entry["reason"] for entry in table for one in entry["ids"]}


def report(cases: list[dict[str, Any]], found: dict[str, Difference], ours: bool) -> int:
    """Prints a line a category, and a line a failure; gives the number of failures."""
    listed = deviations() if ours else {}
    original = as_recorded() if ours else {}
    noted = dict(line.split(" ", 1) for line in (HERE / "deviating.txt").read_text().splitlines()) if ours else {}
    counts: dict[str, Counter[str]] = {}
    failures = []
    for case in cases:
        one = case["id"]
        difference = found.get(one)
        how = "passed" if one not in listed else "original" if one in original else "deviate"
        if (difference is None) != (how != "deviate"):
            what = difference or f"no difference, a stale entry of {listed[one]}"
            failures.append(f"{one}: {what}{f', listed as the original: {original[one]}' if one in original else ''}")
            how = "failed"
        elif difference and noted.get(one) != str(difference):
            failures.append(f"{one}: it deviates in another way: {difference}; noted is: {noted.get(one)}")
            how = "failed"
        of = counts.setdefault(case["category"], Counter())
        of.update([how, "rust deviates" if one in listed else "rust passes"])
    for one in original.keys() - {case["id"] for case in cases if case["id"] in listed}:
        if len(cases) == CASES:
            failures.append(f"{one}: no case that is run, or it does not deviate in the Rust runner")
    total: Counter[str] = Counter()
    for category, of in counts.items():
        total += of
        print(f"recorded {category}: {_told(of, ours)}")
    print(f"recorded in all: {_told(total, ours)}")
    for line in failures:
        print(f"failed {line}")
    return len(failures)


def _told(of: Counter[str], ours: bool) -> str:
    number = of["rust passes"] + of["rust deviates"]
    text = f"{number} cases, {of['passed']} passed, "
    if ours:
        text += f"{of['deviate'] + of['original']} deviate ({of['original']} in Rust alone: here as the original), "
    text += f"{of['failed']} failed"
    return f"{text}; Rust: {of['rust passes']} passed, {of['rust deviates']} deviate" if ours else text


def main() -> int:
    quiet()
    which, *only = sys.argv[1:]
    note = "--note" in only
    only = [one for one in only if one != "--note"]
    cases = [case for case in json.loads((DATA / "http_hook.json").read_text())["cases"] if selected(case)]
    if only:
        cases = [case for case in cases if case["id"] in only or case["category"] in only]
    elif len(cases) != CASES:
        print(f"failed: {len(cases)} cases can be run, {CASES} is pinned")
        return 1
    world, classes = World(), Classes(which == "ours")
    found = {case["id"]: found for case in cases if (found := judged(case, world, classes))}
    world.stop()
    if note:
        HERE.joinpath("deviating.txt").write_text("".join(f"{one} {difference}\n" for one, difference in found.items()))
    return 1 if report(cases, found, which == "ours") else 0


if __name__ == "__main__":
    # Threads that wait for clients which are gone must not hold the end up.
    code = main()
    sys.stdout.flush()
    os._exit(code)
