//! What the engine stands, and what it costs. `bash adapters/postgres/run` starts PostgreSQL for it.
//!
//! ```text
//! storm N [naive]     N calls; workers killed and frozen, the database crashed; `naive`: sends without an entry before
//! rates               calls a second at 1 and 64 in flight, beside calls in process
//! waiting N           the rate of due calls with N calls waiting, beside none
//! work [naive]        a worker, as the others start it
//! ```

mod naive;
mod rates;

use std::collections::BTreeMap;
use std::error::Error;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use http_hook_postgres::Engine;
use http_hook_reqwest::response::Outcome;
use http_hook_reqwest::{Hook, RequestPlan, ReqwestTransport, Sent};
use http_hook_sources::Sources;
use http_hook_storm::{Ended, Kind, Server, Workers, id, judge};

type Any = Box<dyn Error + Send + Sync>;

/// What a test of seconds can wait for; a real worker has a minute.
const LEASE: Duration = Duration::from_secs(3);

/// The last is frozen, the others are killed in turn.
const WORKERS: usize = 4;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(tracing::Level::WARN).init();
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["storm", calls] => storm(calls, false).await,
        ["storm", calls, "naive"] => storm(calls, true).await,
        ["rates"] => rates::rates().await,
        ["waiting", calls] => rates::waiting(calls).await,
        ["work"] => work().await,
        ["work", "naive"] => naive::work().await,
        _ => Err("storm N [naive], rates, waiting N".into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("storm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn engine(connections: usize) -> Result<Engine, Any> {
    Ok(Engine::new(&env::var("POSTGRES_URL")?, connections)?)
}

fn number(name: &str, usual: usize) -> usize {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

async fn work() -> Result<bool, Any> {
    let sources = Sources::standard()?.kept_for(Duration::from_mins(1));
    engine(12)?
        .worker(sources, ReqwestTransport::default())
        .concurrency(number("STORM_CONCURRENCY", 64))
        .local_queue(number("STORM_QUEUE", 300))
        .lease(LEASE)
        .sweep(Duration::from_secs(5))
        .run(std::future::pending())
        .await?;
    Ok(true)
}

fn worker(server: &Server, words: &'static [&'static str]) -> impl Fn() -> Command + Send + use<> {
    let connection = format!("http://svc:secret@{}", server.address());
    move || {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.args(words).env("AIRFLOW_CONN_STORM", &connection).env("HTTP_HOOK_SOURCES", "env");
        command
    }
}

/// The plan of a call of the storm.
fn plan(number: usize) -> RequestPlan {
    let kind = Kind::of(number);
    let endpoint = format!("{}/{}", kind.name(), id(number));
    let plan = if kind.is_post() {
        RequestPlan::post(endpoint).data(format!("order {number}"))
    } else {
        RequestPlan::get(endpoint)
    };
    plan.retries(20)
}

async fn submit(
    engine: &Engine,
    server: &Server,
    wait: Duration,
    calls: impl Iterator<Item = (String, RequestPlan)>,
) -> Result<(), Any> {
    let connection =
        http_hook_reqwest::Connection::parse(&format!("http://svc:secret@{}", server.address()))?;
    let hook = Hook::new(&connection.with_id("storm")?)?;
    let mut calls = calls.peekable();
    while calls.peek().is_some() {
        let some: Vec<_> = calls.by_ref().take(5_000).collect();
        let mut client = engine.pool().get().await?;
        let transaction = client.transaction().await?;
        engine.submit_all(&*transaction, &hook, wait, some).await?;
        transaction.commit().await?;
    }
    Ok(())
}

async fn storm(calls: &str, naive: bool) -> Result<bool, Any> {
    let calls: usize = calls.parse()?;
    let small = calls <= 1_000;
    let server = Server::start(Duration::from_millis(if small { 300 } else { 60 }))?;
    let engine = engine(4)?;
    engine.migrate().await?;
    // Each time that a call gets an outcome is noted, whoever writes it.
    engine.pool().get().await?.batch_execute(
        "TRUNCATE http_hook.calls, http_hook_queue._private_jobs CASCADE;
        CREATE TABLE IF NOT EXISTS http_hook.ended (id text, outcome json);
        TRUNCATE http_hook.ended;
        CREATE OR REPLACE FUNCTION http_hook.note() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO http_hook.ended VALUES (NEW.id, NEW.outcome); RETURN NEW; END';
        DROP TRIGGER IF EXISTS note ON http_hook.calls;
        CREATE TRIGGER note AFTER UPDATE OF outcome ON http_hook.calls FOR EACH ROW EXECUTE FUNCTION http_hook.note();",
    ).await?;
    submit(&engine, &server, Duration::ZERO, (0..calls).map(|number| (id(number), plan(number))))
        .await?;

    let begun = Instant::now();
    let words: &[&str] = if naive { &["work", "naive"] } else { &["work"] };
    if small {
        // Few at once, so that the storm has something to hit.
        let make = worker(&server, words);
        let workers = Workers::start(WORKERS, move || {
            let mut command = make();
            command.env("STORM_CONCURRENCY", "8").env("STORM_QUEUE", "12");
            command
        })?;
        run(&engine, calls, workers, &server, begun, naive).await
    } else {
        let make = worker(&server, words);
        let workers = Workers::start(WORKERS, move || {
            let mut command = make();
            command.env("STORM_CONCURRENCY", "32").env("STORM_QUEUE", "100");
            command
        })?;
        run(&engine, calls, workers, &server, begun, naive).await
    }
}

async fn run(
    engine: &Engine,
    calls: usize,
    mut workers: Workers,
    server: &Server,
    begun: Instant,
    naive: bool,
) -> Result<bool, Any> {
    let over = Arc::new(AtomicBool::new(false));
    // On a slow machine what is left then ends in calm weather.
    let rages = Duration::from_secs(45 + calls as u64 / 20);
    let crashes = Arc::new(AtomicUsize::new(0));
    // One is killed each second; the last is frozen for longer than its lease.
    let rough = thread::spawn({
        let over = Arc::clone(&over);
        move || -> io::Result<Workers> {
            for second in 0_usize.. {
                thread::sleep(Duration::from_secs(1));
                if over.load(Ordering::Relaxed) || begun.elapsed() > rages {
                    break;
                }
                workers.kill(second % (WORKERS - 1))?;
                match second % 9 {
                    0 => workers.freeze(WORKERS - 1, true)?,
                    5 => workers.freeze(WORKERS - 1, false)?,
                    _ => {}
                }
            }
            workers.freeze(WORKERS - 1, false)?;
            Ok(workers)
        }
    });
    let crashing = thread::spawn({
        let (over, crashes) = (Arc::clone(&over), Arc::clone(&crashes));
        let crash = env::var("POSTGRES_CRASH")?;
        move || -> io::Result<()> {
            for tick in 1_usize.. {
                thread::sleep(Duration::from_millis(100));
                if over.load(Ordering::Relaxed) || begun.elapsed() > rages {
                    break;
                }
                if tick % 70 == 0 {
                    if !Command::new("bash").args(["-c", &crash]).status()?.success() {
                        return Err(io::Error::other("the database did not come back"));
                    }
                    crashes.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(())
        }
    });
    while begun.elapsed() < rages * 4 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        if left(engine).await.is_ok_and(|left| left == 0) {
            break;
        }
    }
    over.store(true, Ordering::Relaxed);
    let took = begun.elapsed();
    crashing.join().expect("the thread ends")?;
    let workers = rough.join().expect("the thread ends")?;
    // Who was frozen may still have an answer.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (killed, frozen) = (workers.killed, workers.frozen);
    drop(workers);

    let client = engine.pool().get().await?;
    let mut ended: BTreeMap<String, Vec<Ended>> = BTreeMap::new();
    for row in client.query("SELECT id, outcome::text FROM http_hook.ended", &[]).await? {
        let outcome: Outcome = serde_json::from_str(row.get(1))?;
        ended.entry(row.get(0)).or_default().push(end_of(&outcome));
    }
    let report = judge(calls, &server.counts(), &ended);
    let name = if naive { "naive" } else { "storm" };
    println!(
        "{name}: {killed} workers killed, {frozen} frozen, database crashed {} times, {:.0} s\n{name}: {report}",
        crashes.load(Ordering::Relaxed),
        took.as_secs_f64()
    );
    Ok(report.holds())
}

fn end_of(outcome: &Outcome) -> Ended {
    match outcome.stop_reason() {
        None => Ended::Passed,
        Some(_) if outcome.sent() == Sent::Maybe => Ended::Unknown,
        Some(_) => Ended::Failed(outcome.message().unwrap_or_default().to_owned()),
    }
}

async fn left(engine: &Engine) -> Result<i64, Any> {
    let client = engine.pool().get().await?;
    let left = "SELECT count(*) FROM http_hook.calls WHERE state NOT IN ('done', 'cancelled')";
    Ok(client.query_one(left, &[]).await?.get(0))
}
