//! What it costs: calls a second, and what waiting calls do to them.

use std::fs;
use std::time::{Duration, Instant};

use http_hook_postgres::Engine;
use http_hook_reqwest::RequestPlan;
use http_hook_storm::{Server, Workers};

use crate::{Any, left, submit, worker};

/// POSTs that are answered at once: each has an entry before its send.
fn post(prefix: &'static str) -> impl Fn(usize) -> (String, RequestPlan) {
    move |number| {
        let id = format!("{prefix}-{number}");
        let plan = RequestPlan::post(format!("fast/{id}")).data("order");
        (id, plan)
    }
}

async fn clear(engine: &Engine) -> Result<(), Any> {
    engine.migrate().await?;
    let clear = "TRUNCATE http_hook.calls, http_hook_queue._private_jobs CASCADE; DROP TRIGGER IF EXISTS note ON http_hook.calls";
    Ok(engine.pool().get().await?.batch_execute(clear).await?)
}

/// Lets one worker do `calls` calls, and returns how many it did a second, and how large it became in KiB.
async fn rate(
    engine: &Engine,
    prefix: &'static str,
    calls: usize,
    in_flight: &'static str,
    waiting: i64,
) -> Result<(f64, usize), Any> {
    let server = Server::start(Duration::ZERO)?;
    submit(engine, &server, Duration::ZERO, (0..calls).map(post(prefix))).await?;
    engine.pool().get().await?.batch_execute("CHECKPOINT").await?;
    let make = worker(&server, &["work"]);
    let begun = Instant::now();
    let mut first = None;
    let workers = Workers::start(1, move || {
        let mut command = make();
        command.env("STORM_CONCURRENCY", in_flight).stdin(std::process::Stdio::null());
        command
    })?;
    // From the first request on, so that starting a process is not counted.
    while left(engine).await? > waiting {
        if begun.elapsed() > Duration::from_mins(5) {
            return Err("calls do not end".into());
        }
        if first.is_none() && server.seen() > 0 {
            first = Some(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(if waiting > 0 { 50 } else { 10 })).await;
    }
    let took = first.unwrap_or(begun).elapsed();
    let size = peak(workers.id(0))?;
    Ok((f64::from(u32::try_from(calls)?) / took.as_secs_f64(), size))
}

/// The most memory that a process had, in KiB.
fn peak(process: u32) -> Result<usize, Any> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.and_then(|line| line.split_whitespace().next()).ok_or("no VmHWM")?.parse()?)
}

async fn in_process(calls: usize, in_flight: usize) -> Result<f64, Any> {
    let server = Server::start(Duration::ZERO)?;
    let api = http_hook_reqwest::connect(&format!("http://{}", server.address()))?;
    let begun = Instant::now();
    let tasks: Vec<_> = (0..in_flight)
        .map(|task| {
            let api = api.clone();
            tokio::spawn(async move {
                for number in (task..calls).step_by(in_flight) {
                    api.run(post("in-process")(number).1)
                        .await
                        .map_err(|failure| failure.to_string())?;
                }
                Ok::<_, String>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(f64::from(u32::try_from(calls)?) / begun.elapsed().as_secs_f64())
}

pub(crate) async fn rates() -> Result<bool, Any> {
    let engine = crate::engine(4)?;
    clear(&engine).await?;
    let (one, many) =
        (rate(&engine, "one", 300, "1", 0).await?, rate(&engine, "many", 10_000, "64", 0).await?);
    let beside = (in_process(3_000, 1).await?, in_process(20_000, 64).await?);
    println!("rates: PostgreSQL {:.0} calls a second at 1 in flight, {:.0} at 64", one.0, many.0);
    println!(
        "rates: in process {:.0} calls a second at 1 in flight, {:.0} at 64",
        beside.0, beside.1
    );
    Ok(true)
}

pub(crate) async fn waiting(calls: &str) -> Result<bool, Any> {
    let calls: usize = calls.parse()?;
    let engine = crate::engine(4)?;
    clear(&engine).await?;
    let (none, _) = rate(&engine, "none", 10_000, "64", 0).await?;
    let server = Server::start(Duration::ZERO)?;
    let begun = Instant::now();
    submit(&engine, &server, Duration::from_hours(6), (0..calls).map(post("later"))).await?;
    let put = begun.elapsed();
    engine
        .pool()
        .get()
        .await?
        .batch_execute("ANALYZE http_hook.calls; ANALYZE http_hook_queue._private_jobs")
        .await?;
    let size = engine.pool().get().await?.query_one(
        "SELECT pg_total_relation_size('http_hook.calls') / 1000000, pg_total_relation_size('http_hook_queue._private_jobs') / 1000000",
        &[],
    ).await?;
    let (some, memory) = rate(&engine, "some", 10_000, "64", i64::try_from(calls)?).await?;
    let ratio = some / none;
    println!(
        "waiting: {calls} put in {:.0} s, {} MB of calls and {} MB of jobs",
        put.as_secs_f64(),
        size.get::<_, i64>(0),
        size.get::<_, i64>(1)
    );
    println!(
        "waiting: {some:.0} due calls a second beside them, {none:.0} beside none: {ratio:.2}; the worker took {} MiB",
        memory / 1024
    );
    Ok(ratio >= 0.5 && memory < 64 * 1024)
}
