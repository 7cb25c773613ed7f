"""The loop over a session of requests."""

from __future__ import annotations

import io
import pickle
import random
import time
from typing import Any

import pytest
import requests
import requests_mock as mocking
from requests.auth import HTTPDigestAuth

from http_hook import RetryPolicy
from http_hook.requests import HttpHook, ResponseTooLarge

AGAIN = RetryPolicy({"wait": {"type": "fixed", "seconds": 0.01}})


def test_a_call_is_retried_and_answered(server: Any) -> None:
    server.then(503).then(200, b"hello")
    with HttpHook(server.url, policy=AGAIN) as hook:
        response = hook.get("v1/orders", params={"limit": 50})
    assert (response.status_code, response.text) == (200, "hello")
    assert response.url == f"{server.url}/v1/orders?limit=50"
    assert [asked.path for asked in server.asked] == ["/v1/orders?limit=50"] * 2


def test_the_hint_of_the_server_counts(server: Any) -> None:
    server.then(503, Retry_After="1").then(200)
    begun = time.monotonic()
    HttpHook(server.url, policy=AGAIN).get()
    assert time.monotonic() - begun >= 1.0


def test_a_failure_is_an_exception_of_requests(server: Any) -> None:
    server.then(404, b"no such order")
    with pytest.raises(requests.HTTPError, match="404:Not Found") as raised:
        HttpHook(server.url).get("a")
    error: Any = raised.value
    assert error.response.text == "no such order"
    assert (error.failure.reason, error.failure.status, error.failure.attempts) == ("rejected", 404, 1)
    assert pickle.loads(pickle.dumps(error)).failure.text == "404:Not Found"


def test_what_requests_raises_is_raised(server: Any) -> None:
    server.breaks().breaks().breaks()
    hook = HttpHook(server.url, policy=AGAIN)
    with pytest.raises(requests.ConnectionError) as raised:
        hook.get("a")
    assert (raised.value.failure.attempts, raised.value.failure.kind) == (3, "interrupted")  # type: ignore[attr-defined]
    server.asked.clear()
    server.answers.clear()
    server.breaks()
    with pytest.raises(requests.ConnectionError) as raised:
        hook.post("a", data="x")
    assert raised.value.failure.reason == "not_idempotent"  # type: ignore[attr-defined]
    assert len(server.asked) == 1


def test_a_key_lets_a_post_be_sent_again(server: Any) -> None:
    server.breaks()
    HttpHook(server.url, policy=AGAIN).post("a", data="x", idempotency_key=True)
    keys = {asked.headers["Idempotency-Key"] for asked in server.asked}
    assert (len(server.asked), len(keys)) == (2, 1)


def test_no_connection(unused: int = 9) -> None:
    with pytest.raises(requests.ConnectionError) as raised:
        HttpHook(f"http://127.0.0.1:{unused}").post("a", data="x")
    assert (raised.value.failure.kind, raised.value.failure.sent) == ("connect", "no")  # type: ignore[attr-defined]


def test_redirects_leak_nothing(serve: Any) -> None:
    here, there = serve(), serve()
    here.then(302, Location="/b").then(307, Location=f"{there.url}/c")
    hook = HttpHook(here.url.replace("//", "//reader:secret@"), headers=[("X-Api-Key", "k")])
    response = hook.get("a#part")
    assert [answer.status_code for answer in response.history] == [302, 307]
    assert response.url == f"{there.url}/c#part"
    assert all("X-Api-Key" in asked.headers for asked in here.asked)
    assert not {"X-Api-Key", "Authorization"} & set(there.asked[0].headers)


@pytest.mark.parametrize(
    "asked, led, there",
    [("a", "/b#there", "#there"), ("a#here", "/b", "#here"), ("a#here", "/b#there", "#there"), ("a", "/b", "")],
)
def test_a_fragment_goes_with_a_redirect_as_in_requests(server: Any, asked: str, led: str, there: str) -> None:
    server.then(302, Location=led).then(302, Location=led).then(200)
    assert HttpHook(server.url).get(asked).url == f"{server.url}/b{there}"
    server.then(302, Location=led).then(302, Location=led).then(200)
    assert requests.get(f"{server.url}/{asked}").url == f"{server.url}/b{there}"
    assert not any("#" in asked.path for asked in server.asked)


def test_too_many_redirects(server: Any) -> None:
    for _ in range(3):
        server.then(302, Location="/b")
    with pytest.raises(requests.TooManyRedirects, match=r"Exceeded 2 redirects\."):
        HttpHook(server.url).get("a", options={"max_redirects": 2})


def test_a_body_is_read_up_to_its_limit(server: Any) -> None:
    server.then(200, b"x" * 1000).then(200, b"x" * 1000)
    with pytest.raises(ResponseTooLarge) as raised:
        HttpHook(server.url).get("a", max_response_bytes=999)
    assert raised.value.failure.kind == "limit"  # type: ignore[attr-defined]
    assert len(HttpHook(server.url).get("a", max_response_bytes=1000).content) == 1000


def test_a_streamed_body_is_the_callers(server: Any) -> None:
    server.then(200, b"x" * 1000)
    response = HttpHook(server.url).get("a", options={"stream": True}, max_response_bytes=10)
    assert sum(map(len, response.iter_content(100))) == 1000


def test_the_deadline_holds(server: Any) -> None:
    server.then(503, Retry_After="30")
    begun = time.monotonic()
    with pytest.raises(requests.HTTPError) as raised:
        HttpHook(server.url, policy=AGAIN).get("a", deadline=0.5)
    assert raised.value.failure.reason in ("deadline", "hint_too_long")  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 5


def test_bodies(server: Any) -> None:
    hook = HttpHook(server.url)
    hook.post("a", json={"n": 10**20})
    hook.post("a", data={"a": "ü", "b": [1, 2]})
    hook.post("a", data=io.BytesIO(b"file"))
    hook.post("a", data=iter([b"ab", b"c"]))
    hook.post("a", data="text")
    hook.put("a")
    bodies = [asked.body for asked in server.asked]
    assert bodies == [b'{"n": 100000000000000000000}', b"a=%C3%BC&b=1&b=2", b"file", b"abc", b"text", b""]
    assert [asked.headers.get("Content-Length") for asked in server.asked] == ["28", "16", "4", None, "4", "0"]
    types = [asked.headers.get("Content-Type") for asked in server.asked]
    assert types == ["application/json", "application/x-www-form-urlencoded", None, None, None, None]


def test_files(server: Any) -> None:
    HttpHook(server.url).post("a", data={"kind": "report"}, files={"file": ("a.csv", io.BytesIO(b"a,b\n"), "text/csv")})
    body, kind = server.asked[0].body, server.asked[0].headers["Content-Type"]
    assert kind.startswith("multipart/form-data; boundary=")
    assert b'name="kind"\r\n\r\nreport\r\n' in body
    assert b'name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\na,b\n\r\n' in body


def test_json_that_is_none(server: Any) -> None:
    with pytest.raises(requests.exceptions.InvalidJSONError):
        HttpHook(server.url).post("a", json={"x": float("nan")})
    assert server.asked == []


def test_digest_is_answered_once(server: Any) -> None:
    server.then(401, WWW_Authenticate='Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256').then(200)
    HttpHook(server.url).get("a", auth=HTTPDigestAuth("reader", "secret"))
    assert "Authorization" not in server.asked[0].headers
    assert server.asked[1].headers["Authorization"].startswith("Digest ")


def test_cookies_are_kept_for_the_call(server: Any) -> None:
    server.then(302, Location="/b", Set_Cookie="a=1; Path=/").then(200).then(200)
    hook = HttpHook(server.url)
    hook.get("a", cookies={"own": "2"})
    hook.get("c")
    assert set(server.asked[1].headers["Cookie"].split("; ")) == {"a=1", "own=2"}
    assert "Cookie" not in server.asked[2].headers


def test_proxy_and_netrc_of_the_environment(serve: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    proxy = serve()
    monkeypatch.setenv("http_proxy", proxy.url)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.example.test login reader password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    HttpHook("http://api.example.test").get("a")
    assert proxy.asked[0].path == "http://api.example.test/a"
    assert proxy.asked[0].headers["Authorization"] == "Basic cmVhZGVyOnNlY3JldA=="
    with pytest.raises(requests.ConnectionError):
        HttpHook("http://127.0.0.1:9", trust_env=False).get("a")


def test_a_session_of_the_callers(server: Any) -> None:
    with requests.Session() as session:
        hook = HttpHook(server.url, session=session)
        server.then(302, Location="/b").then(200).then(302, Location="/d").then(200)
        assert len(hook.get("a").history) == 1
        assert len(session.get(f"{server.url}/c").history) == 1
        hook.close()
        assert session.get(f"{server.url}/e").status_code == 200


def test_hooks_and_mocks_of_requests() -> None:
    seen: list[int] = []
    session = requests.Session()
    with mocking.Mocker(session=session) as mocked:
        mocked.post("http://api.example.test/a", [{"status_code": 503}, {"text": "ok"}])
        hook = HttpHook("http://api.example.test", session=session, policy=AGAIN)
        response = hook.post(
            "a",
            data={"x": 1},
            allow_resend=True,
            hooks={"response": lambda answer, **_: seen.append(answer.status_code)},
        )
    assert (response.text, seen) == ("ok", [503, 200])
    assert mocked.last_request.text == "x=1"


def test_explain_and_curl() -> None:
    hook = HttpHook("http://reader:secret@api.example.test/https")
    assert "call" in hook.explain("GET", "a", params={"page": 2})
    assert hook.to_curl("GET", "a", params={"page": 2}).endswith("'https://api.example.test/a?page=2'")


def test_a_key_does_not_depend_on_what_the_program_draws(server: Any) -> None:
    for _ in range(2):
        random.seed(42)
        server.then(200)
        with HttpHook(server.url) as hook:
            hook.post("a", json={}, idempotency_key=True)
    keys = {asked.headers["Idempotency-Key"] for asked in server.asked}
    assert len(keys) == 2
