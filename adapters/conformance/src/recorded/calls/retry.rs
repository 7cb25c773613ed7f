//! `run_with_advanced_retry`: tenacity's arguments as a policy of the library.
//!
//! A case is run twice: through the controller around plain calls, as the original does, and through the
//! machine under the same policy. Both must send and wait as recorded; the wrapper around a run that was given
//! up is the controller's alone, for the machine ends with what came last. Every draw gives the middle of its
//! range.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use http_hook::RetryPolicy;
use http_hook::Timestamp;
use http_hook::retry::{Condition, Hints, RetryOutcome as Seen, RetryState, Stop, Wait};
use serde_json::Value;

use super::arguments::Inexpressible;
use super::judge::{compare, requests};
use super::strategies::{condition, of_errors, stop, wait};
use super::{Fault, Made, Outcome};
use crate::engine::{Ended, GaveUp, Next, Retrying};
use crate::recorded::report::Verdict;
use crate::recorded::values::untuple;

/// What the last exchange came to, were it the whole call: the machine shows a policy no error of ours.
pub(super) type Last = Arc<Mutex<Fault>>;

/// The arguments of a call.
pub(super) struct Arguments {
    /// The condition, the wait and the stop.
    pub(super) policy: RetryPolicy,
    /// Where the machine's driver notes what came.
    pub(super) last: Last,
    reraise: bool,
    enabled: bool,
    on_give_up: Option<Value>,
}

const MEMBERS: [&str; 6] = ["stop", "wait", "retry", "reraise", "enabled", "retry_error_callback"];

impl Arguments {
    /// Reads the arguments.
    pub(super) fn read(retry: &Value) -> Result<Self, Inexpressible> {
        let retry = untuple(retry);
        let members = retry.as_object().ok_or(Inexpressible)?;
        if members.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(Inexpressible);
        }
        let last: Last = Arc::new(Mutex::new(Fault::new(&[], "")));
        let wait = members.get("wait").map_or(Ok(Wait::None), wait)?;
        let off = Hints { retry_after: false, rate_limit: false, ..Hints::default() };
        let policy = RetryPolicy {
            when: match members.get("retry") {
                Some(strategy) => condition(strategy, &last)?,
                None => of_errors(&last, |_| true),
            },
            once: Condition::Never,
            wait: Wait::custom(move |state: &RetryState<'_>, _: &mut dyn FnMut() -> f64| {
                wait.duration(state, &mut || 0.5)
            }),
            stop: members.get("stop").map_or(Ok(Stop::Never), stop)?,
            hints: off,
            ..RetryPolicy::default()
        };
        Ok(Self {
            policy,
            last,
            reraise: retry["reraise"] == true,
            enabled: retry["enabled"] != false,
            on_give_up: members.get("retry_error_callback").filter(|it| !it.is_null()).cloned(),
        })
    }

    /// Runs the controller around `attempt`, on a clock that moves by the waits and by `takes`.
    pub(super) fn control(&self, takes: Duration, mut attempt: impl FnMut() -> Made) -> Made {
        let mut now = Timestamp::default();
        let mut run = Retrying::new(&self.policy).reraise(self.reraise).enabled(self.enabled);
        if let Some(callback) = self.on_give_up.clone() {
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
        if self.enabled { self.policy.clone() } else { RetryPolicy::never() }
    }

    /// Compares what the machine made under the policy: everything but the wrapper.
    pub(super) fn compare_machine(&self, expected: &Value, made: &Made) -> Verdict {
        let mut bare = expected.clone();
        let error = &expected["outcome"]["error"];
        if error["kind"] == "retry_exhausted" {
            bare["outcome"] = error["last"].clone();
        }
        let verdict = match self.on_give_up {
            // The machine has no such callback.
            Some(_) => requests(&bare, made),
            None => compare(&bare, made),
        };
        match verdict {
            Verdict::Differs { expected, got } => {
                Verdict::differs(format!("of the machine: {expected}"), got)
            }
            other => other,
        }
    }
}

/// The outcome of a plain call, as the controller sees it.
impl Seen for Outcome {
    fn failed(&self) -> bool {
        matches!(self, Self::Fault(_))
    }

    fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answer(response) => Some(response.status()),
            _ => None,
        }
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}
