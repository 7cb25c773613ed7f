"""The requests of a call, as requests would have prepared them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from requests.utils import requote_uri

from http_hook import _jar, _machine
from http_hook._loop import BODILESS, OneCall
from http_hook._requests_errors import InvalidRequest
from http_hook._requests_session import MARK, OwnHook, hooks_of, overrides

_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})


class Prepares(OneCall):
    """A call over a session, as far as its requests are made.

    `source` is the body of a request that the machine does not hold, `auth` an object of requests' kind, which is asked for
    requests to the connection's own origin only, `hooks` are requests' own, `jars` those whose cookies are sent where they belong.
    """

    def __init__(
        self,
        call: _machine.Call,
        session: requests.Session,
        *,
        source: Any = None,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | None = None,
        hooks: Mapping[str, Any] | None = None,
        text_body: bool = False,
        fragment: str = "",
        spelled: Mapping[str, str] | None = None,
        jars: Sequence[CookieJar] = (),
        keeps_alive: bool = True,
    ) -> None:
        super().__init__(call)
        self.session = session
        self.source = source
        self.auth = auth
        self.hooks = hooks
        self.text_body = text_body
        self.fragment = fragment
        self.spelled = spelled
        self.jars = jars
        self.keeps_alive = keeps_alive

    def kept(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Is the first of the response hooks of each request."""
        return response

    def prepare(self, send: _machine.Send) -> requests.PreparedRequest:
        """Makes the request of a send, as requests would have prepared it."""
        made = requests.PreparedRequest()
        made.method = method = send.method
        if send.cause == "redirect" and self.response is not None:
            # As requests: what a redirect says of it counts, else it stays as it was.
            fragment = str(self.response.headers.get("Location", "")).partition("#")[2]
            self.fragment = "#" + requote_uri(fragment) if fragment else self.fragment
        made.url = send.url + self.fragment
        lines: Iterable[tuple[str, str]] = send.headers
        if self.spelled:
            # Names have no case; but who wrote one may look for it.
            lines = [(self.spelled.get(name.lower(), name), value) for name, value in lines]
        headers: Any = CaseInsensitiveDict()
        store = getattr(headers, "_store", None)
        if isinstance(store, dict):
            # What is behind it: to set each by itself takes several times as long.
            store.update({line[0].lower(): line for line in lines})
        else:
            headers.update(lines)
        if not send.own_origin and headers.get("Accept-Encoding") == "identity":
            # Nobody asked for that: requests undoes more.
            headers["Accept-Encoding"] = requests.utils.DEFAULT_ACCEPT_ENCODING
        made.headers = headers
        body: Any = send.body
        if send.is_external:
            body = self.source
            length = send.content_length
            if length:
                headers["Content-Length"] = str(length)
            else:
                headers["Transfer-Encoding"] = "chunked"
        elif body is not None:
            headers["Content-Length"] = str(len(body))
            if self.text_body:
                body = body.decode("utf-8", "surrogateescape")
        elif method not in BODILESS and not self._dropped(send):
            headers["Content-Length"] = "0"
        if self.keeps_alive and "Connection" not in headers:
            headers["Connection"] = "keep-alive"
        if self.jars:
            cookies = _jar.header(self.jars, send.url, send.own_origin, headers.get("Cookie"))
            if cookies is not None:
                headers["Cookie"] = cookies
        made.body = body
        # Of use to those alone who send the request again by themselves.
        own_hooks = hooks_of(self.hooks, self.session)
        made._cookies = RequestsCookieJar() if self.auth is not None or own_hooks else None
        hooks: dict[str, list[Any]] = {"response": [self.kept]}
        for event, own in (own_hooks or {}).items():
            hooks.setdefault(event, []).extend(OwnHook(self, one) for one in ([own] if callable(own) else own or ()))
        made.hooks = hooks
        setattr(made, MARK, True)
        if send.own_origin and send.cause != "token":
            if overrides(self.session, "prepare_request"):
                self._prepared_there(made)
            elif self.auth is not None:
                shown = self.callers(self.auth, made)
                made.__dict__.update(shown.__dict__)
                if isinstance(made.body, (str, bytes)):
                    made.prepare_content_length(made.body)
        return made

    def _prepared_there(self, made: requests.PreparedRequest) -> None:
        """Lets a session that prepares requests in a way of its own prepare this one. Where it goes and what it does stays as it is."""
        headers: dict[str, Any] = dict.fromkeys(getattr(self.session, "headers", None) or ())
        for name, value in made.headers.items():
            for one in [one for one in headers if one.lower() == name.lower()]:
                del headers[one]
            if name.lower() not in _FRAMING:
                headers[name] = value
        # Who is calling is proved already, unless an object is left to do it.
        auth: Any = self.auth or (lambda request: request)
        asked = requests.Request(made.method, made.url, headers=headers, data=made.body or [], auth=auth)
        shown = self.callers(self.session.prepare_request, asked)
        if not isinstance(shown, requests.PreparedRequest):
            raise InvalidRequest("prepare_request of the session gave no prepared request")
        if shown.method != made.method or urlsplit(str(shown.url))[:2] != urlsplit(str(made.url))[:2]:
            raise InvalidRequest(
                "prepare_request of the session changed the method, or the origin that is called: "
                "that is decided before it is asked, so say it by the connection, the endpoint or the hook"
            )
        own = {name: made.__dict__[name] for name in ("hooks", "_cookies", MARK)}
        made.__dict__.update({**shown.__dict__, **own})

    def _dropped(self, send: _machine.Send) -> bool:
        """Whether a redirect took the body away, and all that was said of it."""
        if send.cause != "redirect" or self.response is None:
            return False
        return self.response.status_code not in (307, 308)
