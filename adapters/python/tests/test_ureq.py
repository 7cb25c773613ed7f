"""The loop over a transport of the package's own, where the wheel has one."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from http_hook import RetryPolicy, _http_hook
from http_hook.ureq import HttpHook

if not hasattr(_http_hook, "UreqTransport"):

    def test_a_wheel_without_it_says_so() -> None:
        with pytest.raises(ImportError, match="no transport of its own"):
            HttpHook("http://127.0.0.1:9")

else:
    AGAIN = RetryPolicy({"wait": {"type": "fixed", "seconds": 0.01}})

    def test_a_call_is_retried_and_answered(server: Any) -> None:
        server.then(503).then(200, b"hello", Content_Type="text/plain; charset=utf-8", Set_Cookie="a=1")
        response = HttpHook(server.url, policy=AGAIN).post("a", data={"x": 1}, idempotency_key=True)
        assert (response.text, response.encoding, response.cookies["a"]) == ("hello", "utf-8", "1")
        assert [asked.body for asked in server.asked] == [b"x=1", b"x=1"]

    def test_errors_are_those_of_requests(server: Any) -> None:
        with pytest.raises(requests.ConnectionError) as raised:
            HttpHook("http://127.0.0.1:9").get("a")
        assert raised.value.failure.kind == "connect"  # type: ignore[attr-defined]
        server.then(404)
        with pytest.raises(requests.HTTPError, match="404"):
            HttpHook(server.url).get("a")
        with pytest.raises(requests.RequestException):
            HttpHook(server.url).post("a", data=iter([b"x"]))

    def test_redirects_are_followed(serve: Any) -> None:
        here, there = serve(), serve()
        here.then(302, Location=f"{there.url}/b")
        response = HttpHook(here.url.replace("//", "//reader:secret@")).get("a")
        assert [answer.status_code for answer in response.history] == [302]
        assert "Authorization" not in {name.title() for name in there.asked[0].headers}

    def test_hooks_are_run_and_what_they_raise_ends_the_call(server: Any) -> None:
        seen: list[int] = []

        def hook(response: requests.Response, **_more: Any) -> None:
            seen.append(response.status_code)
            raise KeyError("mine")

        with pytest.raises(KeyError):
            HttpHook(server.url, policy=AGAIN).get("a", hooks={"response": hook})
        assert (seen, len(server.asked)) == ([200], 1)

    def test_a_cookie_of_a_place_is_refused(server: Any) -> None:
        jar = requests.cookies.RequestsCookieJar()
        jar.set("plain", "1")
        jar.set("elsewhere", "2", domain="other.test", path="/")
        HttpHook(server.url).get("a", cookies=jar)
        jar.set("here", "3", domain="127.0.0.1", path="/")
        with pytest.raises(requests.RequestException, match="needs a session of requests"):
            HttpHook(server.url).get("a", cookies=jar)
        assert [asked.headers.get("cookie") or asked.headers.get("Cookie") for asked in server.asked] == ["plain=1"]
