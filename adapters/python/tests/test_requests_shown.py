"""The loop over a session of requests: what exceptions show."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import requests
from bugs import raises
from requests.auth import AuthBase

from http_hook import Connection, RetryPolicy
from http_hook.requests import HttpHook

AGAIN = RetryPolicy({"wait": {"type": "fixed", "seconds": 0.01}})


def chain(error: BaseException) -> str:
    texts = []
    waiting: list[Any] = [error]
    seen = set()
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        texts.extend([str(one), repr(one), *(str(value) for value in vars(one).values() if isinstance(value, str))])
        waiting.extend((one.__cause__, one.__context__, *one.args, *vars(one).values()))
    return "\n".join(texts)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://127.0.0.1:9", "http://nowhere.invalid"])
def test_exceptions_of_the_client_show_no_secret(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "invalid" in url:
        monkeypatch.setattr(socket, "getaddrinfo", raises(socket.gaierror("no such host")))
    with pytest.raises(requests.ConnectionError) as raised:
        HttpHook(Connection(host=f"{url}/hidden-base")).get("a", params={"page": "2", "api_key": "s3cr3t"})
    told = chain(raised.value)
    assert "s3cr3t" not in told
    assert "hidden-base" not in told
    assert "page=2" in told


def test_what_is_no_secret_is_shown_as_the_client_does() -> None:
    with pytest.raises(requests.ConnectionError, match=r"Max retries exceeded with url: /a\?page=2 "):
        HttpHook("http://127.0.0.1:9").get("a", params={"page": "2"})


def test_a_broken_server_shows_no_secret(server: Any) -> None:
    server.breaks()
    with pytest.raises(requests.ConnectionError) as raised:
        HttpHook(server.url).get("a", params={"token": "s3cr3t"})
    assert "s3cr3t" not in chain(raised.value)


class InQuery(AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.url = f"{request.url}?mine=s3cr3t"
        return request


def test_what_an_auth_object_adds_to_a_url_is_not_shown() -> None:
    with pytest.raises(requests.ConnectionError) as raised:
        HttpHook("http://127.0.0.1:9").get("a", auth=InQuery())
    assert "s3cr3t" not in chain(raised.value)
