//! What tests of the engine wait for.

use std::env;
use std::time::{Duration, Instant};

use http_hook_postgres::{Engine, State, Status};

pub(crate) fn url() -> String {
    env::var("POSTGRES_URL").expect("a database: bash adapters/postgres/run test")
}

pub(crate) async fn until(engine: &Engine, id: &str, is: impl Fn(&Status) -> bool) -> Status {
    let begun = Instant::now();
    loop {
        let status = engine.status(id).await.expect("a status").expect("a call");
        if is(&status) {
            return status;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{id}: {status:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn is_done(status: &Status) -> bool {
    status.state == State::Done
}
