"""What the machine is told of the process it runs in: it looks at nothing by itself."""

from __future__ import annotations

import os
from pathlib import Path

_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def variables() -> dict[str, str] | None:
    """Returns the variables that say something about proxies and authorities; `None` if there are none."""
    get = os.environ.get
    told = {}
    for name in _NAMES:
        for spelled in (name, name.upper()):
            value = get(spelled)
            if value is not None:
                told[spelled] = value
    for name in _BUNDLES:
        value = get(name)
        if value is not None:
            told[name] = value
    return told or None


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
