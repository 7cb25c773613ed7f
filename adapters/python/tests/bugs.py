"""Errors in code of the caller's."""

from __future__ import annotations

from typing import Any


class Bug(Exception):
    """Raised by code of the caller's."""


def raises(error: Exception) -> Any:
    """Makes a function that raises."""

    def function(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    return function
