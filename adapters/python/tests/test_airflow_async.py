"""Airflow's asynchronous hook."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("airflow.providers.http")

import aiohttp

from http_hook.airflow import HttpAsyncHook


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
