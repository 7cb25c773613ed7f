//! `run_with_advanced_retry`: a policy of the library, made of tenacity's arguments.
//!
//! A case is run twice: through the controller around plain calls, as the original does, and through the
//! machine under the same policy. Both must send, wait and end as recorded; only the wrapper around a run that was
//! given up is the controller's alone, for the machine's failure holds what came last itself. Every draw gives the middle
//! of its range.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use http_hook::RetryPolicy;
use http_hook::Timestamp;
use http_hook::retry::{RetryOutcome as Seen, RetryState, Wait};
use http_hook_airflow::RetryArguments;
use serde_json::{Map, Value};

use super::faults::is_kind;
use super::judge::{compare, requests};
use super::{Fault, Made, Outcome};
use crate::engine::{Ended, GaveUp, Next, Retrying};
use crate::recorded::report::Verdict;

/// What the last exchange came to, were it the whole call: the machine shows a policy no text of ours.
pub(super) type Last = Arc<Mutex<Fault>>;

/// The arguments of a call.
pub(super) struct Arguments {
    retry: RetryArguments,
    /// Where the machine's driver notes what came.
    pub(super) last: Last,
}

impl Arguments {
    /// Reads the arguments.
    pub(super) fn read(retry: &Value) -> Result<Self, Fault> {
        let mut retry = retry.clone();
        let table = retry["wait"]["wait_from_status"].as_object().cloned();
        if table.is_some() {
            retry["wait"] = Value::Null;
        }
        let last: Last = Arc::new(Mutex::new(Fault::new(&[], "")));
        let noted = Arc::clone(&last);
        let mut retry = RetryArguments::with_texts(&retry, move |outcome| said(outcome, &noted))?;
        let wait = match table {
            Some(table) => from_status(table),
            None => std::mem::replace(&mut retry.policy.wait, Wait::None),
        };
        retry.policy.wait =
            Wait::custom(move |state: &RetryState<'_>, _: &mut dyn FnMut() -> f64| {
                wait.duration(state, &mut || 0.5)
            });
        // As there, what the server asks for does not count.
        retry.policy.hints.retry_after = false;
        retry.policy.hints.rate_limit = false;
        Ok(Self { retry, last })
    }

    /// Runs the controller around `attempt`, on a clock that moves by the waits and by `takes`.
    pub(super) fn control(&self, takes: Duration, mut attempt: impl FnMut() -> Made) -> Made {
        let mut now = Timestamp::default();
        let RetryArguments { policy, reraise, enabled, .. } = &self.retry;
        let mut run = Retrying::new(policy).reraise(*reraise).enabled(*enabled);
        if let Some(callback) = self.retry.retry_error_callback.clone() {
            run = run.on_give_up(Box::new(move |gave_up: GaveUp<Outcome>| {
                callback.get("return").map_or(gave_up.last, |value| Outcome::Value(value.clone()))
            }));
        }
        let mut all: Option<Made> = None;
        let mut sleeps = Vec::new();
        let mut next = run.start(now);
        let (outcome, gave_up) = loop {
            next = match next {
                Next::Call => {
                    let mut made = attempt();
                    now = now.after(takes);
                    let outcome = made.take_outcome();
                    all = Some(match all {
                        Some(before) => before.followed_by(made),
                        None => made,
                    });
                    run.finish(outcome, now, &mut || 0.5)
                }
                Next::Sleep(wait) => {
                    sleeps.push(wait);
                    now = now.after(wait);
                    run.wake(now)
                }
                Next::Done(Ended::Passed(outcome)) => break (outcome, None),
                Next::Done(Ended::GaveUp(gave_up)) => {
                    break (gave_up.last, Some(gave_up.attempt_number));
                }
            };
        };
        let mut all = all.expect("an attempt");
        all.outcome = outcome;
        all.gave_up = gave_up;
        all.attempts = run.statistics().map(|figures| figures.attempt_number);
        all.sleeps = sleeps;
        all
    }

    /// The policy for the machine.
    pub(super) fn of_machine(&self) -> RetryPolicy {
        if self.retry.enabled { self.retry.policy.clone() } else { RetryPolicy::never() }
    }

    /// Compares what the machine made under the policy: all but the wrapper, in whose place is a failure with what came last.
    pub(super) fn compare_machine(&self, expected: &Value, mut made: Made) -> Verdict {
        let mut bare = expected.clone();
        let error = &expected["outcome"]["error"];
        let gave_up = made.failed_after;
        let verdict = if error["kind"] == "retry_exhausted" {
            bare["outcome"] = error["last"].clone();
            if gave_up.is_none_or(|number| error["attempt_number"] != number) {
                let got = format!("given up after attempt {gave_up:?}");
                Verdict::differs(format!("given up after attempt {}", error["attempt_number"]), got)
            } else {
                // What passes the check is in the failure as it came.
                match made.last.take() {
                    Some(last) if error["last"].get("ok").is_some() => {
                        made.outcome = Outcome::Answer(last);
                    }
                    _ => {}
                }
                compare(&bare, &made)
            }
        } else {
            match &self.retry.retry_error_callback {
                // The machine gives no value of the callback's own: it fails.
                Some(callback) if callback.get("return").is_some() => match gave_up {
                    Some(_) => requests(&bare, &made),
                    None => Verdict::differs("a failure".to_owned(), "none"),
                },
                _ => compare(&bare, &made),
            }
        };
        match verdict {
            Verdict::Differs { expected, got } => {
                Verdict::differs(format!("of the machine: {expected}"), got)
            }
            other => other,
        }
    }
}

/// What the error of an outcome says: of a plain call its own, of an exchange of the machine the one noted last.
fn said(outcome: &dyn Seen, last: &Last) -> Option<String> {
    match outcome.as_any().and_then(|any| any.downcast_ref::<Outcome>()) {
        Some(Outcome::Fault(fault)) => Some(fault.message.clone()),
        Some(_) => None,
        None => (outcome.failed() || outcome.check_failed())
            .then(|| last.lock().expect("no panic").message.clone()),
    }
}

/// A wait of the recording's own: seconds by the first three characters of the error's text.
fn from_status(table: Map<String, Value>) -> Wait {
    Wait::custom(move |state: &RetryState<'_>, _: &mut dyn FnMut() -> f64| {
        let status = state.outcome.status().map(|status| status.as_str().to_owned());
        let listed = status.and_then(|status| table.get(&status)).or(table.get("default"));
        Duration::from_secs_f64(listed.and_then(Value::as_f64).unwrap_or_default())
    })
}

/// The outcome of a plain call, as the controller sees it.
impl Seen for Outcome {
    fn failed(&self) -> bool {
        matches!(self, Self::Fault(_))
    }

    fn is_kind(&self, kind: &str) -> bool {
        matches!(self, Self::Fault(fault) if is_kind(fault, kind))
    }

    fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answer(response) => Some(response.status()),
            Self::Fault(fault) if fault.kinds == ["http_status"] => {
                fault.message.get(..3)?.parse().ok()
            }
            _ => None,
        }
    }

    fn check_failed(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.kinds == ["http_status"])
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}
