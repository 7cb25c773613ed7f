"""Airflow's hooks over the machine: subclasses of the installed provider's, so that whatever looks at them still may."""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
from airflow.providers.http.hooks.http import HttpHook as _HttpHook
from airflow.providers.http.hooks.http import _is_connect_failure, _process_extra_options_from_connection
from requests.adapters import HTTPAdapter
from requests_toolbelt.adapters.socket_options import TCPKeepAliveAdapter  # type: ignore[import-untyped]

from http_hook import _machine
from http_hook._loop import call_of
from http_hook._requests_plan import planned
from http_hook._requests_session import renewed
from http_hook._told import Held, Hidden
from http_hook.airflow import _session
from http_hook.airflow._async_hook import HttpAsyncHook
from http_hook.airflow._given import (
    check_arguments,
    check_numbers,
    has_key,
    is_policy,
    policy_of,
    texts,
    usual_preset,
)
from http_hook.airflow._loops import LOOP, AirflowLoop, TransportLoop, adopted
from http_hook.airflow._rounds import TICKET, Ticket, rounds
from http_hook.airflow.connections import machine_connection
from http_hook.tenacity import Retries
from http_hook.ureq import named

__all__ = ["HttpAsyncHook", "HttpHook"]


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
        check_numbers(deadline, max_response_bytes)
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
        token = TICKET.set(None)
        try:
            return self._run(ticket, endpoint, data, headers, extra_options or {}, request_kwargs)
        finally:
            TICKET.reset(token)

    def _ticket(self) -> Ticket | None:
        ticket = TICKET.get()
        return ticket if ticket is not None and ticket.hook is self else None

    def _run(
        self,
        ticket: Ticket | None,
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
        check_arguments(self.method, request_kwargs)
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
        ticket: Ticket | None,
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
        scheme, shown = _session.scheme_of(session, connection)
        if auth is not None:
            shown = None
        configured = bool(connection.extra or extra_options)
        lines = _session.lines_of(session)
        hook = self._made if self._kept is not None and base is None else None
        if hook is None:
            hook = self._machine_hook(base, session, connection, scheme, lines, None if self.keep_session else headers)
            if self._kept is not None and base is None:
                self._made = hook
        plan, rest = planned(
            self.method,
            endpoint,
            data=data,
            headers=texts(headers),
            options=_session.options_of(session, extra_options, merged if configured else {}),
            auth=auth,
            policy=None if ticket is None else ticket.policy,
            deadline=self.deadline if ticket is None else ticket.left(self.deadline),
            idempotency_key=self.idempotency_key or has_key(headers),
            jar=getattr(session, "cookies", None),
            **_session.with_params(given, session),
        )
        rest["auth"] = rest["auth"] or shown
        rest["spelled"] = _session.spelled(lines, headers)
        names = _session.names_of(session)
        if names is not None:
            rest["keeps_alive"] = "connection" in names
            if "cookie" in names:
                rest["jars"] = ()
        call = call_of(hook, plan, None if ticket is None else ticket.seed())
        kind = AirflowLoop if self.transport is None else TransportLoop
        loop = kind(call, session, self, ticket=ticket, **rest)
        asked = loop.begin()
        if not isinstance(asked, _machine.Send):
            return loop.run()
        self.log.debug("Sending '%s' to url: %s", self.method, self.base_url)
        prepared = loop.prepare(asked)
        setattr(prepared, LOOP, loop)
        if self.keep_session:
            merged = {**merged, **extra_options}
        # A subclass may send it more than once.
        token = TICKET.set(ticket)
        try:
            return self.run_and_check(session, prepared, merged)
        finally:
            TICKET.reset(token)

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
        environment = _session.environment_of(session, connection, scheme)
        same: Any = None
        kept = scheme is None or scheme == "none" or (isinstance(scheme, tuple) and scheme[0] == "basic")
        if kept and not connection.extra and self.policy is None:
            same = [base, scheme, lines, environment, preset, self.transport]
            same += [self.default_host, self.max_response_bytes]
            same += [tuple(headers or ()), tuple(_session.names_of(session) or ())]
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
            policy=policy_of(self.policy),
            max_response_bytes=self.max_response_bytes,
            **_session.headers_of(session, lines, connection, headers, decodes=self.transport is None),
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
        loop = getattr(prepped_request, "__dict__", {}).get(LOOP)
        if isinstance(loop, AirflowLoop):
            delattr(prepped_request, LOOP)
        else:
            loop = adopted(self, self._ticket(), session, prepped_request, extra_options)
        loop.session = session
        loop.prepared = prepped_request
        loop.checks = bool(extra_options.get("check_response", True))
        loop.allow_redirects = extra_options.get("allow_redirects", True)
        return loop.run()

    def run_with_advanced_retry(self, _retry_args: dict[Any, Any], *args: Any, **kwargs: Any) -> Any:
        """Makes a call that is sent again as `_retry_args` say: tenacity's arguments, or a policy as a dict of data.

        What the server asks for counts besides, and whether a request may be sent twice. The strategies see what the call came to. An
        exception that code around the call raises, such as a subclass's own `run_and_check` or a response hook, is tenacity's to judge
        as in the original; a policy of data knows none, and it ends the call.
        """
        if is_policy(_retry_args):
            self._retry_obj = tenacity.Retrying()
            return rounds(self, None, _machine.RetryPolicy(_retry_args), _retry_args, args, kwargs)
        self._retry_obj = retrying = tenacity.Retrying(**_retry_args)
        if not retrying.enabled:
            return self.run(*args, **kwargs)
        retries = Retries(retrying, hints=self._hints())
        # What code decides on cannot be data.
        own_check = not self._is_ours("check_response")
        policy = retries.policy(_retry_args, data=not own_check)
        retries.begin(self.run, args, kwargs)
        return rounds(self, retries, policy, _retry_args, args, kwargs)

    def _is_ours(self, name: str) -> bool:
        """Whether this does something as this class does, and not in a way of its own."""
        if name in self.__dict__:
            return False
        return inspect.getattr_static(type(self), name) is inspect.getattr_static(HttpHook, name)

    def _hints(self) -> bool:
        return (self.preset or usual_preset()) != "airflow"

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
