"""tenacity's objects: as data, or asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

tenacity = pytest.importorskip("tenacity")

from http_hook import RetryPolicy  # noqa: E402
from http_hook.tenacity import Retries, strategies  # noqa: E402


def own_wait(_state: Any) -> float:
    return 0.0


@pytest.mark.parametrize(
    "arguments, told",
    [
        ({}, {}),
        (
            {"stop": tenacity.stop_after_attempt(3), "wait": tenacity.wait_fixed(2)},
            {"stop": {"stop_after_attempt": 3}, "wait": {"wait_fixed": 2.0}},
        ),
        (
            {"retry": tenacity.retry_if_exception_type((requests.ConnectionError, requests.Timeout)), "reraise": True},
            {"retry": {"retry_if_exception_type": ["ConnectionError", "Timeout"]}},
        ),
        (
            {"stop": tenacity.stop_after_delay(60) | tenacity.stop_after_attempt(5)},
            {"stop": {"stop_any": [{"stop_after_delay": 60.0}, {"stop_after_attempt": 5}]}},
        ),
        (
            {"wait": tenacity.wait_incrementing(3, -2)},
            {"wait": {"wait_incrementing": {"start": 3.0, "increment": -2.0}}},
        ),
        # What Python counts with, and JSON does not: tenacity is asked.
        ({"stop": tenacity.stop_after_attempt(True)}, None),
        ({"stop": tenacity.stop_after_attempt(True) | tenacity.stop_after_delay(9)}, None),
        ({"wait": own_wait}, None),
        ({"retry": tenacity.retry_if_result(lambda response: response.status_code == 202)}, None),
        ({"before_sleep": print}, None),
        ({"retry": tenacity.retry_if_exception_type(KeyError)}, None),
        ({"retry": requests.ConnectionError}, None),
    ],
)
def test_what_is_data(arguments: dict[str, Any], told: dict[str, Any] | None) -> None:
    read = strategies(arguments)
    if read is not None and "wait" in read and isinstance(read["wait"].get("wait_incrementing"), dict):
        read["wait"]["wait_incrementing"].pop("max")
    assert read == told
    if told is not None:
        assert RetryPolicy.from_strategies(told).is_storable


@pytest.mark.parametrize(
    "wait",
    [
        tenacity.wait_none(),
        tenacity.wait_fixed(1),
        tenacity.wait_random(1, 2),
        tenacity.wait_exponential(multiplier=2, min=1, max=60),
        tenacity.wait_random_exponential(multiplier=1, max=60),
        tenacity.wait_exponential_jitter(initial=1, max=60),
        tenacity.wait_chain(tenacity.wait_fixed(1), tenacity.wait_fixed(2)),
        tenacity.wait_fixed(1) + tenacity.wait_random(0, 1),
    ],
    ids=lambda wait: type(wait).__name__,
)
def test_waits_are_data(wait: Any) -> None:
    told = strategies({"wait": wait})
    assert told is not None
    assert json.loads(RetryPolicy.from_strategies(told).to_json())["wait"]


def test_code_is_asked_in_tenacitys_order() -> None:
    asked: list[str] = []

    def note(name: str, value: Any) -> Any:
        def ask(_state: Any) -> Any:
            asked.append(name)
            return value

        return ask

    retrying = tenacity.Retrying(
        retry=note("retry", True),
        wait=note("wait", 0.5),
        stop=note("stop", True),
        after=note("after", None),
        before=note("before", None),
    )
    retries = Retries(retrying)
    retries.begin(print, (), {})
    retries.attempt()
    retries.outcome = lambda: (None, ConnectionError("gone"))
    policy = retries.policy({"retry": retrying.retry, "wait": retrying.wait})
    assert not policy.is_storable
    assert (retries._when(), retries._wait(), retries._stop(0.5)) == (True, 0.5, True)
    assert asked == ["before", "retry", "after", "wait", "stop"]
    with pytest.raises(tenacity.RetryError) as raised:
        retries.gave_up()
    assert isinstance(raised.value.last_attempt.exception(), ConnectionError)


@pytest.mark.parametrize("seconds", [float("inf"), float("nan")])
def test_a_wait_that_is_no_time_is_an_error(seconds: float) -> None:
    retrying = tenacity.Retrying(wait=lambda _state: seconds)
    retries = Retries(retrying)
    retries.begin(print, (), {})
    with pytest.raises(ValueError, match="finite"):
        retries._wait()
    assert strategies({"wait": tenacity.wait_fixed(float("nan"))}) is None
