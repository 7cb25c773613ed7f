"""Airflow's classes: what code of the caller's raises, in hooks, checks and subclasses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

pytest.importorskip("airflow.providers.http")

import tenacity
from airflow.exceptions import AirflowException
from bugs import Bug, raises
from tried import ANY, again

from http_hook.airflow import HttpHook

EAGER = {"when": {"type": "any", "conditions": [{"type": "error"}, {"type": "check_failed"}]}, "wait": {"type": "none"}}


def test_a_bug_in_a_response_hook_sends_nothing_again(server: Any, stored: Any) -> None:
    hook = HttpHook("GET", stored(server), policy=EAGER)
    with pytest.raises(Bug):
        hook.run("a", hooks={"response": raises(Bug())})
    assert len(server.asked) == 1


def test_a_bug_in_a_check_sends_nothing_again(server: Any, stored: Any) -> None:
    class Own(HttpHook):
        def check_response(self, response: requests.Response) -> None:
            raise Bug

    server.then(503).then(503)
    with pytest.raises(Bug):
        Own("GET", stored(server), policy=EAGER).run("a")
    assert len(server.asked) == 1


def test_what_a_check_lets_pass_is_not_sent_again(server: Any, stored: Any) -> None:
    class Own(HttpHook):
        def check_response(self, response: requests.Response) -> None:
            """Takes all."""

    server.then(503, b"busy")
    assert Own("GET", stored(server), policy=EAGER).run("a").text == "busy"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "method, preset, asked",
    [("GET", "usual", 3), ("POST", "usual", 1), ("POST", "airflow", 3)],
)
@pytest.mark.parametrize("as_code", [False, True])
def test_tenacity_judges_what_a_response_hook_raises(
    server: Any, stored: Any, method: str, preset: str, asked: int, as_code: bool
) -> None:
    hook = HttpHook(method, stored(server), preset=preset)
    more: dict[str, Any] = {"before_sleep": lambda _state: None} if as_code else {}
    with pytest.raises(tenacity.RetryError if asked > 1 else Bug):
        hook.run_with_advanced_retry(again(retry=ANY, **more), "a", hooks={"response": raises(Bug())})
    assert len(server.asked) == asked
    server.asked.clear()
    with pytest.raises(Bug):
        hook.run_with_advanced_retry(
            again(retry=tenacity.retry_if_exception_type(AirflowException)), "a", hooks={"response": raises(Bug())}
        )
    assert len(server.asked) == 1


class Reading(HttpHook):
    """Looks into what comes back."""

    def run_and_check(self, session: Any, prepped_request: Any, extra_options: Any) -> Any:
        response = super().run_and_check(session, prepped_request, extra_options)
        if response.text != "done":
            raise Bug(response.text)
        return response


class Wrapping(HttpHook):
    """Does the same around the call."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        response = super().run(*args, **kwargs)
        if response.text != "done":
            raise Bug(response.text)
        return response


class Preparing(HttpHook):
    """Makes its own request."""

    def run(self, endpoint: Any = None, *_args: Any, **_kwargs: Any) -> Any:
        session = self.get_conn()
        request = requests.Request(self.method, f"{self.base_url}/{endpoint}", headers={"Idempotency-Key": "mine"})
        response = self.run_and_check(session, session.prepare_request(request), {})
        if response.text != "done":
            raise Bug(response.text)
        return response


@pytest.mark.parametrize("kind", [Reading, Wrapping, Preparing])
def test_tenacity_judges_what_a_subclass_raises(server: Any, stored: Any, kind: type[HttpHook]) -> None:
    seen: list[Any] = []

    def note(state: Any) -> bool:
        seen.append(repr(state.outcome.exception() if state.outcome.failed else state.outcome.result().text))
        return bool(state.outcome.failed)

    server.then(200, b"wait").then(503, Retry_After="0").breaks().then(200, b"done")
    hook = kind("GET", stored(server))
    assert hook.run_with_advanced_retry(again(5, retry=note), "a").text == "done"
    assert len(server.asked) == 4
    assert (seen[0], seen[1].split("(")[0], seen[2].split("(")[0], seen[3]) == (
        "Bug('wait')",
        "AirflowException",
        "ConnectionError",
        "'done'",
    )
    assert hook._retry_obj.statistics["attempt_number"] == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [Reading, Wrapping])
def test_what_was_sent_is_not_sent_again_for_a_subclass_either(server: Any, stored: Any, kind: type[HttpHook]) -> None:
    for preset, headers, asked in (("usual", None, 1), ("usual", {"Idempotency-Key": "k"}, 3), ("airflow", None, 3)):
        server.asked.clear()
        hook = kind("POST", stored(server), preset=preset)
        with pytest.raises(tenacity.RetryError if asked > 1 else Bug):
            hook.run_with_advanced_retry(again(retry=ANY), "a", headers=headers)
        assert len(server.asked) == asked
    server.asked.clear()
    # A key that is drawn stays what it is.
    hook = kind("POST", stored(server), idempotency_key=True)
    with pytest.raises(tenacity.RetryError):
        hook.run_with_advanced_retry(again(retry=ANY), "a")
    assert len({asked.headers["Idempotency-Key"] for asked in server.asked}) == 1
    assert len(server.asked) == 3


def test_no_connection_is_sent_again_for_a_subclass(stored: Any) -> None:
    class Nowhere:
        url = "http://127.0.0.1:9"

    waits: list[float] = []
    hook = Reading("POST", stored(Nowhere))
    with pytest.raises(tenacity.RetryError):
        hook.run_with_advanced_retry(again(retry=ANY, sleep=waits.append), "a")
    assert len(waits) == 2


def test_the_server_is_asked_when_it_says_for_a_subclass(server: Any, stored: Any) -> None:
    waits: list[float] = []
    for preset, expected in (("usual", 2), ("airflow", 0)):
        server.then(503, Retry_After="2").then(200, b"done")
        hook = Reading("GET", stored(server), preset=preset)
        hook.run_with_advanced_retry(again(retry=ANY, sleep=waits.append), "a")
        assert waits.pop() >= expected
        assert not waits


def test_a_server_that_asks_for_too_much_ends_the_call_of_a_subclass(server: Any, stored: Any) -> None:
    waits: list[float] = []
    for kind in (HttpHook, Reading):
        server.asked.clear()
        server.then(503, Retry_After="120")
        with pytest.raises(AirflowException, match="503"):
            kind("GET", stored(server)).run_with_advanced_retry(again(retry=ANY, sleep=waits.append), "a")
        assert (len(server.asked), waits) == (1, [])


def test_the_deadline_is_that_of_all_rounds(server: Any, stored: Any) -> None:
    hook = Reading("GET", stored(server), deadline=2)
    with pytest.raises(Bug):
        hook.run_with_advanced_retry(again(100, retry=ANY, wait=tenacity.wait_fixed(0.6)), "a")
    assert 1 < len(server.asked) < 5


class Tokens(HttpHook):
    """Takes a new token for each attempt."""

    drawn = 0

    def get_conn(self, *args: Any, **kwargs: Any) -> Any:
        session = super().get_conn(*args, **kwargs)
        self.drawn += 1
        session.headers["X-Token"] = str(self.drawn)
        return session


def test_each_attempt_has_a_session_of_its_own_if_a_subclass_makes_it(server: Any, stored: Any) -> None:
    server.then(401).then(200)
    Tokens("GET", stored(server)).run_with_advanced_retry(again(retry=ANY), "a")
    assert [asked.headers["X-Token"] for asked in server.asked] == ["1", "2"]


def test_a_policy_of_data_knows_no_exception_of_a_subclass(server: Any, stored: Any) -> None:
    with pytest.raises(Bug):
        Reading("GET", stored(server)).run_with_advanced_retry(
            {"stop": {"type": "after_attempt", "max_attempts": 3}}, "a"
        )
    assert len(server.asked) == 1
