//! The controller for anything that replays tenacity's recorded vectors: its loop with the calling and the sleeping left out.
//!
//! ```text
//! start ──▶ Call ──finish──▶ Sleep ──wake──▶ Call …
//!             │                └▶ Done       each of the three may end in Done
//! ```
//!
//! After an attempt: the condition (unless the outcome is a `TryAgain`), `after`, the wait, the stop, then either the
//! give-up callback or `before_sleep`. An outcome not worth a retry is passed on at once, and `after` is not called.

use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use http_hook::retry::{Condition, RetryOutcome, RetryState, Stop, Wait};
use http_hook::{RetryPolicy, Timestamp};

/// Sees the run go by. With `Break` it ends the run with an outcome of its own.
pub type Observer<O> = Box<dyn FnMut(&Event<'_, O>) -> ControlFlow<O> + Send>;
/// Turns the giving up into an outcome.
pub type GiveUpFn<O> = Box<dyn FnMut(GaveUp<O>) -> O + Send>;

/// A run of attempts at anything, decided by a policy.
///
/// Of the policy, the condition, the wait and the stop count; the rest is about HTTP.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::Timestamp;
/// use http_hook::RetryPolicy;
/// use http_hook::retry::{Condition, RetryOutcome, Stop, Wait};
/// use http_hook_conformance::engine::{Ended, Next, Retrying};
///
/// struct Answer(Result<u32, &'static str>);
/// impl RetryOutcome for Answer {
///     fn failed(&self) -> bool {
///         self.0.is_err()
///     }
/// }
///
/// let policy = RetryPolicy {
///     when: Condition::Error,
///     wait: Wait::fixed(Duration::from_secs(1)),
///     stop: Stop::after_attempt(3),
///     ..RetryPolicy::default()
/// };
/// let mut answers = [Answer(Err("busy")), Answer(Ok(7))].into_iter();
/// let mut now = Timestamp::default();
///
/// let mut run = Retrying::new(&policy);
/// let mut next = run.start(now);
/// let ended = loop {
///     next = match next {
///         Next::Call => run.finish(answers.next().unwrap(), now, &mut || 0.5),
///         Next::Sleep(wait) => {
///             now = now.after(wait);
///             run.wake(now)
///         }
///         Next::Done(ended) => break ended,
///     };
/// };
/// assert!(matches!(ended, Ended::Passed(Answer(Ok(7)))));
/// assert_eq!(run.statistics().unwrap().idle_for, Duration::from_secs(1));
/// ```
pub struct Retrying<O> {
    when: Condition,
    wait: Wait,
    stop: Stop,
    reraise: bool,
    enabled: bool,
    before: Option<Observer<O>>,
    after: Option<Observer<O>>,
    before_sleep: Option<Observer<O>>,
    on_give_up: Option<GiveUpFn<O>>,
    statistics: Option<Statistics>,
    previous_wait: Duration,
}

/// What an observer sees.
#[derive(Debug)]
pub struct Event<'a, O> {
    /// The number of the attempt that begins or has ended, from 1.
    pub attempt_number: u32,
    /// When this is.
    pub now: Timestamp,
    /// The time from the start to the end of the attempt; before it, to its beginning.
    pub elapsed: Duration,
    /// The time spent waiting, the wait to come included.
    pub idle_for: Duration,
    /// The wait to come.
    pub upcoming: Duration,
    /// What the attempt came to.
    pub outcome: Option<&'a O>,
    /// The figures so far.
    pub statistics: Statistics,
}

/// The figures of a run, as tenacity keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// When the run began.
    pub start_time: Timestamp,
    /// The number of the attempt: counted up when the next one is certain to come.
    pub attempt_number: u32,
    /// The waits that were planned.
    pub idle_for: Duration,
    /// The time from the start to the last attempt after which the stop was asked.
    pub delay_since_first_attempt: Duration,
}

/// What to do now.
#[must_use]
#[derive(Debug)]
pub enum Next<O> {
    /// Call, then [`finish`](Retrying::finish) with what came of it.
    Call,
    /// Sleep, then [`wake`](Retrying::wake).
    Sleep(Duration),
    /// The run is over.
    Done(Ended<O>),
}

/// How a run ended.
#[derive(Debug)]
pub enum Ended<O> {
    /// With an outcome: of the last attempt, of a callback or of an observer.
    Passed(O),
    /// Without one that passes.
    GaveUp(GaveUp<O>),
}

/// The last attempt of a run that was given up.
#[derive(Debug)]
pub struct GaveUp<O> {
    /// Its number, from 1.
    pub attempt_number: u32,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What it came to.
    pub last: O,
}

impl<O: RetryOutcome> Retrying<O> {
    /// Makes a run under this policy.
    #[must_use]
    pub fn new(policy: &RetryPolicy) -> Self {
        Self {
            when: policy.when.clone(),
            wait: policy.wait.clone(),
            stop: policy.stop.clone(),
            reraise: false,
            enabled: true,
            before: None,
            after: None,
            before_sleep: None,
            on_give_up: None,
            statistics: None,
            previous_wait: Duration::ZERO,
        }
    }

    /// Gives up with the last error itself where there is one, not with [`GaveUp`] around it.
    #[must_use]
    pub fn reraise(self, reraise: bool) -> Self {
        Self { reraise, ..self }
    }

    /// Switches the whole run off: one plain call.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }

    /// Is shown each attempt before it is made.
    #[must_use]
    pub fn before(self, observer: Observer<O>) -> Self {
        Self { before: Some(observer), ..self }
    }

    /// Is shown each attempt that is worth another one, before the wait is computed.
    #[must_use]
    pub fn after(self, observer: Observer<O>) -> Self {
        Self { after: Some(observer), ..self }
    }

    /// Is shown each wait before it begins.
    #[must_use]
    pub fn before_sleep(self, observer: Observer<O>) -> Self {
        Self { before_sleep: Some(observer), ..self }
    }

    /// Is called instead of giving up, and may still give a result.
    #[must_use]
    pub fn on_give_up(self, callback: GiveUpFn<O>) -> Self {
        Self { on_give_up: Some(callback), ..self }
    }

    /// Gives the figures; none before the start and where the run is switched off.
    #[must_use]
    pub fn statistics(&self) -> Option<Statistics> {
        self.statistics
    }

    /// Begins the run, anew if it has been run before.
    pub fn start(&mut self, now: Timestamp) -> Next<O> {
        self.previous_wait = Duration::ZERO;
        self.statistics = self.enabled.then_some(Statistics {
            start_time: now,
            attempt_number: 1,
            idle_for: Duration::ZERO,
            delay_since_first_attempt: Duration::ZERO,
        });
        self.wake(now)
    }

    /// Goes on after a sleep.
    pub fn wake(&mut self, now: Timestamp) -> Next<O> {
        let Some(statistics) = self.statistics else { return Next::Call };
        match show(&mut self.before, &statistics, Duration::ZERO, None, now) {
            ControlFlow::Continue(()) => Next::Call,
            ControlFlow::Break(outcome) => Next::Done(Ended::Passed(outcome)),
        }
    }

    /// Takes what came of an attempt that ended at `now`; each call of `draw` gives a number of [0, 1).
    pub fn finish(&mut self, outcome: O, now: Timestamp, draw: &mut dyn FnMut() -> f64) -> Next<O> {
        let Some(mut statistics) = self.statistics else {
            return Next::Done(Ended::Passed(outcome));
        };
        if !(outcome.try_again() || self.when.holds(&outcome)) {
            return Next::Done(Ended::Passed(outcome));
        }
        let after = show(&mut self.after, &statistics, Duration::ZERO, Some(&outcome), now);
        if let ControlFlow::Break(own) = after {
            return Next::Done(Ended::Passed(own));
        }
        let mut state = RetryState {
            attempt_number: statistics.attempt_number,
            elapsed: now.since(statistics.start_time),
            idle_for: statistics.idle_for,
            previous_wait: self.previous_wait,
            upcoming: Duration::ZERO,
            outcome: &outcome,
        };
        let wait = self.wait.duration(&state, draw);
        state.upcoming = wait;
        statistics.delay_since_first_attempt = state.elapsed;
        self.statistics = Some(statistics);
        if self.stop.stops(&state) {
            return Next::Done(self.give_up(statistics.attempt_number, outcome, now));
        }
        statistics.idle_for = statistics.idle_for.saturating_add(wait);
        // The observer sees the number of the attempt that has ended, but the figures already count the next one.
        let ended = statistics;
        statistics.attempt_number = statistics.attempt_number.saturating_add(1);
        self.statistics = Some(statistics);
        self.previous_wait = wait;
        let event = Event { statistics, ..Event::new(&ended, wait, Some(&outcome), now) };
        match self.before_sleep.as_mut().map(|observer| observer(&event)) {
            Some(ControlFlow::Break(own)) => Next::Done(Ended::Passed(own)),
            _ => Next::Sleep(wait),
        }
    }

    fn give_up(&mut self, attempt_number: u32, last: O, ended_at: Timestamp) -> Ended<O> {
        let failed = last.failed();
        let gave_up = GaveUp { attempt_number, ended_at, last };
        match &mut self.on_give_up {
            Some(callback) => Ended::Passed(callback(gave_up)),
            None if self.reraise && failed => Ended::Passed(gave_up.last.unwrapped()),
            None => Ended::GaveUp(gave_up),
        }
    }
}

impl<'a, O> Event<'a, O> {
    fn new(
        statistics: &Statistics,
        upcoming: Duration,
        outcome: Option<&'a O>,
        now: Timestamp,
    ) -> Self {
        Self {
            attempt_number: statistics.attempt_number,
            now,
            elapsed: now.since(statistics.start_time),
            idle_for: statistics.idle_for,
            upcoming,
            outcome,
            statistics: *statistics,
        }
    }
}

fn show<O>(
    observer: &mut Option<Observer<O>>,
    statistics: &Statistics,
    upcoming: Duration,
    outcome: Option<&O>,
    now: Timestamp,
) -> ControlFlow<O> {
    match observer {
        Some(observer) => observer(&Event::new(statistics, upcoming, outcome, now)),
        None => ControlFlow::Continue(()),
    }
}

impl<O> fmt::Debug for Retrying<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("when", &self.when)
            .field("wait", &self.wait)
            .field("stop", &self.stop)
            .field("statistics", &self.statistics)
            .finish_non_exhaustive()
    }
}
