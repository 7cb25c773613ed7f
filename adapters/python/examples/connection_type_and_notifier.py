"""No line of the DAG changed: the connection `typed_shop` has the type `http_hook`, so that the provider's own
operator gets our hook.

The notifier tells of the end of the task.
"""

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import dag

from http_hook.airflow import HttpNotifier  # was: from airflow.providers.http.notifications import HttpNotifier


@dag(schedule=None)
def connection_type_and_notifier():
    HttpOperator(
        task_id="count",
        http_conn_id="typed_shop",
        method="GET",
        endpoint="v1/orders/count",
        response_filter=lambda response: response.json()["count"],
        on_success_callback=HttpNotifier(http_conn_id="shop", endpoint="v1/news", json={"text": "counted"}),
    )


connection_type_and_notifier()
