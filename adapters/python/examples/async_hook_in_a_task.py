"""The async hook: many calls at once over one session, under the same rules as the sync one."""

import asyncio

from airflow.sdk import dag, task

from http_hook.airflow import HttpAsyncHook  # was: from airflow.providers.http.hooks.http import HttpAsyncHook


async def states(ids):
    hook = HttpAsyncHook(method="GET", http_conn_id="shop")
    async with hook.session() as shop:

        async def state(one):
            response = await shop.run(f"v1/orders/{one}")
            return (await response.json())["state"]

        return await asyncio.gather(*map(state, ids))


@dag(schedule=None)
def async_hook_in_a_task():
    @task
    def states_of_orders():
        return asyncio.run(states([1, 2, 3]))

    states_of_orders()


async_hook_in_a_task()
