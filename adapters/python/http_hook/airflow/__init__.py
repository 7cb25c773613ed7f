"""Airflow's HTTP classes over the machine: import them from here in place of `airflow.providers.http`.

from http_hook.airflow import HttpHook, HttpOperator, HttpSensor
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from http_hook.airflow.hooks import HttpAsyncHook, HttpHook
    from http_hook.airflow.notifications import HttpNotifier, send_http_notification
    from http_hook.airflow.operators import HttpOperator
    from http_hook.airflow.sensors import HttpSensor
    from http_hook.airflow.triggers import HttpEventTrigger, HttpSensorTrigger, HttpTrigger

_PLACES = {
    "HttpHook": "hooks",
    "HttpAsyncHook": "hooks",
    "HttpOperator": "operators",
    "HttpSensor": "sensors",
    "HttpNotifier": "notifications",
    "send_http_notification": "notifications",
    "HttpTrigger": "triggers",
    "HttpSensorTrigger": "triggers",
    "HttpEventTrigger": "triggers",
}

__all__ = [
    "HttpAsyncHook",
    "HttpEventTrigger",
    "HttpHook",
    "HttpNotifier",
    "HttpOperator",
    "HttpSensor",
    "HttpSensorTrigger",
    "HttpTrigger",
    "send_http_notification",
]


def __getattr__(name: str) -> Any:
    # Airflow asks for parts of this while it is being imported itself.
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{place}"), name)
