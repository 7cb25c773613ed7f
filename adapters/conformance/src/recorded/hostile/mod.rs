//! Hostile cases: what an attacker, a broken program or a tired person might supply.
//!
//! `accept` wants the exact result, `reject` an error, `no-panic-only` neither; what `must_hold` names has to
//! hold whatever the verdict. A panic fails the case, and so does a second gone where time is to be linear.

mod mutate;
mod redirects;
mod requests;
mod state;
mod waits;

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::recorded::case::Case;
use crate::recorded::compare::difference;
use crate::recorded::report::Verdict;

pub use mutate::mutations;

/// What came of an input.
pub(crate) struct Judged {
    /// The normal form of what was taken, or the texts of the error: display and debug, causes included.
    result: Result<Value, Vec<String>>,
    /// The properties that were looked at and do not hold.
    broken: Vec<&'static str>,
}

impl Judged {
    fn taken(normal: Value) -> Self {
        Self { result: Ok(normal), broken: Vec::new() }
    }

    /// Notes a property that does not hold.
    fn unless(mut self, holds: bool, property: &'static str) -> Self {
        if !holds {
            self.broken.push(property);
        }
        self
    }
}

/// A refusal, with all that an error prints.
impl<E: std::error::Error> From<&E> for Judged {
    fn from(error: &E) -> Self {
        let mut texts = vec![error.to_string(), format!("{error:?}")];
        let mut cause = error.source();
        while let Some(error) = cause {
            texts.extend([error.to_string(), format!("{error:?}")]);
            cause = error.source();
        }
        Self { result: Err(texts), broken: Vec::new() }
    }
}

/// What a type of the library cannot hold counts as refused.
impl From<std::string::FromUtf8Error> for Judged {
    fn from(_: std::string::FromUtf8Error) -> Self {
        Self { result: Err(Vec::new()), broken: Vec::new() }
    }
}

/// Runs one case.
///
/// # Panics
///
/// If the category is not known.
#[must_use]
pub fn run(case: &Case) -> Verdict {
    let begun = Watch::start();
    let judged = match case.category.as_str() {
        "connection-uri" | "connection-json" => requests::connection(&case.input),
        "endpoint" => requests::endpoint(&case.input),
        "headers" => requests::headers(&case.input),
        "location" => redirects::location(&case.input),
        "retry-after" => waits::retry_after(&case.input),
        "state" => return state::run(case),
        other => panic!("unknown category {other}"),
    };
    judge(case, judged, begun.took())
}

/// Tells how long the processor worked for this thread, where the system tells it: what else is busy makes no case slow.
struct Watch {
    wall: Instant,
    worked: Option<Duration>,
}

impl Watch {
    fn start() -> Self {
        Self { wall: Instant::now(), worked: worked() }
    }

    fn took(&self) -> Duration {
        let wall = self.wall.elapsed();
        let worked = self.worked.zip(worked()).and_then(|(from, to)| to.checked_sub(from));
        worked.map_or(wall, |worked| worked.min(wall))
    }
}

fn worked() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = told.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

fn judge(case: &Case, judged: Judged, took: Duration) -> Verdict {
    let must = |name: &str| case.must_hold.iter().any(|property| property == name);
    if let Some(broken) = judged.broken.iter().find(|property| must(property)) {
        return Verdict::differs(*broken, "a result where it does not hold");
    }
    if must("linear-time") && took > Duration::from_secs(1) {
        return Verdict::differs("linear-time", format!("{took:?}"));
    }
    // Whether asked for or not: no error shows the secret of its input.
    let secret = case.input["secret"].as_str();
    if let (Some(secret), Err(texts)) = (secret, &judged.result) {
        if texts.iter().any(|text| text.contains(secret)) {
            return Verdict::differs("no-secret-in-error", "an error that shows it");
        }
    }
    match (case.expect.as_str(), judged.result) {
        ("accept", Ok(normal)) => difference(&case.normal, &normal).unwrap_or(Verdict::Passed),
        ("accept", Err(texts)) => {
            let text = texts.into_iter().next().unwrap_or_default();
            Verdict::differs("accept", format!("error {text}"))
        }
        ("reject", Ok(normal)) => Verdict::differs("reject", normal.to_string()),
        _ => Verdict::Passed,
    }
}
