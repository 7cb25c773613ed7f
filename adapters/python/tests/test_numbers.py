"""Every number that a caller gives: what can be taken is, and what cannot is told by its name, with what it takes."""

from __future__ import annotations

import decimal
import fractions
import importlib
import importlib.resources
import inspect
import pkgutil
import time
import typing
from collections.abc import Callable
from typing import Any

import pytest

import http_hook
from http_hook import ArgumentError, Call, Connection, Hook, Plan, RetryPolicy, simulate
from http_hook import aiohttp as over_aiohttp
from http_hook import requests as over_requests

try:
    from http_hook.airflow import HttpAsyncHook
    from http_hook.airflow import HttpHook as AirflowHook
except ModuleNotFoundError:
    # It is tested where it is installed.
    HAS_AIRFLOW = False
else:
    HAS_AIRFLOW = True


def call() -> Call:
    return Call(Hook("http://h.test"), Plan("GET", "x"), 1, 0.0)


def sending() -> Call:
    made = call()
    made.step(0.0)
    return made


def stored() -> str:
    return call().store()


# Where a whole number is taken, and the largest.
WHOLE: dict[str, tuple[Callable[[Any], Any], int]] = {
    "port": (lambda n: Connection("http://h.test", port=n), 2**16 - 1),
    "retries": (lambda n: Plan("GET", retries=n), 2**32 - 1),
    "length": (lambda n: Plan("POST", external=True, length=n), 2**64 - 1),
    "length, unused": (lambda n: Plan("POST", length=n), 2**64 - 1),
    "max_response_bytes": (lambda n: Plan("GET", max_response_bytes=n), 2**64 - 1),
    "max_response_bytes of Hook": (lambda n: Hook("http://h.test", max_response_bytes=n), 2**64 - 1),
    "max_response_bytes over requests": (
        lambda n: over_requests.HttpHook("http://h.test", max_response_bytes=n),
        2**64 - 1,
    ),
    "max_response_bytes over aiohttp": (
        lambda n: over_aiohttp.HttpHook("http://h.test", max_response_bytes=n),
        2**64 - 1,
    ),
    "seed": (lambda n: Call(Hook("http://h.test"), Plan("GET"), n, 0.0), 2**64 - 1),
    "seed of simulate": (lambda n: simulate({}, seed=n), 2**64 - 1),
    "status": (lambda n: sending().finish(n, [], b"", 0.0), 2**16 - 1),
    "status of head": (lambda n: sending().head(n, [], 0.0), 2**16 - 1),
}
# Where a time is taken, whether none is one, and the longest.
SECONDS: dict[str, tuple[Callable[[Any], Any], bool, float]] = {
    "timeout": (lambda n: Plan("GET", timeout=n), False, 1e9),
    "timeout over requests": (lambda n: over_requests.planned("GET", timeout=n), False, 1e9),
    "timeout over aiohttp": (lambda n: over_aiohttp.planned("GET", timeout=n), False, 1e9),
    "deadline": (lambda n: Plan("GET", deadline=n), True, 1e9),
    "now": (lambda n: Call(Hook("http://h.test"), Plan("GET"), 1, n), True, 1e15),
    "now of resume": (lambda n: Call.resume(Hook("http://h.test"), stored(), n), True, 1e15),
    "now of step": (lambda n: call().step(n), True, 1e15),
    "now of finish": (lambda n: sending().finish(200, [], b"", n), True, 1e15),
    "now of head": (lambda n: sending().head(200, [], n), True, 1e15),
    "now of fail": (lambda n: sending().fail("connect", "no", n), True, 1e15),
}
if HAS_AIRFLOW:
    WHOLE |= {
        "max_response_bytes of Airflow's": (lambda n: AirflowHook(max_response_bytes=n), 2**64 - 1),
        "max_response_bytes of Airflow's other": (lambda n: HttpAsyncHook(max_response_bytes=n), 2**64 - 1),
    }
    SECONDS |= {
        "deadline of Airflow's": (lambda n: AirflowHook(deadline=n), True, 1e9),
        "deadline of Airflow's other": (lambda n: HttpAsyncHook(deadline=n), True, 1e9),
    }
NO_NUMBERS = [True, False, "1", b"1", [], {}, object(), 1j, float("nan"), float("inf"), -1, -0.5, -(10**30)]


def refused(name: str, take: Callable[[Any], Any], given: Any) -> None:
    name = name.partition(" ")[0].rstrip(",")
    with pytest.raises(ArgumentError, match=f"^{name}: must be .*[0-9].*, not ") as raised:
        take(given)
    assert raised.value.argument == name
    assert len(str(raised.value)) < 120


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_taken_up_to_the_largest(name: str) -> None:
    take, largest = WHOLE[name]
    for given in (0, 1, largest):
        if not (name.startswith("seed of") and given):
            take(given)
    for given in [*NO_NUMBERS, largest + 1, 10**5000, 1.0, 0.5]:
        refused(name, take, given)


@pytest.mark.parametrize("name", SECONDS)
def test_times_are_taken_up_to_the_longest(name: str) -> None:
    take, has_none, longest = SECONDS[name]
    for given in (1, 0.25, longest, int(longest), fractions.Fraction(1, 2), decimal.Decimal("0.5")):
        take(given)
    beyond = [1e18] if longest < 1e18 and not name.startswith("now") else []
    # Of requests' own kind there are two in a list.
    none = [given for given in NO_NUMBERS if given != [] or name != "timeout over requests"]
    for given in [*none, *beyond, 1e300, 10**400]:
        refused(name, take, given)
    if has_none:
        take(0)
    else:
        refused(name, take, 0)


def test_a_share_is_from_0_to_1() -> None:
    for given in [*NO_NUMBERS, 1.5]:
        refused("fail", lambda n: simulate({}, "partial", fail=n), given)


# Of each class and function that is the package's, a parameter that is a number is in the tables above.
def test_no_number_is_left_out() -> None:
    named = {name.partition(" ")[0].rstrip(",") for name in (*WHOLE, *SECONDS)} | {"fail"}
    stub = (importlib.resources.files("http_hook") / "_http_hook.pyi").read_text()
    for line in stub.replace(",", ",\n").replace("(", "(\n").splitlines():
        name, colon, kind = line.strip().partition(": ")
        kind = kind.partition("=")[0].rstrip(" ,)")
        if colon and not name.isupper() and kind in ("int", "float", "int | None", "float | None"):
            assert name in named, line


@pytest.mark.parametrize("given", [1e9, 2**31 / 1000, 1e7])
def test_a_limit_that_no_socket_takes_is_the_longest_that_it_does(server: Any, given: float) -> None:
    with over_requests.HttpHook(server.url) as hook:
        assert hook.get("x", timeout=given).status_code == 200
        assert hook.get("x", timeout=(given, given)).status_code == 200
        assert hook.get("x", options={"timeout": given}).status_code == 200
        assert hook.get("x", deadline=given).status_code == 200


# Counted in 32 bits this is a twentieth of a second.
def test_a_limit_that_a_socket_takes_for_another_is_none(server: Any) -> None:
    def late(handler: Any) -> None:
        time.sleep(0.3)
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

    given = 2**32 / 1000 + 0.05
    server.answers.extend([late] * 4)
    with over_requests.HttpHook(server.url) as hook:
        assert hook.get("x", timeout=given).status_code == 200
        assert hook.get("x", timeout=(given, given)).status_code == 200
        assert hook.get("x", options={"timeout": given}).status_code == 200
        assert hook.get("x", deadline=given).status_code == 200


@pytest.mark.parametrize("given", [True, (True, 1), -1, 0, "x", float("nan"), 1e18, 10**400])
def test_a_limit_among_options_that_is_none_is_told(given: Any) -> None:
    with pytest.raises((ArgumentError, http_hook.Error), match="timeout"):
        Plan("GET", options={"timeout": given})


@pytest.mark.parametrize("seconds", [1e10, 1e18, float("inf"), float("nan")])
def test_a_wait_that_nobody_can_wait_is_told(server: Any, seconds: float) -> None:
    server.then(503)
    policy = RetryPolicy.custom(lambda: True, lambda: seconds, lambda upcoming: False)
    with over_requests.HttpHook(server.url, policy=policy) as hook, pytest.raises(ValueError, match="wait: must be"):
        hook.get("x")


def of_the_package() -> list[Any]:
    found: dict[int, Any] = {}
    for info in pkgutil.walk_packages(http_hook.__path__, "http_hook."):
        if not HAS_AIRFLOW and info.name.startswith("http_hook.airflow."):
            continue
        module = importlib.import_module(info.name)
        for one in vars(module).values():
            if getattr(one, "__module__", "").startswith("http_hook.") and (
                inspect.isclass(one) or inspect.isfunction(one)
            ):
                found[id(one)] = one
                if inspect.isclass(one):
                    functions = [member for member in vars(one).values() if inspect.isfunction(member)]
                    found.update((id(member), member) for member in functions)
    return list(found.values())


def test_type_hints_can_be_read() -> None:
    every = of_the_package()
    assert over_requests.HttpHook.get in every
    for one in every:
        # What a class is over has hints of its own.
        inspect.get_annotations(one, eval_str=True)
        if inspect.isfunction(one):
            typing.get_type_hints(one)
    hints = typing.get_type_hints(over_requests.HttpHook.get)
    assert "retries" in str(typing.get_type_hints(typing.get_args(hints["arguments"])[0]))


def test_both_tell_of_the_headers_of_the_package() -> None:
    hook = over_requests.HttpHook("http://me:secret@h.test")
    arguments: dict[str, Any] = {"json": {"a": 1}, "headers": {"X-Key": "secret"}}
    told, curl = hook.explain("POST", "x", **arguments), hook.to_curl("POST", "x", **arguments)
    shown = {"content-type": "application/json", "accept-encoding": "gzip, deflate"}
    for name, value in shown.items():
        assert any(line.split()[:2] == ["header", name] and value in line for line in told.splitlines())
        assert f"'{name}: {value}" in curl
    assert "secret" not in told + curl
