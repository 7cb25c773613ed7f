"""The loop over a session of requests."""

from __future__ import annotations

import io
import pickle
import random
import socket
import time
from typing import Any

import pytest
import requests
import requests_mock as mocking
from requests.auth import AuthBase, HTTPDigestAuth

from http_hook import Connection, RetryPolicy
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


class Token(AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Token"] = "t"
        return request


def test_an_auth_object_is_asked_for_its_own_origin_only(serve: Any) -> None:
    here, there = serve(), serve()
    here.then(302, Location=f"{there.url}/b")
    HttpHook(here.url).get("a", auth=Token())
    assert here.asked[0].headers["X-Token"] == "t"
    assert "X-Token" not in there.asked[0].headers


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


class Bug(Exception):
    """Raised by code of the caller's."""


def raises(error: Exception) -> Any:
    def hook(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    return hook


EAGER = RetryPolicy({"when": {"type": "error"}, "wait": {"type": "fixed", "seconds": 0.01}})


@pytest.mark.parametrize("error", [Bug("mine"), ValueError("mine"), OSError("mine"), requests.ConnectionError("mine")])
@pytest.mark.parametrize("of_session", [False, True])
def test_what_a_response_hook_raises_ends_the_call(server: Any, error: Exception, of_session: bool) -> None:
    with requests.Session() as session:
        hooks = {"response": raises(error)}
        if of_session:
            session.hooks = {"response": [raises(error)]}
        hook = HttpHook(server.url, session=session, policy=EAGER)
        with pytest.raises(type(error), match="mine") as raised:
            hook.get("a", hooks=None if of_session else hooks)
    assert raised.value is error
    assert raised.value.failure.sent == "maybe"  # type: ignore[attr-defined]
    assert len(server.asked) == 1


def test_what_an_auth_object_or_an_adapter_raises_ends_the_call(server: Any) -> None:
    with pytest.raises(Bug):
        HttpHook(server.url, policy=EAGER).get("a", auth=raises(Bug()))
    assert server.asked == []
    asked = []

    class Broken(requests.adapters.HTTPAdapter):
        def send(self, *_args: Any, **_kwargs: Any) -> Any:
            asked.append(1)
            raise KeyError("mine")

    session = requests.Session()
    session.mount("http://", Broken())
    with pytest.raises(KeyError):
        HttpHook(server.url, session=session, policy=EAGER).get("a")
    assert asked == [1]


def test_hooks_are_shown_as_they_were_given(server: Any) -> None:
    def hook(*_args: Any, **_kwargs: Any) -> None:
        """Does nothing."""

    response = HttpHook(server.url).get("a", hooks={"response": hook})
    assert response.request.hooks["response"] == [hook]


def cookie(name: str, value: str, **place: Any) -> Any:
    return requests.cookies.create_cookie(name, value, **place)


def sent_cookies(asked: Any) -> set[str]:
    line = asked.headers.get("Cookie")
    return set(line.split("; ")) if line else set()


@pytest.mark.parametrize("of_session", [False, True])
def test_a_jar_sends_cookies_where_they_belong(serve: Any, of_session: bool) -> None:
    here, there = serve(), serve()
    here.then(302, Location=f"http://localhost:{there.port}/b/c")
    jar = requests.cookies.RequestsCookieJar()
    for one in (
        cookie("here", "1", domain="127.0.0.1"),
        cookie("there", "2", domain="localhost.local"),
        cookie("elsewhere", "3", domain="other.test"),
        cookie("path", "4", domain="127.0.0.1", path="/x"),
        cookie("safe", "5", domain="127.0.0.1", secure=True),
        cookie("own", "6"),
        cookie("own-path", "7", path="/x"),
        cookie("own-safe", "8", secure=True),
        cookie("old", "9", domain="127.0.0.1", expires=1),
    ):
        jar.set_cookie(one)
    session = requests.Session()
    if of_session:
        session.cookies = jar
    HttpHook(here.url, session=session).get("a", cookies=None if of_session else jar)
    assert sent_cookies(here.asked[0]) == {"here=1", "own=6"}
    assert sent_cookies(there.asked[0]) == {"there=2"}


def test_cookies_that_are_set_are_stored_in_the_jar_of_the_session(server: Any) -> None:
    session = requests.Session()
    session.cookies.set("a", "0", domain="127.0.0.1", path="/")
    hook = HttpHook(server.url, session=session)
    server.then(302, Location="/b", Set_Cookie="a=1; Path=/").then(200, Set_Cookie="p=2; Path=/p").then(200).then(200)
    hook.get("a")
    stored = {(one.name, one.value, one.domain, one.path) for one in session.cookies}
    assert stored == {("a", "1", "127.0.0.1", "/"), ("p", "2", "127.0.0.1", "/p")}
    hook.get("c")
    hook.get("p/q", cookies={"a": "mine"})
    assert [sent_cookies(asked) for asked in server.asked] == [{"a=0"}, {"a=1"}, {"a=1"}, {"a=mine", "p=2"}]


def test_a_cookie_header_of_the_callers_is_all_there_is(server: Any) -> None:
    session = requests.Session()
    session.cookies.set("a", "0", domain="127.0.0.1", path="/")
    HttpHook(server.url, session=session).get("a", headers={"cookie": "mine=1"}, cookies={"b": "2"})
    assert server.asked[0].headers["Cookie"] == "mine=1"


def test_a_session_of_the_callers_is_heard(serve: Any) -> None:
    here, there = serve(), serve()
    here.then(302, Location=f"{there.url}/b")
    session = requests.Session()
    session.headers["X-Api-Key"] = "k"
    del session.headers["User-Agent"]
    session.auth = ("reader", "secret")
    session.params = {"page": "2", "size": "3"}
    session.max_redirects = 1
    hook = HttpHook(here.url, session=session)
    hook.get("a", params={"page": "4"})
    asked = here.asked[0]
    assert asked.path == "/a?page=4&size=3"
    assert asked.headers["X-Api-Key"] == "k"
    assert asked.headers["Authorization"] == "Basic cmVhZGVyOnNlY3JldA=="
    assert asked.headers["User-Agent"].startswith("python-urllib3")
    assert not {"X-Api-Key", "Authorization"} & set(there.asked[0].headers)
    # What changes is heard, too.
    session.headers["X-Api-Key"] = "l"
    session.auth = Token()
    here.then(302, Location="/b").then(302, Location="/c")
    with pytest.raises(requests.TooManyRedirects):
        hook.get("a", headers={"X-Api-Key": "mine"})
    assert here.asked[1].headers["X-Api-Key"] == "mine"
    assert here.asked[1].headers["X-Token"] == "t"


class Signing(requests.Session):
    """Prepares requests in a way of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.leads_to: str | None = None
        self.seen: list[str] = []

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        self.seen.append(str(request.url))
        made = super().prepare_request(request)
        made.headers["X-Signature"] = f"{made.method} {made.path_url} {len(made.body or b'')}"
        if self.leads_to is not None:
            made.url = self.leads_to
        return made


def test_a_session_that_prepares_requests_is_asked(serve: Any) -> None:
    here, there = serve(), serve()
    session = Signing()
    session.params = {"page": "2"}
    session.headers["X-Own"] = "1"
    session.auth = ("reader", "secret")
    here.then(503).then(307, Location=f"{there.url}/b")
    hook = HttpHook(here.url, session=session, policy=AGAIN)
    hook.put("a", data="text", auth=("other", "secret"), headers={"X-Own": None})
    for asked in here.asked:
        assert (asked.path, asked.body) == ("/a?page=2", b"text")
        assert asked.headers["X-Signature"] == "PUT /a?page=2 4"
        assert asked.headers["Authorization"] == "Basic b3RoZXI6c2VjcmV0"
        assert "X-Own" not in asked.headers
    assert len(here.asked) == 2
    assert "X-Signature" not in there.asked[0].headers
    session.leads_to = f"{there.url}/c"
    with pytest.raises(requests.RequestException, match="changed the method, or the origin") as raised:
        hook.get("a")
    assert raised.value.failure.sent == "no"  # type: ignore[attr-defined]
    assert len(there.asked) == 1


class Keeping(requests.Session):
    """Keeps its credential over redirects."""

    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Takes nothing away."""


class Settled(requests.Session):
    """Says by which proxy."""

    via: str = ""

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        return {"proxies": {"http": self.via}, "stream": stream, "verify": verify, "cert": cert}


def test_what_a_session_says_of_redirects_is_refused_in_words(server: Any) -> None:
    hook = HttpHook(server.url, session=Keeping())
    assert hook.get("a").status_code == 200
    server.then(302, Location="/b")
    with pytest.raises(requests.RequestException, match="rebuild_auth of the session is not asked"):
        hook.get("a")
    assert len(server.asked) == 2


def test_what_a_session_makes_of_the_environment_holds(serve: Any) -> None:
    proxy = serve()
    session = Settled()
    session.via = proxy.url
    HttpHook("http://api.example.test", session=session).get("a")
    assert proxy.asked[0].path == "http://api.example.test/a"


@pytest.mark.parametrize(
    "argument", [{"options": {"verify": "/nowhere/ca.pem"}}, {"options": {"cert": "/nowhere/c.pem"}}]
)
def test_a_certificate_that_is_not_there_is_not_sent(server: Any, argument: dict[str, Any]) -> None:
    url = server.url.replace("http:", "https:")
    with pytest.raises(OSError) as raised:
        HttpHook(url).post("a", **argument)
    assert raised.value.failure.sent == "no"  # type: ignore[attr-defined]


def chain(error: BaseException) -> str:
    texts = []
    waiting: list[Any] = [error]
    seen = set()
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        texts.extend([str(one), repr(one), *(str(value) for value in vars(one).values() if isinstance(value, str))])
        waiting.extend((one.__cause__, one.__context__, *one.args, *vars(one).values()))
    return "\n".join(texts)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://127.0.0.1:9", "http://nowhere.invalid"])
def test_exceptions_of_the_client_show_no_secret(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "invalid" in url:
        monkeypatch.setattr(socket, "getaddrinfo", raises(socket.gaierror("no such host")))
    with pytest.raises(requests.ConnectionError) as raised:
        HttpHook(Connection(host=f"{url}/hidden-base")).get("a", params={"page": "2", "api_key": "s3cr3t"})
    told = chain(raised.value)
    assert "s3cr3t" not in told
    assert "hidden-base" not in told
    assert "page=2" in told


def test_what_is_no_secret_is_shown_as_the_client_does() -> None:
    with pytest.raises(requests.ConnectionError, match=r"Max retries exceeded with url: /a\?page=2 "):
        HttpHook("http://127.0.0.1:9").get("a", params={"page": "2"})


def test_a_broken_server_shows_no_secret(server: Any) -> None:
    server.breaks()
    with pytest.raises(requests.ConnectionError) as raised:
        HttpHook(server.url).get("a", params={"token": "s3cr3t"})
    assert "s3cr3t" not in chain(raised.value)


class InQuery(AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.url = f"{request.url}?mine=s3cr3t"
        return request


def test_what_an_auth_object_adds_to_a_url_is_not_shown() -> None:
    with pytest.raises(requests.ConnectionError) as raised:
        HttpHook("http://127.0.0.1:9").get("a", auth=InQuery())
    assert "s3cr3t" not in chain(raised.value)
