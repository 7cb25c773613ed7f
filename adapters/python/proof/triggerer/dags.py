"""Three tasks that send a POST from a triggerer: the provider's, ours, and ours with an idempotency key."""

import os
from datetime import datetime

from airflow.providers.http.operators.http import HttpOperator as Original
from airflow.sdk import DAG

asked = os.environ["PROOF_TASKS"].split(",")


if "provider" in asked:
    with DAG(dag_id="provider", schedule="@once", start_date=datetime(2026, 1, 1)) as provider:
        Original(task_id="post", http_conn_id="proof", endpoint="provider", method="POST", data="{}", deferrable=True)

if "ours" in asked:
    from http_hook.airflow import HttpOperator

    with DAG(dag_id="ours", schedule="@once", start_date=datetime(2026, 1, 1)) as ours:
        HttpOperator(task_id="post", http_conn_id="proof", endpoint="ours", method="POST", data="{}", deferrable=True)

if "keyed" in asked:
    from http_hook.airflow import HttpOperator

    with DAG(dag_id="keyed", schedule="@once", start_date=datetime(2026, 1, 1)) as keyed:
        HttpOperator(
            task_id="post",
            http_conn_id="proof",
            endpoint="keyed",
            method="POST",
            data="{}",
            deferrable=True,
            idempotency_key=True,
        )
