"""The binding by itself: no client, no clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

import http_hook
from http_hook import Call, Connection, Hook, Plan, RetryPolicy, Send, Wait

NOW = 1_800_000_000.0
TWICE = RetryPolicy({"stop": {"type": "after_attempt", "max_attempts": 2}, "wait": {"type": "fixed", "seconds": 3}})


def hook(**options: Any) -> Hook:
    return Hook(Connection("http://reader:secret@api.example.test/https", id="orders"), **options)


def sent(call: Call, now: float = NOW) -> Send:
    send = call.step(now)
    assert isinstance(send, Send)
    return send


def test_a_call_is_sent_and_accepted() -> None:
    call = Call(hook(), Plan("GET", "v1/orders", data={"limit": 50}), 7, NOW)
    send = sent(call)
    assert (send.method, send.url) == ("GET", "https://api.example.test/v1/orders?limit=50")
    assert ("Authorization", "Basic cmVhZGVyOnNlY3JldA==") in send.headers
    assert send.timeouts == (10.0, 60.0, 60.0, None)
    assert send.own_origin
    assert (send.cause, send.number) == ("first", 1)
    assert call.finish(200, [("Content-Type", "text/plain")], b"", NOW) is None
    assert call.is_over
    assert call.failure is None


def test_a_failure_tells_why() -> None:
    call = Call(hook(policy=TWICE), Plan("GET", "a"), 7, NOW)
    sent(call)
    wait = call.finish(503, [], b"busy", NOW)
    assert isinstance(wait, Wait)
    assert (wait.seconds, wait.reason) == (3.0, "backoff")
    sent(call, NOW + 3)
    assert call.finish(503, [], b"busy", NOW + 3, "No Luck") is None
    failure = call.failure
    assert failure is not None
    assert (failure.reason, failure.cause, failure.status, failure.text) == ("attempts", "response", 503, "503:No Luck")
    assert (failure.attempts, failure.requests, failure.idle_for, failure.body) == (2, 2, 3.0, b"busy")
    assert str(failure) == "503:No Luck; GET https://api.example.test/a, 2 attempts; no more are allowed"
    assert "secret" not in repr(failure)


def test_nothing_of_the_connection_goes_to_another_origin() -> None:
    plan = Plan("GET", "a", headers={"X-Trace": "1"})
    call = Call(hook(headers=[("X-Api-Key", "k")]), plan, 7, NOW)
    assert ("X-Api-Key", "k") in sent(call).headers
    away = call.finish(307, [("Location", "https://other.test/b")], b"", NOW)
    assert isinstance(away, Send)
    names = {name for name, _ in away.headers}
    assert not away.own_origin
    assert away.cause == "redirect"
    assert not names & {"X-Api-Key", "Authorization"}


@pytest.mark.parametrize("method, again", [("POST", False), ("PUT", True)])
def test_what_may_have_been_sent_is_not_sent_again(method: str, again: bool) -> None:
    call = Call(hook(policy=TWICE), Plan(method, "a", data="x"), 7, NOW)
    sent(call)
    assert call.repeatable is again
    asked = call.fail("interrupted", "maybe", NOW)
    assert isinstance(asked, Wait) is again
    if not again:
        assert call.failure is not None
        assert (call.failure.reason, call.failure.sent) == ("not_idempotent", "maybe")


def test_a_key_allows_it_and_stays_the_same() -> None:
    call = Call(hook(policy=TWICE), Plan("POST", "a", data="x", idempotency_key=True), 7, NOW)
    key = dict(sent(call).headers)["Idempotency-Key"]
    assert isinstance(call.fail("interrupted", "maybe", NOW), Wait)
    assert dict(sent(call, NOW + 3).headers)["Idempotency-Key"] == key


def test_a_stored_call_goes_on_elsewhere() -> None:
    call = Call(hook(policy=TWICE), Plan("GET", "a", headers={"X-Trace": "1"}, storable=True), 7, NOW)
    plan = call.store_plan()
    sent(call)
    call.finish(503, [], b"", NOW)
    whole, progress = call.store(), call.store_progress()
    assert "api.example.test" not in progress
    assert "X-Trace" not in progress
    assert "secret" not in whole
    for again in (Call.resume(hook(), whole, NOW + 1), Call.resume_parts(hook(), plan, progress, NOW + 1)):
        wait = again.step(NOW + 1)
        assert isinstance(wait, Wait)
        assert wait.seconds == pytest.approx(2.0, abs=1e-3)
        assert sent(again, NOW + 4).number == 2


def test_a_post_that_was_under_way_is_told() -> None:
    call = Call(hook(), Plan("POST", "a", data="x", policy=TWICE), 7, NOW)
    sent(call)
    again = Call.resume(hook(), call.store(), NOW + 60)
    assert again.step(NOW + 60) is None
    assert again.failure is not None
    assert again.failure.sent == "maybe"


def test_numbers_of_any_size() -> None:
    plan = Plan("POST", "a", json=json.dumps({"n": 10**20}))
    send = sent(Call(hook(), plan, 7, NOW))
    assert send.body == b'{"n": 100000000000000000000}'
    assert ("Content-Type", "application/json") in send.headers


@pytest.mark.parametrize(
    "data, query",
    [
        ({"a": [1, None, "x y"], "b": True, "c": None}, "a=1&a=x+y&b=True"),
        ([("a", 1.5), ("a", 10**20)], "a=1.5&a=100000000000000000000"),
        ({"x": [["a", "b"], "c"]}, "x=a&x=b&x=c"),
        ({"$bytes": "eA=="}, "%24bytes=eA%3D%3D"),
        ("a=b%20c&d", "a=b%20c&d"),
        ({}, None),
    ],
)
def test_parameters_are_those_of_requests(data: Any, query: str | None) -> None:
    url = sent(Call(hook(), Plan("GET", "a", data=data), 7, NOW)).url
    assert (url.partition("?")[2] or None) == query


def test_what_cannot_be_sent_is_told_before() -> None:
    with pytest.raises(http_hook.Error, match="header"):
        Plan("GET", "a", headers={"X-A": "a\nb"}).check()
    with pytest.raises(http_hook.ArgumentError) as raised:
        Plan("GET", "a", headers={"X-A": ["secret"]})
    assert raised.value.argument == "headers"
    assert "secret" not in str(raised.value)
    with pytest.raises(http_hook.Error, match="port") as wrong:
        Hook(Connection("http://h:99/https", host="https://h.test:80"))
    assert wrong.value.kind == "connection"


def test_a_policy_of_code_raises_what_its_code_raises() -> None:
    def when() -> bool:
        raise LookupError("mine")

    call = Call(hook(), Plan("GET", "a", policy=RetryPolicy.custom(when, lambda: 0.0, lambda _: True)), 7, NOW)
    sent(call)
    with pytest.raises(LookupError, match="mine"):
        call.finish(503, [], b"", NOW)
    with pytest.raises(http_hook.Error):
        Call(hook(), Plan("GET", "a", policy=RetryPolicy.custom(when, lambda: 0.0, lambda _: True)), 7, NOW).store()


def test_moves_out_of_turn_are_refused() -> None:
    call = Call(hook(), Plan("GET", "a"), 7, NOW)
    with pytest.raises(RuntimeError):
        call.finish(200, [], b"", NOW)
    sent(call)
    with pytest.raises(RuntimeError):
        call.step(NOW)
    with pytest.raises(ValueError, match="no such kind"):
        call.fail("gone", "maybe", NOW)
    assert call.finish(200, [], b"", NOW) is None


def test_explain_curl_and_simulation() -> None:
    plan = Plan("POST", "v1/orders", headers={"Accept": "text/csv"}, data="x")
    told = hook().explain(plan)
    assert "header accept            text/csv" in told
    assert "secret" not in told
    assert "$HTTP_HOOK_AUTHORIZATION" in hook().to_curl(plan)
    figures = http_hook.simulate({"policy": json.loads(TWICE.to_json())}, "partial", fail=0.5)
    assert 0.0 < figures["success"] <= 1.0


def test_a_body_is_given_to_the_machine_only_when_it_asks() -> None:
    call = Call(hook(), Plan("GET", "a"), 7, NOW)
    sent(call)
    assert call.head(200, [], NOW) is None
    assert call.is_over
    call = Call(hook(policy=TWICE), Plan("GET", "a"), 7, NOW)
    sent(call)
    limit = call.head(503, [], NOW)
    assert limit is not None
    assert isinstance(call.finish(503, [], b"x" * min(limit, 10), NOW), Wait)


@pytest.mark.parametrize("wait", [float("inf"), float("-inf"), float("nan"), 1e300])
def test_a_wait_that_is_no_time_is_an_error(wait: float) -> None:
    policy = RetryPolicy.custom(lambda: True, lambda: wait, lambda _upcoming: False)
    call = Call(hook(policy=policy), Plan("GET", "a"), 7, NOW)
    sent(call)
    with pytest.raises(ValueError, match="wait: must be a finite number of seconds"):
        call.finish(503, [], b"", NOW)


@pytest.mark.parametrize("wait", [True, False])
def test_a_wait_that_is_true_or_false_is_an_error(wait: bool) -> None:
    policy = RetryPolicy.custom(lambda: True, lambda: wait, lambda _upcoming: False)
    call = Call(hook(policy=policy), Plan("GET", "a"), 7, NOW)
    sent(call)
    with pytest.raises(TypeError, match="wait: must be a finite number of seconds, not bool"):
        call.finish(503, [], b"", NOW)


def test_a_negative_wait_is_none() -> None:
    policy = RetryPolicy.custom(lambda: True, lambda: -1.0, lambda _upcoming: False)
    call = Call(hook(policy=policy), Plan("GET", "a"), 7, NOW)
    sent(call)
    wait = call.finish(503, [], b"", NOW)
    assert isinstance(wait, Wait)
    assert wait.seconds == 0


def test_a_url_as_it_may_be_shown() -> None:
    own = Hook(Connection(host="https://api.example.test/hidden"))
    call = Call(own, Plan("GET", "a", data={"page": 2, "api_key": "s"}), 7, NOW)
    shown = call.shown_url(sent(call).url)
    assert shown == call.shown_url("https://api.example.test/hidden/a?page=2&api_key=s")
    assert "page=2&api_key=***" in shown
    assert "hidden" not in shown


def test_nothing_is_asked_of_a_policy_that_has_raised() -> None:
    asked: list[str] = []

    def wait() -> float:
        raise KeyError("mine")

    def stop(_upcoming: float) -> bool:
        # Another call by the same policy would take what was raised for its own.
        asked.append("stop")
        return False

    policy = RetryPolicy.custom(lambda: True, wait, stop)
    call = Call(hook(policy=policy), Plan("GET", "a"), 7, NOW)
    sent(call)
    with pytest.raises(KeyError, match="mine"):
        call.finish(503, [], b"", NOW)
    assert asked == []
