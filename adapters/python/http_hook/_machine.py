"""The extension module, at one place: what the loops call is looked up here, at call time."""

from http_hook._http_hook import (
    DEFAULT_USER_AGENT,
    MAX_FAILURE_BODY,
    ArgumentError,
    Call,
    Connection,
    Error,
    Failure,
    Hook,
    Plan,
    RetryPolicy,
    Send,
    Wait,
    __version__,
    simulate,
)

__all__ = [
    "DEFAULT_USER_AGENT",
    "MAX_FAILURE_BODY",
    "ArgumentError",
    "Call",
    "Connection",
    "Error",
    "Failure",
    "Hook",
    "Plan",
    "RetryPolicy",
    "Send",
    "Wait",
    "__version__",
    "simulate",
]
