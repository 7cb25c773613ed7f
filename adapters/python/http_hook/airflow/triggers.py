"""Triggers whose call goes on where it was when the triggerer dies.

Limits: without a key the outcome of a POST that was under way is unknown, so the task fails and says so; the same is said if the
triggerer died between keeping the progress and sending. An answer whose event was not yet written is lost. Two triggerers
at once, one of them stalled, may both send, unless the request carries a key.
"""

from __future__ import annotations

import asyncio
import json as _json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import requests
from airflow.providers.http.triggers.http import HttpEventTrigger as _HttpEventTrigger
from airflow.providers.http.triggers.http import (
    HttpResponseSerializer,
    deserialize_auth_type,
    serialize_auth_type,
)
from airflow.providers.http.triggers.http import HttpSensorTrigger as _HttpSensorTrigger
from airflow.providers.http.triggers.http import HttpTrigger as _HttpTrigger
from airflow.triggers.base import TriggerEvent
from requests.auth import AuthBase

from http_hook import _machine
from http_hook._aiohttp_loop import read
from http_hook._loop import call_of
from http_hook.airflow._async_hook import AsyncAirflowLoop, AsyncHttpSession, HttpAsyncHook
from http_hook.airflow._given import usual_preset
from http_hook.airflow.progress import Progress

__all__ = ["HttpEventTrigger", "HttpSensorTrigger", "HttpTrigger", "MayHaveBeenSent"]

_MAX_BODY = 64 << 20


class MayHaveBeenSent(Exception):
    """A request was under way when its triggerer stopped: it may have been sent already, and is not sent again."""


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def new_seed() -> str:
    """Draws what decides every random choice of a call, its key included, whatever `random` was seeded with."""
    return f"{secrets.randbits(64):016x}"


def credential_class(kind: Any) -> Any:
    """Returns the class that makes the credential of a trigger.

    It was found by the name in the trigger's arguments, which whoever writes them may choose. So it has to be a class that makes a
    credential: nothing else is called with login and password.
    """
    if kind is None:
        return aiohttp.BasicAuth
    of_client = isinstance(kind, type) and issubclass(kind, (AuthBase, aiohttp.BasicAuth))
    if of_client or (isinstance(kind, type) and callable(getattr(kind, "encode", None))):
        return kind
    raise TypeError(
        f"auth_type: {serialize_auth_type(kind)} makes no credential: a trigger takes a class over requests' AuthBase or "
        "aiohttp's BasicAuth, or one that has a method encode"
    )


def _data(policy: Any) -> Any:
    """Returns a policy as data, which the arguments of a trigger have to be."""
    return _json.loads(policy.to_json()) if isinstance(policy, _machine.RetryPolicy) else policy


class _OverMachine(_HttpTrigger):
    """A trigger whose hook is ours."""

    preset: str | None = None

    def _get_async_hook(self) -> HttpAsyncHook:
        return HttpAsyncHook(
            method=self.method,
            http_conn_id=self.http_conn_id,
            auth_type=credential_class(self.auth_type),
            preset=self.preset,
        )

    async def _get_response(self, hook: HttpAsyncHook) -> requests.Response:
        async with aiohttp.ClientSession() as session:
            response = await hook.run(
                session=session,
                endpoint=self.endpoint,
                data=self.data,
                headers=self.headers,
                extra_options=self.extra_options,
            )
            await read(response, _MAX_BODY)
            return await self._convert_response(response)


class HttpTrigger(_OverMachine):
    """Makes one call; takes the place of the provider's `HttpTrigger`.

    The arguments are the plan of the call and stay as they are, encrypted, as Airflow keeps the arguments of triggers. How far the
    call has come is kept in an XCom before each send and each wait.

    :param json: a value to be sent as JSON.
    :param seed: what decides every random choice of the call; drawn if it is not given.
    :param preset, policy, deadline, idempotency_key: as of `HttpHook`; the policy as a dict. A POST is sent at most once under any
        preset, unless it carries a key.
    """

    def __init__(
        self,
        http_conn_id: str = "http_default",
        auth_type: Any = None,
        method: str = "POST",
        endpoint: str | None = None,
        headers: dict[str, str] | None = None,
        data: Any = None,
        extra_options: dict[str, Any] | None = None,
        json: Any = None,
        seed: str | None = None,
        preset: str | None = None,
        policy: Any = None,
        deadline: float | None = None,
        idempotency_key: bool = False,
    ) -> None:
        super().__init__(http_conn_id, auth_type, method, endpoint, headers, data, extra_options)
        self.json = json
        self.seed = seed or new_seed()
        self.preset = preset
        self.policy = _data(policy)
        self.deadline = deadline
        self.idempotency_key = idempotency_key

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Returns class and arguments."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "http_conn_id": self.http_conn_id,
                "method": self.method,
                "auth_type": serialize_auth_type(self.auth_type),
                "endpoint": self.endpoint,
                "headers": self.headers,
                "data": self.data,
                "extra_options": self.extra_options,
                "json": self.json,
                "seed": self.seed,
                "preset": self.preset,
                "policy": self.policy,
                "deadline": self.deadline,
                "idempotency_key": self.idempotency_key,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Makes the call, or goes on with it."""
        progress = Progress(self.task_instance, self.seed)
        told: dict[str, Any] = {"progress_key": progress.key}
        try:
            async with aiohttp.ClientSession() as session:
                response = await self._response(session, progress)
            told.update(status="success", response=HttpResponseSerializer.serialize(response))
        except Exception as error:
            told.update(status="error", message=_says(error))
        # What is kept is deleted by the operator, when this is surely written.
        yield TriggerEvent(told)  # type: ignore[no-untyped-call]

    async def _response(self, session: aiohttp.ClientSession, progress: Progress) -> requests.Response:
        preset = self.preset or usual_preset()
        # Whatever the preset, what may not be sent twice is not; only its limits of time are taken over.
        hook = HttpAsyncHook(
            method=self.method,
            http_conn_id=self.http_conn_id,
            auth_type=credential_class(self.auth_type),
            preset="usual",
            policy=self.policy or _POLICY,
            deadline=self.deadline,
            idempotency_key=self.idempotency_key,
        )
        config = await hook.config()
        lent = AsyncHttpSession(hook=hook, request=hook._get_request_func(session=session), config=config)
        lent.session = session
        options = dict(self.extra_options or {})
        if preset == "airflow" and "timeout" not in (config.extra_options or {}):
            options.setdefault("timeout", None)
        base = (await hook._get_srv_base_urls_async())[0] if hook._srv_lookup_enabled else None
        plan, source, own = lent.plan(self.endpoint, self.data, self.json, self.headers, options, storable=True)
        call, first = await self._begun(lent.machine_hook(base), plan, progress)
        text = isinstance(self.data, str) and self.method.upper() != "GET"
        loop = _KeptLoop(lent, call, source, own, text)
        loop.progress, loop.storable = progress, first
        try:
            response = await loop.run()
        except Exception as error:
            failure = getattr(error, "failure", None)
            if loop.sent == 0 and failure is not None and failure.sent == "maybe":
                raise MayHaveBeenSent(f"{failure}: {MayHaveBeenSent.__doc__}") from error
            if isinstance(error, aiohttp.ClientResponseError):
                raise RuntimeError(f"{error.status}:{error.message}") from error
            raise
        await read(response, _MAX_BODY)
        return await self._convert_response(response)

    async def _begun(self, hook: _machine.Hook, plan: _machine.Plan, progress: Progress) -> tuple[_machine.Call, bool]:
        """Begins the call, or takes it up; tells whether its progress can be stored."""
        call = call_of(hook, plan, int(self.seed, 16))
        try:
            text = call.store_plan()
        except _machine.Error:
            text = None
        kept = await progress.get()
        if kept is None:
            return call, text is not None
        # Whoever wrote it: what cannot be read as it was written tells nothing, and then nobody knows what was sent.
        if (
            not isinstance(kept, dict)
            or type(kept.get("repeatable")) is not bool
            or not _is_count(kept.get("requests"))
        ):
            raise MayHaveBeenSent(f"the progress that was kept cannot be read: {MayHaveBeenSent.__doc__}")
        if "progress" in kept:
            if text is None or type(kept["progress"]) is not str:
                raise MayHaveBeenSent(f"the progress that was kept cannot be read: {MayHaveBeenSent.__doc__}")
            try:
                return _machine.Call.resume_parts(hook, text, kept["progress"], time.time()), True
            except _machine.Error as error:
                raise MayHaveBeenSent(f"{error}: {MayHaveBeenSent.__doc__}") from error
        if text is not None or not kept["repeatable"]:
            raise MayHaveBeenSent(MayHaveBeenSent.__doc__)
        # What was written may have been changed; what the call says of itself was not.
        begun = call_of(hook, plan, int(self.seed, 16))
        begun.step(time.time())
        if not begun.repeatable:
            raise MayHaveBeenSent(MayHaveBeenSent.__doc__)
        return call, False


class _KeptLoop(AsyncAirflowLoop):
    """A loop that keeps its call before each send and each wait."""

    progress: Progress
    storable = True
    sent = 0

    async def before(self, send: _machine.Send) -> None:
        await super().before(send)
        try:
            await self._keep()
        except Exception as error:
            self.call.withdraw("the progress of the call could not be kept: nothing was sent")
            raise RuntimeError("the progress of the call could not be kept: nothing was sent") from error
        self.sent += 1

    async def wait(self, wait: _machine.Wait) -> None:
        await self._keep()
        await super().wait(wait)

    async def _keep(self) -> None:
        kept: dict[str, Any] = {"repeatable": self.call.repeatable, "requests": self.call.requests}
        if self.storable:
            kept["progress"] = self.call.store_progress()
        await self.progress.set(kept)


# What the hook does by itself, and a request that broke off, for that is what one is that was under way when a triggerer stopped.
_POLICY = {
    "when": {
        "type": "any",
        "conditions": [
            {"type": "all", "conditions": [{"type": "check_failed"}, {"type": "status", "statuses": ["500-999"]}]},
            {"type": "error_kind", "kinds": ["interrupted"]},
        ],
    },
    "once": {"type": "never"},
    "wait": {"type": "fixed", "seconds": 1},
    "stop": {"type": "after_attempt", "max_attempts": 3},
}


def _says(error: Exception) -> str:
    return str(error) or type(error).__name__


class HttpSensorTrigger(_HttpSensorTrigger):
    """Asks until the answer passes; takes the place of the provider's `HttpSensorTrigger`.

    An answer whose text begins with one of `response_error_codes_allowlist` (`["404"]`) means “not yet”; any other failure ends it.
    Between two requests it waits, always.

    :param auth_type: the class that makes the credential.
    :param preset: as of `HttpHook`.
    """

    def __init__(
        self,
        *args: Any,
        auth_type: Any = None,
        response_error_codes_allowlist: list[str] | None = None,
        preset: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.auth_type = deserialize_auth_type(serialize_auth_type(auth_type))
        self.allowlist = ["404"] if response_error_codes_allowlist is None else list(response_error_codes_allowlist)
        self.preset = preset

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Returns class and arguments."""
        _, arguments = super().serialize()
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                **arguments,
                "auth_type": serialize_auth_type(self.auth_type),
                "response_error_codes_allowlist": self.allowlist,
                "preset": self.preset,
            },
        )

    def _get_async_hook(self) -> HttpAsyncHook:
        return HttpAsyncHook(
            method=self.method,
            http_conn_id=self.http_conn_id,
            auth_type=credential_class(self.auth_type),
            preset=self.preset,
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Asks, and waits, until the answer passes."""
        hook = self._get_async_hook()
        while True:
            try:
                async with aiohttp.ClientSession() as session:
                    await hook.run(
                        session=session,
                        endpoint=self.endpoint,
                        data=self.data,
                        headers=self.headers,
                        extra_options=self.extra_options,
                    )
            except Exception as error:
                failure = getattr(error, "failure", None)
                of_status = failure is not None and failure.cause == "response"
                if not of_status or not str(error).startswith(tuple(self.allowlist)):
                    raise
            else:
                yield TriggerEvent(True)  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(self.poke_interval)


class HttpEventTrigger(_HttpEventTrigger, _OverMachine):
    """Asks until a check of the caller's holds; takes the place of the provider's `HttpEventTrigger`.

    What the check itself raises ends it: nothing is sent again because of that.
    """

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Asks, and waits, until the check holds."""
        hook = self._get_async_hook()
        # Older versions end at the first.
        most = getattr(self, "max_consecutive_failures", 1)
        failures = 0
        while True:
            try:
                response = await self._get_response(hook)
            except Exception as error:
                failures += 1
                if failures >= most:
                    raise
                self.log.warning(
                    "Poll failed (%s/%s): %r, retrying in %s seconds", failures, most, error, self.poll_interval
                )
            else:
                failures = 0
                if await self._run_response_check(response):
                    told = {"status": "success", "response": HttpResponseSerializer.serialize(response)}
                    yield TriggerEvent(told)  # type: ignore[no-untyped-call]
                    return
            await asyncio.sleep(self.poll_interval)
