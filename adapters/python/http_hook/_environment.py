"""What the machine is told of the process it runs in: it looks at nothing by itself."""

from __future__ import annotations

import os
from pathlib import Path

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_NAMES = (*_PROXIES, *(name.upper() for name in _PROXIES), "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_KEYS = tuple((os.fsencode(name), name) for name in _NAMES)


def variables() -> dict[str, str] | None:
    """Returns the variables that say something about proxies and authorities; `None` if there are none."""
    # What is behind `os.environ` where names are bytes: most of these are not set, and to ask it would take ten times as long.
    known = getattr(os.environ, "_data", None)
    if not isinstance(known, dict) or os.name != "posix":
        known = {os.fsencode(name): value for name, value in os.environ.items()}
    set_ones = [name for key, name in _KEYS if key in known]
    return {name: os.environ[name] for name in set_ones} or None


def netrc() -> str | None:
    """Returns the text of the user's netrc, where requests looks for one; `None` if there is none that can be read."""
    named = os.environ.get("NETRC")
    for place in (named,) if named is not None else ("~/.netrc", "~/_netrc"):
        path = Path(os.path.expanduser(place))
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError):
            continue
    return None
