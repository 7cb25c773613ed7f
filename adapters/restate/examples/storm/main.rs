//! What the engine stands, and what it costs. `bash adapters/restate/run` fetches Restate for it.
//!
//! ```text
//! storm N [naive]     N calls; workers killed and frozen, the server killed; `naive`: one entry a send, made behind it
//! rates               calls a second at 1 and 64 in flight, beside calls in process
//! work                a worker, as the others start it
//! ```

mod naive;
#[path = "../../tests/support/restate.rs"]
mod restate;

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use http_hook_reqwest::response::Outcome;
use http_hook_reqwest::{HttpHook, RequestPlan, ReqwestTransport, Sent};
use http_hook_restate::{Ask, Calls};
use http_hook_sources::Sources;
use http_hook_storm::{Ended, Kind, Server, Workers, id, judge};
use restate_sdk::prelude::*;
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;
use tracing_subscriber::filter::LevelFilter;

use naive::Naive;
use restate::Restate;

type Any = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(LevelFilter::ERROR).init();
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["storm", calls] => storm(calls, "http_hook").await,
        ["storm", calls, "naive"] => storm(calls, "naive").await,
        ["rates"] => rates().await,
        ["work"] => work().await,
        _ => Err("storm N [naive], rates".into()),
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

/// Serves at the port that all workers share, so that one of them answers where another is dead or frozen.
async fn work() -> Result<bool, Any> {
    let sources = Sources::standard()?.kept_for(Duration::from_mins(1));
    let naive = Naive::new(&sources).await?;
    let endpoint = Endpoint::builder()
        .bind(Calls::new(sources, ReqwestTransport::default()))
        .bind(naive)
        .build();
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.set_nodelay(true)?;
    socket.bind(env::var("STORM_WORKER")?.parse::<SocketAddr>()?)?;
    restate_sdk::http_server::HttpServer::new(endpoint).serve(socket.listen(1024)?).await;
    Ok(true)
}

fn workers(restate: &Restate, server: &Server, count: usize) -> io::Result<Workers> {
    let connection = format!("http://svc:secret@{}", server.address());
    let place = format!("127.0.0.1:{}", restate.worker);
    Workers::start(count, move || {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.arg("work").env("STORM_WORKER", &place);
        command.env("AIRFLOW_CONN_STORM", &connection).env("HTTP_HOOK_SOURCES", "env");
        command
    })
}

/// The call in words that any client can send.
fn ask(number: usize) -> Ask {
    let kind = Kind::of(number);
    Ask {
        connection: "storm".to_owned(),
        endpoint: format!("{}/{}", kind.name(), id(number)),
        data: kind.is_post().then(|| format!("order {number}")),
        retries: Some(20),
        ..Ask::default()
    }
}

/// Asks until there is an answer. The key makes all these one call.
async fn outcome(api: &HttpHook, service: &str, key: &str, ask: &Ask) -> Result<Outcome, Any> {
    let plan = || {
        RequestPlan::post(format!("{service}/call"))
            .header("idempotency-key", key)
            .json(ask)
            .check_response(false)
            .timeout(Duration::from_secs(20))
    };
    let begun = Instant::now();
    loop {
        match api.run(plan()).await {
            Ok(response) if response.status() == 200 => {
                return Ok(serde_json::from_slice(response.body())?);
            }
            Ok(response) if response.status() == 400 => {
                return Err(String::from_utf8_lossy(response.body()).into());
            }
            _ if begun.elapsed() > Duration::from_mins(15) => {
                return Err(format!("{key}: no outcome").into());
            }
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn storm(calls: &str, service: &'static str) -> Result<bool, Any> {
    let calls: usize = calls.parse()?;
    let small = calls <= 1_000;
    let server = Server::start(Duration::from_millis(if small { 300 } else { 60 }))?;
    let mut restate = Restate::start("restate")?;
    let mut workers = workers(&restate, &server, 3)?;
    restate.register().await?;
    let api = http_hook_reqwest::connect(&restate.ingress())?;
    let over = Arc::new(AtomicBool::new(false));
    // On a slow machine what is left then ends in calm weather.
    let (begun, rages) = (Instant::now(), Duration::from_secs(45 + calls as u64 / 10));
    let crashes = Arc::new(AtomicUsize::new(0));
    // One of two is killed each second; the third is frozen for longer than it takes to be thought dead.
    let rough = thread::spawn({
        let over = Arc::clone(&over);
        move || -> io::Result<_> {
            for second in 0_usize.. {
                thread::sleep(Duration::from_secs(1));
                if over.load(Ordering::Relaxed) || begun.elapsed() > rages {
                    break;
                }
                workers.kill(second % 2)?;
                match second % 9 {
                    0 => workers.freeze(2, true)?,
                    5 => workers.freeze(2, false)?,
                    _ => {}
                }
            }
            workers.freeze(2, false)?;
            Ok(workers)
        }
    });
    let crashing = thread::spawn({
        let (over, crashes) = (Arc::clone(&over), Arc::clone(&crashes));
        move || -> io::Result<Restate> {
            for tick in 1_usize.. {
                thread::sleep(Duration::from_millis(100));
                if over.load(Ordering::Relaxed) || begun.elapsed() > rages {
                    break;
                }
                if tick % 70 == 0 {
                    restate.kill()?;
                    crashes.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(restate)
        }
    });
    let permits = Arc::new(Semaphore::new(if small { 24 } else { 128 }));
    let mut tasks = Vec::new();
    for number in 0..calls {
        let (api, permits) = (api.clone(), Arc::clone(&permits));
        tasks.push(tokio::spawn(async move {
            let _permit = permits.acquire().await?;
            outcome(&api, service, &id(number), &ask(number)).await
        }));
    }
    let mut ended: BTreeMap<String, Vec<Ended>> = BTreeMap::new();
    for (number, task) in tasks.into_iter().enumerate() {
        let end = match task.await? {
            Ok(outcome) => end_of(&outcome),
            Err(error) => Ended::Failed(error.to_string()),
        };
        ended.entry(id(number)).or_default().push(end);
    }
    over.store(true, Ordering::Relaxed);
    let took = begun.elapsed();
    let restate = crashing.join().expect("the thread ends")?;
    let workers = rough.join().expect("the thread ends")?;
    // Who asks again is told the same: an outcome is one.
    for number in (0..calls).step_by(calls.div_ceil(200)) {
        let again = end_of(&outcome(&api, service, &id(number), &ask(number)).await?);
        let ends = ended.entry(id(number)).or_default();
        if !ends.contains(&again) {
            ends.push(again);
        }
    }
    let (killed, frozen) = (workers.killed, workers.frozen);
    drop((workers, restate));
    let report = judge(calls, &server.counts(), &ended);
    let name = if service == "naive" { "naive" } else { "storm" };
    println!(
        "{name}: {killed} workers killed, {frozen} frozen, server killed {} times, {:.0} s\n{name}: {report}",
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

async fn rates() -> Result<bool, Any> {
    let server = Server::start(Duration::ZERO)?;
    let restate = Restate::start("restate")?;
    let _workers = workers(&restate, &server, 1)?;
    restate.register().await?;
    let over = http_hook_reqwest::connect(&restate.ingress())?;
    let beside = http_hook_reqwest::connect(&format!("http://{}", server.address()))?;
    let rows = [("POST", "fast", true), ("GET", "none", false)];
    for (name, kind, is_post) in rows {
        let mut figures = Vec::new();
        for (in_flight, calls) in [(1, 200), (64, 6_000)] {
            let (begun, over) = (Instant::now(), over.clone());
            each(in_flight, calls, move |number| {
                let api = over.clone();
                let key = format!("{name}-{in_flight}-{number}");
                let ask = Ask {
                    connection: "storm".to_owned(),
                    endpoint: format!("{kind}/{key}"),
                    data: is_post.then(|| "order".to_owned()),
                    ..Ask::default()
                };
                async move { outcome(&api, "http_hook", &key, &ask).await.map(drop) }
            })
            .await?;
            figures.push(f64::from(calls) / begun.elapsed().as_secs_f64());
        }
        for (in_flight, calls) in [(1, 3_000), (64, 20_000)] {
            let (begun, beside) = (Instant::now(), beside.clone());
            each(in_flight, calls, move |number| {
                let api = beside.clone();
                let endpoint = format!("{kind}/{number}");
                let plan = if is_post {
                    RequestPlan::post(endpoint).data("order")
                } else {
                    RequestPlan::get(endpoint)
                };
                async move { api.run(plan).await.map(drop).map_err(Into::into) }
            })
            .await?;
            figures.push(f64::from(calls) / begun.elapsed().as_secs_f64());
        }
        println!(
            "rates: {name}: Restate {:.0} calls a second at 1 in flight, {:.0} at 64; in process {:.0}, {:.0}",
            figures[0], figures[1], figures[2], figures[3]
        );
    }
    Ok(true)
}

/// Does `calls` calls, so many at once.
async fn each<F: Future<Output = Result<(), Any>> + Send>(
    in_flight: u32,
    calls: u32,
    call: impl Fn(u32) -> F + Clone + Send + 'static,
) -> Result<(), Any> {
    let tasks: Vec<_> = (0..in_flight)
        .map(|task| {
            let call = call.clone();
            tokio::spawn(async move {
                for number in (task..calls).step_by(in_flight as usize) {
                    call(number).await?;
                }
                Ok::<_, Any>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}
