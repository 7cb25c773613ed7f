//! What programs do with calls: put them in, look at them, take them back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use graphile_worker::tokio_postgres::TokioPostgresDatabase;
use graphile_worker::{Database, WorkerUtils};
use http_hook::response::Outcome;
use http_hook::transport::{Clock, Transport};
use http_hook::{Call, Connection, Hook, RequestPlan, Step};
use http_hook_clock::{SystemClock, seed};
use http_hook_sources::Sources;
use tokio_postgres::GenericClient;

use crate::config::{self, bad};
use crate::error::Error;
use crate::queue::Paused;
use crate::row::{column, plain};
use crate::table;
use crate::worker::Worker;

/// How long a connection is waited for: one that is made, or one that another call has.
const PATIENCE: Duration = Duration::from_secs(15);

/// Calls in PostgreSQL: their table, and the queue that wakes them. Clones share its connections.
#[derive(Clone)]
pub struct Engine {
    database: TokioPostgresDatabase,
}

/// Tells nothing of the database: its URL may hold a password.
impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// What a call is about, as [`Engine::status`] tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Where it is.
    pub state: State,
    /// The id of its connection.
    pub connection: String,
    /// How often it was moved on.
    pub epoch: i32,
    /// When it goes on, in milliseconds since 1970.
    pub due: Option<i64>,
    /// When it was put in.
    pub created: i64,
    /// When it last moved.
    pub updated: i64,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why the last try to go on failed: the connection was gone, say. The queue tries again.
    pub error: Option<String>,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was sent yet.
    New,
    /// It waits, for a retry mostly.
    Waiting,
    /// A request that may not be repeated is under way, or was when its worker ended.
    Sending,
    /// It has an outcome.
    Done,
    /// It was taken back.
    Cancelled,
}

impl State {
    /// Returns the word that stands in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        let all = [Self::New, Self::Waiting, Self::Sending, Self::Done, Self::Cancelled];
        all.into_iter().find(|state| state.name() == name)
    }
}

impl Engine {
    /// Names a database by its URL, `postgres://user:password@host/database`, and how many connections to hold at most. Nothing is
    /// connected yet. PostgreSQL has 100 for all unless told otherwise.
    ///
    /// # Errors
    ///
    /// Kind [`Error::Database`] if the URL is none.
    pub fn new(url: &str, connections: usize) -> Result<Self, Error> {
        // What the parser says may quote the URL.
        let parsed = url.parse::<tokio_postgres::Config>();
        Self::of(parsed.map_err(|_| bad("is no URL of PostgreSQL"))?, connections)
    }

    /// Names a database by a stored connection: host, port (5432), login, password, as schema the database, and `sslmode` in its extra:
    /// `disable`, `prefer` (the default), or one of `require`, `verify-ca` and `verify-full`, which are one here: whoever the server
    /// is, it has to show a certificate of an authority that is known. That needs the feature `tls`.
    ///
    /// # Errors
    ///
    /// Kind [`Error::Database`] if its type is that of something else, it has no host, a port that is none, or another `sslmode`.
    pub fn from_connection(connection: &Connection, connections: usize) -> Result<Self, Error> {
        Self::of(config::of_connection(connection)?, connections)
    }

    fn of(config: tokio_postgres::Config, connections: usize) -> Result<Self, Error> {
        let database =
            TokioPostgresDatabase::from_config(config::with_limits(config), connections.max(2));
        Ok(Self { database: database.map_err(|error| bad(&error.to_string()))? })
    }

    /// Returns the connections, for a program that has none of its own: `engine.pool().get()` and a transaction on it.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        self.database.pool()
    }

    pub(crate) fn database(&self) -> Database {
        Database::new(Paused::new(self.database.clone()))
    }

    /// Returns one of the [connections](Self::pool), waited for no longer than 15 s. `what` stands before an error: `call ID`, say.
    ///
    /// # Errors
    ///
    /// Kind [`Error::Database`] if none can be made, or none is free.
    pub async fn client(&self, what: &str) -> Result<deadpool_postgres::Client, Error> {
        let Ok(client) = tokio::time::timeout(PATIENCE, self.pool().get()).await else {
            let cause = format!("no connection within {} s", PATIENCE.as_secs());
            return Err(Error::Database { what: what.to_owned(), cause });
        };
        client.map_err(|error| Error::database(what, &error))
    }

    /// Makes tables and indexes where they are not: the schema `http_hook`, and `http_hook_queue` for the queue.
    ///
    /// # Errors
    ///
    /// As the database says.
    pub async fn migrate(&self) -> Result<(), Error> {
        let failed = |error: tokio_postgres::Error| Error::database("migrate", &error);
        let client = self.client("migrate").await?;
        if client.query_one(table::IS_MADE, &[]).await.map_err(failed)?.get(0) {
            return Ok(());
        }
        let in_one = |statements: &str| format!("BEGIN;{statements}COMMIT");
        client.batch_execute(&in_one(table::MIGRATE)).await.map_err(failed)?;
        let queue = WorkerUtils::new(self.database(), table::QUEUE);
        queue.migrate().await.map_err(|error| Error::Queue(error.to_string()))?;
        client.batch_execute(&in_one(table::INDEX)).await.map_err(failed)
    }

    /// Puts a call in, within the caller's own transaction: it is sent if that commits, and never else. Its time starts now. `false`:
    /// this very call stands there already.
    ///
    /// # Errors
    ///
    /// What [cannot be stored](Call::store) or sent is refused here; [`Error::Taken`] if another call has the id.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn run(engine: http_hook_postgres::Engine, sources: http_hook_sources::Sources) -> Result<(), Box<dyn std::error::Error>> {
    /// use http_hook::RequestPlan;
    ///
    /// let hook = sources.hook("orders").await?.build()?;
    /// let mut client = engine.pool().get().await?;
    /// let transaction = client.transaction().await?;
    /// transaction.execute("UPDATE invoices SET state = 'booked' WHERE id = 7", &[]).await?;
    /// let plan = RequestPlan::post("v1/invoices").data(r#"{"id": 7}"#).retries(8);
    /// engine.submit(&*transaction, &hook, "invoice-7", plan).await?;
    /// transaction.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn submit(
        &self,
        transaction: &impl GenericClient,
        hook: &Hook,
        id: &str,
        plan: RequestPlan,
    ) -> Result<bool, Error> {
        let calls = [(id.to_owned(), plan)];
        Ok(self.submit_all(transaction, hook, Duration::ZERO, calls).await? == 1)
    }

    /// Puts many calls of one connection in, to begin after `wait`, and tells how many were new. Some thousand at once are the
    /// fastest.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit), for the first call that has one; the transaction should then not be committed.
    pub async fn submit_all(
        &self,
        transaction: &impl GenericClient,
        hook: &Hook,
        wait: Duration,
        calls: impl IntoIterator<Item = (String, RequestPlan)>,
    ) -> Result<usize, Error> {
        let now = Clock::now(&SystemClock::new());
        let (mut ids, mut plans, mut stored) = (Vec::new(), Vec::new(), Vec::new());
        let Some(connection) = hook.id() else {
            let first = calls.into_iter().next();
            return Err(Error::NoConnection(first.map(|(id, _)| id).unwrap_or_default()));
        };
        for (id, plan) in calls {
            let call = Call::new(hook, plan, seed(), now);
            let parts =
                call.store_plan(hook).and_then(|plan| Ok((plan, call.store_progress(hook)?)));
            match parts {
                Ok((plan, progress)) => {
                    plans.push(plan);
                    stored.push(progress);
                    ids.push(id);
                }
                // A plan that cannot be sent is not storable either: this says why.
                Err(source) => match call.step(hook, now) {
                    Step::Done(Err(failure)) => {
                        return Err(Error::Plan { id, source: Box::new(failure) });
                    }
                    _ => return Err(Error::Call { id, source }),
                },
            }
        }
        let failed = |error: tokio_postgres::Error| {
            let one = ids.first().map(String::as_str).unwrap_or_default();
            Error::database(format!("call {one}"), &error)
        };
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 4);
        let new = transaction
            .query(table::SUBMIT, &[&ids, &plans, &stored, &connection, &wait])
            .await
            .map_err(failed)?;
        if new.len() < ids.len() {
            let same = transaction
                .query(table::SAME, &[&ids, &plans, &connection])
                .await
                .map_err(failed)?;
            let same: Vec<String> = same.iter().map(|row| row.get(0)).collect();
            if let Some(id) = ids.iter().find(|id| !same.contains(id)) {
                return Err(Error::Taken(id.clone()));
            }
        }
        Ok(new.len())
    }

    /// Tells what a call is about. `None`: there is none of this id.
    ///
    /// # Errors
    ///
    /// As the database says.
    pub async fn status(&self, id: &str) -> Result<Option<Status>, Error> {
        let what = format!("call {id}");
        let client = self.client(&what).await?;
        let row = client.query_opt(table::STATUS, &[&id]).await;
        let Some(row) = row.map_err(|error| Error::database(&*what, &error))? else {
            return Ok(None);
        };
        let broken = |cause: String| Error::Outcome { id: id.to_owned(), cause };
        let state = State::from_name(column(&row, 1, &what)?);
        let outcome: Option<&str> = column(&row, 6, &what)?;
        let outcome = outcome.map(serde_json::from_str).transpose();
        Ok(Some(Status {
            state: state.ok_or_else(|| broken("the state is not known".to_owned()))?,
            connection: column(&row, 0, &what)?,
            epoch: column(&row, 2, &what)?,
            due: column(&row, 3, &what)?,
            created: column(&row, 4, &what)?,
            updated: column(&row, 5, &what)?,
            outcome: outcome.map_err(|error| broken(error.to_string()))?,
            error: column::<Option<&str>>(&row, 7, &what)?.map(plain),
        }))
    }

    /// Returns how a call ended. `None`: it has not, or there is none.
    ///
    /// # Errors
    ///
    /// As [`status`](Self::status).
    pub async fn outcome(&self, id: &str) -> Result<Option<Outcome>, Error> {
        Ok(self.status(id).await?.and_then(|status| status.outcome))
    }

    /// Tells how each of these calls ended, in their order, for those that have: done, or taken back.
    ///
    /// # Errors
    ///
    /// As [`status`](Self::status).
    pub async fn ended(&self, ids: &[String]) -> Result<Vec<(State, Option<Outcome>)>, Error> {
        let client = self.client("calls").await?;
        let rows = client.query(table::ENDED, &[&ids]).await;
        let rows = rows.map_err(|error| Error::database("calls", &error))?;
        let read = |row: &tokio_postgres::Row| {
            let id: &str = column(row, 0, "calls")?;
            let broken = |cause: String| Error::Outcome { id: id.to_owned(), cause };
            let state = State::from_name(column(row, 1, &format!("call {id}"))?);
            let outcome: Option<&str> = column(row, 2, &format!("call {id}"))?;
            let outcome = outcome.map(serde_json::from_str).transpose();
            let state = state.ok_or_else(|| broken("the state is not known".to_owned()))?;
            Ok((state, outcome.map_err(|error| broken(error.to_string()))?))
        };
        rows.iter().map(read).collect()
    }

    /// Tells which of these calls were moved here from the journal of a run: the line of its file that each was, and the digest of
    /// that, as the journal has it.
    ///
    /// # Errors
    ///
    /// As the database says.
    pub async fn moved(&self, ids: &[String]) -> Result<HashMap<String, (i64, String)>, Error> {
        let client = self.client("calls").await?;
        let rows = client.query(table::MOVED, &[&ids]).await;
        let rows = rows.map_err(|error| Error::database("calls", &error))?;
        let read = |row: &tokio_postgres::Row| {
            let line = (column(row, 1, "calls")?, column(row, 2, "calls")?);
            Ok((column(row, 0, "calls")?, line))
        };
        rows.iter().map(read).collect()
    }

    /// Counts the calls of each state.
    ///
    /// # Errors
    ///
    /// As the database says.
    pub async fn counts(&self) -> Result<Vec<(State, i64)>, Error> {
        let client = self.client("counts").await?;
        let rows = client.query(table::COUNTS, &[]).await;
        let rows = rows.map_err(|error| Error::database("counts", &error))?;
        Ok(rows
            .iter()
            .filter_map(|row| Some((State::from_name(row.get(0))?, row.get(1))))
            .collect())
    }

    /// Takes a call back, unless it is under way or has ended. `false`: it was too late, or there is none; its
    /// [status](Self::status) says which. A request that may be repeated, a GET say, can be under way all the same.
    ///
    /// # Errors
    ///
    /// As the database says.
    pub async fn cancel(&self, id: &str) -> Result<bool, Error> {
        let what = format!("call {id}");
        let client = self.client(&what).await?;
        let changed = client.execute(table::CANCEL, &[&id]).await;
        Ok(changed.map_err(|error| Error::database(what, &error))? == 1)
    }

    /// Makes a worker, which finds connections by their ids in `sources`.
    #[must_use]
    pub fn worker(&self, sources: Sources, transport: impl Transport + 'static) -> Worker {
        Worker::new(self.clone(), sources, Arc::new(transport))
    }
}
