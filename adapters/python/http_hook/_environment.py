"""What the machine is told of the process it runs in: it looks at nothing by itself."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from http_hook import _machine

_log = logging.getLogger("http_hook")

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_NAMES = (*_PROXIES, *(name.upper() for name in _PROXIES), "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_KEYS = tuple((os.fsencode(name), name) for name in _NAMES)


def fill(options: Any) -> None:
    """Lets a hook know of the environment what its options do not say."""
    options.setdefault("environment", variables())
    options.setdefault("netrc", netrc())


def variables() -> dict[str, str] | None:
    """Returns the variables that say something about proxies and authorities; `None` if there are none."""
    # What is behind `os.environ` where names are bytes: most of these are not set, and to ask it would take ten times as long.
    known = getattr(os.environ, "_data", None)
    if not isinstance(known, dict) or os.name != "posix":
        known = {os.fsencode(name): value for name, value in os.environ.items()}
    set_ones = [name for key, name in _KEYS if key in known]
    return {name: os.environ[name] for name in set_ones} or None


def netrc() -> str | None:
    """Returns the text of the user's netrc, where requests looks for one; `None` if there is none that can be read.

    One that is not written as it has to be is passed over as well, as requests does; a warning is logged.
    """
    named = os.environ.get("NETRC")
    for place in (named,) if named is not None else ("~/.netrc", "~/_netrc"):
        path = Path(os.path.expanduser(place))
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError):
            continue
        return text if _can_be_read(text) else None
    return None


# Of the text that was read last, its hash: no secret is kept here.
_read: tuple[int, bool] | None = None


def _can_be_read(text: str) -> bool:
    global _read
    if _read is None or _read[0] != hash(text):
        try:
            _machine.Hook("http://localhost", netrc=text)
            _read = hash(text), True
        except _machine.Error as error:
            _log.warning("%s; the file is passed over", error)
            _read = hash(text), False
    return _read[1]
