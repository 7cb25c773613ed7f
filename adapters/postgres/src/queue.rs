//! The database as the queue asks it: after an error with a pause, which the queue itself does not make. Else a database that is away is
//! asked as fast as it refuses, and a log is filled with it.

use std::any::Any;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use graphile_worker::tokio_postgres::TokioPostgresDatabase;
use graphile_worker::{
    BoxFuture, DatabaseDriver, DbError, DbExecutor, DbParams, DbRow, DbTransaction,
    NotificationStream,
};

/// After the first error, and twice as long after each further one.
const PAUSE: Duration = Duration::from_millis(100);

/// How often the pause is doubled: up to 1.6 s.
const DOUBLED: u32 = 4;

#[derive(Debug)]
pub(crate) struct Paused {
    database: TokioPostgresDatabase,
    /// The errors since something went well.
    errors: AtomicU32,
}

impl Paused {
    pub(crate) const fn new(database: TokioPostgresDatabase) -> Self {
        Self { database, errors: AtomicU32::new(0) }
    }

    async fn after<T>(
        &self,
        asked: impl Future<Output = Result<T, DbError>>,
    ) -> Result<T, DbError> {
        let answer = asked.await;
        if answer.is_ok() {
            self.errors.store(0, Ordering::Relaxed);
        } else {
            let errors = self.errors.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE * (1 << errors.min(DOUBLED))).await;
        }
        answer.map_err(told)
    }
}

/// What the client says of a refusal is "db error" alone; which one, its code tells.
fn told(error: DbError) -> DbError {
    match error.code() {
        Some(code) => DbError::with_code(format!("{error}, SQLSTATE {code}"), code),
        None => error,
    }
}

impl DbExecutor for Paused {
    fn execute<'a>(
        &'a self,
        sql: &'a str,
        params: DbParams,
    ) -> BoxFuture<'a, Result<u64, DbError>> {
        Box::pin(self.after(self.database.execute(sql, params)))
    }

    fn fetch_all<'a>(
        &'a self,
        sql: &'a str,
        params: DbParams,
    ) -> BoxFuture<'a, Result<Vec<DbRow>, DbError>> {
        Box::pin(self.after(self.database.fetch_all(sql, params)))
    }
}

impl DatabaseDriver for Paused {
    fn as_any(&self) -> &dyn Any {
        self.database.as_any()
    }

    fn begin(&self) -> BoxFuture<'_, Result<DbTransaction, DbError>> {
        Box::pin(self.after(self.database.begin()))
    }

    fn listen<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Option<NotificationStream>, DbError>> {
        Box::pin(self.after(self.database.listen(channel)))
    }
}
