"""Airflow's classes: what a subclass does with its session."""

from __future__ import annotations

from typing import Any

import pytest
import requests

pytest.importorskip("airflow.providers.http")


from http_hook.airflow import HttpHook


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
    assert [asked.cookies for asked in server.asked] == [
        {"plain=1", "here=2", "call=5"},
        {"plain=1", "here=new", "call=5"},
        {"plain=1", "here=2"},
    ]
    hook.close()
