"""What callers write and servers answer, in any form: what is legal is understood, what is not is told in words."""

from __future__ import annotations

import asyncio
import copy
import io
import json
import logging
import pickle
from typing import Any

import pytest
import requests

from http_hook import ArgumentError, Call, Connection, Hook, Plan, RetryPolicy
from http_hook import aiohttp as over_aiohttp
from http_hook import requests as over_requests


def asked(server: Any, client: str, method: str = "GET", policy: Any = None, **arguments: Any) -> Any:
    """Makes a call over one client or the other."""
    if client == "requests":
        with over_requests.HttpHook(server.url, policy=policy) as hook:
            return hook.run(method, "x", **arguments)

    async def call() -> Any:
        async with over_aiohttp.HttpHook(server.url, policy=policy) as hook:
            return await hook.run(method, "x", **arguments)

    return asyncio.run(call())


BOTH = pytest.mark.parametrize("client", ["requests", "aiohttp"])


@BOTH
@pytest.mark.parametrize("value", [b"caf\xe9", "café".encode(), b"\x80\xff", b"a"])
def test_header_values_may_be_any_bytes(server: Any, client: str, value: bytes) -> None:
    server.writes(
        b"HTTP/1.1 200 OK " + value + b"\r\nX-Name: " + value + b"\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
    )
    response = asked(server, client)
    assert (response.status_code if client == "requests" else response.status) == 200


@BOTH
@pytest.mark.parametrize("value", [b"caf\xe9", "café".encode()])
def test_the_failure_of_such_an_answer_is_told(server: Any, client: str, value: bytes) -> None:
    server.writes(
        b"HTTP/1.1 404 " + value + b"\r\nX-Name: " + value + b"\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
    )
    with pytest.raises(Exception) as raised:
        asked(server, client)
    failure: Any = raised.value.failure  # type: ignore[attr-defined]
    assert (failure.status, failure.reason) == (404, "rejected")


@BOTH
def test_a_location_in_utf_8_is_followed(server: Any, client: str) -> None:
    server.writes("HTTP/1.1 302 Found\r\nLocation: /café\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
    asked(server, client)
    assert server.asked[-1].path == "/caf%C3%A9"


def test_more_headers_than_fit_are_a_failure() -> None:
    call = Call(Hook("http://h.test"), Plan("GET", "x"), 1, 0.0)
    call.step(0.0)
    assert call.finish(200, [(f"x-{number}", "") for number in range(40_000)], b"", 1.0) is None
    assert call.failure is not None
    assert call.failure.kind == "protocol"


@BOTH
def test_methods_are_written_in_any_case(server: Any, client: str) -> None:
    asked(server, client, "get", params={"a": "1"})
    asked(server, client, "Post", data=io.BytesIO(b"body"))
    assert [(one.method, one.path, one.body) for one in server.asked] == [
        ("GET", "/x?a=1", b""),
        ("POST", "/x", b"body"),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {"timeout": (3, 10)},
        {"allow_redirects": True, "stream": False, "verify": False, "cert": None, "proxies": {}},
        {"stream": True, "options": {"check_response": True}},
    ],
)
def test_options_that_requests_takes_by_name(server: Any, arguments: dict[str, Any]) -> None:
    assert asked(server, "requests", **arguments).status_code == 200
    server.then(302, Location="/y")
    assert asked(server, "requests", allow_redirects=False).status_code == 302


def test_a_pair_of_timeouts_is_that_of_requests() -> None:
    plan, _ = over_requests.planned("GET", "x", timeout=(3, 10))
    send = Call(Hook("http://h.test", client="requests"), plan, 1, 0.0).step(0.0)
    assert send.timeouts[:2] == (3.0, 10.0)  # type: ignore[union-attr]


@pytest.mark.parametrize("timeout", [0, 0.0, -1, float("nan"), float("inf"), 1e-12])
def test_a_timeout_that_is_no_time_is_told(timeout: float) -> None:
    # To some clients nothing is no limit.
    with pytest.raises(ArgumentError, match="timeout: must be"):
        Plan("GET", "x", timeout=timeout)


@pytest.mark.parametrize("text", ["café", "a", ""])
def test_a_text_in_memory_is_sent_whole(server: Any, text: str) -> None:
    source = io.StringIO("--" + text)
    source.seek(2)
    asked(server, "requests", "POST", data=source)
    assert server.asked[-1].body == text.encode()
    assert server.asked[-1].headers["Content-Length"] == str(len(text.encode()))


# What holds secrets cannot be copied to another process; a policy that is data can.
def test_policies_are_copied() -> None:
    policy = RetryPolicy({"stop": {"type": "after_attempt", "max_attempts": 5}})
    code = RetryPolicy.custom(lambda: True, lambda: 0.0, lambda upcoming: True)
    assert pickle.loads(pickle.dumps(policy)) == policy
    for one in (policy, code):
        assert copy.copy(one) is one
        assert copy.deepcopy({"policy": one})["policy"] is one
    with pytest.raises(ValueError):
        pickle.dumps(code)
    for secret in (Connection("http://u:pw@h.test"), Hook("http://u:pw@h.test")):
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(secret)


@pytest.mark.parametrize("wrong", [None, 5, b"http://h.test", {"host": "h.test"}])
def test_what_is_no_connection_is_told_in_words(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="must be a text, which is a URI or JSON, or a Connection"):
        Hook(wrong)


@BOTH
def test_a_netrc_that_cannot_be_read_is_passed_over(
    server: Any, client: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: Any
) -> None:
    place = tmp_path / "netrc"
    place.write_text("machine 127.0.0.1 login me password pw\nsome words\n")
    monkeypatch.setenv("NETRC", str(place))
    with caplog.at_level(logging.WARNING, "http_hook"):
        asked(server, client)
    assert "Authorization" not in server.asked[-1].headers
    assert "passed over" in caplog.text
    assert "pw" not in caplog.text
    place.write_text("machine 127.0.0.1 login me password pw\n")
    asked(server, client)
    assert "Authorization" in server.asked[-1].headers


def test_what_lists_the_attributes_of_a_hook_shows_no_secret(server: Any) -> None:
    session = requests.Session()
    session.headers["X-Key"] = "secret-1"
    session.auth = ("me", "secret-2")
    connection = Connection(host=server.url, login="me", password="secret-3", extra=json.dumps({"X": "secret-4"}))
    hooks = [
        over_requests.HttpHook(connection, session=session),
        over_requests.HttpHook(
            server.url.replace("//", "//me:secret-5@"),
            auth=("bearer", "secret-6"),
            headers=[("X-Key", "secret-7")],
            netrc="machine h.test login me password secret-8",
            environment={"http_proxy": "http://me:secret-9@127.0.0.1:9", "no_proxy": "*"},
        ),
        over_aiohttp.HttpHook(server.url.replace("//", "//me:secret-5@"), auth=("bearer", "secret-6")),
    ]
    hooks[0].get("x")  # type: ignore[union-attr]
    for hook in hooks:
        assert "secret-" not in repr(vars(hook)) + repr(hook)


def test_a_variable_that_is_no_text_counts_where_it_is_asked_for(server: Any) -> None:
    odd = b"\xff\xfe".decode("utf-8", "surrogateescape")
    over_requests.HttpHook(server.url, environment={"EDITOR": odd, odd: "x"}).get("x")
    with pytest.raises(Exception, match="http_proxy") as raised:
        over_requests.HttpHook(server.url, environment={"http_proxy": odd}).get("x")
    assert "surrogates" not in str(raised.value)
