"""Calls over a session of aiohttp: the machine decides, the session sends.

    async with HttpHook("https://user:password@api.example.com", policy=RetryPolicy()) as hook:
        response = await hook.get("v1/orders", params={"limit": 50})

Responses are aiohttp's own, their bodies read; what went wrong is an exception of aiohttp with a `Failure` in its attribute `failure`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp

from http_hook import _environment, _files, _machine
from http_hook._aiohttp_cookies import cookies_of
from http_hook._aiohttp_errors import InvalidRequest, ResponseTooLarge
from http_hook._aiohttp_loop import Loop
from http_hook._arguments import OfAiohttp, OfAiohttpOpen, OfHook, Unpack
from http_hook._json import to_json
from http_hook._loop import BODILESS, call_of
from http_hook._made import MadeAgain

__all__ = ["HttpHook", "InvalidRequest", "Loop", "ResponseTooLarge"]


class HttpHook(MadeAgain):
    """Calls through a connection: a URI, or a `Connection`.

    `policy` says when to send again (default: never), `preset` is `usual` or `airflow`, `session` a session of the caller's, which
    is left open; other keywords are those of `Hook`. Headers that a session of the caller's has go wherever the call leads.
    """

    def __init__(
        self,
        connection: str | _machine.Connection,
        *,
        policy: _machine.RetryPolicy | None = None,
        preset: str = "usual",
        session: aiohttp.ClientSession | None = None,
        trust_env: bool = True,
        **options: Unpack[OfHook],
    ) -> None:
        if trust_env:
            _environment.fill(options)
        options.setdefault("default_headers", usual_headers())
        self._make({"connection": connection, "policy": policy, "preset": preset, "client": "aiohttp", **options})
        self._given = session
        # A session belongs to the loop that it is made in.
        self._made: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session that sends; made when it is first asked for in a loop."""
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        made = self._made.get(loop)
        if made is None:
            for over in [one for one in list(self._made) if one.is_closed()]:
                self._made.pop(over, None)
            self._made[loop] = made = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
            if hasattr(made, "_retry_connection"):
                # Whether anything is sent again is the machine's to say, and to count.
                made._retry_connection = False
        return made

    def __getstate__(self) -> dict[str, Any]:
        # Sessions stay with their loops.
        return {**super().__getstate__(), "_made": {}}

    async def __aenter__(self) -> HttpHook:
        return self

    async def __aexit__(self, *_args: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the session of the loop that runs, unless it is the caller's."""
        made = self._made.pop(asyncio.get_running_loop(), None)
        if made is not None:
            await made.close()

    async def run(
        self, method: str, endpoint: str = "", *, leave_open: bool = False, **arguments: Unpack[OfAiohttp]
    ) -> aiohttp.ClientResponse:
        """Makes a call.

        The arguments are those of `Plan`; `json` is a value, `data` may be a source of aiohttp's kind. Raises an exception of aiohttp
        with a `Failure` in its attribute `failure`.
        """
        given: dict[str, Any] = dict(arguments)
        plain, bound = cookies_of(given.pop("cookies", None))
        plan, source = planned(method, endpoint, cookies=plain, **given)
        call = call_of(self.hook, plan)
        loop = Loop(call, self.session.request, source=source, leave_open=leave_open, cookies=bound)
        return await loop.run()  # type: ignore[no-any-return]

    async def get(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a GET; see `run`."""
        return await self.run("GET", endpoint, **arguments)

    async def head(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a HEAD; see `run`."""
        return await self.run("HEAD", endpoint, **arguments)

    async def post(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a POST; see `run`."""
        return await self.run("POST", endpoint, **arguments)

    async def put(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a PUT; see `run`."""
        return await self.run("PUT", endpoint, **arguments)

    async def patch(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a PATCH; see `run`."""
        return await self.run("PATCH", endpoint, **arguments)

    async def delete(self, endpoint: str = "", **arguments: Unpack[OfAiohttpOpen]) -> aiohttp.ClientResponse:
        """Makes a DELETE; see `run`."""
        return await self.run("DELETE", endpoint, **arguments)


def usual_headers() -> list[tuple[str, str]]:
    """Returns the headers that aiohttp sends by itself."""
    usual = dict(getattr(aiohttp.ClientRequest, "DEFAULT_HEADERS", {}))
    usual.setdefault("User-Agent", aiohttp.http.SERVER_SOFTWARE)
    return [(str(name), str(value)) for name, value in usual.items()]


def planned(
    method: str, endpoint: str | None = "", *, data: Any = None, json: Any = None, files: Any = None, **arguments: Any
) -> tuple[_machine.Plan, Any]:
    """Plans a call; the second part is the source of a body that the machine does not hold."""
    source = None
    # As aiohttp does.
    method = method.upper()
    is_plain = data is None or isinstance(data, (str, bytes, bytearray, list, tuple, Mapping))
    if not is_plain and method not in BODILESS:
        source, data = data, None
        arguments["external"] = True
    if json is not None:
        json = to_json(json)
    return _machine.Plan(
        method, endpoint, data=data, json=json, files=_files.read(files) if files else None, **arguments
    ), source
