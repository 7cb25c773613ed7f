"""Airflow's asynchronous hook over the machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.http.exceptions import HttpErrorException, HttpMethodException
from airflow.providers.http.hooks.http import AsyncHttpSession as _AsyncHttpSession
from airflow.providers.http.hooks.http import HttpAsyncHook as _HttpAsyncHook
from airflow.providers.http.hooks.http import SessionConfig, _process_extra_options_from_connection
from airflow.utils.strings import to_boolean

from http_hook import _machine
from http_hook import aiohttp as _aiohttp
from http_hook._aiohttp_loop import read
from http_hook._loop import call_of
from http_hook._requests_plan import auth_of
from http_hook._told import Held, with_failure
from http_hook.airflow._given import check_numbers, has_key, policy_of, texts, usual_preset
from http_hook.airflow.connections import machine_connection

_UNSUPPORTED = {"stream", "cert", "trust_env"}
_OPTIONS = frozenset(
    {"proxies", "proxy", "timeout", "verify", "verify_ssl", "allow_redirects", "max_redirects", "check_response"}
)


class HttpAsyncHook(_HttpAsyncHook):
    """Takes the place of the provider's `HttpAsyncHook`.

    `retry_limit` and `retry_delay` are as there, over the same machine as the other hook: a POST is sent once unless it carries a key or
    the preset is `airflow`, and what the server asks for counts. The response's body is the caller's to read if the session is; else it
    is read before the session is closed.

    :param preset, policy, deadline, idempotency_key, max_response_bytes: as of `HttpHook`; a policy stands in the place of limit and delay.
    """

    conn_type = "http_hook"
    hook_name = "HTTP (http-hook)"
    preset: str | None = None
    # What the original has no attributes for.
    _connection: Any = Held()
    _auth: Any = Held()
    _as_stored: Any = Held()

    def __init__(
        self,
        *args: Any,
        preset: str | None = None,
        policy: Any = None,
        deadline: float | None = None,
        idempotency_key: bool = False,
        max_response_bytes: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if preset is not None:
            self.preset = preset
        self.policy = policy
        self.deadline = deadline
        self.idempotency_key = idempotency_key
        self.max_response_bytes = max_response_bytes
        check_numbers(deadline, max_response_bytes)

    async def config(self) -> SessionConfig:
        """Looks the connection up, once."""
        if self._config is None:
            self._connection = connection = await self._looked_up()
            base: str = self.base_url
            auth: Any = None
            headers: dict[str, Any] = {}
            options: dict[str, Any] = {}
            if connection is not None:
                base = _base_url(connection)
                if connection.login:
                    auth = (self.auth_type or aiohttp.BasicAuth)(connection.login, connection.password)
                if connection.extra:
                    headers, options = _process_extra_options_from_connection(conn=connection, extra_options={})
                self._srv_lookup_enabled = to_boolean(str(connection.extra_dejson.get("srv_lookup", False)))
                if self._srv_lookup_enabled:
                    parts = urlsplit(base)
                    self._srv_name, self._srv_scheme = parts.hostname, parts.scheme
            plain = auth if isinstance(auth, aiohttp.BasicAuth) else None
            self._config = SessionConfig(base_url=base, headers=headers, auth=plain, extra_options=options)
            self._auth = auth
            self._as_stored = _told_by(self._config)
        return self._config

    async def _looked_up(self) -> Any:
        if not self.http_conn_id:
            return None
        return await get_async_connection(conn_id=self.http_conn_id, hook=self)

    @asynccontextmanager
    async def session(self, method: str | None = None) -> AsyncGenerator[AsyncHttpSession, None]:
        """Makes a session for several calls."""
        async with aiohttp.ClientSession() as session:
            request = self._get_request_func(session=session, method=method)
            config = await self.config()
            made = AsyncHttpSession(hook=self, request=request, config=config, method=method)
            made.session = session
            yield made

    async def run(
        self,
        session: aiohttp.ClientSession | None = None,
        endpoint: str | None = None,
        data: Any = None,
        json: Any = None,
        headers: dict[str, Any] | None = None,
        extra_options: dict[str, Any] | None = None,
    ) -> Any:
        """Makes a call, as the original's method of this name."""
        try:
            if session is None:
                async with self.session() as own:
                    response = await own.run(endpoint, data, json, headers, extra_options)
                    if isinstance(getattr(response, "status", None), int) and hasattr(response, "content"):
                        await read(response, self.max_response_bytes or 64 << 20)
                    return response
            request = self._get_request_func(session=session)
            config = await self.config()
            lent = AsyncHttpSession(hook=self, request=request, config=config)
            lent.session = session
            return await lent.run(endpoint, data, json, headers, extra_options)
        except aiohttp.ClientResponseError as error:
            raised = HttpErrorException(f"{error.status}:{error.message}")
            failure = getattr(error, "failure", None)
            raise (with_failure(raised, failure) if failure is not None else raised) from error


class AsyncHttpSession(_AsyncHttpSession):
    """A session bound to a `HttpAsyncHook`, whose calls are decided by the machine."""

    session: aiohttp.ClientSession | None = None
    _hook: HttpAsyncHook

    async def run(
        self,
        endpoint: str | None = None,
        data: Any = None,
        json: Any = None,
        headers: dict[str, Any] | None = None,
        extra_options: dict[str, Any] | None = None,
    ) -> Any:
        """Makes a call."""
        hook = self._hook
        bases = await hook._get_srv_base_urls_async() if hook._srv_lookup_enabled else [None]
        for number, base in enumerate(bases, start=1):
            loop = self.loop(base, endpoint, data, json, headers, extra_options)
            try:
                return await loop.run()
            except (aiohttp.ClientConnectorError, getattr(aiohttp, "ConnectionTimeoutError", asyncio.TimeoutError)):
                if number == len(bases):
                    raise
                self.log.warning("Could not connect to %s, failing over to the next SRV target", base)
        return None

    def machine_hook(self, base: str | None = None) -> _machine.Hook:
        """Makes the connection ready."""
        hook, connection = self._hook, self._hook._connection
        if hook.http_conn_id and hook.base_url and hook.base_url != self.base_url:
            raise ValueError(
                "base_url of an asynchronous hook is not asked where there is a connection, by the original neither: "
                "say where to call in config(), or by the connection, or leave http_conn_id out"
            )
        auth = getattr(hook, "_auth", None)
        scheme: Any = None
        headers: list[tuple[str, str | None]] = []
        if self._is_own():
            # What a subclass says in its config() holds, and nothing of the connection beside.
            stored = hook._as_stored
            # An object of a class of somebody's own stands in no configuration.
            auth = auth if stored is not None and self.auth == stored[2] else self.auth
            connection = None
            headers = [
                (str(name), None if value is None else str(value)) for name, value in (self.headers or {}).items()
            ]
            if type(auth) is aiohttp.BasicAuth:
                scheme = ("basic", auth.login, auth.password)
        if auth is not None and type(auth) is not aiohttp.BasicAuth:
            if not isinstance(auth, str) and callable(getattr(auth, "encode", None)):
                # A class of somebody's own that makes a header, as aiohttp asks for one.
                scheme, headers = "none", [*headers, ("Authorization", auth.encode())]
            else:
                scheme, shown = auth_of(auth)
                if shown is not None:
                    # Login and password were given to it: they are sent in no other way.
                    raise TypeError(
                        f"auth_type: an object of {type(auth).__name__} is for requests of requests' kind alone: an asynchronous "
                        "hook takes aiohttp's BasicAuth, HTTPBasicAuth, HTTPDigestAuth, or a class that has a method encode"
                    )
        elif auth is None and connection is not None and connection.login:
            # As the original: what makes no credential sends none.
            scheme = "none"
        own = (
            _machine.Connection(host=base or self.base_url)
            if connection is None
            else machine_connection(connection, base=base)
        )
        return _machine.Hook(
            own,
            client="aiohttp",
            preset=hook.preset or usual_preset(),
            auth=scheme,
            headers=headers,
            # As the calls of this hook say, so that one of them can be taken up.
            options={"cert": None},
            default_headers=_aiohttp.usual_headers(),
            policy=policy_of(hook.policy),
            max_response_bytes=hook.max_response_bytes,
            async_arguments=self.arguments(),
        )

    def _is_own(self) -> bool:
        """Whether a subclass says something else than the connection."""
        told = (self.base_url, *_told_by(self.config)[1:])
        return bool(told != self._hook._as_stored)

    def arguments(self) -> dict[str, Any]:
        """Returns what the constructor of the hook was given, for the mapping of arguments."""
        return {"method": self.method, "retry_limit": self.retry_limit, "retry_delay": self.retry_delay}

    def plan(
        self,
        endpoint: str | None,
        data: Any,
        json: Any,
        headers: dict[str, Any] | None,
        extra_options: dict[str, Any] | None,
        **more: Any,
    ) -> tuple[_machine.Plan, Any, dict[str, Any]]:
        """Plans a call; with the source of a body that the machine does not hold, and options of the client's own."""
        hook, connection = self._hook, self._hook._connection
        extra_options = extra_options or {}
        if self._is_own():
            extra_options = {**(self.extra_options or {}), **extra_options}
            connection = None
        options, own = _async_options(extra_options)
        dropped = _UNSUPPORTED & {*options, *(self.extra_options or {})}
        if dropped:
            self.log.warning(
                "Ignoring connection extra option(s) %s: not supported by HttpAsyncHook.", ", ".join(sorted(dropped))
            )
        if self.method == "GET" and isinstance(data, dict):
            for value in data.values():
                if value is None or isinstance(value, bool):
                    # As aiohttp, which takes neither for a parameter.
                    raise TypeError(f"Invalid variable type: value should be str, int or float, got {type(value)}")
        plan, source = _aiohttp.planned(
            self.method,
            endpoint,
            data=data if self.method not in ("HEAD", "OPTIONS") else None,
            json=json,
            headers=texts(headers),
            options=options,
            async_arguments=self.arguments(),
            connection=None if connection is None else machine_connection(connection),
            preset=hook.preset or usual_preset(),
            policy=policy_of(hook.policy),
            deadline=hook.deadline,
            idempotency_key=hook.idempotency_key or has_key(headers),
            **more,
        )
        return plan, source, own

    def loop(
        self,
        base: str | None,
        endpoint: str | None,
        data: Any,
        json: Any,
        headers: dict[str, Any] | None,
        extra_options: dict[str, Any] | None,
    ) -> AsyncAirflowLoop:
        """Makes the loop of a call."""
        plan, source, own = self.plan(endpoint, data, json, headers, extra_options)
        call = call_of(self.machine_hook(base), plan)
        return AsyncAirflowLoop(self, call, source, own, isinstance(data, str) and self.method != "GET")


class AsyncAirflowLoop(_aiohttp.Loop):
    """The loop of an asynchronous hook."""

    def __init__(
        self,
        session: AsyncHttpSession,
        call: _machine.Call,
        source: Any,
        options: dict[str, Any],
        text_body: bool = False,
    ) -> None:
        super().__init__(call, session._request, source=source, options=options, leave_open=True, text_body=text_body)
        self.of = session
        self._method = session.method
        self._number, self._url = 1, ""

    async def before(self, send: _machine.Send) -> None:
        self._number, self._url = send.number, self.call.shown_url(send.url).partition("?")[0]

    async def send(self, send: _machine.Send, url: Any, arguments: dict[str, Any]) -> Any:
        arguments = {"params": None, "json": None, "auth": None, **arguments}
        if send.method == self._method:
            return await self.request(url, **arguments)
        session = self.of.session or getattr(self.request, "__self__", None)
        if session is None:
            raise HttpMethodException(f"Unexpected HTTP Method: {send.method}")
        return await session.request(send.method, url, **arguments)

    async def wait(self, wait: _machine.Wait) -> None:
        self._tell()
        await asyncio.sleep(wait.seconds)

    def failed(self, failure: _machine.Failure) -> BaseException:
        self._tell()
        return super().failed(failure)

    def _tell(self) -> None:
        if self.response is not None:
            self.of.log.warning("[Try %d of %d] Request to %s failed.", self._number, self.of.retry_limit, self._url)


def _async_options(extra_options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parts options that the machine knows from those of aiohttp's own."""
    known: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for name, value in extra_options.items():
        if name == "proxy" and isinstance(value, str):
            known["proxies"] = {"http": value, "https": value}
        elif name == "timeout" and isinstance(value, aiohttp.ClientTimeout):
            own[name] = value
        elif name in _OPTIONS or name in _UNSUPPORTED:
            known[name] = value
        else:
            own[name] = value
    return known, own


def _told_by(config: Any) -> tuple[Any, ...]:
    """Returns what a configuration says, as it is now."""
    return config.base_url, dict(config.headers or {}), config.auth, dict(config.extra_options or {})


def _base_url(connection: Any) -> str:
    if connection.host and "://" in connection.host:
        base = str(connection.host)
    else:
        base = f"{connection.schema or 'http'}://{connection.host or ''}"
    return f"{base}:{connection.port}" if connection.port else base
