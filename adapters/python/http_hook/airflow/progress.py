"""Where the progress of a deferred call is kept while a triggerer may die: in an XCom of its task.

A trigger's arguments are written once, and nothing that it does changes them. An XCom it may write: it holds counts and times, no
URL, no header and no body. The operator deletes it, in the method in which it resumes, when the event is surely written.
"""

from __future__ import annotations

import json
from typing import Any

__all__ = ["Progress", "delete"]

_PREFIX = "http_hook_progress_"


def key_of(seed: str) -> str:
    """Returns the key of the XCom of a call with this seed."""
    return _PREFIX + seed


class Progress:
    """The progress of the call with this seed, of the task of a trigger; without a task it is kept nowhere."""

    def __init__(self, task_instance: Any, seed: str) -> None:
        self.key = key_of(seed)
        self._of = _names(task_instance)

    async def get(self) -> Any:
        """Returns what was kept, whatever it is; `None` if nothing was, and nothing else is `None`.

        Raises `RuntimeError` if that cannot be known.
        """
        if self._of is None:
            return None
        from airflow.sdk.execution_time.comms import GetXCom, XComResult

        told = await _supervisor().asend(GetXCom(key=self.key, **self._of))
        if not isinstance(told, XComResult):
            raise RuntimeError(f"the progress of the call cannot be asked for: {type(told).__name__}")
        value = told.value
        if value is None:
            return None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return value
        # A `null` is no progress, and something was kept.
        return "null" if value is None else value

    async def set(self, value: dict[str, Any]) -> None:
        """Keeps it, in place of what was kept before."""
        if self._of is None:
            return
        from airflow.sdk.execution_time.comms import SetXCom

        await _supervisor().asend(SetXCom(key=self.key, value=json.dumps(value), **self._of))


def delete(context: Any, key: Any) -> None:
    """Deletes what was kept for the task that resumes."""
    of = _names(context.get("ti") or context.get("task_instance"))
    if of is None or not isinstance(key, str) or not key.startswith(_PREFIX):
        return
    from airflow.sdk.execution_time.comms import DeleteXCom

    _supervisor().send(DeleteXCom(key=key, **of))


def _names(task_instance: Any) -> dict[str, Any] | None:
    names = {name: getattr(task_instance, name, None) for name in ("dag_id", "run_id", "task_id")}
    if not all(isinstance(name, str) for name in names.values()):
        return None
    map_index = getattr(task_instance, "map_index", None)
    return {**names, "map_index": map_index if isinstance(map_index, int) else -1}


def _supervisor() -> Any:
    from airflow.sdk.execution_time import task_runner

    return task_runner.SUPERVISOR_COMMS
