"""Airflow's notifier over the machine."""

from __future__ import annotations

from functools import cached_property

from airflow.providers.http.notifications.http import HttpNotifier as _HttpNotifier

from http_hook.airflow.hooks import HttpAsyncHook, HttpHook

__all__ = ["HttpNotifier", "send_http_notification"]


class HttpNotifier(_HttpNotifier):
    """Takes the place of the provider's `HttpNotifier`."""

    @cached_property
    def hook(self) -> HttpHook:
        """The hook of `notify`."""
        return HttpHook(method=self.method, http_conn_id=self.http_conn_id)

    @cached_property
    def async_hook(self) -> HttpAsyncHook:
        """The hook of `async_notify`."""
        return HttpAsyncHook(method=self.method, http_conn_id=self.http_conn_id)


send_http_notification = HttpNotifier
