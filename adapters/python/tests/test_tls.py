"""`https` to a server whose certificate is its own, over each client."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import aiohttp
import certificates
import pytest
import requests

from http_hook import RetryPolicy, _http_hook
from http_hook.aiohttp import HttpHook as AsyncHttpHook
from http_hook.requests import HttpHook
from http_hook.ureq import HttpHook as UreqHook

AGAIN = RetryPolicy({"wait": {"type": "fixed", "seconds": 0.01}})


def over_requests(url: str, verify: Any, endpoint: str = "a") -> bytes:
    with HttpHook(url, policy=AGAIN) as hook:
        return hook.post(endpoint, json=1, options={"verify": verify}).content


def over_aiohttp(url: str, verify: Any, endpoint: str = "a") -> bytes:
    async def call() -> bytes:
        async with AsyncHttpHook(url, policy=AGAIN) as hook:
            return await (await hook.post(endpoint, json=1, options={"verify": verify})).read()

    return asyncio.run(call())


def over_ureq(url: str, verify: Any, endpoint: str = "a") -> bytes:
    return UreqHook(url, policy=AGAIN).post(endpoint, json=1, options={"verify": verify}).content


def has_tls() -> bool:
    if not hasattr(_http_hook, "UreqTransport"):
        return False
    try:
        UreqHook("https://127.0.0.1:9").get("a")
    except requests.ConnectionError as error:
        return error.failure.kind == "connect"  # type: ignore[attr-defined,no-any-return]
    except requests.RequestException:
        pass
    return False


OVER_UREQ = pytest.param(
    over_ureq, marks=pytest.mark.skipif(not has_tls(), reason="a wheel without a transport that has TLS")
)
pytestmark = [
    pytest.mark.parametrize("call", [over_requests, over_aiohttp, OVER_UREQ]),
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: Any) -> tuple[ssl.SSLContext, str]:
    return certificates.made(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def secure(serve: Any, made: tuple[ssl.SSLContext, str]) -> tuple[Any, str, str]:
    server = serve(made[0])
    return server, f"https://localhost:{server.port}", made[1]


def refused(call: Any, url: str, verify: Any) -> None:
    with pytest.raises((requests.exceptions.SSLError, aiohttp.ClientConnectorError)) as raised:
        call(url, verify)
    failure: Any = raised.value.failure  # type: ignore[union-attr]
    assert (failure.kind, failure.sent) == ("tls", "no")


def test_the_authority_of_a_file_vouches(secure: Any, call: Any) -> None:
    server, url, authority = secure
    server.then(200, b"yes")
    assert call(url, authority) == b"yes"
    assert [asked.body for asked in server.asked] == [b"1"]


def test_nobody_vouches(secure: Any, call: Any) -> None:
    server, url, _ = secure
    refused(call, url, True)
    assert server.asked == []


def test_another_host_is_refused(secure: Any, call: Any) -> None:
    server, url, authority = secure
    refused(call, url.replace("localhost", "127.0.0.1"), authority)
    assert server.asked == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_nothing_is_asked_of_a_certificate_where_that_is_off(secure: Any, call: Any, host: str) -> None:
    server, url, _ = secure
    server.then(200, b"yes")
    assert call(url.replace("localhost", host), False) == b"yes"


# What one call is told to leave out counts for no other, whatever connections are kept.
def test_each_call_is_told_by_itself(secure: Any, call: Any) -> None:
    _, url, authority = secure
    for _ in range(2):
        call(url, False)
        refused(call, url, True)
        call(url, authority)


def test_a_file_that_is_not_there_is_told(secure: Any, call: Any) -> None:
    server, url, authority = secure
    with pytest.raises((requests.RequestException, OSError, aiohttp.ClientError)) as raised:
        call(url, authority + ".gone")
    assert raised.value.failure.sent in ("no", None)  # type: ignore[union-attr]
    assert server.asked == []


def test_what_speaks_no_tls_is_told(call: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        import threading

        def answer() -> None:
            for _ in range(3):
                client, _ = plain.accept()
                client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                client.close()

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises((requests.RequestException, aiohttp.ClientError)) as raised:
            call(f"https://localhost:{plain.getsockname()[1]}", True)
    assert raised.value.failure.kind == "tls"  # type: ignore[union-attr]


def test_redirects_to_plain_http_are_refused(secure: Any, serve: Any, call: Any) -> None:
    server, url, authority = secure
    there = serve()
    server.then(302, Location=f"{there.url}/b")
    with pytest.raises((requests.RequestException, aiohttp.ClientError)):
        call(url, authority)
    assert there.asked == []
