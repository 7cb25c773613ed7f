"""Airflow's classes: what a call keeps to itself, what subclasses say, and what a trigger makes of what it finds."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

pytest.importorskip("airflow.providers.http")

import aiohttp
import tenacity
from airflow.exceptions import AirflowException
from airflow.sdk import Connection
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import DeleteXCom, GetXCom, SetXCom, XComResult

from http_hook.airflow import HttpAsyncHook, HttpEventTrigger, HttpHook, HttpTrigger


class Bug(Exception):
    """Raised by code of the caller's."""


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets ids lead to servers: `stored(name, server, login=…)`."""
    known: dict[str, dict[str, Any]] = {}

    def get(conn_id: str) -> Connection:
        return Connection(**known[conn_id])

    async def async_get(conn_id: str) -> Connection:
        return get(conn_id)

    monkeypatch.setattr(Connection, "get", get)
    monkeypatch.setattr(Connection, "async_get", async_get)

    def keep(server: Any, name: str = "here", **fields: Any) -> str:
        url = urlsplit(server.url)
        told = {"conn_id": name, "conn_type": "http", "host": url.hostname, "port": url.port}
        if "extra" in fields:
            fields["extra"] = json.dumps(fields["extra"])
        known[name] = {**told, **fields}
        return name

    return keep


def again(attempts: int = 3, **more: Any) -> dict[str, Any]:
    return {"stop": tenacity.stop_after_attempt(attempts), "wait": tenacity.wait_none(), **more}


ANY = tenacity.retry_if_exception_type(Exception)


@pytest.mark.parametrize("as_code", [False, True])
def test_a_sleep_of_the_callers_is_asked_once_for_each_wait(server: Any, stored: Any, as_code: bool) -> None:
    for _ in range(4):
        server.then(500)
    slept: list[float] = []
    told: list[int] = []
    arguments = {
        "stop": tenacity.stop_after_attempt(4),
        "wait": tenacity.wait_fixed(5),
        "retry": ANY,
        "sleep": slept.append,
        "before_sleep": lambda state: told.append(state.attempt_number),
    }
    if as_code:
        arguments["wait"] = lambda state: 5.0
    hook = HttpHook(method="GET", http_conn_id=stored(server))
    with pytest.raises(tenacity.RetryError) as raised:
        hook.run_with_advanced_retry(arguments, endpoint="x")
    assert [round(seconds, 2) for seconds in slept] == [5, 5, 5]
    assert told == [1, 2, 3]
    assert len(server.asked) == 4
    assert raised.value.last_attempt.attempt_number == 4


def test_statistics_are_those_of_tenacity(server: Any, stored: Any) -> None:
    for _ in range(2):
        server.then(500)
    hook = HttpHook(method="GET", http_conn_id=stored(server))
    with pytest.raises(tenacity.RetryError):
        hook.run_with_advanced_retry(again(2, retry=ANY, wait=tenacity.wait_fixed(0.05)), endpoint="x")
    told = hook._retry_obj.statistics
    assert (told["attempt_number"], round(told["idle_for"], 3)) == (2, 0.05)
    assert told["delay_since_first_attempt"] >= 0.05


# What is of one call is no other's.


@pytest.mark.parametrize("preset", ["usual", "airflow"])
@pytest.mark.parametrize("as_code", [False, True])
def test_another_thread_takes_no_part_in_retries(server: Any, stored: Any, preset: str, as_code: bool) -> None:
    hook = HttpHook("POST", stored(server), preset=preset)
    asking, answered = threading.Event(), threading.Event()

    def sleep(_seconds: float) -> None:
        asking.set()
        answered.wait(10)

    arguments = again(retry=ANY, sleep=sleep)
    if not as_code:
        del arguments["sleep"]
        arguments["wait"] = tenacity.wait_fixed(0.5)
    server.then(503).then(503).then(200)
    first = threading.Thread(
        target=lambda: hook.run_with_advanced_retry(arguments, "a", headers={"Idempotency-Key": "k"})
    )
    first.start()
    if as_code:
        assert asking.wait(10)
    else:
        for _ in range(200):
            if server.asked:
                break
            threading.Event().wait(0.01)
        threading.Event().wait(0.1)
    with pytest.raises(AirflowException, match="503"):
        hook.run("b")
    answered.set()
    first.join(20)
    assert [asked.path for asked in server.asked] == ["/a", "/b", "/a"]


def test_a_callback_makes_calls_of_its_own(server: Any, stored: Any) -> None:
    hook = HttpHook("GET", stored(server))
    said: list[str] = []

    def tell(_state: Any) -> None:
        try:
            hook.run("notes")
        except AirflowException as error:
            said.append(str(error).split("\n")[0])

    server.then(503).then(500).then(503).then(502).then(200)
    response = hook.run_with_advanced_retry(again(5, retry=ANY, before_sleep=tell), "a")
    assert response.status_code == 200
    assert said == ["500:Internal Server Error", "502:Bad Gateway"]
    assert [asked.path for asked in server.asked] == ["/a", "/notes", "/a", "/notes", "/a"]
    statistics = hook._retry_obj.statistics  # type: ignore[attr-defined]
    assert statistics["attempt_number"] == 3


class Checking(HttpHook):
    """Makes a call while it checks a response."""

    checked = 0

    def check_response(self, response: requests.Response) -> None:
        self.checked += 1
        if not str(response.url).endswith("/audit"):
            with contextlib.suppress(AirflowException):
                self.run("audit")
        super().check_response(response)


@pytest.mark.parametrize("place", ["check", "hook"])
def test_code_in_the_middle_of_a_call_makes_calls_of_its_own(server: Any, stored: Any, place: str) -> None:
    hook = (Checking if place == "check" else HttpHook)("GET", stored(server))
    given: dict[str, Any] = {}
    if place == "hook":

        def audit(response: requests.Response, **_more: Any) -> None:
            with contextlib.suppress(AirflowException):
                hook.run("audit")

        given["hooks"] = {"response": audit}
    server.then(503).then(500).then(200).then(500)
    assert hook.run_with_advanced_retry(again(retry=ANY), "a", **given).status_code == 200
    assert [asked.path for asked in server.asked] == ["/a", "/audit", "/a", "/audit"]


def test_options_of_a_call_in_between_are_its_own(server: Any, stored: Any) -> None:
    class Between(HttpHook):
        nested = False

        def _configure_session_from_mount_adapters(self, session: Any) -> Any:
            if not self.nested:
                self.nested = True
                self.run("audit", extra_options={"check_response": False})
                self.nested = False
            return super()._configure_session_from_mount_adapters(session)

    server.then(404).then(404)
    with pytest.raises(AirflowException, match="404"):
        Between("GET", stored(server)).run("a", extra_options={"timeout": 5})
    assert [asked.path for asked in server.asked] == ["/audit", "/a"]


def test_a_test_of_the_connection_leaves_the_method_alone(server: Any, stored: Any) -> None:
    hook = HttpHook("POST", stored(server))
    seen: list[str] = []

    class Watching(HttpHook):
        def get_conn(self, *args: Any, **kwargs: Any) -> Any:
            seen.append(hook.method)
            return super().get_conn(*args, **kwargs)

    hook = Watching("POST", stored(server))
    assert hook.test_connection() == (True, "Connection successfully tested")
    assert (seen, server.asked[0].method) == (["POST"], "HEAD")
    assert hook.base_url == server.url


# What code of the caller's raises.


def raises(error: Exception) -> Any:
    def hook(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    return hook


EAGER = {"when": {"type": "any", "conditions": [{"type": "error"}, {"type": "check_failed"}]}, "wait": {"type": "none"}}


def test_a_bug_in_a_response_hook_sends_nothing_again(server: Any, stored: Any) -> None:
    hook = HttpHook("GET", stored(server), policy=EAGER)
    with pytest.raises(Bug):
        hook.run("a", hooks={"response": raises(Bug())})
    assert len(server.asked) == 1


def test_a_bug_in_a_check_sends_nothing_again(server: Any, stored: Any) -> None:
    class Own(HttpHook):
        def check_response(self, response: requests.Response) -> None:
            raise Bug

    server.then(503).then(503)
    with pytest.raises(Bug):
        Own("GET", stored(server), policy=EAGER).run("a")
    assert len(server.asked) == 1


def test_what_a_check_lets_pass_is_not_sent_again(server: Any, stored: Any) -> None:
    class Own(HttpHook):
        def check_response(self, response: requests.Response) -> None:
            """Takes all."""

    server.then(503, b"busy")
    assert Own("GET", stored(server), policy=EAGER).run("a").text == "busy"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "method, preset, asked",
    [("GET", "usual", 3), ("POST", "usual", 1), ("POST", "airflow", 3)],
)
@pytest.mark.parametrize("as_code", [False, True])
def test_tenacity_judges_what_a_response_hook_raises(
    server: Any, stored: Any, method: str, preset: str, asked: int, as_code: bool
) -> None:
    hook = HttpHook(method, stored(server), preset=preset)
    more: dict[str, Any] = {"before_sleep": lambda _state: None} if as_code else {}
    with pytest.raises(tenacity.RetryError if asked > 1 else Bug):
        hook.run_with_advanced_retry(again(retry=ANY, **more), "a", hooks={"response": raises(Bug())})
    assert len(server.asked) == asked
    server.asked.clear()
    with pytest.raises(Bug):
        hook.run_with_advanced_retry(
            again(retry=tenacity.retry_if_exception_type(AirflowException)), "a", hooks={"response": raises(Bug())}
        )
    assert len(server.asked) == 1


class Reading(HttpHook):
    """Looks into what comes back."""

    def run_and_check(self, session: Any, prepped_request: Any, extra_options: Any) -> Any:
        response = super().run_and_check(session, prepped_request, extra_options)
        if response.text != "done":
            raise Bug(response.text)
        return response


class Wrapping(HttpHook):
    """Does the same around the call."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        response = super().run(*args, **kwargs)
        if response.text != "done":
            raise Bug(response.text)
        return response


class Preparing(HttpHook):
    """Makes its own request."""

    def run(self, endpoint: Any = None, *_args: Any, **_kwargs: Any) -> Any:
        session = self.get_conn()
        request = requests.Request(self.method, f"{self.base_url}/{endpoint}", headers={"Idempotency-Key": "mine"})
        response = self.run_and_check(session, session.prepare_request(request), {})
        if response.text != "done":
            raise Bug(response.text)
        return response


@pytest.mark.parametrize("kind", [Reading, Wrapping, Preparing])
def test_tenacity_judges_what_a_subclass_raises(server: Any, stored: Any, kind: type[HttpHook]) -> None:
    seen: list[Any] = []

    def note(state: Any) -> bool:
        seen.append(repr(state.outcome.exception() if state.outcome.failed else state.outcome.result().text))
        return bool(state.outcome.failed)

    server.then(200, b"wait").then(503, Retry_After="0").breaks().then(200, b"done")
    hook = kind("GET", stored(server))
    assert hook.run_with_advanced_retry(again(5, retry=note), "a").text == "done"
    assert len(server.asked) == 4
    assert (seen[0], seen[1].split("(")[0], seen[2].split("(")[0], seen[3]) == (
        "Bug('wait')",
        "AirflowException",
        "ConnectionError",
        "'done'",
    )
    assert hook._retry_obj.statistics["attempt_number"] == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [Reading, Wrapping])
def test_what_was_sent_is_not_sent_again_for_a_subclass_either(server: Any, stored: Any, kind: type[HttpHook]) -> None:
    for preset, headers, asked in (("usual", None, 1), ("usual", {"Idempotency-Key": "k"}, 3), ("airflow", None, 3)):
        server.asked.clear()
        hook = kind("POST", stored(server), preset=preset)
        with pytest.raises(tenacity.RetryError if asked > 1 else Bug):
            hook.run_with_advanced_retry(again(retry=ANY), "a", headers=headers)
        assert len(server.asked) == asked
    server.asked.clear()
    # A key that is drawn stays what it is.
    hook = kind("POST", stored(server), idempotency_key=True)
    with pytest.raises(tenacity.RetryError):
        hook.run_with_advanced_retry(again(retry=ANY), "a")
    assert len({asked.headers["Idempotency-Key"] for asked in server.asked}) == 1
    assert len(server.asked) == 3


def test_no_connection_is_sent_again_for_a_subclass(stored: Any) -> None:
    class Nowhere:
        url = "http://127.0.0.1:9"

    waits: list[float] = []
    hook = Reading("POST", stored(Nowhere))
    with pytest.raises(tenacity.RetryError):
        hook.run_with_advanced_retry(again(retry=ANY, sleep=waits.append), "a")
    assert len(waits) == 2


def test_the_server_is_asked_when_it_says_for_a_subclass(server: Any, stored: Any) -> None:
    waits: list[float] = []
    for preset, expected in (("usual", 2), ("airflow", 0)):
        server.then(503, Retry_After="2").then(200, b"done")
        hook = Reading("GET", stored(server), preset=preset)
        hook.run_with_advanced_retry(again(retry=ANY, sleep=waits.append), "a")
        assert waits.pop() >= expected
        assert not waits


def test_a_server_that_asks_for_too_much_ends_the_call_of_a_subclass(server: Any, stored: Any) -> None:
    waits: list[float] = []
    for kind in (HttpHook, Reading):
        server.asked.clear()
        server.then(503, Retry_After="120")
        with pytest.raises(AirflowException, match="503"):
            kind("GET", stored(server)).run_with_advanced_retry(again(retry=ANY, sleep=waits.append), "a")
        assert (len(server.asked), waits) == (1, [])


def test_the_deadline_is_that_of_all_rounds(server: Any, stored: Any) -> None:
    hook = Reading("GET", stored(server), deadline=2)
    with pytest.raises(Bug):
        hook.run_with_advanced_retry(again(100, retry=ANY, wait=tenacity.wait_fixed(0.6)), "a")
    assert 1 < len(server.asked) < 5


class Tokens(HttpHook):
    """Takes a new token for each attempt."""

    drawn = 0

    def get_conn(self, *args: Any, **kwargs: Any) -> Any:
        session = super().get_conn(*args, **kwargs)
        self.drawn += 1
        session.headers["X-Token"] = str(self.drawn)
        return session


def test_each_attempt_has_a_session_of_its_own_if_a_subclass_makes_it(server: Any, stored: Any) -> None:
    server.then(401).then(200)
    Tokens("GET", stored(server)).run_with_advanced_retry(again(retry=ANY), "a")
    assert [asked.headers["X-Token"] for asked in server.asked] == ["1", "2"]


def test_a_policy_of_data_knows_no_exception_of_a_subclass(server: Any, stored: Any) -> None:
    with pytest.raises(Bug):
        Reading("GET", stored(server)).run_with_advanced_retry(
            {"stop": {"type": "after_attempt", "max_attempts": 3}}, "a"
        )
    assert len(server.asked) == 1


# What a subclass does with its session.


def made(change: Any, base: type[HttpHook] = HttpHook) -> type[HttpHook]:
    class Changed(base):  # type: ignore[misc, valid-type]
        def get_conn(self, *args: Any, **kwargs: Any) -> Any:
            session = super().get_conn(*args, **kwargs)
            return change(session) or session

    return Changed


def deleted(session: requests.Session) -> None:
    del session.headers["X-Team"]
    del session.headers["User-Agent"]
    del session.headers["Accept"]
    del session.headers["Connection"]


def test_a_header_that_a_subclass_takes_out_is_not_sent(server: Any, stored: Any) -> None:
    name = stored(server, extra={"X-Team": "sales", "X-Other": "1", "timeout": 5})
    made(deleted)("GET", name).run("a")
    headers = server.asked[0].headers
    assert headers["X-Other"] == "1"
    assert not {"X-Team", "Accept", "Connection"} & set(headers)
    assert headers["User-Agent"].startswith("python-urllib3")
    made(deleted)("GET", name).run("a", headers={"X-Team": "mine", "User-Agent": "me"})
    assert (server.asked[1].headers["X-Team"], server.asked[1].headers["User-Agent"]) == ("mine", "me")


def test_hooks_of_a_session_are_run(server: Any, stored: Any) -> None:
    seen: list[str] = []

    def hooked(session: requests.Session) -> None:
        session.hooks["response"].append(lambda response, **_more: seen.append(f"session {response.status_code}"))

    def own(response: requests.Response, **_more: Any) -> None:
        seen.append(f"call {response.status_code}")

    server.then(302, Location="/b").then(200).then(200)
    hook = made(hooked)("GET", stored(server))
    hook.run("a")
    hook.run("a", hooks={"response": own})
    assert seen == ["session 302", "session 200", "call 200"]


class Signing(requests.Session):
    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        prepared = super().prepare_request(request)
        prepared.headers["X-Signature"] = f"{prepared.method} {prepared.path_url}"
        return prepared


def signing(session: requests.Session) -> requests.Session:
    own = Signing()
    own.__dict__.update(session.__dict__)
    return own


def test_a_session_that_prepares_requests_is_asked(server: Any, stored: Any) -> None:
    name = stored(server, login="reader", password="secret", extra={"X-Team": "sales"})
    made(signing)("GET", name).run("a", data={"page": 2})
    headers = server.asked[0].headers
    assert headers["X-Signature"] == "GET /a?page=2"
    assert headers["Authorization"] == "Basic cmVhZGVyOnNlY3JldA=="
    assert headers["X-Team"] == "sales"


def cookies(asked: Any) -> set[str]:
    line = asked.headers.get("Cookie")
    return set(line.split("; ")) if line else set()


@pytest.mark.parametrize("keep_session", [False, True])
def test_cookies_of_a_session_go_where_they_belong_and_stay_with_their_call(
    server: Any, stored: Any, keep_session: bool
) -> None:
    def jarred(session: requests.Session) -> None:
        session.cookies.set("plain", "1")
        session.cookies.set("here", "2", domain="127.0.0.1", path="/")
        session.cookies.set("there", "3", domain="other.test", path="/")
        session.cookies.set("safe", "4", domain="127.0.0.1", path="/", secure=True)

    hook = made(jarred)("GET", stored(server), keep_session=keep_session)
    server.then(302, Location="/b", Set_Cookie="here=new; Path=/").then(200)
    hook.run("a", cookies={"call": "5"})
    hook.run("c")
    assert [cookies(asked) for asked in server.asked] == [
        {"plain=1", "here=2", "call=5"},
        {"plain=1", "here=new", "call=5"},
        {"plain=1", "here=2"},
    ]
    hook.close()


# What texts show.


def test_logs_and_exceptions_show_no_secret(stored: Any, caplog: Any, capsys: Any) -> None:
    class Nowhere:
        url = "http://127.0.0.1:9"

    hook = HttpHook("GET", stored(Nowhere))
    with pytest.raises(requests.ConnectionError) as raised:
        hook.run("a", {"page": "2", "api_key": "s3cr3t"})
    streams = capsys.readouterr()
    assert "s3cr3t" not in str(raised.value) + caplog.text + streams.out + streams.err
    assert "page=2" in str(raised.value)


def test_what_lists_the_attributes_of_a_hook_shows_no_secret(server: Any, stored: Any) -> None:
    fields: dict[str, Any] = {"login": "me", "password": "secret-1", "extra": {"X-Key": "secret-2"}}
    hook = HttpHook("GET", stored(server, **fields))
    hook.run("a")
    assert "secret-" not in repr(vars(hook))
    later = HttpAsyncHook("GET", stored(server, **fields))
    asyncio.run(later.run(endpoint="a"))
    # The original keeps its configuration so.
    assert "secret-" not in repr({name: value for name, value in vars(later).items() if name != "_config"})
    assert [one.headers["X-Key"] for one in server.asked] == ["secret-2"] * 2


def test_what_a_connection_says_counts_from_the_next_call_on(server: Any, stored: Any, monkeypatch: Any) -> None:
    hook = HttpHook("GET", stored(server, login="me", password="one"))

    def asked(**given: Any) -> dict[str, str]:
        hook.run("a", **given)
        headers: dict[str, str] = server.asked[-1].headers
        return headers

    first = asked()
    ready = hook._ready.value
    assert asked() == first and hook._ready.value is ready, "nothing is otherwise: nothing is made anew"
    stored(server, login="me", password="other")
    second = asked()
    assert second["Authorization"] != first["Authorization"]
    assert asked(headers={"User-Agent": "mine"})["User-Agent"] == "mine"
    assert asked()["User-Agent"] == first["User-Agent"]
    assert asked(headers={"X-A": "1"})["X-A"] == "1" and "X-A" not in asked()
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with pytest.raises(requests.exceptions.ProxyError):
        hook.run("a")
    monkeypatch.delenv("http_proxy")
    hook.max_response_bytes = 1
    server.then(200, b"two")
    with pytest.raises(Exception, match="too large"):
        hook.run("a")
    hook.max_response_bytes = None
    stored(server, login="me", password="other", extra={"X-Of": "extra"})
    assert asked()["X-Of"] == "extra" and hook._ready.value is None, "what counts or keeps is made for each call"


def test_a_copy_of_a_hook_makes_its_own(server: Any, stored: Any) -> None:
    hook = HttpHook("GET", stored(server, login="me", password="pa55"))
    hook.run("a")
    assert "pa55" not in repr(vars(hook))
    copy.copy(hook).run("a")
    assert len({asked.headers["Authorization"] for asked in server.asked}) == 1
    assert hook._ready.value is not None and copy.deepcopy(hook._ready).value is None


def test_what_is_behind_a_failed_check_shows_no_secret(server: Any, stored: Any) -> None:
    server.then(404)
    with pytest.raises(AirflowException) as raised:
        HttpHook("GET", stored(server)).run("a", {"api_key": "s3cr3t"})
    assert "s3cr3t" not in str(raised.value.__context__)
    assert "404" in str(raised.value.__context__)


# The asynchronous hook.


def ask(hook: HttpAsyncHook, **given: Any) -> Any:
    async def work() -> Any:
        return await hook.run(endpoint="a", **given)

    return asyncio.run(work())


def test_the_configuration_of_a_subclass_is_followed(serve: Any, stored: Any) -> None:
    here, there = serve(), serve()
    name = stored(here, login="reader", password="secret", extra={"X-Team": "sales"})

    class Elsewhere(HttpAsyncHook):
        async def config(self) -> Any:
            told = await super().config()
            headers = {"X-Own": "1"}
            auth = aiohttp.BasicAuth("other", "secret")
            return told.model_copy(update={"base_url": there.url, "headers": headers, "auth": auth})

    ask(Elsewhere("GET", name))
    assert not here.asked
    headers = there.asked[0].headers
    assert (headers["X-Own"], headers["Authorization"]) == ("1", "Basic b3RoZXI6c2VjcmV0")
    assert "X-Team" not in headers

    class Bare(HttpAsyncHook):
        async def config(self) -> Any:
            told = await super().config()
            told.headers.pop("X-Team")
            told.auth = None
            return told

    ask(Bare("GET", name))
    assert not {"X-Team", "Authorization"} & set(here.asked[0].headers)

    class Own:
        def __init__(self, login: str, password: str) -> None:
            self.login = login

        def __call__(self, request: Any) -> Any:
            return request

        def encode(self) -> str:
            return f"Own {self.login}"

    class More(HttpAsyncHook):
        async def config(self) -> Any:
            told = await super().config()
            told.headers["X-More"] = "1"
            return told

    ask(More("GET", name, auth_type=Own))
    headers = here.asked[1].headers
    assert (headers["X-More"], headers["X-Team"], headers["Authorization"]) == ("1", "sales", "Own reader")
    ask(More("GET", name))
    assert here.asked[2].headers["Authorization"] == "Basic cmVhZGVyOnNlY3JldA=="

    class Whole(HttpAsyncHook):
        async def config(self) -> Any:
            from airflow.providers.http.hooks.http import SessionConfig

            return SessionConfig(base_url=there.url, headers={"X-Own": "2"}, extra_options={"allow_redirects": False})

    there.then(302, Location="/b")
    ask(Whole("GET", name))
    assert (len(there.asked), there.asked[1].headers["X-Own"]) == (2, "2")


def test_a_base_url_that_nobody_asks_is_refused_in_words(serve: Any, stored: Any) -> None:
    here, there = serve(), serve()

    class Elsewhere(HttpAsyncHook):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.base_url = there.url

    with pytest.raises(ValueError, match="base_url of an asynchronous hook"):
        ask(Elsewhere("GET", stored(here)))
    assert not here.asked + there.asked
    ask(Elsewhere("GET", ""))
    assert len(there.asked) == 1


# What a trigger makes of what it finds.


class Comms:
    """Keeps the XComs of a task."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.answers: Any = XComResult

    async def asend(self, message: Any) -> Any:
        if isinstance(message, GetXCom):
            return self.answers(key=message.key, value=self.kept.get(message.key))
        if isinstance(message, SetXCom):
            self.kept[message.key] = message.value
        return None

    def send(self, message: Any) -> Any:
        if isinstance(message, DeleteXCom):
            self.kept.pop(message.key, None)


class Task:
    dag_id, run_id, task_id, map_index = "d", "r", "t", -1


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comms]:
    kept = Comms()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", kept, raising=False)
    yield kept


def event(trigger: Any) -> dict[str, Any]:
    async def work() -> dict[str, Any]:
        async for one in trigger.run():
            return dict(one.payload)
        raise AssertionError

    trigger.task_instance = Task()
    return asyncio.run(work())


KEY = "http_hook_progress_ff"
ODD: list[Any] = [
    {"repeatable": "yes"},
    {"repeatable": "yes", "requests": 1},
    {"repeatable": True, "requests": 1},
    {"repeatable": 1, "requests": 1},
    {"repeatable": True, "requests": "1"},
    {"repeatable": True, "requests": True},
    {"repeatable": True, "requests": -1},
    {"repeatable": True, "requests": 1, "progress": {}},
    {"repeatable": True, "requests": 1, "progress": None},
    {"repeatable": True, "requests": 1, "progress": "{}"},
    {"repeatable": True, "requests": 1, "progress": "no JSON"},
    {},
    [],
    [{"repeatable": True, "requests": 1}],
    "null",
    "no JSON",
    '"text"',
    "",
    0,
    False,
    '{"repeatable": "yes"}',
]


@pytest.mark.parametrize("kept", ODD, ids=repr)
def test_what_cannot_be_read_may_have_been_sent(server: Any, stored: Any, comms: Comms, kept: Any) -> None:
    comms.kept[KEY] = kept
    told = event(HttpTrigger(stored(server), method="POST", endpoint="a", data="x", seed="ff"))
    assert told["status"] == "error"
    assert "may have been sent already, and is not sent again" in told["message"]
    assert server.asked == []


@pytest.mark.parametrize("kept", [{"repeatable": True, "requests": 1}, {"repeatable": "yes", "requests": 1}])
def test_a_call_that_cannot_be_stored_is_what_it_says_itself(server: Any, stored: Any, comms: Comms, kept: Any) -> None:
    comms.kept[KEY] = kept
    # A header of an auth class of somebody's own keeps it from being stored.
    name = stored(server)
    trigger = HttpTrigger(name, method="POST", endpoint="a", data="x", seed="ff")
    trigger.extra_options = {"verify": False}
    told = event(trigger)
    assert told["status"] == "error"
    assert server.asked == []


def test_an_answer_that_is_none_sends_nothing(server: Any, stored: Any, comms: Comms) -> None:
    comms.answers = lambda **_told: None
    told = event(HttpTrigger(stored(server), method="POST", endpoint="a", seed="ff"))
    assert told["status"] == "error"
    assert server.asked == []


def test_a_call_that_was_not_begun_is_made(server: Any, stored: Any, comms: Comms) -> None:
    told = event(HttpTrigger(stored(server), method="POST", endpoint="a", data="x", seed="ff"))
    assert (told["status"], told["progress_key"]) == ("success", KEY)
    assert len(server.asked) == 1
    # It is under way for whoever finds this.
    told = event(HttpTrigger(stored(server), method="POST", endpoint="a", data="x", seed="ff"))
    assert "may have been sent already" in told["message"]
    assert len(server.asked) == 1
    comms.kept.clear()
    for _ in range(2):
        assert event(HttpTrigger(stored(server), method="GET", endpoint="a", seed="ff"))["status"] == "success"
    assert len(server.asked) == 3


async def holds(response: requests.Response) -> bool:
    return response.text == "done"


async def breaks(_response: requests.Response) -> bool:
    raise Bug


def polling(name: str, check: Any) -> HttpEventTrigger:
    trigger = HttpEventTrigger(f"{__name__}.{check.__name__}", name, method="POST", endpoint="a", poll_interval=0.01)

    async def imported() -> Any:
        return check

    trigger._import_from_response_check_path = imported  # type: ignore[method-assign]
    return trigger


def test_a_bug_in_the_check_of_an_event_sends_nothing_again(server: Any, stored: Any) -> None:
    with pytest.raises(Bug):
        event(polling(stored(server), breaks))
    assert len(server.asked) == 1
    server.then(200, b"wait").then(404).then(200, b"done")
    assert event(polling(stored(server), holds))["status"] == "success"
    assert len(server.asked) == 4
