//! A worker: the queue's, with what looks after the calls around it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use graphile_worker::{
    IntoTaskHandlerResult, LocalQueueConfig, RefetchDelayConfig, TaskHandler, WorkerContext,
    WorkerOptions, WorkerRecoveryConfig,
};
use http_hook::transport::Transport;
use http_hook_sources::Sources;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::types::ToSql;

use crate::engine::Engine;
use crate::error::Error;
use crate::leg::Legs;
use crate::{kept, table};

/// The shortest and the longest time between two signs of life, or two looks for what was lost, that is kept to.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_hours(24);

/// How long the queue is left alone at most where nothing was due: what waits begins so much later, and half as much in the mean.
const PAUSE: Duration = Duration::from_millis(250);

/// Takes calls up and carries them on. Made by [`Engine::worker`]; as many processes as there is work, each with one of them.
pub struct Worker {
    engine: Engine,
    sources: Sources,
    transport: Arc<dyn Transport>,
    concurrency: usize,
    local_queue: usize,
    lease: Duration,
    grace: Duration,
    sweep: Duration,
    max_body: usize,
}

/// What the queue holds: the id of a call to go on with.
#[derive(Deserialize, Serialize)]
struct Wake {
    id: String,
}

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    legs: Arc<Legs>,
    /// Each leg holds one; when all are gone, none is under way.
    under_way: mpsc::Sender<()>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// An error as the queue keeps it, which takes its `Debug`.
struct Plain(String);

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TaskHandler for Wake {
    const IDENTIFIER: &'static str = table::TASK;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(shared) = context.get_ext::<Shared>().cloned() else { return Ok(()) };
        // A task of its own: the queue drops its handlers when it loses the database, and a request that is under way is not to be
        // dropped with them.
        let leg = tokio::spawn(async move {
            let result = shared.legs.run(self.id.into()).await;
            drop(shared.under_way);
            result
        });
        let result = match leg.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::warn!("{result}");
        Err(Plain(result))
    }
}

impl Worker {
    pub(crate) fn new(engine: Engine, sources: Sources, transport: Arc<dyn Transport>) -> Self {
        Self {
            engine,
            sources,
            transport,
            concurrency: 64,
            local_queue: 300,
            lease: Duration::from_mins(1),
            grace: Duration::from_secs(30),
            sweep: Duration::from_mins(1),
            max_body: 1 << 20,
        }
    }

    /// Sets how many calls are under way at once. Default: 64.
    #[must_use]
    pub const fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = if calls == 0 { 1 } else { calls };
        self
    }

    /// Sets how many calls are fetched at once. Default: 300; fewer are slow, since each fetch is a transaction.
    #[must_use]
    pub const fn local_queue(mut self, calls: usize) -> Self {
        self.local_queue = if calls == 0 { 1 } else { calls };
        self
    }

    /// Sets after what time without a sign of life a worker counts as dead, and others take its calls. Default: 60 s. Choose
    /// it longer than a usual stall: a wrong guess sends nothing twice, but its price is a POST whose outcome is unknown. It is
    /// taken for 1 s at least, and a day at most.
    #[must_use]
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sets how long calls under way may go on when the worker is to end, and how long an end is tried to be written while the
    /// database is away. Default: 30 s.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets how often calls are looked for that are due and have no job, each second at most, each day at least. Default: 60 s.
    #[must_use]
    pub const fn sweep(mut self, every: Duration) -> Self {
        self.sweep = every;
        self
    }

    /// Sets how much of a body is kept in an outcome, in bytes. Default: 1 MiB.
    #[must_use]
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Works until `end` is ready, then lets calls under way end. While the database is away it tries again.
    ///
    /// # Errors
    ///
    /// If the tables cannot be made: what the database says, once it has said so for the time of [`grace`](Self::grace).
    pub async fn run(self, end: impl Future<Output = ()> + Send) -> Result<(), Error> {
        let begun = Instant::now();
        while let Err(error) = self.engine.migrate().await {
            if begun.elapsed() >= self.grace {
                return Err(error);
            }
            sleep(Duration::from_millis(250)).await;
        }
        let legs = Arc::new(Legs {
            engine: self.engine.clone(),
            sources: self.sources.clone(),
            transport: Arc::clone(&self.transport),
            max_body: self.max_body,
            patience: self.grace,
            hooks: std::sync::Mutex::default(),
        });
        let (under_way, mut all_ended) = mpsc::channel(1);
        let shared = Shared { legs, under_way };
        let looking =
            tokio::spawn(look_for_lost(self.engine.clone(), self.sweep.clamp(SHORTEST, LONGEST)));
        let mut end = std::pin::pin!(end);
        let until = loop {
            let worker = match self.options(&shared).init().await {
                Ok(worker) => worker,
                Err(error) => {
                    tracing::warn!("queue: {error}");
                    tokio::select! {
                        () = sleep(Duration::from_millis(500)) => continue,
                        () = &mut end => break Instant::now() + self.grace,
                    }
                }
            };
            let running = worker.run();
            let mut running = std::pin::pin!(running);
            tokio::select! {
                ended = &mut running => {
                    if let Err(error) = ended {
                        tracing::warn!("queue: {error}");
                    }
                    sleep(Duration::from_millis(100)).await;
                }
                () = &mut end => {
                    worker.request_shutdown();
                    // The queue gives back what it has fetched, and while the database is away it tries that for minutes.
                    let until = Instant::now() + self.grace + SHORTEST;
                    match timeout_at(until, running).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => tracing::warn!("queue: {error}"),
                        Err(_) => tracing::warn!("queue: what it has fetched is free after the lease"),
                    }
                    break until;
                }
            }
        };
        looking.abort();
        drop(shared);
        let _ = timeout_at(until, all_ended.recv()).await;
        Ok(())
    }

    fn options(&self, shared: &Shared) -> WorkerOptions {
        let lease = self.lease.clamp(SHORTEST, LONGEST);
        let beat = lease / 4;
        // The queue's own loop asks again without a pause where it found nothing. A call that is put in ends the pause.
        let pause = RefetchDelayConfig::default().with_duration(PAUSE).with_max_abort_threshold(1);
        WorkerOptions::default()
            .database(self.engine.database())
            .schema(table::QUEUE)
            .concurrency(self.concurrency)
            .local_queue(
                LocalQueueConfig::default().with_size(self.local_queue).with_refetch_delay(pause),
            )
            .complete_job_batch_delay(Duration::from_millis(5))
            .worker_recovery(
                WorkerRecoveryConfig::default()
                    .heartbeat_interval(beat)
                    .sweep_interval(beat)
                    .sweep_threshold(lease)
                    .recovery_delay(Duration::ZERO),
            )
            .listen_os_shutdown_signals(false)
            .shutdown_grace_period(self.grace)
            .shutdown_interrupted_job_retry_delay(Duration::ZERO)
            .add_extension(shared.clone())
            .define_job::<Wake>()
    }
}

/// Gives a job to calls that are due and have none, some at a time, round and round.
async fn look_for_lost(engine: Engine, every: Duration) {
    const AT_ONCE: i64 = 10_000;
    let start = (i64::MIN, String::new());
    let (mut due, mut id) = start.clone();
    loop {
        sleep(every).await;
        let overdue = i64::try_from(every.as_millis()).unwrap_or(i64::MAX / 4);
        let where_to: [&(dyn ToSql + Sync); 4] = [&overdue, &due, &id, &AT_ONCE];
        match kept::rows(&engine, "look for calls", table::LOST, &where_to).await {
            Ok(rows) => {
                let Some(row) = rows.first() else { continue };
                let (seen, woken): (i64, i64) = (row.get(0), row.get(1));
                if woken > 0 {
                    tracing::warn!("{woken} calls were due and had no job");
                }
                (due, id) = if seen < AT_ONCE {
                    start.clone()
                } else {
                    (row.get(2), row.get::<_, Option<String>>(3).unwrap_or_default())
                };
            }
            Err(error) => tracing::warn!("{error}"),
        }
    }
}
