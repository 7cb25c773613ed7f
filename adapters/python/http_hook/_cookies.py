"""The header `Cookie`."""

from __future__ import annotations

from collections.abc import Iterable


def beside(given: str | None, found: Iterable[tuple[str, str]]) -> str | None:
    """Returns the header with cookies beside those that are given; of one name that which was there is sent."""
    pairs = given.split("; ") if given else []
    names = {pair.partition("=")[0] for pair in pairs}
    pairs.extend(pair for name, pair in found if name not in names)
    return "; ".join(pairs) or None
