"""The sensor: 404 means not yet, here until the third question."""

from airflow.sdk import dag

from http_hook.airflow import HttpSensor  # was: from airflow.providers.http.sensors.http import HttpSensor


@dag(schedule=None)
def sensor_until_ready():
    HttpSensor(
        task_id="wait_for_report",
        http_conn_id="shop",
        endpoint="v1/reports/9",
        response_check=lambda response: response.json()["state"] == "ready",
        poke_interval=0.2,
        timeout=30,
    )


sensor_until_ready()
