//! What a queue is usually used for: a job sends, and is run again if its worker ends. It is here to be seen failing.

use std::time::Duration;

use graphile_worker::{
    IntoTaskHandlerResult, LocalQueueConfig, TaskHandler, WorkerContext, WorkerOptions,
    WorkerRecoveryConfig,
};
use http_hook_postgres::Engine;
use http_hook_reqwest::Options;
use http_hook_reqwest::response::Outcome;
use http_hook_reqwest::transport::Clock;
use http_hook_reqwest::{Call, HttpHook, SystemClock};
use http_hook_sources::Sources;
use serde::{Deserialize, Serialize};

use crate::{Any, LEASE, number};

#[derive(Deserialize, Serialize)]
struct Send {
    id: String,
}

#[derive(Clone, Debug)]
struct Shared {
    engine: Engine,
    api: HttpHook,
}

impl TaskHandler for Send {
    const IDENTIFIER: &'static str = "http_hook.call";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let shared = context.get_ext::<Shared>().cloned().ok_or("no state")?;
        send(&shared, &self.id).await.map_err(|error| error.to_string())
    }
}

async fn send(Shared { engine, api }: &Shared, id: &str) -> Result<(), Any> {
    let row = {
        let client = engine.pool().get().await?;
        let select =
            "SELECT plan::text, call::text FROM http_hook.calls WHERE id = $1 AND state = 'new'";
        client.query_opt(select, &[&id]).await?
    };
    let Some(row) = row else { return Ok(()) };
    let now = SystemClock::new().now();
    let call =
        Call::resume_parts(api.get_conn().0, row.get(0), row.get(1), &Options::default(), now)?;
    let outcome = Outcome::of(&api.run_and_check(call).await, 1024);
    let done = "UPDATE http_hook.calls SET state = 'done', outcome = $2::text::json WHERE id = $1 AND state = 'new'";
    engine.pool().get().await?.execute(done, &[&id, &serde_json::to_string(&outcome)?]).await?;
    Ok(())
}

pub(crate) async fn work() -> Result<bool, Any> {
    let engine = crate::engine(6)?;
    let hook = Sources::standard()?.hook("storm").await?.build()?;
    let api = http_hook_reqwest::from_hook(hook);
    loop {
        let worker = WorkerOptions::default()
            .database_url(&std::env::var("POSTGRES_URL")?)
            .max_pg_conn(6)
            .schema("http_hook_queue")
            .concurrency(number("STORM_CONCURRENCY", 64))
            .local_queue(LocalQueueConfig::default().with_size(number("STORM_QUEUE", 300)))
            .worker_recovery(
                WorkerRecoveryConfig::default()
                    .heartbeat_interval(LEASE / 4)
                    .sweep_interval(LEASE / 4)
                    .sweep_threshold(LEASE)
                    .recovery_delay(Duration::ZERO),
            )
            .add_extension(Shared { engine: engine.clone(), api: api.clone() })
            .define_job::<Send>();
        if let Ok(worker) = worker.init().await {
            let _ = worker.run().await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
