"""What callers of the hooks give, checked where it is given and in the machine's form."""

from __future__ import annotations

import os
from typing import Any

import requests

from http_hook import _machine

_KWARGS = frozenset({"json", "params", "files", "cookies", "auth", "hooks"})


def usual_preset() -> str:
    """Returns the preset that holds where neither class nor caller names one: `HTTP_HOOK_PRESET`, else `usual`."""
    return os.environ.get("HTTP_HOOK_PRESET", "usual")


def check_numbers(deadline: Any, max_response_bytes: Any) -> None:
    """Tells of a number that cannot be taken where it is given, not when it is first used."""
    if deadline is not None or max_response_bytes is not None:
        _machine.Plan("GET", deadline=deadline, max_response_bytes=max_response_bytes)


def check_arguments(method: str, request_kwargs: dict[str, Any]) -> None:
    for name in request_kwargs:
        if name not in _KWARGS:
            raise TypeError(f"Request.__init__() got an unexpected keyword argument {name!r}")
    if method == "GET" and "params" in request_kwargs:
        raise TypeError("Request() got multiple values for keyword argument 'params'")


def policy_of(policy: Any) -> _machine.RetryPolicy | None:
    if policy is None or isinstance(policy, _machine.RetryPolicy):
        return policy
    return _machine.RetryPolicy(policy)


def is_policy(arguments: dict[Any, Any]) -> bool:
    """Whether these are data in the form of a policy, and not tenacity's objects."""
    names = {"when", "once", "wait", "stop", "hints", "min_attempt", "on_exhausted", "attempt_header"}
    return bool(arguments) and set(arguments) <= names and not any(callable(value) for value in arguments.values())


def texts(headers: dict[str, Any] | None) -> dict[str, Any] | None:
    if not headers:
        return None
    return {header_text(name): None if value is None else header_text(value, name) for name, value in headers.items()}


def header_text(value: Any, name: Any = "") -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise requests.exceptions.InvalidHeader(
            f"Header part ({value!r}) from {(name, value)!r} must be of type str or bytes, not {type(value)}"
        )
    return value


def has_key(headers: dict[str, Any] | None) -> bool:
    """Whether the caller gives a key of his own, which makes a request one that may be sent again."""
    return any(str(name).lower() == "idempotency-key" and value for name, value in (headers or {}).items())
