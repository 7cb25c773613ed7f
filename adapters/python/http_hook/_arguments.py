"""The arguments of hooks and calls, for type checkers: `**arguments` are checked by name and type."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from http_hook._machine import RetryPolicy

if sys.version_info >= (3, 11):
    from typing import Unpack
else:
    try:
        from typing_extensions import Unpack
    except ImportError:

        class Unpack:  # type: ignore[no-redef]
            """Says nothing, where nothing that says more is installed."""

            def __class_getitem__(cls, arguments: Any) -> Any:
                return arguments


__all__ = ["Common", "OfAiohttp", "OfAiohttpOpen", "OfHook", "OfRequests", "Unpack"]


class OfHook(TypedDict, total=False):
    """What `Hook` takes besides connection, policy and preset."""

    auth: str | tuple[str, ...] | None
    headers: Iterable[tuple[str, str | None]] | None
    default_headers: Iterable[tuple[str, str]] | None
    options: Mapping[str, Any] | None
    environment: Mapping[str, str] | None
    netrc: str | None
    gates: bool | str | Mapping[str, Any] | None
    default_host: str | None
    show_base: bool
    max_response_bytes: int | None
    allow_downgrade: bool | None
    async_arguments: Mapping[str, Any] | None


class Common(TypedDict, total=False):
    """What both loops take."""

    data: Any
    json: Any
    params: Any
    headers: Mapping[str, Any] | None
    files: Any
    cookies: Any
    auth: Any
    options: Mapping[str, Any] | None
    policy: RetryPolicy | None
    retries: int | None
    deadline: float | None
    idempotency_key: bool
    allow_resend: bool
    storable: bool
    max_response_bytes: int | None


class OfRequests(Common, total=False):
    """What requests takes besides."""

    timeout: float | tuple[float | None, float | None] | None
    hooks: Mapping[str, Any] | None
    allow_redirects: bool
    cert: str | tuple[str, str] | None
    proxies: Mapping[str, str] | None
    stream: bool
    verify: bool | str


class OfAiohttp(Common, total=False):
    """What the loop over aiohttp takes besides."""

    timeout: float | None


class OfAiohttpOpen(OfAiohttp, total=False):
    """The same, where the body may be left to be read."""

    leave_open: bool
