"""HTTP calls through a stored connection, decided by a pure state machine that any HTTP client can serve.

The machine (`Hook`, `Plan`, `Call`) opens no socket, reads no clock and draws no number. The loops around it are in
`http_hook.requests` and `http_hook.aiohttp`; Airflow's classes are in `http_hook.airflow`.
"""

from http_hook._machine import (
    DEFAULT_USER_AGENT,
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
