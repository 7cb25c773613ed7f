"""JSON as Python writes it: a number of any size stays what it is."""

from __future__ import annotations

import json
from typing import Any


def to_json(value: Any, allow_nan: bool = False) -> str:
    """Writes a value; `ValueError` for a number that JSON lacks."""
    return json.dumps(value, allow_nan=allow_nan)
