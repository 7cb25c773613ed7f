"""The loop over a session of requests: what the caller's session, hooks, auth objects and cookies say."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from bugs import Bug, raises
from requests.auth import AuthBase

from http_hook import RetryPolicy
from http_hook.requests import HttpHook

AGAIN = RetryPolicy({"wait": {"type": "fixed", "seconds": 0.01}})


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


def cookie(name: str, value: str, **place: Any) -> Any:
    return requests.cookies.create_cookie(name, value, **place)


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
    assert here.asked[0].cookies == {"here=1", "own=6"}
    assert there.asked[0].cookies == {"there=2"}


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
    assert [asked.cookies for asked in server.asked] == [{"a=0"}, {"a=1"}, {"a=1"}, {"a=mine", "p=2"}]


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


def test_what_servers_set_stays_with_its_call(server: Any) -> None:
    hook = HttpHook(server.url)
    for number in range(3):
        server.then(302, Location="/b", Set_Cookie=f"c{number}=1").then(200, Set_Cookie=f"d{number}=2")
        response = hook.get("a")
        assert response.cookies.get_dict() == {f"d{number}": "2"}
        assert response.history[0].cookies.get_dict() == {f"c{number}": "1"}
        assert server.asked[-1].cookies == {f"c{number}=1"}
    assert len(hook.session.cookies) == 0
