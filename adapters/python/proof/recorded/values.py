"""Placeholders, the values that JSON lacks, and tenacity's arguments as data."""

from __future__ import annotations

import base64
import importlib
import io
from typing import Any

import requests
import tenacity
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth, HTTPProxyAuth


class Places:
    """What the placeholders stand for."""

    def __init__(self, ports: list[int], closed_port: int, files: str, ca_bundle: str = "") -> None:
        self.of = {
            "{{PORT}}": str(ports[0]),
            "{{PORT2}}": str(ports[1]),
            "{{CLOSED_PORT}}": str(closed_port),
            "{{FILES}}": files,
            "{{CA_BUNDLE}}": ca_bundle,
        }

    def fill(self, value: Any, expected: bool = False) -> Any:
        """Puts values in place of the placeholders. In `expected`, a text that is only a port is a number."""
        if isinstance(value, str):
            whole = (value in self.of and value.endswith("PORT}}")) or value == "{{PORT2}}"
            if expected and whole:
                return int(self.of[value])
            for name, text in self.of.items():
                value = value.replace(name, text)
            return value
        if isinstance(value, list):
            return [self.fill(item, expected) for item in value]
        if isinstance(value, dict):
            return {self.fill(name): self.fill(item, expected) for name, item in value.items()}
        return value


def argument(value: Any) -> Any:
    """Makes an argument: tagged values become what they stand for."""
    if isinstance(value, list):
        return [argument(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag == "$bytes":
            return base64.b64decode(content)
        if tag == "$tuple":
            return tuple(argument(item) for item in content)
        if tag == "$float":
            return float(content)
        if tag == "$chunks":
            return (piece.encode() for piece in content)
        if tag == "$stream":
            return io.BytesIO(content.encode())
        if tag == "$file":
            part: tuple[Any, ...] = tuple(map(content.get, ("filename", "content", "content_type", "headers")))
            while len(part) > 2 and part[-1] is None:
                part = part[:-1]
            return part
    return {name: argument(item) for name, item in value.items()}


class HeaderPair(AuthBase):
    """The recording's own scheme: the pair in a header, or `none`."""

    def __init__(self, login: Any = None, password: Any = None) -> None:
        self.value = "none" if login is None else f"{login}:{password}"

    def __call__(self, request: Any) -> Any:
        request.headers["X-Auth"] = self.value
        return request


AUTH = {"basic": HTTPBasicAuth, "digest": HTTPDigestAuth, "proxy": HTTPProxyAuth, "header_pair": HeaderPair}


def hook_arguments(hook: dict[str, Any]) -> dict[str, Any]:
    made = dict(hook)
    if made.get("auth_type") is not None:
        made["auth_type"] = AUTH[made["auth_type"]]
    return made


def function(named: Any) -> Any:
    """Makes a callback of the recording: an object with one member."""
    if named is None:
        return None
    ((name, wanted),) = named.items()

    def of(response: Any) -> Any:
        if isinstance(response, list):
            return [of(one) for one in response] if name == "json_key" else of(response[-1])
        if name == "constant":
            return wanted
        if name == "text_contains":
            return wanted in response.text
        if name == "status_is":
            return response.status_code == wanted
        if name == "json_key":
            return response.json()[wanted]
        assert name == "next_from_body", name
        return response.json().get("next")

    return lambda response: of(response)


_CLASSES = {"AirflowException": "airflow.sdk.exceptions.AirflowException"}


def _class(name: str) -> type[BaseException]:
    name = _CLASSES.get(name, name)
    if "." not in name:
        return getattr(importlib.import_module("builtins"), name)  # type: ignore[no-any-return]
    module, _, name = name.rpartition(".")
    if module == "requests":
        return getattr(requests, name)  # type: ignore[no-any-return]
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def _classes(names: Any) -> Any:
    return tuple(map(_class, names)) if isinstance(names, list) else _class(names)


def _wait(strategy: Any) -> Any:
    ((name, given),) = strategy.items()
    if name == "wait_from_status":

        def wait(state: Any) -> float:
            error = state.outcome.exception()
            return float(given.get(str(error)[:3] if error else "", given["default"]))

        return wait
    make = getattr(tenacity, name)
    if name == "wait_none":
        return make()
    if name in ("wait_chain", "wait_combine"):
        return make(*map(_wait, given))
    return make(given) if name == "wait_fixed" else make(**given)


def _stop(strategy: Any) -> Any:
    ((name, given),) = strategy.items()
    make = getattr(tenacity, name)
    if name == "stop_never":
        return make
    return make(*map(_stop, given)) if name in ("stop_any", "stop_all") else make(given)


def _retry(strategy: Any) -> Any:
    ((name, given),) = strategy.items()
    if name == "exception_class":
        return _class(given)
    make = getattr(tenacity, name)
    if name in ("retry_always", "retry_never"):
        return make
    if name in ("retry_any", "retry_all"):
        return make(*map(_retry, given))
    if name in ("retry_if_result", "retry_if_not_result"):
        return make(lambda response: getattr(response, "status_code", None) in given["status_in"])
    if name.endswith("_message"):
        return make(**given)
    return make(_classes(given))


def _callback(given: dict[str, Any]) -> Any:
    if "outcome" in given:
        return lambda state: state.outcome.result()
    return lambda state: given["return"]


def retry_arguments(given: dict[str, Any]) -> dict[str, Any]:
    """Makes tenacity's arguments."""
    make = {"wait": _wait, "stop": _stop, "retry": _retry, "retry_error_callback": _callback}
    return {name: make.get(name, lambda value: value)(value) for name, value in given.items()}
