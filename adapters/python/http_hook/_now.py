"""The time that calls are told."""

from __future__ import annotations

import time

# More than a time in seconds since 1970 is rounded by.
_MOMENT = 1e-5


class Now:
    """The time of one call: that of the system when it begins, and what has passed since. What was waited has passed.

    So a clock that is set in the middle of the call changes nothing, nor does a wait that takes no time, as in tests.
    """

    __slots__ = ("_ahead", "_last")

    def __init__(self) -> None:
        self._last = time.time()
        self._ahead = self._last - time.monotonic()

    def __call__(self) -> float:
        """Returns the time, in seconds since 1970."""
        return self._at_least(self._last)

    def waited(self, begun: float, seconds: float) -> float:
        """Returns the time after a wait that began at a time that this has told."""
        return self._at_least(begun + seconds + _MOMENT)

    def _at_least(self, least: float) -> float:
        now = time.monotonic() + self._ahead
        if now < least:
            self._ahead += least - now
            now = least
        self._last = now
        return now
