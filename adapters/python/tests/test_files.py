"""Files of a call: what they hold is sent, over either client, and never what Python calls them."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest

from http_hook import ArgumentError
from http_hook.aiohttp import HttpHook as AsyncHook
from http_hook.requests import HttpHook


def send(client: str, url: str, files: Any) -> None:
    if client == "requests":
        HttpHook(url).post("a", files=files)
        return

    async def call() -> None:
        async with AsyncHook(url) as hook:
            await hook.post("a", files=files)

    asyncio.run(call())


@pytest.mark.parametrize("client", ["requests", "aiohttp"])
@pytest.mark.parametrize(
    "given",
    [
        "what it holds",
        b"what it holds",
        bytearray(b"what it holds"),
        memoryview(b"what it holds"),
        lambda: io.BytesIO(b"what it holds"),
        lambda: io.StringIO("what it holds"),
        lambda: ("name.txt", io.BytesIO(b"what it holds")),
        lambda: ("name.txt", io.BytesIO(b"what it holds"), "text/plain", {"X-Part": "1"}),
        ("name.txt", memoryview(b"what it holds"), "text/plain"),
        ["name.txt", b"what it holds"],
    ],
    ids=repr,
)
def test_what_a_file_holds_is_sent(server: Any, client: str, given: Any) -> None:
    send(client, server.url, {"file": given() if callable(given) else given})
    body = server.asked[0].body
    assert b"\r\n\r\nwhat it holds\r\n--" in body
    assert b'name="file"' in body


@pytest.mark.parametrize("client", ["requests", "aiohttp"])
def test_an_open_file_has_its_name(server: Any, client: str, tmp_path: Path) -> None:
    place = tmp_path / "orders.csv"
    place.write_bytes(b"1;2")
    with place.open("rb") as file:
        send(client, server.url, [("file", file), ("none", ("name", None))])
    assert b'name="file"; filename="orders.csv"' in server.asked[0].body
    assert b"none" not in server.asked[0].body


@pytest.mark.parametrize("client", ["requests", "aiohttp"])
@pytest.mark.parametrize("given", [object(), Path("orders.csv"), iter([b"x"]), 5, ["name", {"a": "b"}], True], ids=repr)
@pytest.mark.parametrize("in_tuple", [False, True])
def test_what_holds_nothing_is_refused(server: Any, client: str, given: Any, in_tuple: bool) -> None:
    with pytest.raises(ArgumentError, match="files: the content of 'file' must be text, bytes or an open file, not a"):
        send(client, server.url, {"file": ("name", given) if in_tuple else given})
    assert server.asked == []
