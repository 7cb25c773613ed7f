"""Airflow's connections in the words of the machine."""

from __future__ import annotations

import json
from typing import Any

from http_hook import _machine


def machine_connection(connection: Any, *, base: str | None = None) -> _machine.Connection:
    """Reads a connection of Airflow's; `base` is where a service record leads in place of its host."""
    extra = connection.extra
    host, schema, port = connection.host, connection.schema, connection.port
    if base is not None:
        host, schema, port = base, None, None
        members = connection.extra_dejson
        extra = json.dumps({name: value for name, value in members.items() if name != "srv_lookup"})
    fields: dict[str, Any] = {
        "conn_type": connection.conn_type,
        "host": host,
        "schema": schema,
        "login": connection.login,
        "password": connection.password,
        "port": port or None,
        "extra": extra or None,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return _machine.Connection(id=connection.conn_id, **given)
    except _machine.Error:
        # Airflow takes any id; without one a call can be made, and taken up by whoever has the same base.
        return _machine.Connection(**given)
