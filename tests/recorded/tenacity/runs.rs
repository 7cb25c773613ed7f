//! The vectors on whole runs, through the controller.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use http_hook::RetryPolicy;
use http_hook::Timestamp;
use http_hook::retry::{Condition, Event, RetryOutcome, RetryState, Stop, Wait};
use http_hook_conformance::engine::{Ended, Event as Seen, GaveUp, Next, Observer, Retrying};
use serde_json::{Value, json};

use super::shot::{Cause, Raised, Shot, Types};
use super::strategies::{retry_of, stop_of, wait_of};
use super::values::{Draws, duration, same, seconds, text};

pub(super) struct Run {
    script: Vec<Value>,
    retrying: Retrying<Shot>,
    shared: Arc<Mutex<Shared>>,
    draws: Draws,
    events: Vec<Event>,
    stretch: f64,
}

/// What the observers write to.
#[derive(Default)]
struct Shared {
    log: Vec<Value>,
    attempt: u32,
}

impl Run {
    pub(super) fn new(setup: &Value, types: &Arc<Types>) -> Result<Self, String> {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let default = json!({"type": "if_exception_type", "types": ["Error"]});
        let retry = retry_of(setup.get("retry").unwrap_or(&default), types)?;
        let mut policy = RetryPolicy {
            when: noted_retry(retry, &shared),
            wait: Wait::None,
            stop: Stop::Never,
            ..RetryPolicy::default()
        };
        match &setup["wait"] {
            Value::Null => {}
            wait => policy.wait = noted_wait(wait_of(wait)?, &shared),
        }
        let mut events = Vec::new();
        if let Some(stop) = setup.get("stop") {
            let mut stop = stop_of(stop)?;
            for shot in setup["script"].as_array().expect("script") {
                for name in shot["set_events"].as_array().into_iter().flatten() {
                    let event = Event::new(text(name));
                    stop.bind(&event);
                    events.push(event);
                }
            }
            policy.stop = noted_stop(stop, &shared);
        }
        let mut retrying = Retrying::new(&policy)
            .reraise(setup["reraise"] == true)
            .enabled(setup["enabled"] != false);
        let is_set = |name: &str| match setup["observe"].as_array() {
            Some(names) => names.iter().any(|one| one == name),
            None => true,
        };
        let observer = |name: &'static str| observer(name, setup["fail_in"] == name, &shared);
        if is_set("before") {
            retrying = retrying.before(observer("before"));
        }
        if is_set("after") {
            retrying = retrying.after(observer("after"));
        }
        if is_set("before_sleep") {
            retrying = retrying.before_sleep(observer("before_sleep"));
        }
        let on_give_up = setup["on_give_up"].clone();
        if !on_give_up.is_null() {
            let shared = Arc::clone(&shared);
            retrying = retrying.on_give_up(Box::new(move |gave_up: GaveUp<Shot>| {
                let (attempt, t) = (gave_up.attempt_number, seconds(gave_up.ended_at));
                let failed = gave_up.last.failed();
                let event =
                    json!({"ev": "on_give_up", "attempt": attempt, "t": t, "failed": failed});
                note(&shared, event);
                match (on_give_up.get("value"), on_give_up.get("exception")) {
                    (Some(value), _) => Shot::Result(value.clone()),
                    (_, Some(error)) => Shot::Raised(Raised::read(error)),
                    _ => gave_up.last,
                }
            }));
        }
        Ok(Self {
            script: setup["script"].as_array().expect("script").clone(),
            retrying,
            shared,
            draws: Draws::read(&setup["draws"]),
            events,
            stretch: setup["sleep_stretch"].as_f64().unwrap_or(1.0),
        })
    }

    pub(super) fn check(mut self, expected: &Value) -> Result<(), String> {
        let mut now = Timestamp::default();
        let mut calls = 0_u32;
        let mut next = self.retrying.start(now);
        let ended = loop {
            next = match next {
                Next::Call => {
                    calls += 1;
                    note(&self.shared, json!({"ev": "call", "n": calls, "t": seconds(now)}));
                    self.shared.lock().unwrap().attempt = calls;
                    let index = usize::try_from(calls - 1).unwrap().min(self.script.len() - 1);
                    let shot = self.script[index].clone();
                    now = now.after(duration(&shot["takes"]));
                    for name in shot["set_events"].as_array().into_iter().flatten() {
                        self.events
                            .iter()
                            .filter(|event| name == event.name())
                            .for_each(Event::set);
                    }
                    self.retrying.finish(Shot::read(&shot), now, &mut || self.draws.next())
                }
                Next::Sleep(wait) => {
                    let slept =
                        json!({"ev": "sleep", "seconds": wait.as_secs_f64(), "t": seconds(now)});
                    note(&self.shared, slept);
                    now = now.after(wait.mul_f64(self.stretch));
                    self.retrying.wake(now)
                }
                Next::Done(ended) => break ended,
            };
        };
        let statistics = self.retrying.statistics().map_or(json!({}), |figures| {
            json!({
                "attempt_number": figures.attempt_number,
                "idle_for": figures.idle_for.as_secs_f64(),
                "delay_since_first_attempt": figures.delay_since_first_attempt.as_secs_f64(),
                "start_time": seconds(figures.start_time),
            })
        });
        let got = json!({
            "events": self.shared.lock().unwrap().log,
            "final": ending(ended),
            "statistics": statistics,
            "calls": calls,
            "ended_at": seconds(now),
            "draws_used": self.draws.used(),
        });
        same(&got, expected, "")
    }
}

fn ending(ended: Ended<Shot>) -> Value {
    match ended {
        Ended::Passed(Shot::Result(value)) => json!({"returned": value}),
        Ended::Passed(Shot::Raised(error)) => json!({"raised": error.brief()}),
        Ended::GaveUp(GaveUp { attempt_number, last, .. }) => {
            let (last, cause) = match last {
                Shot::Result(value) => {
                    let last = json!({"attempt": attempt_number, "failed": false, "result": value});
                    (last, Value::Null)
                }
                Shot::Raised(error) => {
                    let last = json!({"attempt": attempt_number, "failed": true, "exception": error.brief()});
                    (last, error.brief())
                }
            };
            json!({"retry_error": {"last_attempt": last, "cause": cause}})
        }
    }
}

fn noted_retry(inner: Condition, shared: &Arc<Mutex<Shared>>) -> Condition {
    let shared = Arc::clone(shared);
    Condition::custom(move |outcome: &dyn RetryOutcome| {
        let holds = inner.holds(outcome);
        let attempt = shared.lock().unwrap().attempt;
        note(&shared, json!({"ev": "retry", "attempt": attempt, "value": holds}));
        holds
    })
}

fn noted_wait(inner: Wait, shared: &Arc<Mutex<Shared>>) -> Wait {
    let shared = Arc::clone(shared);
    Wait::custom(move |state: &RetryState<'_>, draw: &mut dyn FnMut() -> f64| {
        let mut draws = 0;
        let wait = inner.duration(state, &mut || {
            draws += 1;
            draw()
        });
        let seconds = wait.as_secs_f64();
        let mut event = json!({"ev": "wait", "attempt": state.attempt_number, "seconds": seconds});
        if draws > 0 {
            event["draws"] = draws.into();
        }
        note(&shared, event);
        wait
    })
}

fn noted_stop(inner: Stop, shared: &Arc<Mutex<Shared>>) -> Stop {
    let shared = Arc::clone(shared);
    Stop::custom(move |state: &RetryState<'_>| {
        let value = inner.stops(state);
        let (elapsed, upcoming) = (state.elapsed.as_secs_f64(), state.upcoming.as_secs_f64());
        let attempt = state.attempt_number;
        let event = json!({
            "ev": "stop", "attempt": attempt, "elapsed": elapsed, "upcoming": upcoming, "value": value
        });
        note(&shared, event);
        value
    })
}

fn observer(name: &'static str, fails: bool, shared: &Arc<Mutex<Shared>>) -> Observer<Shot> {
    let shared = Arc::clone(shared);
    Box::new(move |seen: &Seen<'_, Shot>| {
        let (attempt, t, idle) =
            (seen.attempt_number, seconds(seen.now), seen.idle_for.as_secs_f64());
        let event = match name {
            "before" => json!({"ev": name, "attempt": attempt, "t": t}),
            "after" => json!({
                "ev": name, "attempt": attempt, "t": t, "elapsed": seen.elapsed.as_secs_f64(), "idle": idle,
                "failed": seen.outcome.is_some_and(RetryOutcome::failed),
            }),
            _ => json!({
                "ev": name, "attempt": attempt, "t": t, "sleep": seen.upcoming.as_secs_f64(), "idle": idle,
                "stat_attempt": seen.statistics.attempt_number,
            }),
        };
        note(&shared, event);
        if fails {
            let (kind, message) = ("ParseError".into(), format!("from {name}"));
            return ControlFlow::Break(Shot::Raised(Raised { kind, message, cause: Cause::None }));
        }
        ControlFlow::Continue(())
    })
}

fn note(shared: &Mutex<Shared>, event: Value) {
    shared.lock().unwrap().log.push(event);
}
