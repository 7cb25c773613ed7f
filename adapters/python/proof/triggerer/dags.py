"""Three tasks that send a POST from a triggerer: the provider's, ours, and ours with an idempotency key."""

import os

from airflow.providers.http.operators.http import HttpOperator as Original
from airflow.sdk import DAG

asked = os.environ["PROOF_TASKS"].split(",")


if "provider" in asked:
    with DAG(dag_id="provider", schedule=None) as provider:
        Original(task_id="post", http_conn_id="proof", endpoint="provider", method="POST", data="{}", deferrable=True)

if "ours" in asked:
    from http_hook.airflow import HttpOperator

    with DAG(dag_id="ours", schedule=None) as ours:
        HttpOperator(task_id="post", http_conn_id="proof", endpoint="ours", method="POST", data="{}", deferrable=True)

if "keyed" in asked:
    from http_hook.airflow import HttpOperator

    with DAG(dag_id="keyed", schedule=None) as keyed:
        HttpOperator(
            task_id="post",
            http_conn_id="proof",
            endpoint="keyed",
            method="POST",
            data="{}",
            deferrable=True,
            idempotency_key=True,
        )
