"""What went wrong in requests, in the words of the machine, and the way back."""

from __future__ import annotations

import http.client
from typing import Any

from requests import Response
from requests import exceptions as wrong
from urllib3 import exceptions as below

from http_hook._machine import Failure


class ResponseTooLarge(wrong.RequestException):
    """A response is larger than the call allows."""


class InvalidRequest(wrong.RequestException, ValueError):
    """No request could be made of what was given; nothing was sent."""


def is_of_client(error: BaseException) -> bool:
    """Whether requests, or what is below it, can have raised this; any other exception comes of somebody's code."""
    return isinstance(
        error, (wrong.RequestException, below.HTTPError, OSError, http.client.HTTPException, ValueError, TypeError)
    )


def classify(error: BaseException, reading: bool) -> tuple[str, str]:
    """Tells what happened, and whether the server can have seen the request; `reading` if the head had come."""
    told = getattr(error, "_http_hook_kind", None)
    if told is not None:
        return told  # type: ignore[no-any-return]
    if reading:
        return _of_body(error)
    for kind, sent, classes in _KINDS:
        if isinstance(error, classes):
            return kind, sent
    if isinstance(error, wrong.SSLError):
        # In a handshake nothing was sent; later somebody broke in.
        return "tls", "no" if isinstance(_reason(error), below.SSLError) else "maybe"
    if isinstance(error, wrong.ConnectionError):
        return _of_connection(error)
    if isinstance(error, (wrong.Timeout, TimeoutError)):
        return "head_timeout", "maybe"
    if isinstance(error, wrong.RequestException):
        return "interrupted", "maybe"
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        # requests looks for certificates before it connects, and says so in these words.
        return "invalid_request", "no" if str(error).startswith("Could not find ") else "maybe"
    if isinstance(error, (ValueError, TypeError)):
        return "invalid_request", "maybe"
    return "interrupted", "maybe"


def may_follow_another(error: BaseException, session: Any, url: Any) -> bool:
    """Whether the adapter may have sent the request before the try that this error is of: one that tries again tells the last."""
    if not isinstance(error.args[0] if error.args else None, below.MaxRetryError):
        return False
    try:
        retries = session.get_adapter(url=url).max_retries
        if retries.total in (0, False):
            return False
        # By these it sends again what may have arrived; for a connection that was not made nothing was sent.
        return any(count not in (0, False) for count in (retries.read, retries.status, retries.other))
    except (AttributeError, TypeError, wrong.RequestException):
        return True


_KINDS: tuple[tuple[str, str, tuple[type[BaseException], ...]], ...] = (
    ("connect_timeout", "no", (wrong.ConnectTimeout,)),
    ("proxy", "no", (wrong.ProxyError,)),
    ("head_timeout", "maybe", (wrong.ReadTimeout,)),
    (
        "invalid_request",
        "no",
        (
            wrong.InvalidURL,
            wrong.InvalidHeader,
            wrong.InvalidSchema,
            wrong.MissingSchema,
            wrong.InvalidProxyURL,
            wrong.UnrewindableBodyError,
            InvalidRequest,
        ),
    ),
    ("limit", "yes", (ResponseTooLarge,)),
    ("body", "yes", (wrong.ChunkedEncodingError, wrong.ContentDecodingError)),
)


def of_kind(kind: str, sent: str, text: str) -> wrong.RequestException:
    """Makes the exception of what a transport of the package's own tells."""
    made = _MADE.get(kind, wrong.ConnectionError)(text)
    made._http_hook_kind = (kind, sent)  # type: ignore[attr-defined]
    return made


_MADE: dict[str, type[wrong.RequestException]] = {
    "connect_timeout": wrong.ConnectTimeout,
    "head_timeout": wrong.ReadTimeout,
    "body_timeout": wrong.ReadTimeout,
    "timeout": wrong.ReadTimeout,
    "tls": wrong.SSLError,
    "proxy": wrong.ProxyError,
    "body": wrong.ChunkedEncodingError,
    "limit": ResponseTooLarge,
    "invalid_request": InvalidRequest,
    "request_body": InvalidRequest,
}


def _reason(error: BaseException) -> object:
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)


def _of_connection(error: wrong.ConnectionError) -> tuple[str, str]:
    reason = _reason(error)
    if isinstance(reason, below.NameResolutionError):
        return "dns", "no"
    if isinstance(reason, below.ConnectTimeoutError) and not isinstance(reason, below.NewConnectionError):
        return "connect_timeout", "no"
    if isinstance(reason, below.NewConnectionError):
        return "connect", "no"
    if isinstance(reason, below.ProtocolError):
        inner = reason.args[1] if len(reason.args) > 1 else None
        # http.client's BadStatusLine is an answer that is none; RemoteDisconnected is one of its kind, and is no answer.
        if type(inner).__name__ in ("BadStatusLine", "LineTooLong", "UnknownProtocol"):
            return "protocol", "maybe"
    return "interrupted", "maybe"


def _of_body(error: BaseException) -> tuple[str, str]:
    if isinstance(error, ResponseTooLarge):
        return "limit", "yes"
    if isinstance(error, wrong.Timeout):
        return "timeout", "yes"
    if isinstance(error, wrong.ConnectionError) and isinstance(_reason(error), below.ReadTimeoutError):
        return "body_timeout", "yes"
    return "body", "yes"


def of_failure(failure: Failure, response: Response | None) -> wrong.RequestException:
    """Makes the exception of a failure for which requests has raised none."""
    kind, text = failure.kind, failure.text
    if kind == "too_many_redirects":
        return wrong.TooManyRedirects(text, response=response)
    if failure.cause == "refused" and failure.reason == "redirect":
        return wrong.TooManyRedirects(text, response=response)
    if failure.cause in ("response", "refused"):
        return wrong.HTTPError(text, response=response)
    if failure.cause == "transport" or failure.reason in ("deadline", "breaker", "rate_limit", "budget"):
        made = wrong.Timeout if failure.is_timeout else wrong.ConnectionError
        return made(text)
    makers: dict[str | None, type[wrong.RequestException]] = {
        "header": wrong.InvalidHeader,
        "url": wrong.InvalidURL,
        "base_url": wrong.InvalidURL,
        "unsupported_scheme": wrong.InvalidSchema,
        "body": wrong.InvalidJSONError,
    }
    return makers.get(kind, InvalidRequest)(text)
