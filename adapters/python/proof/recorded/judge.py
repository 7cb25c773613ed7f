"""A call as it went against a call as it was recorded, compared as the Rust runner does (adapters/conformance,
`recorded`).
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

BOUNDARY = "0123456789abcdef0123456789abcdef"


@dataclass
class Made:
    """One call, as it went."""

    outcome: dict[str, Any] = field(default_factory=dict)
    base_url: str | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    sleeps: list[float] = field(default_factory=list)
    attempts: int | None = None
    send_options: dict[str, Any] | None = None
    logs: list[list[str]] | None = None


@dataclass
class Difference:
    expected: str
    got: str

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.got}"


def differ(expected: Any, got: Any) -> Difference:
    def short(value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value, default=repr, ensure_ascii=True)
        return text.replace("\r", "\\r").replace("\n", "\\n")[:240]

    return Difference(short(expected), short(got))


def without_address(text: str) -> str:
    return re.sub(r"0x[0-9a-f]{6,}", "0xADDR", text)


# Kinds by class, the most exact class first: of those classes that were recorded.
KINDS: list[tuple[str, tuple[str, ...]]] = [
    ("tenacity.RetryError", ("retry_exhausted",)),
    ("airflow.providers.http.exceptions.HttpMethodException", ("unsupported_method",)),
    ("airflow.providers.http.exceptions.HttpErrorException", ("http_status",)),
    ("airflow.sdk.exceptions.AirflowNotFoundException", ("connection_not_found",)),
    ("airflow.sdk.exceptions.AirflowException", ("http_status", "airflow_error")),
    ("requests.exceptions.InvalidProxyURL", ("invalid_url",)),
    ("requests.exceptions.InvalidURL", ("invalid_url",)),
    ("requests.exceptions.MissingSchema", ("invalid_url",)),
    ("requests.exceptions.InvalidSchema", ("unsupported_scheme",)),
    ("requests.exceptions.InvalidHeader", ("invalid_header",)),
    ("requests.exceptions.InvalidJSONError", ("invalid_json",)),
    ("requests.exceptions.ChunkedEncodingError", ("body_read",)),
    ("requests.exceptions.ContentDecodingError", ("content_decoding",)),
    ("requests.exceptions.TooManyRedirects", ("too_many_redirects",)),
    ("requests.exceptions.ConnectTimeout", ("connect_timeout",)),
    ("requests.exceptions.ReadTimeout", ("read_timeout",)),
    ("requests.exceptions.SSLError", ("tls",)),
    ("requests.exceptions.ProxyError", ("proxy",)),
    ("requests.exceptions.ConnectionError", ("connection",)),
    ("aiohttp.client_exceptions.NonHttpUrlClientError", ("unsupported_scheme",)),
    ("aiohttp.client_exceptions.ClientConnectorError", ("connection",)),
    ("aiohttp.client_exceptions.ServerDisconnectedError", ("connection",)),
    ("urllib3.exceptions.LocationParseError", ("invalid_url",)),
    ("builtins.UnicodeError", ("unicode_error",)),
    ("builtins.AttributeError", ("attribute_error",)),
    ("builtins.TypeError", ("type_error",)),
    ("builtins.ValueError", ("value_error", "invalid_base_url", "invalid_method", "invalid_timeout")),
    ("builtins.OSError", ("os_error",)),
]


ADDRESS = ("invalid_base_url", "invalid_url", "unsupported_scheme", "value_error", "unicode_error")
HEADER = ("invalid_header", "unicode_error", "type_error")
OPTION = (
    "invalid_header",
    "unicode_error",
    "attribute_error",
    "invalid_timeout",
    "invalid_url",
    "type_error",
    "value_error",
    "os_error",
)
# The recorded kinds that an error of the machine answers to, as in the Rust runner.
OF_MACHINE = {
    "connection": ("value_error", "type_error", "airflow_error", "invalid_json", "attribute_error"),
    "base_url": ADDRESS,
    "unsupported_scheme": ("unsupported_scheme", "invalid_base_url"),
    "url": ("invalid_url", "value_error", "type_error", "unicode_error"),
    "method": ("invalid_method", "unsupported_method"),
    "header": HEADER,
    "body": ("invalid_json", "value_error", "type_error", "unicode_error"),
    "option": OPTION,
    "auth": ("unicode_error", "value_error", "type_error"),
    "policy": ("value_error",),
    "check": ("airflow_error",),
    "type": ("type_error", "value_error", "attribute_error", "invalid_header", "unicode_error"),
}


def _of_machine(error: BaseException, text: str) -> tuple[str, ...]:
    """What an error of the machine answers to: an exception of its own, or one that was made of its failure."""
    kind = getattr(error, "kind", None) or getattr(getattr(error, "failure", None), "kind", None)
    if kind == "connection" and "cannot be used: " in text:
        place = text.partition("cannot be used: ")[2].partition(":")[0]
        last = place.rpartition(".")[2]
        if place.startswith("connection.extra"):
            return OPTION
        if place.startswith("header"):
            return HEADER
        return ("unicode_error",) if last in ("login", "password") else ADDRESS
    if type(error).__name__ == "ArgumentError" and kind is None:
        return OF_MACHINE["type"]
    return OF_MACHINE.get(str(kind), ())


def described(error: BaseException, last: Any = None) -> dict[str, Any]:
    """What is compared of an error."""
    names = [f"{one.__module__}.{one.__qualname__}" for one in type(error).__mro__]
    kinds = next((kinds for name in names for known, kinds in KINDS if known == name), ("other",))
    text = without_address(str(error))
    if kinds == ("http_status", "airflow_error"):
        kinds = ("http_status",) if re.match(r"\d{3}:", text) else ("airflow_error",)
    kinds += _of_machine(error, text)
    return {"error": {"kinds": kinds, "class": names[0], "message": text, "last": last}}


def compare(expected: dict[str, Any], made: Made) -> Difference | None:
    """Compares a call with what was recorded."""
    return (
        _outcome(expected["outcome"], made.outcome)
        or _base_url(expected.get("base_url"), made.base_url)
        or _requests(expected.get("requests") or [], made.requests)
        or _options(expected.get("send_options"), made.send_options)
        or _sleeps(expected, made)
        or _logs(expected.get("logs") or [], made.logs)
    )


def _outcome(expected: dict[str, Any], got: dict[str, Any]) -> Difference | None:
    if "error" in expected:
        return _error(expected["error"], got)
    if "error" in got:
        error = got["error"]
        return differ(expected, f"error {error['class']}: {error['message']}")
    want, have = expected["ok"], got["ok"]
    if "value" in want:
        return _told(want["value"], have.get("value", have))
    if "value" in have:
        return differ(want, have)
    want = want | {"url": plain(want["url"])}
    have = have | {"url": plain(have["url"])}
    for name, value in want.items():
        if have.get(name) != value:
            return differ(f"{name} {value!r}", repr(have.get(name)))
    return None


def _error(expected: dict[str, Any], got: dict[str, Any]) -> Difference | None:
    error = got.get("error")
    if error is None:
        return differ({"error": expected["kind"]}, got)
    own = expected.get("own_text") and expected["kind"] != "value_error"
    shown = f"error {error['class']}: {error['message']}"
    if expected["kind"] not in error["kinds"]:
        return differ(f"{expected['kind']} {expected['message']!r}", shown)
    if expected["kind"] == "retry_exhausted":
        last = error["last"]
        if last["attempt_number"] != expected["attempt_number"]:
            return differ(f"attempt {expected['attempt_number']}", f"attempt {last['attempt_number']}")
        found = _outcome(expected["last"], last["outcome"])
        if found:
            return found
    if own and error["message"] != expected["message"]:
        return differ(f"{expected['kind']} {expected['message']!r}", shown)
    return None


def _told(expected: Any, got: Any) -> Difference | None:
    """The second of a connection test is compared where it is the hook's own text."""
    if isinstance(expected, list) and len(expected) == 2 and expected[0] is False and isinstance(expected[1], str):
        own = expected[1][3:4] == ":" or expected[1].startswith(("Inv", "The "))
        if not own:
            expected, got = expected[:1], list(got)[:1]
    if isinstance(expected, dict) and "headers" in expected:
        expected = expected | {"headers": sorted([name.lower(), value] for name, value in expected["headers"])}
        got = got | {"headers": sorted(map(list, comparable(got["headers"], [])))}
    got = list(got) if isinstance(got, tuple) else got
    return None if expected == got else differ(expected, got)


def _base_url(expected: str | None, got: str | None) -> Difference | None:
    if expected is None or got is None or without_user_info(expected) == without_user_info(got):
        return None
    return differ(f"base_url {expected}", got)


def _requests(expected: list[dict[str, Any]], got: list[dict[str, Any]]) -> Difference | None:
    if len(expected) != len(got):
        return differ(f"{len(expected)} requests", f"{len(got)} requests")
    for number, (want, have) in enumerate(zip(expected, got, strict=False), start=1):
        boundary = _boundary(have["headers"])
        headers = [(name, value.replace(boundary, BOUNDARY) if boundary else value) for name, value in have["headers"]]
        body = have["body"].replace(boundary.encode(), BOUNDARY.encode()) if boundary else have["body"]
        recorded = [(name.lower(), value) for name, value in want["headers"]]
        recorded = [pair for pair in recorded if not _stood_in(pair, headers)]
        pairs = [
            ("connect", want["connect"], have["connect"]),
            ("method", want["method"], have["method"]),
            ("target", want["target"], have["target"]),
            ("headers", sorted(recorded), sorted(comparable(headers, recorded))),
            ("framing", want["framing"], have["framing"]),
            ("body", _bytes(want["body"]).replace(b"{{BOUNDARY}}", BOUNDARY.encode()), body),
        ]
        for name, one, other in pairs:
            if name == "headers":
                one = [(key, value.replace("{{BOUNDARY}}", BOUNDARY)) for key, value in one]
            if one != other:
                return differ(f"request {number}: {name} {one!r}", repr(other))
    return None


def _bytes(value: Any) -> bytes:
    if not value:
        return b""
    return value["text"].encode() if "text" in value else base64.b64decode(value["base64"])


def _boundary(headers: list[tuple[str, str]]) -> str | None:
    for name, value in headers:
        if name.lower() == "content-type" and value.startswith("multipart/form-data; boundary="):
            return value.partition("boundary=")[2]
    return None


def _stood_in(pair: tuple[str, str], got: list[tuple[str, str]]) -> bool:
    """Whether the recorded client put a header of its own in the place of one that was removed."""
    own = (pair[0] == "accept-encoding" and pair[1] == "identity") or (
        pair[0] == "user-agent" and pair[1].startswith("python-")
    )
    return own and all(name.lower() != pair[0] for name, _ in got)


DEFAULTS = {
    "user-agent": r"(python-requests|python-http-hook|http-hook)/\S+|Python/\S+ aiohttp/\S+",
    "accept-encoding": r"gzip, deflate(, br)?(, zstd)?|identity",
    "connection": r"keep-alive",
}


def comparable(headers: Any, recorded: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names in lower case, without those defaults of a client that the recorded data leave out."""
    kept = []
    for name, value in headers:
        name = name.lower()
        is_default = name in DEFAULTS and re.fullmatch(DEFAULTS[name], value)
        if not is_default or any(other == name for other, _ in recorded):
            kept.append((name, value))
    return kept


def _options(expected: dict[str, Any] | None, got: dict[str, Any] | None) -> Difference | None:
    if expected is None or got is None:
        return None
    verify = expected["verify"]
    want = {
        "timeout": _limits(expected["timeout"]),
        "verify": True if verify is None else verify if isinstance(verify, str) else bool(verify),
        "cert": expected["cert"],
        "stream": bool(expected["stream"]),
    }
    for name, value in want.items():
        if name in got and got[name] != value:
            return differ(f"{name} {value!r}", repr(got[name]))
    return None


def _limits(timeout: Any) -> list[Any]:
    if isinstance(timeout, dict):
        timeout = timeout.get("$tuple", timeout)
    return list(timeout) if isinstance(timeout, (list, tuple)) else [timeout, timeout]


def told_options(kwargs: dict[str, Any], response: Any) -> dict[str, Any]:
    """What the client was told of the first send, as far as it shows."""
    timeout = kwargs.get("timeout")
    if timeout is not None and hasattr(timeout, "connect_timeout"):
        timeout = [timeout.connect_timeout, timeout.read_timeout]
    cert = kwargs.get("cert")
    made = {
        "timeout": _limits(timeout),
        "verify": True if kwargs.get("verify") is None else kwargs["verify"],
        "cert": list(cert) if isinstance(cert, tuple) else cert,
    }
    if response is not None and hasattr(response, "_content_consumed"):
        made["stream"] = not response._content_consumed
    return made


def _sleeps(expected: dict[str, Any], made: Made) -> Difference | None:
    if "sleeps" in expected and expected["sleeps"] is not None and list(expected["sleeps"]) != made.sleeps:
        return differ({"sleeps": expected["sleeps"]}, {"sleeps": made.sleeps})
    if expected.get("attempts") is not None and expected["attempts"] != made.attempts:
        return differ({"attempts": expected["attempts"]}, {"attempts": made.attempts})
    return None


def _logs(expected: list[list[str]], got: list[list[str]] | None) -> Difference | None:
    """The Rust runner has no log to compare; the sync hook's has to be the original's."""
    if got is None:
        return None
    pairs = [[[level, without_address(text)] for level, text in lines] for lines in (expected, got)]
    return None if pairs[0] == pairs[1] else differ({"logs": pairs[0]}, {"logs": pairs[1]})


def without_user_info(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    authority, path = re.match(r"([^/?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{scheme}://{authority.rpartition('@')[2]}{path}"


def plain(url: str) -> str:
    """Without user info and fragment, the host in lower case, an empty path as the `/` that it is."""
    url = without_user_info(url.partition("#")[0])
    scheme, _, rest = url.partition("://")
    host, path = re.match(r"([^/?]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{scheme}://{host.lower()}{path or '/'}"
