//! Statements that connections keep prepared. What was prepared before somebody changed a table, or before a proxy went to another
//! server, holds no more; PostgreSQL says so each time, until it is prepared anew.

use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use crate::engine::Engine;
use crate::error::Error;

/// Asks by a kept statement, for `what`, which stands before an error. A statement that failed is not kept.
pub(crate) async fn rows(
    engine: &Engine,
    what: &str,
    statement: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Error> {
    let client = engine.client(what).await?;
    let mut is_new = false;
    loop {
        let asked = async {
            let kept = client.prepare_cached(statement).await?;
            client.query(&kept, values).await
        };
        let error = match asked.await {
            Ok(rows) => return Ok(rows),
            Err(error) => error,
        };
        client.statement_cache.remove(statement, &[]);
        if is_new || !is_outdated(&error) {
            return Err(Error::database(what, &error));
        }
        is_new = true;
    }
}

/// Whether a statement did not run because what was prepared holds no more: the types of a table's columns changed, or the server
/// does not have it.
fn is_outdated(error: &tokio_postgres::Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::FEATURE_NOT_SUPPORTED)
        || code == Some(&SqlState::INVALID_SQL_STATEMENT_NAME)
}
