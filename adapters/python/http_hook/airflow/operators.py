"""Airflow's operator over the machine."""

from __future__ import annotations

from typing import Any

from airflow.providers.http.operators.http import HttpOperator as _HttpOperator
from airflow.providers.http.triggers.http import serialize_auth_type
from requests import Response

from http_hook import _machine
from http_hook.airflow.hooks import HttpHook
from http_hook.airflow.progress import delete
from http_hook.airflow.triggers import HttpTrigger
from http_hook.tenacity import strategies

__all__ = ["HttpOperator"]


class HttpOperator(_HttpOperator):
    """Takes the place of the provider's `HttpOperator`, over a connection of any type.

    Deferred, the call goes on where it was when the triggerer dies, and a POST is sent at most once, unless it carries a key.

    :param preset, policy, deadline, idempotency_key: as of `HttpHook`. A policy is a dict of data, so that it can be deferred.
    """

    def __init__(
        self,
        *,
        preset: str | None = None,
        policy: dict[str, Any] | None = None,
        deadline: float | None = None,
        idempotency_key: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.preset = preset
        self.policy = policy
        self.deadline = deadline
        self.idempotency_key = idempotency_key

    @property
    def hook(self) -> HttpHook:
        """The hook that makes the call."""
        return HttpHook(
            method=self.method,
            http_conn_id=self.http_conn_id,
            auth_type=self.auth_type,
            tcp_keep_alive=self.tcp_keep_alive,
            tcp_keep_alive_idle=self.tcp_keep_alive_idle,
            tcp_keep_alive_count=self.tcp_keep_alive_count,
            tcp_keep_alive_interval=self.tcp_keep_alive_interval,
            preset=self.preset,
            policy=self.policy,
            deadline=self.deadline,
            idempotency_key=self.idempotency_key,
        )

    def _warn_if_deferrable_non_idempotent_method(self) -> None:
        """Has nothing to warn of: what may not be sent twice is not."""

    def execute_async(self, context: Any) -> None:
        """Defers the call to a trigger."""
        self.defer(
            trigger=self._trigger(
                endpoint=self.endpoint,
                headers=self.headers,
                data=self.data,
                extra_options=self.extra_options,
                **self.request_kwargs,
            ),
            method_name="execute_complete",
        )

    def _trigger(self, **call: Any) -> HttpTrigger:
        return HttpTrigger(
            http_conn_id=self.http_conn_id,
            auth_type=serialize_auth_type(self._resolve_auth_type()),
            method=self.method,
            preset=self.preset,
            policy=self._deferred_policy(),
            deadline=self.deadline,
            idempotency_key=self.idempotency_key,
            **call,
        )

    def _deferred_policy(self) -> dict[str, Any] | None:
        """Returns the policy of a deferred call: tenacity's arguments, if they are data."""
        if not self.retry_args:
            return self.policy
        told = strategies(self.retry_args)
        if told is None:
            self.log.warning(
                "retry_args hold code, which no trigger can be given: the call is sent again as the hook does by itself"
            )
            return self.policy
        import json

        read: dict[str, Any] = json.loads(_machine.RetryPolicy.from_strategies(told).to_json())
        return read

    def execute_complete(
        self, context: Any, event: dict[str, Any], paginated_responses: list[Response] | None = None
    ) -> Any:
        """Goes on when the trigger has told how the call ended."""
        key = event.get("progress_key")
        if key:
            # The event is written: from here on nobody takes the call up.
            delete(context, key)
        return super().execute_complete(context, event, paginated_responses)

    def paginate_async(self, context: Any, response: Response, previous_responses: list[Response] | None = None) -> Any:
        """Defers the call for the next page, if there is one."""
        if not self.pagination_function:
            return self.process_response(context=context, response=response)
        responses = [*(previous_responses or []), response]
        following = self.pagination_function(response)
        if not following:
            return self.process_response(context=context, response=responses)
        self.defer(
            trigger=self._trigger(**self._merge_next_page_parameters(following)),
            method_name="execute_complete",
            kwargs={"paginated_responses": responses},
        )
        return None
