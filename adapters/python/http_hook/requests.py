"""Calls over a session of requests: the machine decides, the session sends.

    hook = HttpHook("https://user:password@api.example.com", policy=RetryPolicy())
    response = hook.get("v1/orders", params={"limit": 50})

Responses are requests' own; what went wrong is an exception of requests with a `Failure` in its attribute `failure`.
"""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from http_hook import _environment, _machine
from http_hook._arguments import OfHook, OfRequests, Unpack
from http_hook._loop import call_of
from http_hook._made import MadeAgain
from http_hook._requests_errors import InvalidRequest, ResponseTooLarge
from http_hook._requests_loop import Loop
from http_hook._requests_plan import planned
from http_hook._requests_session import KeepAlive, layer_of, with_params
from http_hook._told import Hidden

__all__ = ["HttpHook", "InvalidRequest", "Loop", "ResponseTooLarge"]


class HttpHook(MadeAgain):
    """Calls through a connection: a URI, or a `Connection`.

    `policy` says when to send again (default: never), `preset` is `usual` or `airflow`, `session` a session of the caller's, which
    is left open; other keywords are those of `Hook`. Proxies, authorities and the netrc of the environment hold unless
    `trust_env` is false. Not to be shared by threads that are given one session which is not safe to share.

    Of a session of the caller's, headers, `auth`, `params`, cookies, hooks and options (`verify`, `cert`, `proxies`, `stream`,
    `max_redirects`, a `trust_env` that is false) hold as well.
    Its headers and credentials count as the connection's: they lie over those that are stored, and go to its origin only.
    """

    def __init__(
        self,
        connection: str | _machine.Connection,
        *,
        policy: _machine.RetryPolicy | None = None,
        preset: str = "usual",
        session: requests.Session | None = None,
        trust_env: bool = True,
        **options: Unpack[OfHook],
    ) -> None:
        if trust_env and getattr(session, "trust_env", True):
            _environment.fill(options)
        # What requests undoes by itself, it may ask for.
        usual = requests.utils.default_headers()
        options.setdefault("default_headers", [("Accept-Encoding", usual["Accept-Encoding"])])
        client = "requests" if session is None else "session"
        made_of: dict[str, Any] = {
            "connection": connection,
            "policy": policy,
            "preset": preset,
            "client": client,
            **options,
        }
        self._make(made_of)
        self._over: Hidden[tuple[str, _machine.Hook]] | None = None
        self._own = session is None
        self.session = self._made() if session is None else session

    @staticmethod
    def _made() -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        # Each call has its own cookies; what servers set would stay here for good, and be of no use.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("http://", "https://"):
            session.mount(scheme, KeepAlive(120, 30, 20))
        return session

    def __getstate__(self) -> dict[str, Any]:
        # A session of its own has nothing but connections.
        return {**super().__getstate__(), "_over": None, "session": None if self._own else self.session}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if self._own:
            self.session = self._made()

    def __enter__(self) -> HttpHook:
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the session, unless it is the caller's."""
        if self._own:
            self.session.close()

    def run(self, method: str, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a call.

        `data`, `params`, `json`, `headers`, `files`, `cookies`, `auth`, `allow_redirects`, `cert`, `proxies`, `stream`, `verify`
        are as in requests; `options` are named as Airflow's `extra_options`; `policy`, `retries`, `timeout` and `deadline` (seconds),
        `idempotency_key`, `allow_resend` and `max_response_bytes` are those of `Plan`. Raises an exception of requests with a
        `Failure` in its attribute `failure`.
        """
        hook, plan, rest = self._planned(method, endpoint, dict(arguments))
        call = call_of(hook, plan)
        return Loop(call, self.session, **rest).run()  # type: ignore[no-any-return]

    def _planned(
        self, method: str, endpoint: str, arguments: dict[str, Any]
    ) -> tuple[_machine.Hook, _machine.Plan, dict[str, Any]]:
        """Plans a call, over what a session of the caller's says."""
        if self._own:
            return self.hook, *planned(method, endpoint, **arguments)
        session = self.session
        layer, auth = layer_of(session)
        hook = self.hook
        if layer:
            key = repr(sorted(layer.items()))
            # Another thread may find that the session says something else.
            over = self._over
            if over is None or over.value[0] != key:
                self._over = over = Hidden((key, self._hook_over(layer)))
            hook = over.value[1]
        arguments = dict(arguments)
        arguments["params"] = with_params(session, arguments.get("params"))
        plan, rest = planned(method, endpoint, jar=getattr(session, "cookies", None), **arguments)
        if arguments.get("auth") is None and self._made_of.value.get("auth") is None:
            rest["auth"] = auth
        if any(name.lower() == "cookie" for name, _ in layer.get("headers", ())):
            rest["jars"] = ()
        rest["keeps_alive"] = "connection" not in layer.get("without", ())
        return hook, plan, rest

    def _hook_over(self, layer: dict[str, Any]) -> _machine.Hook:
        made_of = dict(self._made_of.value)
        own = made_of.get("headers") or []
        names = {name.lower() for name, _ in own}
        made_of["headers"] = [line for line in layer["headers"] if line[0].lower() not in names] + list(own)
        made_of["options"] = {**layer["options"], **(made_of.get("options") or {})}
        if made_of.get("auth") is None and layer["auth"] is not None:
            made_of["auth"] = layer["auth"]
        return _machine.Hook(**made_of)

    def get(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a GET; see `run`."""
        return self.run("GET", endpoint, **arguments)

    def head(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a HEAD; see `run`."""
        return self.run("HEAD", endpoint, **arguments)

    def post(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a POST; see `run`."""
        return self.run("POST", endpoint, **arguments)

    def put(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a PUT; see `run`."""
        return self.run("PUT", endpoint, **arguments)

    def patch(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a PATCH; see `run`."""
        return self.run("PATCH", endpoint, **arguments)

    def delete(self, endpoint: str = "", **arguments: Unpack[OfRequests]) -> requests.Response:
        """Makes a DELETE; see `run`."""
        return self.run("DELETE", endpoint, **arguments)

    def explain(self, method: str, endpoint: str = "", **arguments: Unpack[OfRequests]) -> str:
        """Tells of every part of a call which layer set it."""
        hook, plan, _ = self._planned(method, endpoint, dict(arguments))
        return hook.explain(plan)

    def to_curl(self, method: str, endpoint: str = "", **arguments: Unpack[OfRequests]) -> str:
        """Writes a call as a command of curl, secrets as variables of the shell."""
        hook, plan, _ = self._planned(method, endpoint, dict(arguments))
        return hook.to_curl(plan)
