"""Files of a call, read into memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from http_hook._machine import ArgumentError


def read(files: Any) -> list[tuple[str, Any]]:
    """Reads the files of a call, as requests does; what holds no content is refused."""
    pairs: Iterable[tuple[str, Any]] = files.items() if isinstance(files, Mapping) else files
    told = []
    for field, given in pairs:
        content_type = headers = None
        if isinstance(given, (tuple, list)):
            filename, content, *more = given
            content_type = more[0] if more else None
            headers = more[1] if len(more) > 1 else None
        else:
            filename, content = _name(given) or field, given
        if content is None:
            continue
        if hasattr(content, "read"):
            content = content.read()
        if isinstance(content, memoryview):
            content = content.tobytes()
        if not isinstance(content, (str, bytes, bytearray)):
            # Else what Python calls it would be sent in its place.
            raise ArgumentError(
                f"files: the content of {field!r} must be text, bytes or an open file, not {_kind(content)}"
            )
        part = {"content": content, "filename": filename}
        if content_type:
            part["content_type"] = content_type
        if headers:
            part["headers"] = dict(headers)
        told.append((field, {"$file": part}))
    return told


def _name(given: Any) -> str | None:
    """Returns the name of an open file, as requests guesses it."""
    name = getattr(given, "name", None)
    return os.path.basename(name) if isinstance(name, str) and name and name[0] != "<" and name[-1] != ">" else None


def _kind(content: Any) -> str:
    return f"a {type(content).__name__}" + (": open it" if isinstance(content, os.PathLike) else "")
