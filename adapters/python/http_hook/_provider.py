"""What Airflow asks an installed package for: its connection types. Imports nothing of Airflow, which is importing it."""

from __future__ import annotations

from typing import Any


def provider_info() -> dict[str, Any]:
    """Names the connection type `http_hook` and the class that serves it."""
    return {
        "package-name": "http-hook",
        "name": "http-hook",
        "description": "HTTP calls that are retried, redirected and waited for by a pure state machine.",
        "hooks": [{"integration-name": "http-hook", "python-modules": ["http_hook.airflow.hooks"]}],
        "operators": [{"integration-name": "http-hook", "python-modules": ["http_hook.airflow.operators"]}],
        "sensors": [{"integration-name": "http-hook", "python-modules": ["http_hook.airflow.sensors"]}],
        "triggers": [{"integration-name": "http-hook", "python-modules": ["http_hook.airflow.triggers"]}],
        "notifications": ["http_hook.airflow.notifications.HttpNotifier"],
        "integrations": [{"integration-name": "http-hook", "external-doc-url": "", "tags": ["protocol"]}],
        "connection-types": [
            {
                "hook-class-name": "http_hook.airflow.hooks.HttpHook",
                "hook-name": "HTTP (http-hook)",
                "connection-type": "http_hook",
                "ui-field-behaviour": {"hidden-fields": [], "relabeling": {}, "placeholders": {}},
            }
        ],
    }
