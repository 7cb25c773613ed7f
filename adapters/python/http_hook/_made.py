"""Hooks that can be copied, and sent to another process: they are made again of what they were made of."""

from __future__ import annotations

from typing import Any

from http_hook import _machine
from http_hook._told import Hidden

_OF_A_CONNECTION = ("id", "conn_type", "host", "schema", "login", "password", "port", "extra")


class MadeAgain:
    """A hook over a machine's, which is kept with what it is made of; what is written of it holds the secrets of its connection."""

    hook: _machine.Hook
    _made_of: Hidden[dict[str, Any]]

    def _make(self, made_of: dict[str, Any]) -> None:
        self._made_of = Hidden(made_of)
        self.hook = _machine.Hook(**made_of)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        del state["hook"]
        made_of = dict(self._made_of.value)
        connection = made_of["connection"]
        if isinstance(connection, _machine.Connection):
            made_of["connection"] = {name: getattr(connection, name) for name in _OF_A_CONNECTION}
        state["_made_of"] = made_of
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        made_of = dict(state["_made_of"])
        if isinstance(made_of["connection"], dict):
            made_of["connection"] = _machine.Connection(**made_of["connection"])
        self.__dict__.update(state)
        self._make(made_of)
