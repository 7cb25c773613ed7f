"""What exceptions tell of a call: its failure, and of secrets nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from http_hook._machine import Failure

Raised = TypeVar("Raised", bound=BaseException)
Value = TypeVar("Value")
# More exceptions than any client hangs on one another.
_MAX_CHAIN = 32


def with_failure(error: Raised, failure: Failure) -> Raised:
    """Adds the failure to an exception, and what it tells besides as a note."""
    error.failure = failure  # type: ignore[attr-defined]
    add_note = getattr(error, "add_note", None)
    if add_note is not None:
        told = f"{failure} ({failure.reason})"
        if told not in getattr(error, "__notes__", ()):
            add_note(told)
    return error


class Hidden(Generic[Value]):
    """Keeps a value out of sight: what lists the attributes of an object shows no secret."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "***"


class Held:
    """An attribute whose value is kept out of sight."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._place = f"{name}_held"

    def __get__(self, holder: Any, kind: type | None = None) -> Any:
        held = None if holder is None else holder.__dict__.get(self._place)
        return None if held is None else held.value

    def __set__(self, holder: Any, value: Any) -> None:
        holder.__dict__[self._place] = Hidden(value)


def redacted(error: Raised, url: str, shown: str, proxy: str | None = None) -> Raised:
    """Takes out of the texts of an exception, and of those behind it, what may not be shown of a URL that was asked for."""
    texts = _hidden(url, shown)
    if proxy is not None and "@" in proxy:
        texts.append((proxy.rpartition("@")[0].partition("://")[2] + "@", "***@"))
    if not texts:
        return error
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_CHAIN:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        waiting.extend((one.__cause__, one.__context__, getattr(one, "reason", None), *one.args))
        args = tuple(_replaced(value, texts) for value in one.args)
        if any(new is not old for new, old in zip(args, one.args, strict=True)):
            one.args = args
        for name, value in list(vars(one).items()):
            if isinstance(value, str) and (new := _replaced(value, texts)) is not value:
                setattr(one, name, new)
    return error


def _hidden(url: str, shown: str) -> list[tuple[str, str]]:
    """Returns the texts that stand for a URL in messages, each with what it may be shown as; the longest first."""
    if url == shown:
        return []
    asked, told = urlsplit(url), urlsplit(shown)
    target = asked.path + (f"?{asked.query}" if asked.query else "")
    target_shown = (told.path or "/***") + (f"?{told.query}" if told.query else "")
    texts = [(url, shown)]
    if target != target_shown and len(target) > 1:
        texts.append((target, target_shown))
    if asked.query and asked.query != told.query:
        texts.append((asked.query, told.query or "***"))
    return texts


def _replaced(value: Any, texts: list[tuple[str, str]]) -> Any:
    if not isinstance(value, str):
        return value
    for text, shown in texts:
        if text in value:
            value = value.replace(text, shown)
    return value


class CopiedFailure(SimpleNamespace):
    """A failure that has crossed to another process: it tells the same."""

    def __str__(self) -> str:
        return str(self.says)


def copied_failure(told: dict[str, Any], says: str) -> CopiedFailure:
    """Makes a failure anew of what it told."""
    return CopiedFailure(**told, says=says)
