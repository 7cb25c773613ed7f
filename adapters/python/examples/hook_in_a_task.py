"""The hook in a task: nothing but the import has changed.

The connection `shop` says where to, as before. A redirect to another host gets none of its credentials, a server that
hangs ends after a minute, and `Retry-After` is kept.
"""

from airflow.sdk import dag, task

from http_hook.airflow import HttpHook  # was: from airflow.providers.http.hooks.http import HttpHook


@dag(schedule=None)
def hook_in_a_task():
    @task
    def open_orders():
        hook = HttpHook(method="GET", http_conn_id="shop")
        orders = hook.run("v1/orders", {"state": "open"}).json()
        return [order["id"] for order in orders]

    open_orders()


hook_in_a_task()
