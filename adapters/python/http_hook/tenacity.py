"""tenacity's objects as data where they can be, and as code the machine asks where they cannot.

Waits, stops and conditions that tenacity itself has become a policy that can be stored; a strategy of somebody's own, a
predicate, `before_sleep` and their like are asked as tenacity asks them, in its order and with its `RetryCallState`.
"""

from __future__ import annotations

import math
import time
from typing import Any

import requests
import tenacity
from tenacity import nap

from http_hook import _machine

__all__ = ["Retries", "strategies"]


def strategies(arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Returns the arguments of `tenacity.Retrying` as data; `None` if something in them is code."""
    told: dict[str, Any] = {}
    for name, value in arguments.items():
        if name == "stop":
            read = _stop(value)
        elif name == "wait":
            read = _wait(value)
        elif name == "retry":
            read = _condition(value)
        elif (
            (name in ("reraise", "enabled") and isinstance(value, bool))
            or (name == "retry_error_callback" and value is None)
            or (
                name in ("before", "after", "before_sleep", "sleep", "retry_error_cls", "name")
                and value is _USUAL[name]
            )
        ):
            continue
        else:
            return None
        if read is None:
            return None
        told[name] = read
    return told


_USUAL: dict[str, Any] = {
    "before": tenacity.before_nothing,
    "after": tenacity.after_nothing,
    "before_sleep": None,
    "sleep": nap.sleep,
    "retry_error_cls": tenacity.RetryError,
    "name": None,
}


def _seconds(value: Any) -> float | None:
    total = getattr(value, "total_seconds", None)
    number = total() if total is not None else value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or number != number:
        return None
    # What tenacity takes for the longest wait is longer than any that can be stored.
    return float(min(max(number, 0), 1e9))


def _stop(stop: Any) -> dict[str, Any] | None:
    kind = type(stop)
    if stop is tenacity.stop_never:
        return {"stop_never": None}
    if kind is tenacity.stop_after_attempt:
        number = stop.max_attempt_number
        # What is true is 1 to tenacity, which is asked then.
        return {"stop_after_attempt": number} if type(number) is int and 1 <= number < 2**32 else None
    if kind is tenacity.stop_after_delay:
        return {"stop_after_delay": _seconds(stop.max_delay)}
    if kind is getattr(tenacity, "stop_before_delay", None):
        return {"stop_before_delay": _seconds(stop.max_delay)}
    if kind in (tenacity.stop_any, tenacity.stop_all):
        parts = [_stop(one) for one in stop.stops]
        return None if None in parts else {kind.__name__: parts}
    return None


_WAITS: dict[type, tuple[str, dict[str, str]]] = {
    tenacity.wait_random: ("wait_random", {"min": "wait_random_min", "max": "wait_random_max"}),
    tenacity.wait_incrementing: ("wait_incrementing", {"start": "start", "increment": "increment", "max": "max"}),
    tenacity.wait_exponential: (
        "wait_exponential",
        {"multiplier": "multiplier", "exp_base": "exp_base", "max": "max", "min": "min"},
    ),
    tenacity.wait_random_exponential: (
        "wait_random_exponential",
        {"multiplier": "multiplier", "exp_base": "exp_base", "max": "max", "min": "min"},
    ),
    tenacity.wait_exponential_jitter: (
        "wait_exponential_jitter",
        {"initial": "multiplier", "max": "max", "exp_base": "exp_base", "jitter": "jitter"},
    ),
}


def _wait(wait: Any) -> dict[str, Any] | None:
    kind = type(wait)
    if kind is tenacity.wait_none:
        return {"wait_none": None}
    if kind is tenacity.wait_fixed:
        seconds = _seconds(wait.wait_fixed)
        return None if seconds is None else {"wait_fixed": seconds}
    if kind is tenacity.wait_chain:
        parts = [_wait(one) for one in wait.strategies]
        return None if None in parts else {"wait_chain": parts}
    if kind is tenacity.wait_combine:
        parts = [_wait(one) for one in wait.wait_funcs]
        return None if None in parts else {"wait_combine": parts}
    known = _WAITS.get(kind)
    if known is None:
        return None
    name, fields = known
    if kind is tenacity.wait_exponential_jitter and getattr(wait, "min", None):
        return None
    told = {}
    for field, attribute in fields.items():
        own = getattr(wait, attribute, None)
        if own is None and field == "initial":
            own = getattr(wait, "initial", None)
        # It may be negative.
        seconds = own if field == "increment" and isinstance(own, (int, float)) else _seconds(own)
        if seconds is None:
            return None
        told[field] = seconds
    try:
        _machine.RetryPolicy.from_strategies({"wait": {name: told}})
    except (_machine.Error, _machine.ArgumentError):
        return None
    return {name: told}


def _condition(retry: Any) -> dict[str, Any] | None:
    kind = type(retry)
    if retry is tenacity.retry_always:
        return {"retry_always": None}
    if retry is tenacity.retry_never:
        return {"retry_never": None}
    if kind in (tenacity.retry_any, tenacity.retry_all):
        parts = [_condition(one) for one in retry.retries]
        return None if None in parts else {kind.__name__: parts}
    if kind is tenacity.retry_if_exception_type:
        names = _class_names(retry.exception_types)
        return None if names is None else {"retry_if_exception_type": names}
    if kind is tenacity.retry_if_not_exception_type:
        names = _class_names(retry.exception_types)
        return None if names is None else {"retry_if_not_exception_type": names}
    return None


def _class_names(classes: Any) -> list[str] | None:
    """Names the classes if the machine knows which outcomes they stand for."""
    names = []
    all_of_them: tuple[Any, ...] = classes if isinstance(classes, tuple) else (classes,)
    for one in all_of_them:
        name = getattr(one, "__name__", "")
        of_requests = name in _KNOWN and one is getattr(requests.exceptions, name)
        of_airflow = name == "AirflowException" and one.__module__.startswith("airflow.")
        if not (one is Exception or of_requests or of_airflow):
            return None
        names.append(name)
    return names


_KNOWN = frozenset(
    {"ConnectionError", "ConnectTimeout", "ReadTimeout", "Timeout", "SSLError", "ProxyError", "ChunkedEncodingError"}
    | {"TooManyRedirects", "RequestException"}
)


class Retries:
    """A `tenacity.Retrying` as the machine's policy.

    `outcome` gives what the last attempt came to: a response, or the exception that it would raise.
    """

    def __init__(self, retrying: tenacity.Retrying, hints: bool = True) -> None:
        self.retrying = retrying
        self.state: Any = None
        self.outcome: Any = None
        self.data = False
        self._hints = hints

    def policy(self, arguments: dict[str, Any], data: bool = True) -> _machine.RetryPolicy:
        """Returns the policy: data if it can be, and may."""
        told = strategies(arguments) if data else None
        if told is not None:
            self.data = True
            return _machine.RetryPolicy.from_strategies(told, self._hints)
        return _machine.RetryPolicy.custom(self._when, self._wait, self._stop, self._hints)

    def begin(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Begins, as tenacity does before the first attempt."""
        self.retrying.begin()
        self.state = tenacity.RetryCallState(self.retrying, function, args, kwargs)

    def attempt(self) -> None:
        """Is told that an attempt begins."""
        if self.retrying.before is not None:
            self.retrying.before(self.state)

    def _take(self) -> None:
        """Takes what the attempt came to."""
        value, error = self.outcome()
        if error is not None:
            self.state.set_exception((type(error), error, error.__traceback__))
        else:
            self.state.set_result(value)

    def _when(self) -> bool:
        self._take()
        future = self.state.outcome
        if future.failed and isinstance(future.exception(), tenacity.TryAgain):
            return True
        return bool(self.retrying.retry(self.state))

    def _wait(self) -> float:
        if self.retrying.after is not None:
            self.retrying.after(self.state)
        seconds = float(self.retrying.wait(self.state))
        if not math.isfinite(seconds):
            raise ValueError(f"wait: must be a finite number of seconds, not {seconds}")
        self.state.upcoming_sleep = seconds
        return seconds

    def _stop(self, upcoming: float) -> bool:
        self.state.upcoming_sleep = upcoming
        self._count()
        return bool(self.retrying.stop(self.state))

    def _count(self) -> None:
        """Counts an attempt that has come to something."""
        self.retrying.statistics["delay_since_first_attempt"] = self.state.seconds_since_start

    def sleep(self, seconds: float) -> None:
        """Waits between two attempts, and counts."""
        if self.data:
            self._take()
            self._count()
        state, statistics = self.state, self.retrying.statistics
        state.next_action = tenacity.RetryAction(seconds)
        state.idle_for += seconds
        statistics["idle_for"] = statistics.get("idle_for", 0) + seconds
        statistics["attempt_number"] = statistics.get("attempt_number", 1) + 1
        if self.retrying.before_sleep is not None:
            self.retrying.before_sleep(state)
        state.attempt_number += 1
        if self.data:
            time.sleep(seconds)
        else:
            self.retrying.sleep(seconds)
        state.outcome = None
        state.outcome_timestamp = None

    def gave_up(self, note: Any = None) -> Any:
        """Ends as tenacity does when it stops: by its callback, by `RetryError`, or by what came last."""
        self._take()
        self._count()
        callback = self.retrying.retry_error_callback
        if callback is not None:
            return callback(self.state)
        future = self.state.outcome
        error = self.retrying.retry_error_cls(future)
        if note is not None:
            note(error)
        if self.retrying.reraise:
            if future.failed and note is not None:
                note(future.exception())
            raise error.reraise()
        raise error from future.exception()
