//! What keeps an engine from its work: rows that are damaged, a database that goes away, settings that cannot be. All of it is told, and
//! nothing of it is sent, lost, or tried without a pause: `bash adapters/postgres/run test --test poisoned`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_hook_postgres::{Engine, State, Worker};
use http_hook_reqwest::{Call, Connection, Hook, RequestPlan, ReqwestTransport, Sent};
use http_hook_sources::{Env, Sources};
use http_hook_storm::Server;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::sleep;

mod support;

use support::{fresh, is_done, move_rows, until};

fn connection(server: &Server) -> String {
    format!("http://svc:secret@{}", server.address())
}

fn hook(server: &Server) -> Hook {
    let connection = Connection::parse(&connection(server)).expect("a connection");
    Hook::new(&connection.with_id("storm").expect("an id")).expect("a hook")
}

fn worker(engine: &Engine, server: &Server) -> Worker {
    let sources = Sources::new().with(Env::of([("AIRFLOW_CONN_STORM", connection(server))]));
    engine.worker(sources, ReqwestTransport::default())
}

/// Lets a worker work until what is returned is dropped.
fn start(worker: Worker) -> oneshot::Sender<()> {
    let (end, told) = oneshot::channel::<()>();
    tokio::spawn(worker.run(async move { drop(told.await) }));
    end
}

async fn put(engine: &Engine, server: &Server, id: &str) {
    let mut client = engine.pool().get().await.expect("PostgreSQL");
    let transaction = client.transaction().await.expect("a transaction");
    let plan = RequestPlan::post(format!("fast/{id}")).data("order");
    assert!(engine.submit(&*transaction, &hook(server), id, plan).await.expect("it is put in"));
    transaction.commit().await.expect("a commit");
}

async fn sql(engine: &Engine, statement: &str) {
    let client = engine.pool().get().await.expect("PostgreSQL");
    client.batch_execute(statement).await.expect("a statement");
}

/// A database that can be away: a port before it, which closes what comes meanwhile, and counts it.
struct Door {
    port: u16,
    away: Arc<AtomicBool>,
    knocks: Arc<AtomicUsize>,
    open: Arc<Mutex<Vec<tokio::task::AbortHandle>>>,
}

impl Door {
    async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let rest = url.split_once("127.0.0.1:").expect("an address").1;
        let behind = format!("127.0.0.1:{}", rest.split('/').next().expect("a port"));
        let (away, knocks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let open = Arc::default();
        let door = Self { port, away, knocks, open };
        let (away, knocks) = (Arc::clone(&door.away), Arc::clone(&door.knocks));
        let open: Arc<Mutex<Vec<_>>> = Arc::clone(&door.open);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if away.load(Ordering::SeqCst) {
                    knocks.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let behind = behind.clone();
                let passed = tokio::spawn(async move {
                    let mut far = TcpStream::connect(behind).await.expect("PostgreSQL");
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
                open.lock().unwrap_or_else(PoisonError::into_inner).push(passed.abort_handle());
            }
        });
        door
    }

    /// The database of this URL, through the door.
    fn engine(&self, url: &str) -> Engine {
        let name = url.rsplit('/').next().expect("a name");
        let through = format!("postgres://postgres@127.0.0.1:{}/{name}", self.port);
        Engine::new(&through, 12).expect("a URL")
    }

    fn close(&self) {
        self.away.store(true, Ordering::SeqCst);
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
            .for_each(|task| task.abort());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_asked_again_with_pauses() {
    let (engine, url) = fresh("door").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let door = Door::before(&url).await;
    let through = door.engine(&url);
    put(&engine, &server, "before").await;
    let _end = start(worker(&through, &server));
    until(&engine, "before", is_done).await;
    door.close();
    sleep(Duration::from_secs(4)).await;
    let knocks = door.knocks.load(Ordering::SeqCst);
    assert!((1..150).contains(&knocks), "{knocks} times in 4 s");
    door.away.store(false, Ordering::SeqCst);
    put(&engine, &server, "after").await;
    until(&engine, "after", is_done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_has_nothing_to_do_asks_seldom_and_begins_at_once() {
    let (engine, _) = fresh("idle").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let _end = start(worker(&engine, &server));
    put(&engine, &server, "first").await;
    until(&engine, "first", is_done).await;
    let transactions = async || -> i64 {
        let client = engine.pool().get().await.expect("PostgreSQL");
        let count = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'idle'";
        client.query_one(count, &[]).await.expect("a count").get(0)
    };
    // What is counted is told a second later.
    sleep(Duration::from_secs(2)).await;
    let before = transactions().await;
    sleep(Duration::from_secs(4)).await;
    let asked = transactions().await - before;
    assert!(asked < 100, "{asked} transactions in 4 s");
    let begun = Instant::now();
    put(&engine, &server, "second").await;
    until(&engine, "second", is_done).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_are_the_nearest_that_can() {
    let (engine, _) = fresh("settings").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let (least, most) = (Duration::ZERO, Duration::MAX);
    for (lease, sweep, id) in [(least, least, "least"), (most, most, "most")] {
        put(&engine, &server, id).await;
        let worker =
            worker(&engine, &server).lease(lease).sweep(sweep).grace(Duration::from_secs(1));
        let (end, told) = oneshot::channel::<()>();
        let working = tokio::spawn(worker.run(async move { drop(told.await) }));
        until(&engine, id, is_done).await;
        drop(end);
        working.await.expect("no panic").expect("it ends well");
    }
    // A sweep without a pause would leave its statements behind.
    assert_eq!((server.counts()["least"], server.counts()["most"]), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_says_two_things_is_not_sent() {
    let (engine, _) = fresh("two_things").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    for id in ["waits", "nothing", "good"] {
        put(&engine, &server, id).await;
    }
    // Its attempt is under way, says one column; it waits for its first, says the other.
    sql(&engine, "UPDATE http_hook.calls SET state = 'sending' WHERE id = 'waits'").await;
    let nothing = "UPDATE http_hook.calls SET state = 'sending', call = NULL WHERE id = 'nothing'";
    sql(&engine, nothing).await;
    let _end = start(worker(&engine, &server));
    until(&engine, "good", is_done).await;
    let told = until(&engine, "waits", |status| status.error.is_some()).await;
    let says = "call waits: it is under way, but what is stored of it waits";
    assert_eq!((told.state, told.error.as_deref()), (State::Sending, Some(says)));
    let outcome = until(&engine, "nothing", is_done).await.outcome.expect("an outcome");
    assert_eq!((outcome.passed(), outcome.sent()), (false, Sent::Maybe), "{outcome:?}");
    assert_eq!(server.counts().into_iter().collect::<Vec<_>>(), [("good".to_owned(), 1)]);
}

/// What a run leaves that was killed while it sent for the first time: an entry that holds no call.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_attempt_that_moved_from_a_journal_is_unknown() {
    let (engine, url) = fresh("first_attempt").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let plan = r#"{"line":1,"digest":"1f0c33a2"}"#;
    move_rows(&url, "run", &[["line-1", "storm", plan, "sending", "1", "", "", "", "1", "1"]]);
    let _end = start(worker(&engine, &server).sweep(Duration::from_secs(1)));
    let outcome = until(&engine, "run/line-1", is_done).await.outcome.expect("an outcome");
    assert_eq!((outcome.passed(), outcome.sent()), (false, Sent::Maybe), "{outcome:?}");
    assert!(server.counts().is_empty());
}

/// After the last epoch comes the first: a row that stood at the last one was sent again and again, since no end of it could be written.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_at_the_last_epoch_goes_on() {
    let (engine, _) = fresh("last_epoch").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    put(&engine, &server, "post").await;
    let mut client = engine.pool().get().await.expect("PostgreSQL");
    let transaction = client.transaction().await.expect("a transaction");
    let get = RequestPlan::get("busy/get").retries(5);
    engine.submit(&*transaction, &hook(&server), "get", get).await.expect("it is put in");
    transaction.commit().await.expect("a commit");
    sql(&engine, "UPDATE http_hook.calls SET epoch = 2147483647").await;
    let _end = start(worker(&engine, &server).grace(Duration::from_secs(1)));
    for (id, sends) in [("post", 1), ("get", 3)] {
        let status = until(&engine, id, is_done).await;
        assert!(status.outcome.is_some_and(|outcome| outcome.passed()), "{id}");
        assert!((1..9).contains(&status.epoch), "{id}: {}", status.epoch);
        assert_eq!(server.counts()[id], sends, "{id}");
    }
}

/// As a journal has an entry that is under way, copied by hand.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_job_that_says_no_time_is_found() {
    let (engine, _) = fresh("no_time").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    put(&engine, &server, "a").await;
    sql(&engine, "UPDATE http_hook.calls SET due = NULL").await;
    sql(&engine, "DELETE FROM http_hook_queue._private_jobs").await;
    let _end = start(worker(&engine, &server).sweep(Duration::from_secs(1)));
    until(&engine, "a", is_done).await;
    assert_eq!(server.counts()["a"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_another_type_is_told() {
    let (engine, _) = fresh("columns").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    put(&engine, &server, "a").await;
    sql(&engine, "ALTER TABLE http_hook.calls ALTER epoch TYPE bigint").await;
    let error = engine.status("a").await.expect_err("no such column").to_string();
    assert!(error.starts_with("call a: ") && error.contains("epoch"), "{error}");
    let _end = start(worker(&engine, &server));
    sleep(Duration::from_secs(1)).await;
    sql(&engine, "ALTER TABLE http_hook.calls ALTER epoch TYPE integer").await;
    let told = until(&engine, "a", |status| status.error.is_some() || is_done(status)).await;
    let error = told.error.unwrap_or_else(|| "call a: epoch".to_owned());
    assert!(error.starts_with("call a: ") && error.contains("epoch"), "{error}");
    until(&engine, "a", is_done).await;
    assert_eq!(server.counts()["a"], 1);
}

/// As after a migration of a table, or behind a pooler that went to another server.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_connection_keeps_prepared_is_prepared_anew() {
    let (engine, _) = fresh("prepared").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let _end = start(worker(&engine, &server));
    let all_go_on = async |round: &str| {
        let ids: Vec<_> = (0..24).map(|i| format!("{round}{i}")).collect();
        for id in &ids {
            put(&engine, &server, id).await;
        }
        for id in &ids {
            let status = until(&engine, id, |status| status.error.is_some() || is_done(status));
            assert_eq!(status.await.error, None, "{id}");
            assert_eq!(server.counts()[id], 1);
        }
    };
    all_go_on("before").await;
    for column in ["id", "connection", "state"] {
        let change = format!("ALTER TABLE http_hook.calls ALTER {column} TYPE varchar(400)");
        sql(&engine, &change).await;
    }
    all_go_on("changed").await;
    let mut held = Vec::new();
    for _ in 0..12 {
        let client = engine.pool().get().await.expect("PostgreSQL");
        client.batch_execute("DEALLOCATE ALL").await.expect("it forgets");
        held.push(client);
    }
    drop(held);
    all_go_on("forgotten").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_ends_in_time_although_the_database_is_away() {
    let (engine, url) = fresh("end_away").await;
    let door = Door::before(&url).await;
    let server = Server::start(Duration::from_secs(2)).expect("a port");
    for id in 0..50 {
        put(&engine, &server, &id.to_string()).await;
    }
    let through = door.engine(&url);
    let (end, told) = oneshot::channel::<()>();
    // It fetches them all, and has one under way.
    let own = worker(&through, &server).concurrency(1).grace(Duration::from_secs(2));
    let running = tokio::spawn(own.run(async move { drop(told.await) }));
    while server.counts().is_empty() {
        sleep(Duration::from_millis(20)).await;
    }
    door.close();
    let begun = Instant::now();
    drop(end);
    running.await.expect("no panic").expect("it ends");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_worker_could_take_up_is_refused_when_it_is_put_in() {
    let (engine, _) = fresh("too_long").await;
    let server = Server::start(Duration::ZERO).expect("a port");
    let plan = RequestPlan::post("fast/long").data("x".repeat(Call::MAX_STORED));
    let mut client = engine.pool().get().await.expect("PostgreSQL");
    let transaction = client.transaction().await.expect("a transaction");
    let error = engine.submit(&*transaction, &hook(&server), "long", plan).await;
    let error = error.expect_err("nobody could read it").to_string();
    assert_eq!(error, "call long: not storable: the call, whose text has more than 16 MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok(one) = listener.accept().await {
            kept.push(one);
        }
    });
    let engine = Engine::new(&format!("postgres://a@127.0.0.1:{port}/a"), 2).expect("a URL");
    let asked = tokio::time::timeout(Duration::from_secs(40), engine.status("a")).await;
    let error = asked.expect("it gives up").expect_err("nobody answers").to_string();
    assert!(error.starts_with("call a: PostgreSQL: ") && error.contains("15 s"), "{error}");
}
