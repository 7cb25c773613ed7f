"""What the loops have in common: failures in exceptions, and exceptions of the policy's own code."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from http_hook import Failure

_PAST = "_http_hook_past"

Raised = TypeVar("Raised", bound=BaseException)


def with_failure(error: Raised, failure: Failure) -> Raised:
    """Adds the failure to an exception, and what it tells besides as a note."""
    error.failure = failure  # type: ignore[attr-defined]
    add_note = getattr(error, "add_note", None)
    if add_note is not None:
        told = f"{failure} ({failure.reason})"
        if told not in getattr(error, "__notes__", ()):
            add_note(told)
    return error


def past(answer: Callable[..., Any], *arguments: Any) -> Any:
    """Answers the call. What is raised then comes of the policy's own code, and is nobody else's."""
    try:
        return answer(*arguments)
    except Exception as error:
        with contextlib.suppress(AttributeError):
            setattr(error, _PAST, True)
        raise


def was_past(error: BaseException) -> bool:
    """Whether it comes of the policy's own code."""
    return getattr(error, _PAST, False) is True


class CopiedFailure(SimpleNamespace):
    """A failure that has crossed to another process: it tells the same."""

    def __str__(self) -> str:
        return str(self.says)


def copied_failure(told: dict[str, Any], says: str) -> CopiedFailure:
    """Makes a failure anew of what it told."""
    return CopiedFailure(**told, says=says)
