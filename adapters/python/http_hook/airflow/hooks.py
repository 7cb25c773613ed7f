"""Airflow's hooks over the machine: subclasses of the installed provider's, so that whatever looks at them still may."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import json
import os
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Set
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import requests
import tenacity
from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.http.exceptions import HttpErrorException, HttpMethodException
from airflow.providers.http.hooks.http import AsyncHttpSession as _AsyncHttpSession
from airflow.providers.http.hooks.http import HttpAsyncHook as _HttpAsyncHook
from airflow.providers.http.hooks.http import HttpHook as _HttpHook
from airflow.providers.http.hooks.http import (
    SessionConfig,
    _is_connect_failure,
    _process_extra_options_from_connection,
)
from airflow.utils.strings import to_boolean
from requests.adapters import HTTPAdapter
from requests.auth import HTTPProxyAuth
from requests_toolbelt.adapters.socket_options import TCPKeepAliveAdapter  # type: ignore[import-untyped]

from http_hook import _environment, _machine
from http_hook import aiohttp as _aiohttp
from http_hook._aiohttp_loop import read
from http_hook._loop import call_of
from http_hook._requests_errors import of_failure
from http_hook._requests_loop import Loop
from http_hook._requests_plan import auth_of, planned
from http_hook._requests_session import MARK, OwnHook, overrides, renewed
from http_hook._told import Held, Hidden, redacted, with_failure
from http_hook.airflow.connections import machine_connection
from http_hook.tenacity import Retries
from http_hook.ureq import OverTransport, named

__all__ = ["HttpAsyncHook", "HttpHook"]

_USUAL_HEADERS = {name.lower(): (name, value) for name, value in requests.utils.default_headers().items()}
_USUAL_TO_SEND = _USUAL_HEADERS.keys() - {"connection"}
_USUAL_NAMES = frozenset(requests.utils.default_headers())
_KWARGS = frozenset({"json", "params", "files", "cookies", "auth", "hooks"})
_LOOP = "_http_hook_loop"
_OF_A_SESSION: dict[str, Any] = {
    "verify": True,
    "cert": None,
    "proxies": {},
    "stream": False,
    "trust_env": True,
    "max_redirects": requests.models.DEFAULT_REDIRECT_LIMIT,
}


def usual_preset() -> str:
    """Returns the preset that holds where neither class nor caller names one: `HTTP_HOOK_PRESET`, else `usual`."""
    return os.environ.get("HTTP_HOOK_PRESET", "usual")


# What a call does in the original at each attempt: a class that does one of these in its own way has to be asked each time.
_EACH_TIME = (
    "run",
    "run_and_check",
    "get_conn",
    "get_connection",
    "url_from_endpoint",
    "_set_base_url",
    "_extract_auth",
    "_configure_session_from_auth",
    "_configure_session_from_extra",
    "_configure_session_from_mount_adapters",
)
# One attempt, of which the machine tells what the server asks for. Whether there is another one is decided around it.
_ONCE = {
    "when": {"type": "any", "conditions": [{"type": "check_failed"}, {"type": "error"}]},
    "once": {"type": "never"},
    "stop": {"type": "after_attempt", "max_attempts": 1},
}


@functools.cache
def _usual_hints() -> tuple[float, float]:
    """Returns the longest wait of a server's that is waited, in seconds, and by which share it may be longer."""
    told = json.loads(_machine.RetryPolicy().to_json())["hints"]
    return float(told["cap"]), float(told["jitter"])


def _check_numbers(deadline: Any, max_response_bytes: Any) -> None:
    """Tells of a number that cannot be taken where it is given, not when it is first used."""
    if deadline is not None or max_response_bytes is not None:
        _machine.Plan("GET", deadline=deadline, max_response_bytes=max_response_bytes)


class _Ticket:
    """One round of a call under `retry_args`, on its way from `run_with_advanced_retry` to the loops that it comes to.

    It is held by no hook: it is seen by whoever runs in the same context between the two, and by nothing that a loop runs.
    """

    def __init__(
        self,
        hook: HttpHook,
        retries: Retries | None,
        policy: _machine.RetryPolicy,
        seeds: list[int],
        begun: float,
    ) -> None:
        self.hook = hook
        self.retries = retries
        self.policy = policy
        self.loops: list[_AirflowLoop] = []
        self.ended: BaseException | None = None
        self._seeds = seeds
        self._begun = begun

    def seed(self) -> int:
        """Returns what decides the random choices of the next call: the same in each round, so that a key stays what it is."""
        place = len(self.loops)
        while len(self._seeds) <= place:
            self._seeds.append(secrets.randbits(64))
        return self._seeds[place]

    def left(self, deadline: float | None) -> float | None:
        """Returns what is left of a deadline, which is that of all rounds."""
        return None if deadline is None else max(deadline - (time.monotonic() - self._begun), 0.001)

    def failure(self) -> _machine.Failure | None:
        """Returns the failure of the last call, if it failed."""
        return self.loops[-1].call.failure if self.loops else None

    def may_repeat(self) -> bool:
        """Whether all that was sent may be sent again."""
        return all(loop.may_repeat() for loop in self.loops)


_TICKET: ContextVar[_Ticket | None] = ContextVar("http_hook_ticket", default=None)


_OF_A_CONNECTION = ("conn_id", "conn_type", "host", "schema", "login", "password", "port")


class _Ready(Hidden[Any]):
    """What a connection was made ready of, and what of it. A copy has none: it makes its own."""

    def __reduce__(self) -> Any:
        return _Ready, (None,)


class HttpHook(_HttpHook):
    """Takes the place of the provider's `HttpHook`.

    The arguments, attributes, log lines and exceptions are the original's; every exception of a call has a `Failure` in its attribute
    `failure`. Redirects leak nothing, `Retry-After` counts, calls have limits of time, and a POST is sent once unless it carries a key
    or may be sent again.

    :param preset: `usual`, or `airflow` for the original's limits; also the class attribute `preset`, and the environment's
        `HTTP_HOOK_PRESET`.
    :param policy: when to send again: a `RetryPolicy`, its JSON or a dict. Default: the connection's, else never.
    :param deadline: seconds for the whole call: sends, waits, redirects.
    :param idempotency_key: whether each call carries an `Idempotency-Key`, and so may be sent again.
    :param max_response_bytes: the largest body that is read, 64 MiB by default.
    :param keep_session: whether session and connection are kept from the first call on, until `close`: less work for each call, and
        sockets stay open. Cookies are kept by no session: each call has its own.
    :param transport: `"ureq"`, or a `http_hook.ureq.UreqTransport` to be shared: requests go by it in place of the session. Only in a
        wheel that was built with it; adapters, `auth` objects, bodies that are streamed and content codings need a session.
    """

    conn_type = "http_hook"
    hook_name = "HTTP (http-hook)"
    preset: str | None = None
    # Also of a subclass that does without this constructor.
    policy: Any = None
    deadline: float | None = None
    idempotency_key = False
    max_response_bytes: int | None = None
    keep_session = False
    transport: Any = None
    _kept: requests.Session | None = None
    _cookies: Any = ()
    _made: _machine.Hook | None = None
    _process: int | None = None
    _ready = _Ready(None)
    _connection: Any = Held()
    _usual_base: str | None = None

    def __init__(
        self,
        *args: Any,
        preset: str | None = None,
        policy: Any = None,
        deadline: float | None = None,
        idempotency_key: bool = False,
        max_response_bytes: int | None = None,
        keep_session: bool = False,
        transport: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if preset is not None:
            self.preset = preset
        self.policy = policy
        self.deadline = deadline
        self.idempotency_key = idempotency_key
        self.max_response_bytes = max_response_bytes
        _check_numbers(deadline, max_response_bytes)
        self.keep_session = keep_session
        self.transport = None if transport is None else named(transport)

    def __getstate__(self) -> dict[str, Any]:
        # Connections stay where they are; the adapter of the original cannot be written.
        state = {name: value for name, value in self.__dict__.items() if name not in ("_kept", "_made", "_process")}
        adapter: Any = state.get("keep_alive_adapter")
        if type(adapter) is TCPKeepAliveAdapter:
            state["keep_alive_adapter"] = adapter.socket_options
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        told = state.get("keep_alive_adapter")
        if isinstance(told, list):
            self.keep_alive_adapter = adapter = TCPKeepAliveAdapter()
            adapter.socket_options = told
            renewed(adapter)

    def __copy__(self) -> HttpHook:
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    def _set_base_url(self, connection: Any) -> None:
        # Looked up once: a connection can be far away.
        self._connection = connection
        super()._set_base_url(connection)
        self._usual_base = self.base_url

    def run(
        self,
        endpoint: str | None = None,
        data: Any = None,
        headers: dict[str, Any] | None = None,
        extra_options: dict[str, Any] | None = None,
        **request_kwargs: Any,
    ) -> Any:
        """Makes a call, as the original's method of this name."""
        ticket = self._ticket()
        # What is run from here on makes calls of its own.
        token = _TICKET.set(None)
        try:
            return self._run(ticket, endpoint, data, headers, extra_options or {}, request_kwargs)
        finally:
            _TICKET.reset(token)

    def _ticket(self) -> _Ticket | None:
        ticket = _TICKET.get()
        return ticket if ticket is not None and ticket.hook is self else None

    def _run(
        self,
        ticket: _Ticket | None,
        endpoint: str | None,
        data: Any,
        headers: dict[str, Any] | None,
        extra_options: dict[str, Any],
        request_kwargs: dict[str, Any],
    ) -> Any:
        session = self._session(headers, extra_options)
        # Another call may change what the hook says of itself; only a subclass has anything to say there.
        connection, merged = self._connection, self.merged_extra
        if connection is not None and not self.keep_session and self._merges_as_usual():
            merged = {}
            if extra_options or connection.extra:
                merged = _process_extra_options_from_connection(conn=connection, extra_options=extra_options)[1]
        _check(self.method, request_kwargs)
        call = (session, connection, merged, data, headers, extra_options, request_kwargs)
        if not self._srv_lookup_enabled:
            base, endpoint = self._asked(endpoint)
            return self._run_at(ticket, base, endpoint, *call)
        bases = self._get_srv_base_urls()
        for number, base in enumerate(bases, start=1):
            try:
                return self._run_at(ticket, base, endpoint, *call)
            except requests.exceptions.ConnectionError as error:
                if number == len(bases) or not _is_connect_failure(error):
                    raise
                self.log.warning("Could not connect to %s, failing over to the next SRV target", base)
        return None

    def _merges_as_usual(self) -> bool:
        kind, own = type(self), self.__dict__
        return (
            kind.get_conn is HttpHook.get_conn
            and kind._configure_session_from_extra is HttpHook._configure_session_from_extra
            and "get_conn" not in own
            and "_configure_session_from_extra" not in own
        )

    def _asked(self, endpoint: str | None) -> tuple[str | None, str | None]:
        """Returns where a subclass leads to in place of the connection's URL, if it does, and the endpoint there."""
        if type(self).url_from_endpoint is not _HttpHook.url_from_endpoint:
            url = urlsplit(self.url_from_endpoint(endpoint))
            return f"{url.scheme}://{url.netloc}", url.path + (f"?{url.query}" if url.query else "")
        base: str = self.base_url
        return (None if base == self._usual_base else base), endpoint

    def _session(self, headers: dict[str, Any] | None, extra_options: dict[str, Any]) -> requests.Session:
        self._forked()
        if not self.keep_session:
            self.merged_extra = {}
            self._connection = None
            return self.get_conn(headers, extra_options)
        if self._kept is None:
            # Nothing of one call stays for the next.
            self._kept = self.get_conn(None, {})
            self._made = None
            self._cookies = self._kept.cookies.copy()
        elif len(self._kept.cookies) or len(self._cookies):
            # What answers set is their call's alone, also in the place of a cookie that was there.
            self._kept.cookies = self._cookies.copy()
        return self._kept

    def _forked(self) -> None:
        """Lets a process that was forked have connections of its own: an answer to one is read by no other."""
        process = os.getpid()
        if self._process not in (None, process):
            self._kept, self._made = None, None
            for adapter in (getattr(self, "adapter", None), getattr(self, "keep_alive_adapter", None)):
                if isinstance(adapter, HTTPAdapter):
                    renewed(adapter)
        self._process = process

    def close(self) -> None:
        """Closes the session that is kept, if one is; the next call makes another, of the connection as it is then."""
        kept, self._kept, self._made = self._kept, None, None
        if kept is not None:
            kept.close()

    def _run_at(
        self,
        ticket: _Ticket | None,
        base: str | None,
        endpoint: str | None,
        session: requests.Session,
        connection: Any,
        merged: dict[str, Any],
        data: Any,
        headers: dict[str, Any] | None,
        extra_options: dict[str, Any],
        request_kwargs: dict[str, Any],
    ) -> Any:
        if connection is None:
            connection = self.get_connection(self.http_conn_id)
        given = dict(request_kwargs)
        auth = given.pop("auth", None)
        scheme, shown = self._session_auth(session, connection)
        if auth is not None:
            shown = None
        configured = bool(connection.extra or extra_options)
        lines = _session_lines(session)
        hook = self._made if self._kept is not None and base is None else None
        if hook is None:
            hook = self._machine_hook(base, session, connection, scheme, lines, None if self.keep_session else headers)
            if self._kept is not None and base is None:
                self._made = hook
        plan, rest = planned(
            self.method,
            endpoint,
            data=data,
            headers=_texts(headers),
            options=self._session_options(session, extra_options, merged if configured else {}),
            auth=auth,
            policy=None if ticket is None else ticket.policy,
            deadline=self.deadline if ticket is None else ticket.left(self.deadline),
            idempotency_key=self.idempotency_key or _has_key(headers),
            jar=getattr(session, "cookies", None),
            **_with_params(given, session),
        )
        rest["auth"] = rest["auth"] or shown
        rest["spelled"] = _spelled(lines, headers)
        names = _session_names(session)
        if names is not None:
            rest["keeps_alive"] = "connection" in names
            if "cookie" in names:
                rest["jars"] = ()
        call = call_of(hook, plan, None if ticket is None else ticket.seed())
        kind = _AirflowLoop if self.transport is None else _TransportLoop
        loop = kind(call, session, self, ticket=ticket, **rest)
        asked = loop.begin()
        if not isinstance(asked, _machine.Send):
            return loop.run()
        self.log.debug("Sending '%s' to url: %s", self.method, self.base_url)
        prepared = loop.prepare(asked)
        setattr(prepared, _LOOP, loop)
        if self.keep_session:
            merged = {**merged, **extra_options}
        # A subclass may send it more than once.
        token = _TICKET.set(ticket)
        try:
            return self.run_and_check(session, prepared, merged)
        finally:
            _TICKET.reset(token)

    def _machine_hook(
        self,
        base: str | None,
        session: requests.Session,
        connection: Any,
        scheme: Any,
        lines: list[tuple[str, Any]],
        headers: dict[str, Any] | None,
    ) -> _machine.Hook:
        """Makes a connection ready; of one that says nothing but where and by whom, that of the call before if nothing is otherwise.

        Policies and schemes of other kinds count, or keep what came: that is for one call.
        """
        preset = self.preset or usual_preset()
        environment = self._environment(session, connection, scheme)
        same: Any = None
        kept = scheme is None or scheme == "none" or (isinstance(scheme, tuple) and scheme[0] == "basic")
        if kept and not connection.extra and self.policy is None:
            same = [base, scheme, lines, environment, preset, self.transport]
            same += [self.default_host, self.max_response_bytes]
            same += [tuple(headers or ()), tuple(_session_names(session) or ())]
            same += [getattr(connection, name) for name in _OF_A_CONNECTION]
            before = self._ready.value
            if before is not None and before[0] == same:
                return before[1]  # type: ignore[no-any-return]
        hook = _machine.Hook(
            machine_connection(connection, base=base),
            client="session" if self.transport is None else "ureq",
            preset=preset,
            auth=scheme,
            default_host=self.default_host or None,
            policy=_policy(self.policy),
            max_response_bytes=self.max_response_bytes,
            **self._session_headers(session, lines, connection, headers),
            **environment,
        )
        self._ready = _Ready(None if same is None else (same, hook))
        return hook

    def run_and_check(
        self, session: requests.Session, prepped_request: requests.PreparedRequest, extra_options: dict[Any, Any]
    ) -> Any:
        """Sends a request, follows its redirects, and checks what comes back.

        Of a request that `run` has not made, what its headers say goes to its origin alone.
        """
        loop = getattr(prepped_request, "__dict__", {}).get(_LOOP)
        if isinstance(loop, _AirflowLoop):
            delattr(prepped_request, _LOOP)
        else:
            loop = self._foreign(self._ticket(), session, prepped_request, extra_options)
        loop.session = session
        loop.prepared = prepped_request
        loop.checks = bool(extra_options.get("check_response", True))
        loop.allow_redirects = extra_options.get("allow_redirects", True)
        return loop.run()

    def _foreign(
        self,
        ticket: _Ticket | None,
        session: requests.Session,
        request: requests.PreparedRequest,
        extra_options: dict[Any, Any],
    ) -> _AirflowLoop:
        """Makes a call of a request that somebody else prepared."""
        url = urlsplit(str(request.url))
        target = url.path + (f"?{url.query}" if url.query else "")
        headers = [
            (name, _header_text(value))
            for name, value in (request.headers or {}).items()
            if name.lower() not in ("connection", "content-length", "transfer-encoding", "host")
        ]
        body = request.body
        source = body if body is not None and not isinstance(body, (str, bytes)) else None
        hook = _machine.Hook(
            _machine.Connection(host=f"{url.scheme}://{url.netloc}"),
            client="session",
            preset=self.preset or usual_preset(),
            auth="none",
            headers=headers,
            policy=_policy(self.policy),
            max_response_bytes=self.max_response_bytes,
            **self._environment(session, None, "none"),
        )
        external: dict[str, Any] = {"external": True} if source is not None else {}
        plan, rest = planned(
            str(request.method),
            target,
            data=None if source is not None else body,
            options=self._session_options(session, dict(extra_options), self.merged_extra),
            policy=None if ticket is None else ticket.policy,
            deadline=self.deadline if ticket is None else ticket.left(self.deadline),
            **external,
        )
        rest["source"] = source
        call = call_of(hook, plan, None if ticket is None else ticket.seed())
        loop = _AirflowLoop(call, session, self, ticket=ticket, **rest)
        _adopt(request, loop)
        return loop

    def run_with_advanced_retry(self, _retry_args: dict[Any, Any], *args: Any, **kwargs: Any) -> Any:
        """Makes a call that is sent again as `_retry_args` say: tenacity's arguments, or a policy as a dict of data.

        What the server asks for counts besides, and whether a request may be sent twice. The strategies see what the call came to. An
        exception that code around the call raises, such as a subclass's own `run_and_check` or a response hook, is tenacity's to judge
        as in the original; a policy of data knows none, and it ends the call.
        """
        if _is_policy(_retry_args):
            self._retry_obj = tenacity.Retrying()
            return self._rounds(None, _machine.RetryPolicy(_retry_args), _retry_args, args, kwargs)
        self._retry_obj = retrying = tenacity.Retrying(**_retry_args)
        if not retrying.enabled:
            return self.run(*args, **kwargs)
        retries = Retries(retrying, hints=self._hints())
        # What code decides on cannot be data.
        own_check = not _is_ours(self, "check_response")
        policy = retries.policy(_retry_args, data=not own_check)
        retries.begin(self.run, args, kwargs)
        return self._rounds(retries, policy, _retry_args, args, kwargs)

    def _hints(self) -> bool:
        return (self.preset or usual_preset()) != "airflow"

    def _rounds(
        self,
        retries: Retries | None,
        policy: _machine.RetryPolicy,
        arguments: dict[Any, Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Runs the call, and runs it again while tenacity says so of what the machine does not see.

        A plain class needs one round: its loop sends as often as it may. Where a subclass has a part in the call each attempt is a round.
        """
        seeds: list[int] = []
        begun = time.monotonic()
        each_time = retries is not None and not all(_is_ours(self, name) for name in _EACH_TIME)
        while True:
            if each_time and retries is not None:
                retries.attempt()
                ticket = _Ticket(self, None, _machine.RetryPolicy(_ONCE), seeds, begun)
            else:
                ticket = _Ticket(self, retries, policy, seeds, begun)
            value: Any = None
            error: Exception | None = None
            token = _TICKET.set(ticket)
            try:
                value = self.run(*args, **kwargs)
            except Exception as raised:
                error = raised
            finally:
                _TICKET.reset(token)
            # Of what a loop has ended with the strategies have had their say.
            told = error is ticket.ended if error is not None else True
            if retries is None or (told and not each_time):
                if error is not None:
                    raise error
                return value
            if retries.data:
                # From here on tenacity's own state counts.
                policy = retries.policy(arguments, data=False)
                retries.data = False
            ended, outcome = self._judged(retries, ticket, value, error)
            if ended:
                return outcome

    def _judged(self, retries: Retries, ticket: _Ticket, value: Any, error: Exception | None) -> tuple[bool, Any]:
        """Asks tenacity of a round; waits if there is to be another one, else ends as it does."""
        failure = ticket.failure()
        retries.outcome = lambda: (value, error)

        def ended() -> tuple[bool, Any]:
            if error is not None:
                raise error
            return True, value

        if not retries._when():
            return ended()
        seconds = retries._wait()
        if retries._stop(seconds):
            note = None if failure is None else functools.partial(_noted, failure)
            return True, retries.gave_up(note)
        if not ticket.may_repeat():
            return ended()
        if failure is not None and failure.hint is not None and self._hints():
            cap, jitter = _usual_hints()
            if failure.hint > cap:
                return ended()
            # Not all at once, and never earlier.
            seconds = max(seconds, failure.hint * (1 + jitter * secrets.randbelow(1 << 16) / (1 << 16)))
        left = ticket.left(self.deadline)
        if left is not None and seconds >= left:
            return ended()
        retries.sleep(seconds)
        return False, None

    def test_connection(self) -> tuple[bool, str]:
        """Tests the connection without writing: with the method of the hook if it is safe, else with HEAD, or GET where HEAD is not
        allowed."""
        if self.method in ("GET", "HEAD", "OPTIONS", "TRACE"):
            return self._tested(self.run)
        # Whoever uses this hook meanwhile goes on with its method.
        probe = copy.copy(self)
        try:
            return self._tested(probe._run_safely)
        finally:
            self.base_url, self._base_url_initialized = probe.base_url, probe._base_url_initialized
            if probe._kept is not self._kept:
                probe.close()

    def _run_safely(self) -> None:
        self.method = "HEAD"
        try:
            self.run()
        except Exception as error:
            failure = getattr(error, "failure", None)
            if failure is None or failure.status not in (405, 501):
                raise
            self.method = "GET"
            self.run()

    @staticmethod
    def _tested(run: Callable[[], Any]) -> tuple[bool, str]:
        try:
            run()
        except Exception as error:
            return False, str(error)
        return True, "Connection successfully tested"

    def _session_auth(self, session: requests.Session, connection: Any) -> tuple[Any, Any]:
        """Tells what the machine does of the session's authentication, and what is left to an object."""
        auth = getattr(session, "auth", None)
        if auth is None:
            # A subclass may have taken it away.
            return ("none" if connection.login else None), None
        if type(auth) is HTTPProxyAuth:
            return "HTTPProxyAuth", None
        return auth_of(auth)

    def _session_headers(
        self, session: Any, lines: list[tuple[str, Any]], connection: Any, headers: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Tells which headers of a session lie under those of the connection, and which over them."""
        extra = {str(name).lower(): value for name, value in _extra(connection).items()}
        of_call = {str(name).lower() for name in headers or ()}
        low, high = [], []
        for name, value in lines:
            lower = name.lower()
            usual = _USUAL_HEADERS.get(lower)
            if lower in of_call or (lower == "connection" and usual is not None and value == usual[1]):
                continue
            if lower in extra and extra[lower] == value:
                continue
            if usual is not None and value == usual[1]:
                if self.transport is None or lower != "accept-encoding":
                    low.append((name, value))
            else:
                high.append((name, None if value is None else _header_text(value)))
        here = _session_names(session)
        if here is not None and (_USUAL_TO_SEND - here or not extra.keys() <= here):
            # What a subclass has taken out.
            here = here | of_call
            gone = _USUAL_TO_SEND - here
            high.extend((_USUAL_HEADERS[lower][0], None) for lower in sorted(gone))
            of_extra = _process_extra_options_from_connection(conn=connection, extra_options={})[0] if extra else {}
            high.extend((str(name), None) for name in of_extra if str(name).lower() not in here)
        if of_call:
            # What the call sets lies over them, and what it takes out is theirs.
            low.extend(line for lower, line in _USUAL_HEADERS.items() if lower in of_call and lower != "connection")
        return {"default_headers": low, "headers": high}

    def _session_options(
        self, session: requests.Session, extra_options: dict[str, Any], merged: dict[str, Any]
    ) -> dict[str, Any]:
        """Returns the options of the call, with what a subclass set on its session."""
        options = dict(extra_options)
        expected = _OF_A_SESSION
        if merged:
            expected = {
                "verify": merged.get("verify", merged.get("verify_ssl", True)),
                "cert": merged.get("cert"),
                "proxies": merged.get("proxies", merged.get("proxy", {})),
                "stream": merged.get("stream", False),
                "trust_env": merged.get("trust_env", True),
                "max_redirects": merged.get("max_redirects", requests.models.DEFAULT_REDIRECT_LIMIT),
            }
        for name, usual in expected.items():
            own = getattr(session, name, usual)
            if own != usual and isinstance(own, (bool, str, int, tuple, dict, type(None))):
                options[name] = own
        return options

    def _environment(self, session: requests.Session, connection: Any, scheme: Any) -> dict[str, Any]:
        if getattr(session, "trust_env", True) is False:
            return {}
        told: dict[str, Any] = {"environment": _environment.variables()}
        if scheme is None and connection is not None and not connection.login:
            told["netrc"] = _environment.netrc()
        return told


class _AirflowLoop(Loop):
    """The loop of a hook: its checks, its log lines, its exceptions."""

    def __init__(
        self,
        call: _machine.Call,
        session: requests.Session,
        hook: HttpHook,
        *,
        ticket: _Ticket | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(call, session, **rest)
        self.hook = hook
        self.checks = True
        self.ticket = ticket
        self.retries = None if ticket is None else ticket.retries
        self._checked: tuple[Any, Exception | None] | None = None
        self._sent = 0
        self._repeatable = True
        if ticket is not None:
            ticket.loops.append(self)
        if self.retries is not None:
            self.retries.outcome = self.outcome

    def run(self) -> Any:
        # Code of the caller's that is run meanwhile makes calls of its own.
        token = _TICKET.set(None)
        try:
            return super().run()
        except Exception as error:
            if self.ticket is not None and error is not self.of_attempt:
                self.ticket.ended = error
            raise
        finally:
            _TICKET.reset(token)

    def may_repeat(self) -> bool:
        """Whether what was sent may be sent again in another round."""
        if self._sent == 0 or self._repeatable:
            return True
        failure = self.call.failure
        if failure is None or self.history or self.source is not None:
            return False
        return failure.sent == "no" or failure.status in (421, 425)

    def attempt(self, send: _machine.Send) -> None:
        self._checked = None
        if self.retries is not None:
            self.retries.attempt()

    def exchange(self, send: _machine.Send) -> Any:
        if self.ticket is not None:
            self._sent += 1
            self._repeatable = self._repeatable and self.call.repeatable
        asked = super().exchange(send)
        if isinstance(self.error, requests.exceptions.ConnectionError):
            self.hook.log.warning("%s Tenacity will retry to execute the operation", self.error)
        return asked

    def wait(self, wait: _machine.Wait) -> None:
        of_attempt = wait.reason in ("backoff", "hint")
        if self.checks and self.response is not None and of_attempt:
            # As the original, which says so after each attempt.
            error = self.check()
            if self.retries is None and not _is_ours(self.hook, "check_response"):
                if error is None:
                    # The hook's own check lets it pass.
                    self.call.cancel()
                    self._judged = False
                    return
                if not isinstance(error, (AirflowException, requests.exceptions.RequestException)):
                    # That is no word on the answer.
                    self.of_attempt = error
                    raise error
        if self.retries is None or not of_attempt:
            time.sleep(wait.seconds)
        else:
            self.retries.sleep(wait.seconds)

    def check(self) -> Exception | None:
        """Asks the hook's check of the last response, once."""
        if self._checked is None or self._checked[0] is not self.response:
            error = None
            try:
                if self.checks:
                    self.hook.check_response(self.response)
            except Exception as raised:
                error = raised
                if self._shown is not None:
                    redacted(error, str(getattr(self.response, "url", "")).partition("#")[0], self._shown)
            self._checked = (self.response, error)
        return self._checked[1]

    def outcome(self) -> tuple[Any, Exception | None]:
        """Tells what the last attempt came to."""
        if self.error is not None:
            return None, self.error
        error = self.check()
        return (None, error) if error is not None else (self.response, None)

    def accepted(self) -> Any:
        error = self.check()
        if error is not None:
            raise error
        if self.retries is not None:
            self.retries._take()
        return self.response

    def failed(self, failure: _machine.Failure) -> Any:
        note: Callable[[Any], None] = functools.partial(_noted, failure)
        if self.retries is not None and self.gives_up(failure) and (self.error or self.response) is not None:
            return self.retries.gave_up(note)
        if failure.cause == "response":
            error = self.check()
            if error is None:
                # The hook's own check lets it pass.
                return self.response
            raise with_failure(error, failure)
        if failure.cause == "transport" and self.error is not None:
            raise with_failure(self.error, failure)
        raise with_failure(of_failure(failure, self.response), failure)

    def gives_up(self, failure: _machine.Failure) -> bool:
        """Whether it was the strategy that stopped the call."""
        if failure.reason in ("stopped", "attempts"):
            return True
        return failure.reason == "deadline" and self.hook.deadline is None


class _TransportLoop(OverTransport, _AirflowLoop):
    """The same over a transport of the package's own."""

    def __init__(self, call: _machine.Call, session: requests.Session, hook: HttpHook, **rest: Any) -> None:
        super().__init__(call, session, hook, **rest)
        self.transport = hook.transport


def _is_ours(hook: HttpHook, name: str) -> bool:
    """Whether a hook does something as this class does, and not in a way of its own."""
    if name in hook.__dict__:
        return False
    return inspect.getattr_static(type(hook), name) is inspect.getattr_static(HttpHook, name)


def _noted(failure: _machine.Failure, error: Any) -> None:
    if isinstance(error, BaseException):
        with_failure(error, failure)


def _session_lines(session: Any) -> list[tuple[str, Any]]:
    headers = getattr(session, "headers", {})
    # What is behind the dict of requests, which would look each name up anew.
    store = getattr(headers, "_store", None)
    lines = store.values() if isinstance(store, dict) else headers.items()
    return [line if isinstance(line[0], str) else (_header_text(line[0]), line[1]) for line in lines]


def _session_names(session: Any) -> Set[str] | None:
    """Returns the names of the headers of a session, in lower case; `None` of a stand-in that has none to say."""
    headers = getattr(session, "headers", None)
    store = getattr(headers, "_store", None)
    if isinstance(store, dict):
        return store.keys()
    return {str(_header_text(name)).lower() for name in headers} if isinstance(headers, Mapping) else None


def _spelled(lines: list[tuple[str, Any]], headers: dict[str, Any] | None) -> dict[str, str]:
    """Returns the spelling of names that are not written as usual."""
    given = [name for name, _ in lines if name not in _USUAL_NAMES]
    given.extend(map(_header_text, headers or ()))
    return {name.lower(): name for name in given if name != name.title()}


def _adopt(request: requests.PreparedRequest, loop: Loop) -> None:
    """Lets the loop read and lead a request that somebody else prepared."""
    if isinstance(request, requests.PreparedRequest):
        hooks = dict(request.hooks or {})
        hooks["response"] = [loop.kept, *(OwnHook(loop, one) for one in hooks.get("response") or ())]
        request.hooks = hooks
        setattr(request, MARK, True)


def _check(method: str, request_kwargs: dict[str, Any]) -> None:
    for name in request_kwargs:
        if name not in _KWARGS:
            raise TypeError(f"Request.__init__() got an unexpected keyword argument {name!r}")
    if method == "GET" and "params" in request_kwargs:
        raise TypeError("Request() got multiple values for keyword argument 'params'")


def _policy(policy: Any) -> _machine.RetryPolicy | None:
    if policy is None or isinstance(policy, _machine.RetryPolicy):
        return policy
    return _machine.RetryPolicy(policy)


def _is_policy(arguments: dict[Any, Any]) -> bool:
    """Whether these are data in the form of a policy, and not tenacity's objects."""
    names = {"when", "once", "wait", "stop", "hints", "min_attempt", "on_exhausted", "attempt_header"}
    return bool(arguments) and set(arguments) <= names and not any(callable(value) for value in arguments.values())


def _texts(headers: dict[str, Any] | None) -> dict[str, Any] | None:
    if not headers:
        return None
    return {_header_text(name): None if value is None else _header_text(value, name) for name, value in headers.items()}


def _header_text(value: Any, name: Any = "") -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise requests.exceptions.InvalidHeader(
            f"Header part ({value!r}) from {(name, value)!r} must be of type str or bytes, not {type(value)}"
        )
    return value


def _extra(connection: Any) -> dict[str, Any]:
    extra = connection.extra_dejson if connection.extra else {}
    return extra if isinstance(extra, dict) else {}


def _with_params(given: dict[str, Any], session: requests.Session) -> dict[str, Any]:
    params = getattr(session, "params", None)
    # A session that prepares requests in a way of its own is asked for these.
    if isinstance(params, dict) and params and not overrides(session, "prepare_request"):
        own = given.get("params")
        given["params"] = {**params, **own} if isinstance(own, dict) else own or params
    return given


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
        _check_numbers(deadline, max_response_bytes)

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
            policy=_policy(hook.policy),
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
            headers=_texts(headers),
            options=options,
            async_arguments=self.arguments(),
            connection=None if connection is None else machine_connection(connection),
            preset=hook.preset or usual_preset(),
            policy=_policy(hook.policy),
            deadline=hook.deadline,
            idempotency_key=hook.idempotency_key or _has_key(headers),
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
    ) -> _AsyncAirflowLoop:
        """Makes the loop of a call."""
        plan, source, own = self.plan(endpoint, data, json, headers, extra_options)
        call = call_of(self.machine_hook(base), plan)
        return _AsyncAirflowLoop(self, call, source, own, isinstance(data, str) and self.method != "GET")


class _AsyncAirflowLoop(_aiohttp.Loop):
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


_UNSUPPORTED = {"stream", "cert", "trust_env"}
_OPTIONS = frozenset(
    {"proxies", "proxy", "timeout", "verify", "verify_ssl", "allow_redirects", "max_redirects", "check_response"}
)


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


def _has_key(headers: dict[str, Any] | None) -> bool:
    """Whether the caller gives a key of his own, which makes a request one that may be sent again."""
    return any(str(name).lower() == "idempotency-key" and value for name, value in (headers or {}).items())
