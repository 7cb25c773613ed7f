//! The controller for anything, beyond what tenacity's vectors say.

use std::ops::ControlFlow;
use std::time::Duration;

use http_hook::RetryPolicy;
use http_hook::Timestamp;
use http_hook::retry::{Condition, RetryOutcome, Seconds, Stop, Wait};
use http_hook_conformance::engine::{Ended, GaveUp, Next, Retrying};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, PartialEq)]
struct Answer(Result<u32, &'static str>);

impl RetryOutcome for Answer {
    fn failed(&self) -> bool {
        self.0.is_err()
    }

    fn kind(&self) -> Option<&str> {
        self.0.err()
    }
}

fn policy(wait: Wait) -> RetryPolicy {
    let (when, stop) = (Condition::Error, Stop::after_attempt(4));
    RetryPolicy { when, wait, stop, ..RetryPolicy::default() }
}

/// Drives a run in which every attempt takes a second and fails: the waits and the end.
fn drive(run: &mut Retrying<Answer>) -> (Vec<Duration>, Ended<Answer>) {
    let (mut now, mut waits) = (Timestamp::default(), Vec::new());
    let mut next = run.start(now);
    loop {
        next = match next {
            Next::Call => {
                now = now.after(SECOND);
                run.finish(Answer(Err("busy")), now, &mut || 1.0)
            }
            Next::Sleep(wait) => {
                waits.push(wait);
                now = now.after(wait);
                run.wake(now)
            }
            Next::Done(ended) => return (waits, ended),
        };
    }
}

#[test]
fn a_wait_sees_the_one_before_and_a_run_begins_anew() {
    let (base, cap) = (Seconds::ONE, Seconds::new(20.0));
    let mut run = Retrying::new(&policy(Wait::DecorrelatedJitter { base, cap }));
    for _ in 0..2 {
        let (waits, ended) = drive(&mut run);
        assert_eq!(waits, [3 * SECOND, 9 * SECOND, 20 * SECOND]);
        let Ended::GaveUp(GaveUp { attempt_number, ended_at, last }) = ended else { panic!() };
        assert_eq!((attempt_number, last), (4, Answer(Err("busy"))));
        assert_eq!(ended_at, Timestamp::new(36 * SECOND));
        let figures = run.statistics().unwrap();
        assert_eq!((figures.attempt_number, figures.idle_for), (4, 32 * SECOND));
        assert_eq!(figures.delay_since_first_attempt, 36 * SECOND);
    }
}

#[test]
fn switched_off_it_calls_once_and_counts_nothing() {
    let mut run = Retrying::new(&policy(Wait::None)).enabled(false);
    assert!(matches!(drive(&mut run), (waits, Ended::Passed(Answer(Err(_)))) if waits.is_empty()));
    assert_eq!(run.statistics(), None);
}

#[test]
fn a_wait_by_the_kind_of_the_error() {
    let table = [("busy".to_owned(), Seconds::ONE)].into();
    let wait = Wait::ByError { table, default: Seconds::new(9.0) };
    let (waits, _) = drive(&mut Retrying::new(&policy(wait)));
    assert_eq!(waits, [SECOND, SECOND, SECOND]);
}

#[test]
fn an_observer_may_end_the_run() {
    let rows: [(&str, u32, usize); 3] = [("before", 2, 1), ("after", 2, 1), ("before_sleep", 2, 1)];
    for (name, at, sleeps) in rows {
        let observer = Box::new(move |event: &http_hook_conformance::engine::Event<'_, Answer>| {
            if event.attempt_number == at {
                return ControlFlow::Break(Answer(Ok(7)));
            }
            ControlFlow::Continue(())
        });
        let run = Retrying::new(&policy(Wait::fixed(SECOND)));
        let mut run = match name {
            "before" => run.before(observer),
            "after" => run.after(observer),
            _ => run.before_sleep(observer),
        };
        let (waits, ended) = drive(&mut run);
        assert!(matches!(ended, Ended::Passed(Answer(Ok(7)))), "{name}");
        assert_eq!(waits.len(), sleeps, "{name}");
    }
}
