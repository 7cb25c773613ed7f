"""A pytest plugin: puts our hooks in the place of the provider's, and notes what became of each test.

`HOOKS` is `original`, `sync` (HttpHook alone) or `both`; `PRESET` is `usual` or `airflow`. `NOTES` names the file for
the outcome.
"""

from __future__ import annotations

import importlib
import json
import os
from typing import Any

import pytest

MODULES = ["hooks.http", "operators.http", "sensors.http", "triggers.http", "notifications.http", "notifications"]


class Counted:
    """Stands in front of the machine's `Call`, and notes that the test at hand makes one."""

    def __init__(self, call: Any, notes: Notes) -> None:
        self._call = call
        self._notes = notes

    def __call__(self, *given: Any, **named: Any) -> Any:
        self._notes.called()
        return self._call(*given, **named)

    def __getattr__(self, name: str) -> Any:
        if name == "resume":
            self._notes.called()
        return getattr(self._call, name)

    def __instancecheck__(self, one: Any) -> bool:
        return isinstance(one, self._call)


class Notes:
    """What became of each test, and which make a call through the machine."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.outcomes: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.machine: set[str] = set()
        self.at = ""

    def called(self) -> None:
        self.machine.add(self.at)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Any:
        self.at = item.nodeid
        return (yield)

    def pytest_runtest_logreport(self, report: Any) -> None:
        worse = report.outcome if report.when == "call" or report.outcome != "passed" else None
        if worse and self.outcomes.get(report.nodeid, "passed") == "passed":
            self.outcomes[report.nodeid] = worse
            if report.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                self.texts[report.nodeid] = str(crash.message if crash else report.longrepr)[:300]

    def pytest_sessionfinish(self) -> None:
        with open(self.path, "w") as file:
            json.dump({"outcomes": self.outcomes, "texts": self.texts, "machine": sorted(self.machine)}, file)


def pytest_configure(config: pytest.Config) -> None:
    notes = Notes(os.environ["NOTES"])
    config.pluginmanager.register(notes)
    which = os.environ["HOOKS"]
    if which == "original":
        return
    from http_hook import _machine
    from http_hook import airflow as ours

    _machine.Call = Counted(_machine.Call, notes)
    names = ["HttpHook"] if which == "sync" else ["HttpHook", "HttpAsyncHook"]
    for module in MODULES:
        found = importlib.import_module(f"airflow.providers.http.{module}")
        for name in names:
            mine = getattr(ours, name)
            mine.preset = os.environ["PRESET"]
            if hasattr(found, name):
                setattr(found, name, mine)
