"""What tenacity is told in the tests of Airflow's classes."""

from __future__ import annotations

from typing import Any

import tenacity


def again(attempts: int = 3, **more: Any) -> dict[str, Any]:
    return {"stop": tenacity.stop_after_attempt(attempts), "wait": tenacity.wait_none(), **more}


ANY = tenacity.retry_if_exception_type(Exception)
