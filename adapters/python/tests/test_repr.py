"""What is written into logs by `repr` shows no secret either."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

import aiohttp
import pytest

from http_hook import RetryPolicy
from http_hook.aiohttp import HttpHook

KEY = {"api_key": "secret-3"}
WORDS = ("secret-1", "secret-2", "secret-3", "secret-4", "c2VjcmV0", "bWU6")


def failed(server: Any, **arguments: Any) -> Any:
    async def call() -> Any:
        url = server.url.replace("//", "//me:secret-1@")
        async with HttpHook(url, headers=[("X-Key", "secret-2")]) as hook:
            with pytest.raises(aiohttp.ClientError) as raised:
                await hook.get("x", params=KEY, **arguments)
            return raised.value

    return asyncio.run(call())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nSet-Cookie: sid=secret-4\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: sid=secret-4\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbroken\r\n\r\n",
        b"no HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\ncut",
        b"",
    ],
)
def test_exceptions_show_no_secret_however_they_are_written(server: Any, answer: bytes) -> None:
    for _ in range(40):
        server.writes(answer)
    error = failed(server)
    told = "".join([repr(error), str(error), *traceback.format_exception(error), repr(error.failure)])
    assert not [word for word in WORDS if word in told]


def test_they_are_what_aiohttp_raises(server: Any) -> None:
    server.then(404)
    error = failed(server, policy=RetryPolicy.never())
    assert isinstance(error, aiohttp.ClientResponseError)
    assert type(error).__name__ == "ClientResponseError"
    assert repr(error).startswith("ClientResponseError(")
    assert "status=404, message='Not Found'" in repr(error)
    # What holds a request holds it as it was sent.
    assert error.request_info.headers["X-Key"] == "secret-2"
