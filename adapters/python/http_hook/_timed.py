"""Limits of time that hold however slowly bytes come: the sockets below a session of requests are read against a clock.

The time limit of a socket is for each read. A server that sends a byte now and then never lets it run out, so each read gets what is
left of the limit that it is part of, and no more.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import http.client
import io
import threading
import time
import weakref
from typing import Any

from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, ReadTimeoutError, ResponseError
from urllib3.util import Retry, Timeout

_MARK = "_http_hook_watched"
# A read may take so much of the socket's own limit longer than what is left: it saves two calls of the system for most reads.
_NEARLY = 0.95
_current = threading.local()


class Clock:
    """What is left for an exchange: for all of it, and for its head once that is waited for."""

    __slots__ = ("_end", "_head", "_until")

    def __init__(self, head: float | None, total: float | None) -> None:
        self._head = head
        self._end = None if total is None else time.monotonic() + total
        self._until = self._end

    def head_begins(self) -> None:
        """Is told that the request is sent, and the answer waited for."""
        if self._head is not None:
            until = time.monotonic() + self._head
            self._until = until if self._end is None else min(until, self._end)

    def body_begins(self) -> None:
        """Is told that the head is there."""
        self._until = self._end

    def is_over(self) -> None:
        """Is told that what is left to read is the caller's."""
        self._until = None

    def left(self) -> float | None:
        """Returns what is left of the whole exchange, in seconds; `None` if it has no limit."""
        return None if self._end is None else self._end - time.monotonic()

    def limits(self, sock: Any, work: Any, argument: Any) -> Any:
        """Does work with a socket, for as long as is left and no longer; `TimeoutError` if nothing is."""
        until = self._until
        if until is None:
            return work(argument)
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        usual = sock.gettimeout()
        if usual is not None and left >= usual * _NEARLY:
            return work(argument)
        sock.settimeout(left)
        try:
            return work(argument)
        finally:
            # Closed meanwhile, it has no limit.
            with contextlib.suppress(OSError):
                sock.settimeout(usual)


def watched(session: Any, url: Any, clock: Clock | None) -> Clock | None:
    """Lets the clock hold for what this thread sends from here on over the session, if its adapter is one of requests'.

    Returns what held before, for `unwatched`.
    """
    if clock is not None:
        try:
            adapter = session.get_adapter(url=url)
        except (RequestException, AttributeError, TypeError):
            # What is wrong with the URL is told when it is sent.
            adapter = None
        if adapter is not None and _MARK not in getattr(adapter, "__dict__", ()):
            _watch(adapter)
    before: Clock | None = getattr(_current, "clock", None)
    _current.clock = clock
    return before


def unwatched(before: Clock | None) -> None:
    """Lets what held before hold again."""
    _current.clock = before


def _watch(adapter: Any) -> None:
    if not isinstance(adapter, HTTPAdapter):
        return
    setattr(adapter, _MARK, True)
    # Without a circle: an adapter that nobody has any more closes its sockets at once.
    of = weakref.ref(adapter)
    for name in ("get_connection_with_tls_context", "get_connection"):
        usual = getattr(type(adapter), name, None)
        if usual is not None and name not in adapter.__dict__:
            setattr(adapter, name, functools.partial(_pool, usual, of))
            # The other one is that of older versions.
            return


def _pool(usual: Any, of: Any, *args: Any, **kwargs: Any) -> Any:
    pool = usual(of(), *args, **kwargs)
    kind = getattr(pool, "ConnectionCls", None)
    if isinstance(kind, type) and issubclass(kind, http.client.HTTPConnection) and not issubclass(kind, _Watched):
        pool.ConnectionCls = made = _class_over(kind)
        for connection in list(getattr(getattr(pool, "pool", None), "queue", ())):
            if type(connection) is kind:
                connection.__class__ = made
        if isinstance(pool, HTTPConnectionPool) and "urlopen" not in pool.__dict__:
            pool.urlopen = functools.partial(_urlopen, type(pool).urlopen, weakref.ref(pool))  # type: ignore[method-assign]
    return pool


def _urlopen(
    usual: Any,
    of: Any,
    method: str,
    url: str,
    body: Any = None,
    headers: Any = None,
    retries: Any = None,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Sends a request as the pool does, which comes here again for each time that it sends it by itself."""
    clock: Clock | None = getattr(_current, "clock", None)
    left = None if clock is None else clock.left()
    if left is not None and isinstance(retries, Retry) and retries.total not in (0, False):
        if not isinstance(retries, _Limited):
            given, retries = retries, copy.copy(retries)
            retries.__class__ = _limited_class(type(given))
        elif left <= 0:
            raise ReadTimeoutError(of(), url, "the exchange took too long")
        else:
            timeout = kwargs.get("timeout")
            if isinstance(timeout, Timeout) and timeout.total is None:
                connect = timeout.connect_timeout
                if isinstance(connect, (int, float)) and connect > left:
                    kwargs["timeout"] = Timeout(connect=left, read=timeout.read_timeout)
    return usual(of(), method, url, body, headers, retries, *args, **kwargs)


class _Limited:
    """What an adapter sends again by itself, which ends where the next wait would last longer than the exchange may."""

    def increment(
        self, method: Any = None, url: Any = None, response: Any = None, error: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        usual: Any = super()
        following = usual.increment(method, url, response, error, *args, **kwargs)
        clock: Clock | None = getattr(_current, "clock", None)
        left = None if clock is None else clock.left()
        if left is not None:
            told = response is not None and following.respect_retry_after_header
            wait = (following.get_retry_after(response) if told else None) or following.get_backoff_time()
            if wait >= left:
                pool: Any = args[0] if args else kwargs.get("_pool")
                reason = error or ResponseError("no time is left to send it again")
                raise MaxRetryError(pool, url, reason) from reason
        return following


_limited: dict[type, type] = {}


def _limited_class(kind: type) -> Any:
    """Makes the class of such retries, which is called as the one it is over."""
    if kind not in _limited:
        members = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
        _limited[kind] = type(kind.__name__, (_Limited, kind), members)
    return _limited[kind]


class _Response(http.client.HTTPResponse):
    """An answer that is read against the clock."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        clock = getattr(_current, "clock", None)
        if clock is None:
            super().__init__(sock, *args, **kwargs)
        else:
            clock.head_begins()
            read: Any = _Read(sock, clock)
            super().__init__(read, *args, **kwargs)


class _Read:
    """Stands for a socket where a file is made of it."""

    __slots__ = ("_clock", "_sock")

    def __init__(self, sock: Any, clock: Clock) -> None:
        self._sock = sock
        self._clock = clock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reads(self._sock.makefile(mode, buffering=0), self._sock, self._clock))


class _Reads(io.RawIOBase):
    """The bytes of a socket, each read of which has what is left."""

    def __init__(self, raw: Any, sock: Any, clock: Clock) -> None:
        self._raw = raw
        self._sock = sock
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        return self._clock.limits(self._sock, self._raw.readinto, buffer)

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def close(self) -> None:
        if not self.closed:
            try:
                super().close()
            finally:
                self._raw.close()


class _Watched:
    """A connection that writes against the clock."""

    sock: Any

    def send(self, data: Any) -> None:
        clock = getattr(_current, "clock", None)
        usual: Any = super()
        if clock is None or self.sock is None:
            usual.send(data)
        else:
            clock.limits(self.sock, usual.send, data)


_classes: dict[type, type] = {}


def _class_over(kind: type) -> Any:
    """Makes the class of such connections, which is called as the one it is over: exceptions show its name."""
    made = _classes.get(kind)
    if made is None:
        members: dict[str, Any] = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
        if getattr(kind, "response_class", None) is http.client.HTTPResponse:
            members["response_class"] = _Response
        made = _classes[kind] = type(kind.__name__, (_Watched, kind), members)
    return made
