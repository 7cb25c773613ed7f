//! One leg of one call: taken up, run until it waits or is over, put back. Each write holds for the epoch that was read, so that of
//! two workers with one call, the later one changes nothing.

use std::collections::HashMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_hook::response::Outcome;
use http_hook::transport::Transport;
use http_hook::{Attempt, Call, Connection, HttpHook, Leg, Options};
use http_hook_clock::{SystemClock, seed};
use http_hook_sources::Sources;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio_postgres::types::ToSql;

use crate::engine::{Engine, State};
use crate::error::Error;
use crate::row::column;
use crate::{kept, table};

type Api = HttpHook<Arc<dyn Transport>, SystemClock>;

type Kept = Pin<Box<dyn Future<Output = Result<(), Stopped>> + Send>>;

/// What becomes of a first attempt of which nothing is stored: the outcome that `http-hook run` writes of any such.
const BROKEN_OFF: &str = r#"{"failure":{"reason":"not_idempotent","message":"the exchange broke off","cause":"transport","text":"the exchange broke off","error":"interrupted","sent":"maybe","sends":1,"attempts":1,"idle_for":{"secs":0,"nanos":0}}}"#;

/// What every leg of a worker needs.
pub(crate) struct Legs {
    pub(crate) engine: Engine,
    pub(crate) sources: Sources,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) max_body: usize,
    /// How long an end is tried to be written, where the database is away.
    pub(crate) patience: Duration,
    /// The hooks that were made, as long as their connections are the same: what they keep, tokens say, is for all calls.
    pub(crate) hooks: Mutex<HashMap<String, (Connection, Api)>>,
}

/// Why a leg stopped before a send.
enum Stopped {
    /// Another worker has the call, or it was taken back.
    Passed,
    Failed(Error),
}

impl Legs {
    /// Runs the leg of a call. What is not there or has ended needs none.
    pub(crate) async fn run(self: Arc<Self>, id: Arc<str>) -> Result<(), Error> {
        let broken = |source| Error::Call { id: id.to_string(), source };
        let what = format!("call {id}");
        let mut rows = kept::rows(&self.engine, &what, table::LOAD, &[&&*id]).await?;
        let Some(row) = rows.pop() else { return Ok(()) };
        let (connection, plan): (&str, &str) = (column(&row, 0, &what)?, column(&row, 1, &what)?);
        let stored: Option<&str> = column(&row, 2, &what)?;
        let is_sending = column::<&str>(&row, 3, &what)? == State::Sending.name();
        let epoch = Arc::new(AtomicI32::new(column(&row, 4, &what)?));
        if is_sending && stored.is_none() {
            // A journal has such entries: a first attempt, of which the plan is in the file of the run.
            let epoch = epoch.load(Ordering::Relaxed);
            return self.end(&id, table::DONE, &[&&*id, &epoch, &BROKEN_OFF]).await;
        }
        let api = self.api(&id, connection).await?;
        let hook = api.get_conn().0;
        let call = taken_up(&api, plan, stored).map_err(broken)?;
        if is_sending && !call.was_interrupted() {
            return Err(Error::TwoThings(id.to_string()));
        }

        // It owns all that it needs: what borrows cannot go from thread to thread here.
        let (legs, its_id, its_epoch, its_hook) =
            (Arc::clone(&self), Arc::clone(&id), Arc::clone(&epoch), hook.clone());
        let keep = move |attempt: &Attempt| -> Kept {
            if attempt.repeatable() {
                return Box::pin(ready(Ok(())));
            }
            let kept = attempt.store_progress(&its_hook);
            Box::pin(Arc::clone(&legs).begin(Arc::clone(&its_id), Arc::clone(&its_epoch), kept))
        };
        let leg = api.leg(call, keep).await;
        let epoch = epoch.load(Ordering::Relaxed);
        match leg {
            Ok(Leg::Wait { stored, wait, .. }) => {
                let kept = api.resume(&stored).and_then(|call| call.store_progress(hook));
                let kept = kept.map_err(broken)?;
                let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 4).max(1);
                self.end(&id, table::WAIT, &[&&*id, &epoch, &kept, &wait]).await
            }
            Ok(Leg::Done(result)) => {
                let outcome = serde_json::to_string(&Outcome::of(&result, self.max_body));
                let outcome = outcome.map_err(|error| Error::Outcome {
                    id: id.to_string(),
                    cause: error.to_string(),
                })?;
                self.end(&id, table::DONE, &[&&*id, &epoch, &outcome]).await
            }
            Ok(_) | Err(Stopped::Passed) => Ok(()),
            Err(Stopped::Failed(error)) => Err(error),
        }
    }

    /// Writes an attempt before it is sent.
    async fn begin(
        self: Arc<Self>,
        id: Arc<str>,
        epoch: Arc<AtomicI32>,
        kept: Result<String, http_hook::Error>,
    ) -> Result<(), Stopped> {
        let broken = |source| Stopped::Failed(Error::Call { id: id.to_string(), source });
        let kept = kept.map_err(broken)?;
        let seen = epoch.load(Ordering::Relaxed);
        let what = format!("call {id}");
        let begun = kept::rows(&self.engine, &what, table::BEGIN, &[&&*id, &seen, &kept]).await;
        let begun = begun.map_err(Stopped::Failed)?;
        let Some(row) = begun.first() else { return Err(Stopped::Passed) };
        epoch.store(column(row, 0, &what).map_err(Stopped::Failed)?, Ordering::Relaxed);
        Ok(())
    }

    /// Returns the hook of a connection.
    async fn api(&self, id: &str, connection: &str) -> Result<Api, Error> {
        let found = self.sources.get(connection).await;
        let found = found.map_err(|source| Error::Connection { id: id.to_owned(), source })?;
        let hooks = || self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((same, api)) = hooks().get(connection)
            && same == found.connection()
        {
            return Ok(api.clone());
        }
        let builder = self.sources.hook(connection).await;
        let builder = builder.map_err(|source| Error::Connection { id: id.to_owned(), source })?;
        let hook = builder.build().map_err(|source| Error::Hook {
            id: id.to_owned(),
            connection: connection.to_owned(),
            source: Arc::new(source),
        })?;
        let api = HttpHook::new(hook, Arc::clone(&self.transport), SystemClock::new());
        let api = api.with_seed(seed());
        hooks().insert(connection.to_owned(), (found.connection().clone(), api.clone()));
        Ok(api)
    }

    /// Writes what a leg led to, again and again for a while: else a database that restarts makes an answer that is there unknown.
    async fn end(
        &self,
        id: &str,
        statement: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<(), Error> {
        let (what, begun) = (format!("call {id}"), tokio::time::Instant::now());
        loop {
            match kept::rows(&self.engine, &what, statement, values).await {
                // None: another worker was faster, or this very write was made before its connection broke.
                Ok(_) => return Ok(()),
                Err(error) if begun.elapsed() >= self.patience => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(250)).await,
            }
        }
    }
}

/// Takes a call up by its parts; what comes from a journal may be one text.
fn taken_up(api: &Api, plan: &str, call: Option<&str>) -> Result<Call, http_hook::Error> {
    #[derive(Deserialize)]
    struct Whole {
        #[expect(dead_code, reason = "that it is there is enough")]
        progress: IgnoredAny,
    }
    let call = call.unwrap_or_default();
    if serde_json::from_str::<Whole>(call).is_ok() {
        return api.resume(call);
    }
    let now = http_hook::transport::Clock::now(&SystemClock::new());
    Call::resume_parts(api.get_conn().0, plan, call, &Options::default(), now)
}
