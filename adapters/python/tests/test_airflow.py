"""Airflow's classes: what a call keeps to itself."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
import requests

pytest.importorskip("airflow.providers.http")

import tenacity
from airflow.exceptions import AirflowException
from tried import ANY, again

from http_hook.airflow import HttpHook


@pytest.mark.parametrize("as_code", [False, True])
def test_a_sleep_of_the_callers_is_asked_once_for_each_wait(server: Any, stored: Any, as_code: bool) -> None:
    for _ in range(4):
        server.then(500)
    slept: list[float] = []
    told: list[int] = []
    arguments = {
        "stop": tenacity.stop_after_attempt(4),
        "wait": tenacity.wait_fixed(5),
        "retry": ANY,
        "sleep": slept.append,
        "before_sleep": lambda state: told.append(state.attempt_number),
    }
    if as_code:
        arguments["wait"] = lambda state: 5.0
    hook = HttpHook(method="GET", http_conn_id=stored(server))
    with pytest.raises(tenacity.RetryError) as raised:
        hook.run_with_advanced_retry(arguments, endpoint="x")
    assert [round(seconds, 2) for seconds in slept] == [5, 5, 5]
    assert told == [1, 2, 3]
    assert len(server.asked) == 4
    assert raised.value.last_attempt.attempt_number == 4


def test_statistics_are_those_of_tenacity(server: Any, stored: Any) -> None:
    for _ in range(2):
        server.then(500)
    hook = HttpHook(method="GET", http_conn_id=stored(server))
    with pytest.raises(tenacity.RetryError):
        hook.run_with_advanced_retry(again(2, retry=ANY, wait=tenacity.wait_fixed(0.05)), endpoint="x")
    told = hook._retry_obj.statistics
    assert (told["attempt_number"], round(told["idle_for"], 3)) == (2, 0.05)
    assert told["delay_since_first_attempt"] >= 0.05


# What is of one call is no other's.


@pytest.mark.parametrize("preset", ["usual", "airflow"])
@pytest.mark.parametrize("as_code", [False, True])
def test_another_thread_takes_no_part_in_retries(server: Any, stored: Any, preset: str, as_code: bool) -> None:
    hook = HttpHook("POST", stored(server), preset=preset)
    asking, answered = threading.Event(), threading.Event()

    def sleep(_seconds: float) -> None:
        asking.set()
        answered.wait(10)

    arguments = again(retry=ANY, sleep=sleep)
    if not as_code:
        del arguments["sleep"]
        arguments["wait"] = tenacity.wait_fixed(0.5)
    server.then(503).then(503).then(200)
    first = threading.Thread(
        target=lambda: hook.run_with_advanced_retry(arguments, "a", headers={"Idempotency-Key": "k"})
    )
    first.start()
    if as_code:
        assert asking.wait(10)
    else:
        for _ in range(200):
            if server.asked:
                break
            threading.Event().wait(0.01)
        threading.Event().wait(0.1)
    with pytest.raises(AirflowException, match="503"):
        hook.run("b")
    answered.set()
    first.join(20)
    assert [asked.path for asked in server.asked] == ["/a", "/b", "/a"]


def test_a_callback_makes_calls_of_its_own(server: Any, stored: Any) -> None:
    hook = HttpHook("GET", stored(server))
    said: list[str] = []

    def tell(_state: Any) -> None:
        try:
            hook.run("notes")
        except AirflowException as error:
            said.append(str(error).split("\n")[0])

    server.then(503).then(500).then(503).then(502).then(200)
    response = hook.run_with_advanced_retry(again(5, retry=ANY, before_sleep=tell), "a")
    assert response.status_code == 200
    assert said == ["500:Internal Server Error", "502:Bad Gateway"]
    assert [asked.path for asked in server.asked] == ["/a", "/notes", "/a", "/notes", "/a"]
    statistics = hook._retry_obj.statistics  # type: ignore[attr-defined]
    assert statistics["attempt_number"] == 3


class Checking(HttpHook):
    """Makes a call while it checks a response."""

    checked = 0

    def check_response(self, response: requests.Response) -> None:
        self.checked += 1
        if not str(response.url).endswith("/audit"):
            with contextlib.suppress(AirflowException):
                self.run("audit")
        super().check_response(response)


@pytest.mark.parametrize("place", ["check", "hook"])
def test_code_in_the_middle_of_a_call_makes_calls_of_its_own(server: Any, stored: Any, place: str) -> None:
    hook = (Checking if place == "check" else HttpHook)("GET", stored(server))
    given: dict[str, Any] = {}
    if place == "hook":

        def audit(response: requests.Response, **_more: Any) -> None:
            with contextlib.suppress(AirflowException):
                hook.run("audit")

        given["hooks"] = {"response": audit}
    server.then(503).then(500).then(200).then(500)
    assert hook.run_with_advanced_retry(again(retry=ANY), "a", **given).status_code == 200
    assert [asked.path for asked in server.asked] == ["/a", "/audit", "/a", "/audit"]


def test_options_of_a_call_in_between_are_its_own(server: Any, stored: Any) -> None:
    class Between(HttpHook):
        nested = False

        def _configure_session_from_mount_adapters(self, session: Any) -> Any:
            if not self.nested:
                self.nested = True
                self.run("audit", extra_options={"check_response": False})
                self.nested = False
            return super()._configure_session_from_mount_adapters(session)

    server.then(404).then(404)
    with pytest.raises(AirflowException, match="404"):
        Between("GET", stored(server)).run("a", extra_options={"timeout": 5})
    assert [asked.path for asked in server.asked] == ["/audit", "/a"]


def test_a_test_of_the_connection_leaves_the_method_alone(server: Any, stored: Any) -> None:
    hook = HttpHook("POST", stored(server))
    seen: list[str] = []

    class Watching(HttpHook):
        def get_conn(self, *args: Any, **kwargs: Any) -> Any:
            seen.append(hook.method)
            return super().get_conn(*args, **kwargs)

    hook = Watching("POST", stored(server))
    assert hook.test_connection() == (True, "Connection successfully tested")
    assert (seen, server.asked[0].method) == (["POST"], "HEAD")
    assert hook.base_url == server.url
