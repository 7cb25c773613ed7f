"""What a trigger makes of what it finds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import requests

pytest.importorskip("airflow.providers.http")

from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import DeleteXCom, GetXCom, SetXCom, XComResult
from bugs import Bug

from http_hook.airflow import HttpEventTrigger, HttpTrigger


class Comms:
    """Keeps the XComs of a task."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.answers: Any = XComResult

    async def asend(self, message: Any) -> Any:
        if isinstance(message, GetXCom):
            return self.answers(key=message.key, value=self.kept.get(message.key))
        if isinstance(message, SetXCom):
            self.kept[message.key] = message.value
        return None

    def send(self, message: Any) -> Any:
        if isinstance(message, DeleteXCom):
            self.kept.pop(message.key, None)


class Task:
    dag_id, run_id, task_id, map_index = "d", "r", "t", -1


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comms]:
    kept = Comms()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", kept, raising=False)
    yield kept


def event(trigger: Any) -> dict[str, Any]:
    async def work() -> dict[str, Any]:
        async for one in trigger.run():
            return dict(one.payload)
        raise AssertionError

    trigger.task_instance = Task()
    return asyncio.run(work())


KEY = "http_hook_progress_ff"
ODD: list[Any] = [
    {"repeatable": "yes"},
    {"repeatable": "yes", "requests": 1},
    {"repeatable": True, "requests": 1},
    {"repeatable": 1, "requests": 1},
    {"repeatable": True, "requests": "1"},
    {"repeatable": True, "requests": True},
    {"repeatable": True, "requests": -1},
    {"repeatable": True, "requests": 1, "progress": {}},
    {"repeatable": True, "requests": 1, "progress": None},
    {"repeatable": True, "requests": 1, "progress": "{}"},
    {"repeatable": True, "requests": 1, "progress": "no JSON"},
    {},
    [],
    [{"repeatable": True, "requests": 1}],
    "null",
    "no JSON",
    '"text"',
    "",
    0,
    False,
    '{"repeatable": "yes"}',
]


@pytest.mark.parametrize("kept", ODD, ids=repr)
def test_what_cannot_be_read_may_have_been_sent(server: Any, stored: Any, comms: Comms, kept: Any) -> None:
    comms.kept[KEY] = kept
    told = event(HttpTrigger(stored(server), method="POST", endpoint="a", data="x", seed="ff"))
    assert told["status"] == "error"
    assert "may have been sent already, and is not sent again" in told["message"]
    assert server.asked == []


@pytest.mark.parametrize("kept", [{"repeatable": True, "requests": 1}, {"repeatable": "yes", "requests": 1}])
def test_a_call_that_cannot_be_stored_is_what_it_says_itself(server: Any, stored: Any, comms: Comms, kept: Any) -> None:
    comms.kept[KEY] = kept
    # A header of an auth class of somebody's own keeps it from being stored.
    name = stored(server)
    trigger = HttpTrigger(name, method="POST", endpoint="a", data="x", seed="ff")
    trigger.extra_options = {"verify": False}
    told = event(trigger)
    assert told["status"] == "error"
    assert server.asked == []


def test_an_answer_that_is_none_sends_nothing(server: Any, stored: Any, comms: Comms) -> None:
    comms.answers = lambda **_told: None
    told = event(HttpTrigger(stored(server), method="POST", endpoint="a", seed="ff"))
    assert told["status"] == "error"
    assert server.asked == []


def test_a_call_that_was_not_begun_is_made(server: Any, stored: Any, comms: Comms) -> None:
    told = event(HttpTrigger(stored(server), method="POST", endpoint="a", data="x", seed="ff"))
    assert (told["status"], told["progress_key"]) == ("success", KEY)
    assert len(server.asked) == 1
    # It is under way for whoever finds this.
    told = event(HttpTrigger(stored(server), method="POST", endpoint="a", data="x", seed="ff"))
    assert "may have been sent already" in told["message"]
    assert len(server.asked) == 1
    comms.kept.clear()
    for _ in range(2):
        assert event(HttpTrigger(stored(server), method="GET", endpoint="a", seed="ff"))["status"] == "success"
    assert len(server.asked) == 3


async def holds(response: requests.Response) -> bool:
    return response.text == "done"


async def breaks(_response: requests.Response) -> bool:
    raise Bug


def polling(name: str, check: Any) -> HttpEventTrigger:
    trigger = HttpEventTrigger(f"{__name__}.{check.__name__}", name, method="POST", endpoint="a", poll_interval=0.01)

    async def imported() -> Any:
        return check

    trigger._import_from_response_check_path = imported  # type: ignore[method-assign]
    return trigger


def test_a_bug_in_the_check_of_an_event_sends_nothing_again(server: Any, stored: Any) -> None:
    with pytest.raises(Bug):
        event(polling(stored(server), breaks))
    assert len(server.asked) == 1
    server.then(200, b"wait").then(404).then(200, b"done")
    assert event(polling(stored(server), holds))["status"] == "success"
    assert len(server.asked) == 4
