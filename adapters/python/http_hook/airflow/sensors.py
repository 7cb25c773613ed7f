"""Airflow's sensor over the machine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.http.sensors.http import HttpSensor as _HttpSensor

from http_hook.airflow.hooks import HttpHook
from http_hook.airflow.triggers import HttpSensorTrigger

__all__ = ["HttpSensor"]


class HttpSensor(_HttpSensor):
    """Takes the place of the provider's `HttpSensor`.

    Deferred, it keeps to `response_error_codes_allowlist`, and waits between any two requests.

    :param preset: as of `HttpHook`.
    """

    def __init__(self, *, preset: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.preset = preset

    def poke(self, context: Any) -> Any:
        """Asks once whether what is waited for has come."""
        hook = HttpHook(
            method=self.method,
            http_conn_id=self.http_conn_id,
            tcp_keep_alive=self.tcp_keep_alive,
            tcp_keep_alive_idle=self.tcp_keep_alive_idle,
            tcp_keep_alive_count=self.tcp_keep_alive_count,
            tcp_keep_alive_interval=self.tcp_keep_alive_interval,
            preset=self.preset,
        )
        self.log.info("Poking: %s", self.endpoint)
        try:
            response = hook.run(
                self.endpoint,
                data=self.request_params,
                headers=self.headers,
                extra_options=self.extra_options,
                **self.request_kwargs,
            )
            if self.response_check:
                from airflow.utils.operator_helpers import determine_kwargs  # type: ignore[attr-defined]

                kwargs = determine_kwargs(self.response_check, [response], context)
                return self.response_check(response, **kwargs)
        except AirflowException as error:
            if str(error).startswith(self.response_error_codes_allowlist):
                return False
            raise
        return True

    def execute(self, context: Any) -> Any:
        """Pokes here, or defers to a trigger."""
        if not self.deferrable or self.response_check:
            # The provider's own: it pokes by the method above.
            return super().execute(context=context)
        if not self.poke(context):
            self.defer(
                timeout=timedelta(seconds=self.timeout),
                trigger=HttpSensorTrigger(
                    endpoint=self.endpoint,
                    http_conn_id=self.http_conn_id,
                    data=self.request_params,
                    headers=self.headers,
                    method=self.method,
                    extra_options=self.extra_options,
                    poke_interval=self.poke_interval,
                    response_error_codes_allowlist=list(self.response_error_codes_allowlist),
                    preset=self.preset,
                ),
                method_name="execute_complete",
            )
        return None
