//! The engine over a real PostgreSQL: `bash adapters/postgres/run test`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_hook_postgres::{Engine, Error, State, Worker};
use http_hook_reqwest::{Connection, Hook, RequestPlan, ReqwestTransport, StopReason};
use http_hook_sources::{Env, Found, Listed, SourceError, Sources};
use http_hook_storm::Server;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

mod support;

use support::{fresh, is_done, move_rows, until};

fn connection(server: &Server) -> String {
    format!("http://svc:secret@{}", server.address())
}

fn sources(server: &Server) -> Sources {
    Sources::new().with(Env::of([("AIRFLOW_CONN_STORM", connection(server))]))
}

fn hook(text: &str) -> Hook {
    let connection = Connection::parse(text).expect("a connection");
    Hook::new(&connection.with_id("storm").expect("an id")).expect("a hook")
}

async fn put(engine: &Engine, hook: &Hook, id: &str, plan: RequestPlan) -> Result<bool, Error> {
    let mut client = engine.pool().get().await.expect("PostgreSQL");
    let transaction = client.transaction().await.expect("a transaction");
    let new = engine.submit(&*transaction, hook, id, plan).await?;
    transaction.commit().await.expect("a commit");
    Ok(new)
}

async fn sql(engine: &Engine, statement: &str) {
    let client = engine.pool().get().await.expect("PostgreSQL");
    client.batch_execute(statement).await.expect("a statement");
}

fn worker(engine: &Engine, sources: Sources) -> Worker {
    let worker = engine.worker(sources, ReqwestTransport::default());
    worker.lease(Duration::from_secs(4)).sweep(Duration::from_secs(1)).concurrency(8)
}

/// Lets a worker work until it is told to end.
fn start(worker: Worker) -> (oneshot::Sender<()>, JoinHandle<Result<(), Error>>) {
    let (end, told) = oneshot::channel();
    let run = worker.run(async move {
        let _ = told.await;
    });
    (end, tokio::spawn(run))
}

fn post(id: &str) -> RequestPlan {
    RequestPlan::post(format!("fast/{id}")).data("order")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_sent_if_its_transaction_commits() {
    let (engine, _) = fresh("commits").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let hook = hook(&connection(&server));
    let mut client = engine.pool().get().await.expect("PostgreSQL");
    let transaction = client.transaction().await.expect("a transaction");
    engine.submit(&*transaction, &hook, "never", post("never")).await.expect("it is put in");
    transaction.rollback().await.expect("a rollback");
    drop(client);
    assert!(put(&engine, &hook, "post", post("post")).await.expect("it is put in"));
    let busy = RequestPlan::get("busy/get").retries(5);
    assert!(put(&engine, &hook, "get", busy).await.expect("it is put in"));
    // A body that `jsonb` would not take.
    let nul = RequestPlan::post("fast/nul").data("a\0b");
    assert!(put(&engine, &hook, "nul", nul).await.expect("it is put in"));

    let (end, working) = start(worker(&engine, sources(&server)));
    let outcome = until(&engine, "post", is_done).await.outcome.expect("an outcome");
    assert!(outcome.passed() && outcome.status() == Some(200), "{outcome:?}");
    assert_eq!(outcome.response().expect("a response").expect("one").body(), "ok");
    assert!(until(&engine, "get", is_done).await.outcome.expect("an outcome").passed());
    assert!(until(&engine, "nul", is_done).await.outcome.expect("an outcome").passed());
    end.send(()).expect("it works");
    working.await.expect("no panic").expect("it ends well");
    let seen: BTreeMap<_, _> =
        [("post", 1), ("get", 3), ("nul", 1)].map(|(id, n)| (id.to_owned(), n)).into();
    assert_eq!(server.counts(), seen);
    assert!(engine.status("never").await.expect("a status").is_none());
    let jobs =
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM http_hook_queue._private_jobs) = 0; END $$";
    sql(&engine, jobs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_or_sent_is_refused_at_once() {
    let (engine, _) = fresh("refused").await;
    let hook = hook("http://svc:secret@127.0.0.1:9");
    let secret = post("a").secret_header("x-key", "k");
    let rows = [
        // why                     id   plan                                      what it says
        ("a secret of the call", "a", secret, "call a: not storable: header x-key"),
        ("no header", "c", post("c").header("bad name", "x"), "call c: "),
    ];
    for (why, id, plan, says) in rows {
        let error = put(&engine, &hook, id, plan).await.expect_err(why).to_string();
        assert!(error.starts_with(says), "{why}: {error}");
        assert!(engine.status(id).await.expect("a status").is_none(), "{why}");
    }
    assert!(put(&engine, &hook, "d", post("d")).await.expect("it is put in"));
    assert!(!put(&engine, &hook, "d", post("d")).await.expect("it stands there already"));
    let taken = put(&engine, &hook, "d", post("e")).await.expect_err("another call");
    assert_eq!(taken.to_string(), "call d: another call has this id");
    let nameless = Hook::to("http://127.0.0.1:9").expect("a hook");
    let error = put(&engine, &nameless, "f", post("f")).await.expect_err("no connection id");
    assert_eq!(error.to_string(), "call f: the hook's connection has no id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_way_at_the_end_of_its_worker_is_unknown_and_not_sent_again() {
    let (engine, _) = fresh("under_way").await;
    let server = Server::start(Duration::from_secs(2)).expect("a port");
    let hook = hook(&connection(&server));
    put(&engine, &hook, "post", RequestPlan::post("slow/post").data("order").retries(5))
        .await
        .expect("it is put in");
    put(
        &engine,
        &hook,
        "keyed",
        RequestPlan::post("slow/keyed").data("order").idempotency_key().retries(5),
    )
    .await
    .expect("it is put in");
    let (_end, working) = start(worker(&engine, sources(&server)));
    until(&engine, "post", |status| status.state == State::Sending).await;
    let begun = Instant::now();
    while server.seen() < 2 && begun.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Aborting the task would leave the leg, which is one of its own: what a dead worker leaves is its row and a locked job.
    working.abort();
    let free = "UPDATE http_hook_queue._private_jobs SET locked_at = NULL, locked_by = NULL;
        UPDATE http_hook.calls SET epoch = epoch + 1";
    sql(&engine, free).await;
    let (end, working) = start(worker(&engine, sources(&server)));
    let outcome = until(&engine, "post", is_done).await.outcome.expect("an outcome");
    assert_eq!(outcome.stop_reason(), Some(StopReason::NotIdempotent), "{outcome:?}");
    assert_eq!(outcome.sent(), http_hook_reqwest::Sent::Maybe);
    assert!(until(&engine, "keyed", is_done).await.outcome.expect("an outcome").passed());
    // The answer of the first worker comes too late, and changes nothing.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let outcome = engine.outcome("post").await.expect("a status").expect("an outcome");
    assert_eq!(outcome.stop_reason(), Some(StopReason::NotIdempotent));
    assert_eq!(server.counts()["post"], 1);
    end.send(()).expect("it works");
    working.await.expect("no panic").expect("it ends well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_taken_back_before_it_is_sent() {
    let (engine, _) = fresh("taken_back").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let hook = hook(&connection(&server));
    put(&engine, &hook, "a", post("a")).await.expect("it is put in");
    put(&engine, &hook, "b", post("b")).await.expect("it is put in");
    assert!(engine.cancel("a").await.expect("a database"));
    assert!(!engine.cancel("a").await.expect("a database"), "once");
    let (end, working) = start(worker(&engine, sources(&server)));
    until(&engine, "b", is_done).await;
    assert!(!engine.cancel("b").await.expect("a database"), "too late");
    assert!(!engine.cancel("c").await.expect("a database"), "there is none");
    end.send(()).expect("it works");
    working.await.expect("no panic").expect("it ends well");
    assert_eq!(server.counts().get("a"), None);
    assert_eq!(
        engine.counts().await.expect("a database"),
        [(State::Cancelled, 1), (State::Done, 1)]
    );
}

/// A source whose connection comes and goes.
#[derive(Clone, Default)]
struct Changing(Arc<Mutex<Option<String>>>);

impl http_hook_sources::blocking::Source for Changing {
    fn name(&self) -> String {
        "changing".to_owned()
    }

    fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
        let text = self.0.lock().expect("no panic").clone();
        let found =
            text.map(|text| Found::new(Connection::parse(&text).expect("a connection"), "here"));
        Ok(found.filter(|_| id == "storm"))
    }

    fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        Ok(Vec::new())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_call_from_going_on_is_told_by_id_and_nothing_is_lost() {
    let (engine, _) = fresh("kept_from").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let hook = hook(&connection(&server));
    for id in ["gone", "poisoned", "newer", "other"] {
        put(&engine, &hook, id, post(id)).await.expect("it is put in");
    }
    sql(&engine, r#"UPDATE http_hook.calls SET call = '{"version": 2, "state": "no"}' WHERE id = 'poisoned'"#).await;
    let newer = "UPDATE http_hook.calls SET call = replace(call::text, '\"version\":2', '\"version\":3')::json WHERE id = 'newer'";
    sql(&engine, newer).await;
    let place = Changing::default();
    let (end, working) = start(worker(&engine, Sources::new().with(place.clone())));
    let status = until(&engine, "gone", |status| status.error.is_some()).await;
    let error = status.error.expect("an error");
    assert!(
        error.contains("call gone: ") && error.contains("storm") && error.contains("not defined"),
        "{error}"
    );
    assert_eq!(status.state, State::New);
    *place.0.lock().expect("no panic") = Some(connection(&server));
    for id in ["gone", "other"] {
        assert!(until(&engine, id, is_done).await.outcome.expect("an outcome").passed());
    }
    for (id, says) in [
        ("poisoned", "call poisoned: the stored call"),
        ("newer", "call newer: the stored call is of a newer version"),
    ] {
        let status = until(&engine, id, |status| {
            status.error.as_ref().is_some_and(|error| error.contains("stored"))
        })
        .await;
        assert!(status.error.expect("an error").contains(says), "{id}");
        assert_eq!(status.state, State::New);
        assert_eq!(server.counts().get(id), None);
    }
    assert_eq!((server.counts()["gone"], server.counts()["other"]), (1, 1));
    end.send(()).expect("it works");
    working.await.expect("no panic").expect("it ends well");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_entry_can_be_written_nothing_is_sent() {
    let (engine, _) = fresh("full_disk").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let hook = hook(&connection(&server));
    put(&engine, &hook, "post", post("post")).await.expect("it is put in");
    // What PostgreSQL says when its disk is full.
    let full = "CREATE FUNCTION http_hook.full() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION USING ERRCODE = ''disk_full'', MESSAGE = ''no space left on device''; END';
        CREATE TRIGGER fills BEFORE INSERT OR UPDATE ON http_hook.calls FOR EACH ROW EXECUTE FUNCTION http_hook.full();";
    sql(&engine, full).await;
    let refused =
        put(&engine, &hook, "other", post("other")).await.expect_err("a full disk").to_string();
    assert!(
        refused.starts_with("call other: PostgreSQL: ") && refused.contains("no space left"),
        "{refused}"
    );
    let (end, working) = start(worker(&engine, sources(&server)));
    let status = until(&engine, "post", |status| status.error.is_some()).await;
    let error = status.error.expect("an error");
    assert!(
        error.contains("call post: PostgreSQL: ") && error.contains("no space left"),
        "{error}"
    );
    assert_eq!((status.state, server.seen()), (State::New, 0));
    sql(&engine, "DROP TRIGGER fills ON http_hook.calls").await;
    assert!(until(&engine, "post", is_done).await.outcome.expect("an outcome").passed());
    end.send(()).expect("it works");
    working.await.expect("no panic").expect("it ends well");
    assert_eq!(server.counts()["post"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_job_vanished_gets_another() {
    let (engine, _) = fresh("vanished").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    put(&engine, &hook(&connection(&server)), "lost", post("lost")).await.expect("it is put in");
    sql(&engine, "DELETE FROM http_hook_queue._private_jobs").await;
    let (end, working) = start(worker(&engine, sources(&server)));
    until(&engine, "lost", is_done).await;
    end.send(()).expect("it works");
    working.await.expect("no panic").expect("it ends well");
    assert_eq!(server.counts()["lost"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_program_put_in_is_taken_up() {
    let (engine, _) = fresh("upgrade").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    // As the first version of this crate wrote them. The base of a stored call is that of its connection, so these two are of one
    // whose host is fixed, and nobody is there.
    for (id, file) in [
        ("waiting", include_str!("stored/v2-waiting.sql")),
        ("sending", include_str!("stored/v2-sending.sql")),
    ] {
        sql(&engine, file).await;
        let status = engine.status(id).await.expect("a status").expect("a call");
        assert_eq!(status.state.name(), id);
    }
    drop(server);
    let nobody =
        Sources::new().with(Env::of([("AIRFLOW_CONN_STORM", "http://svc:secret@127.0.0.1:9")]));
    let (end, working) = start(worker(&engine, nobody));
    let outcome = until(&engine, "sending", is_done).await.outcome.expect("an outcome");
    assert_eq!(outcome.stop_reason(), Some(StopReason::NotIdempotent), "{outcome:?}");
    let outcome = until(&engine, "waiting", is_done).await.outcome.expect("an outcome");
    assert_eq!(outcome.stop_reason(), Some(StopReason::Attempts), "{outcome:?}");
    end.send(()).expect("it works");
    working.await.expect("no panic").expect("it ends well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_moves_from_its_file() {
    use http_hook_reqwest::{Call, Step, Timestamp};

    let (engine, url) = fresh("moves").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let hook = hook(&connection(&server));
    let now = Timestamp::new(Duration::from_secs(1_700_000_000));
    // As the journal has them: the whole stored text in one column.
    let waiting = Call::new(&hook, RequestPlan::get("get/waiting").retries(1), 7, now)
        .store(&hook)
        .expect("it can be stored");
    let Step::Send { attempt, .. } = Call::new(&hook, post("sending"), 7, now).step(&hook, now)
    else {
        panic!("it is sent")
    };
    let sending = attempt.store(&hook).expect("it can be stored");
    let plan = r#"{"line":1,"digest":"1f0c33a2"}"#;
    let rows = [
        ["waiting", "storm", plan, "waiting", "1", &waiting, "1700000001000", "", "1", "1"],
        ["sending", "storm", plan, "sending", "1", &sending, "", "", "1", "1"],
        ["done", "storm", plan, "done", "3", "", "", "{}", "1", "1"],
    ];
    move_rows(&url, "file", &rows);
    let (end, working) = start(worker(&engine, sources(&server)));
    assert!(until(&engine, "file/waiting", is_done).await.outcome.expect("an outcome").passed());
    let outcome = until(&engine, "file/sending", is_done).await.outcome.expect("an outcome");
    assert!(!outcome.passed() && outcome.sent() == http_hook_reqwest::Sent::Maybe, "{outcome:?}");
    assert_eq!(
        engine.status("file/done").await.expect("a status").expect("a call").state,
        State::Done
    );
    end.send(()).expect("it works");
    working.await.expect("no panic").expect("it ends well");
    assert_eq!(server.counts().get("sending"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_holds_a_secret() {
    const CANARY: &str = "kanarienvogel-5b0c9e";
    let (engine, _) = fresh("canary").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let with = |port: u16| {
        let extra = format!(
            r#"{{"X-Key": "{CANARY}", "Authorization": "Bearer {CANARY}", "Cookie": "a={CANARY}", "proxies": {{}},
                "http_hook": {{"auth": {{"scheme": "bearer", "token": "{CANARY}"}}}}}}"#
        );
        Connection::new()
            .with_host(format!("127.0.0.1/{CANARY}"))
            .with_port(port)
            .with_schema("http")
            .with_login(CANARY)
            .with_password(CANARY)
            .with_description(CANARY)
            .with_extra(extra)
            .with_id("storm")
            .expect("an id")
    };
    // One that answers and one where nobody is: outcome and error both.
    let (there, gone) = (with(server.address().port()), with(9));
    let (there, gone) = (Hook::new(&there), Hook::new(&gone));
    let (there, gone) = match (there, gone) {
        (Ok(there), Ok(gone)) => (there, gone),
        (one, _) => panic!("{one:?}"),
    };
    put(&engine, &there, "there", RequestPlan::get("get/there").retries(3))
        .await
        .expect("it is put in");
    put(&engine, &there, "post", post("post").retries(3)).await.expect("it is put in");
    put(&engine, &gone, "gone", RequestPlan::get("get/gone").retries(1))
        .await
        .expect("it is put in");
    let found = with(server.address().port());
    let place = Fixed(found);
    let (end, working) = start(worker(&engine, Sources::new().with(place)));
    until(&engine, "there", is_done).await;
    until(&engine, "post", is_done).await;
    until(&engine, "gone", |status| status.error.is_some()).await;
    end.send(()).expect("it works");
    working.await.expect("no panic").expect("it ends well");

    let client = engine.pool().get().await.expect("PostgreSQL");
    let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('http_hook', 'http_hook_queue')";
    let tables: Vec<String> =
        client.query(tables, &[]).await.expect("tables").iter().map(|row| row.get(0)).collect();
    assert!(tables.len() > 4, "{tables:?}");
    let mut all = String::new();
    for table in tables {
        for row in
            client.query(&format!("SELECT t::text FROM {table} AS t"), &[]).await.expect("rows")
        {
            all.push_str(row.get::<_, &str>(0));
        }
    }
    assert!(all.contains("call gone: "), "{all}");
    // In the form of basic authentication, too, whatever stands before it.
    for form in [CANARY, "a2FuYXJpZW52b2dlb", "thbmFyaWVudm9nZW", "rYW5hcmllbnZvZ2Vs"] {
        assert!(!all.contains(form), "{form}: {all}");
    }
}

struct Fixed(Connection);

impl http_hook_sources::blocking::Source for Fixed {
    fn name(&self) -> String {
        "fixed".to_owned()
    }

    fn find(&self, _: &str) -> Result<Option<Found>, SourceError> {
        Ok(Some(Found::new(self.0.clone(), "here")))
    }

    fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        Ok(Vec::new())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_dead_is_named() {
    let engine = Engine::new("postgres://reader:open-sesame@127.0.0.1:9/calls", 2).expect("a URL");
    let error = engine.status("a").await.expect_err("nobody is there").to_string();
    assert!(error.starts_with("call a: PostgreSQL: ") && error.contains("refused"), "{error}");
    assert!(!error.contains("sesame"), "{error}");
    let error = engine.migrate().await.expect_err("nobody is there").to_string();
    assert!(error.starts_with("migrate: PostgreSQL: "), "{error}");
    let error =
        Engine::new("http://open-sesame@a", 2).expect_err("no URL of PostgreSQL").to_string();
    assert!(!error.contains("sesame"), "{error}");
}

/// Writes what a future version has to take up: once for each form of stored calls.
#[test]
#[ignore = "writes the files that the test of older programs reads"]
fn rows_to_keep() {
    use http_hook_reqwest::{Call, Sent, Step, Timestamp, TransportError, TransportErrorKind};

    let hook = hook("http://svc:secret@127.0.0.1:9");
    let now = Timestamp::new(Duration::from_secs(1_700_000_000));
    let rows = [
        ("waiting", RequestPlan::get("get/waiting").retries(1)),
        ("sending", RequestPlan::post("fast/sending").data("order").retries(1)),
    ];
    for (id, plan) in rows {
        let call = Call::new(&hook, plan, 7, now);
        let plan = call.store_plan(&hook).expect("it can be stored");
        let Step::Send { attempt, .. } = call.step(&hook, now) else { panic!("it is sent") };
        let progress = if id == "sending" {
            attempt.store_progress(&hook)
        } else {
            let error = TransportError::new(TransportErrorKind::Connect, Sent::No);
            match attempt.finish(&hook, Err(error), now) {
                Step::Wait { call, .. } => call.store_progress(&hook),
                other => panic!("{other:?}"),
            }
        };
        let progress = progress.expect("it can be stored");
        let row = format!(
            "INSERT INTO http_hook.calls (id, connection, plan, state, epoch, call, due, created, updated)\n\
            VALUES ('{id}', 'storm', '{plan}', '{id}', 1, '{progress}', 1700000001000, 1700000000000, 1700000000000);\n\
            SELECT http_hook_queue.add_job('http_hook.call', '{{\"id\": \"{id}\"}}');\n"
        );
        std::fs::write(format!("tests/stored/v2-{id}.sql"), row).expect("a file");
    }
}
