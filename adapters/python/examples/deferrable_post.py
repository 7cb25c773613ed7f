"""A POST that waits in the triggerer, and is not sent twice if that dies.

What was sent is noted before it is sent. After a crash the new triggerer either goes on, if the call carries a key,
or the task fails and says that the request may have arrived.
"""

from airflow.sdk import dag

from http_hook.airflow import HttpOperator


@dag(schedule=None)
def deferrable_post():
    HttpOperator(
        task_id="report",
        http_conn_id="shop",
        method="POST",
        endpoint="v1/reports",
        data='{"month": "2026-10"}',
        headers={"Content-Type": "application/json"},
        idempotency_key=True,
        deferrable=True,
        response_filter=lambda response: response.json()["id"],
    )


deferrable_post()
