"""The operator with tenacity's arguments, as they were: what fails before it was sent is tried again, a POST that
may have arrived is not.

The server says 503 at first. An answer is no proof that nothing happened, so that this call says that it may be
repeated: it carries a key by which the server knows it again.
"""

import tenacity
from airflow.sdk import dag

from http_hook.airflow import HttpOperator  # was: from airflow.providers.http.operators.http import HttpOperator


@dag(schedule=None)
def operator_with_retries():
    HttpOperator(
        task_id="order",
        http_conn_id="shop",
        method="POST",
        endpoint="v1/orders",
        data='{"item": 7}',
        headers={"Content-Type": "application/json"},
        idempotency_key=True,
        retry_args={"stop": tenacity.stop_after_attempt(3), "wait": tenacity.wait_fixed(0.1)},
        response_filter=lambda response: response.json()["id"],
    )


operator_with_retries()
