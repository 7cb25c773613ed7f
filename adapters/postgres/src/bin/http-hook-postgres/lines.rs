//! The calls of a file: put in, worked on, and told how they ended.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::time::{Duration, Instant};

use http_hook_postgres::{Engine, Error, State};
use http_hook_reqwest::response::Outcome;
use http_hook_reqwest::{Hook, RequestPlan, ReqwestTransport};
use http_hook_sources::Sources;
use serde_json::json;

use crate::line::{digest, read};
use crate::{Any, Run};

/// How many calls are put in, and looked at, at once.
const MANY: usize = 1_000;

/// How soon calls are looked for that have no job.
const SOON: Duration = Duration::from_secs(5);

/// How long a run looks on over a database that is away.
const PATIENCE: Duration = Duration::from_mins(1);

/// Puts the calls in, works and prints; whether all have passed.
pub(crate) async fn run(engine: &Engine, sources: Sources, run: Run) -> Result<bool, Any> {
    engine.migrate().await?;
    let hook = sources.hook(&run.connection).await?.build()?;
    let ids = put_in(engine, &hook, &run).await?;
    if run.concurrency == 0 {
        return told(engine, &ids).await;
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = engine.worker(sources, ReqwestTransport::default()).concurrency(run.concurrency);
    // What was moved here has no jobs yet, and somebody waits for it.
    let worker = worker.sweep(SOON);
    let worker = tokio::spawn(worker.run(async { drop(stopped.await) }));
    let passed = tokio::select! {
        passed = told(engine, &ids) => passed,
        () = crate::told_to_end() => Err("interrupted: the calls stay, and the same run goes on".into()),
    };
    drop(stop);
    worker.await??;
    passed
}

/// Puts every call of the file in that is not there yet, and returns their ids.
async fn put_in(engine: &Engine, hook: &Hook, run: &Run) -> Result<Vec<String>, Any> {
    let file: Box<dyn BufRead> = match run.file.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::new(
            File::open(&run.file).map_err(|error| format!("{}: {error}", run.file.display()))?,
        )),
    };
    let (mut ids, mut calls, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut digests = Vec::new();
    let mut lines = file.lines().zip(1_u64..).peekable();
    while let Some((line, number)) = lines.next() {
        let line = line.map_err(|error| format!("line {number}: {error}"))?;
        let line = if number == 1 { line.trim_start_matches('\u{feff}') } else { &line };
        if !line.trim().is_empty() {
            let at = |error: String| format!("line {number}: {error}");
            digests.push((number, digest(line)));
            let (own, plan) = read(line).map_err(at)?;
            let own = own.unwrap_or_else(|| format!("line-{number}"));
            let id = format!("{}/{own}", run.name);
            if !seen.insert(id.clone()) {
                return Err(at(format!("the id {own} was taken by a line before")).into());
            }
            ids.push(id.clone());
            calls.push((
                id,
                match run.retries {
                    Some(retries) => plan.retries(retries),
                    None => plan,
                },
            ));
        }
        if calls.len() == MANY || lines.peek().is_none() {
            let calls = std::mem::take(&mut calls);
            let calls = not_moved(engine, calls, std::mem::take(&mut digests)).await?;
            let first = calls.first().map_or_else(String::new, |(id, _)| id.clone());
            crate::put_in(engine, hook, &first, calls).await?;
        }
    }
    Ok(ids)
}

/// Leaves out the calls that were moved here from the journal of this run.
async fn not_moved(
    engine: &Engine,
    calls: Vec<(String, RequestPlan)>,
    lines: Vec<(u64, String)>,
) -> Result<Vec<(String, RequestPlan)>, Any> {
    let ids: Vec<_> = calls.iter().map(|(id, _)| id.clone()).collect();
    let moved = engine.moved(&ids).await?;
    let mut others = Vec::new();
    for ((id, plan), (number, digest)) in calls.into_iter().zip(lines) {
        match moved.get(&id) {
            None => others.push((id, plan)),
            Some((line, was)) if i64::try_from(number) == Ok(*line) && *was == digest => {}
            Some(_) => {
                let text = "is not what it was when the run was begun";
                return Err(format!("line {number}, call {id:?}, {text}").into());
            }
        }
    }
    Ok(others)
}

/// Prints how each call ended, in their order; whether all have passed.
async fn told(engine: &Engine, ids: &[String]) -> Result<bool, Any> {
    let mut passed = true;
    for some in ids.chunks(MANY) {
        let mut looked = Instant::now();
        let ended = loop {
            match engine.ended(some).await {
                Ok(all) if all.len() == some.len() => break all,
                Ok(_) => looked = Instant::now(),
                // A database that restarts; what is wrong with a row stays wrong.
                Err(error @ Error::Database { .. }) if looked.elapsed() < PATIENCE => {
                    tracing::warn!("{error}; looking again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        for (id, (state, outcome)) in some.iter().zip(ended) {
            let own = id.split_once('/').map_or(id.as_str(), |(_, own)| own);
            let result = match &outcome {
                Some(outcome) if outcome.passed() => "ok",
                Some(outcome) if outcome.sent() == http_hook_reqwest::Sent::Maybe => {
                    "may_have_acted"
                }
                _ if state == State::Cancelled => "cancelled",
                _ => "failed",
            };
            passed &= result == "ok";
            let status = outcome.as_ref().and_then(Outcome::status);
            let line = json!({"id": own, "result": result, "status": status, "outcome": outcome});
            writeln!(io::stdout(), "{line}")?;
        }
    }
    Ok(passed)
}
