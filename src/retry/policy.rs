//! The retry policy: a record of data, and the one decision that is made of it.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::base::Timestamp;
use crate::base::{Error, headers};
use crate::response::StopReason;
use crate::response::limit::Limit;
use crate::retry::condition::Condition;
use crate::retry::hint::Hints;
use crate::retry::outcome::RetryOutcome;
use crate::retry::state::{Decision, Progress, RetryState};
use crate::retry::stop::{Event, Stop};
use crate::retry::wait::Wait;

/// When to send again, after what wait, and when to give up.
///
/// The default makes 3 attempts, retries 408, 429, 500, 502, 503, 504 and errors that may pass, waits with full
/// jitter (100 ms, after a 429 one second, doubled each time, at most 20 s) and keeps to what the server asks for,
/// up to 60 s; it gives up if that is more. Whether a request *may* be sent twice is not asked here: that is the call's.
///
/// There is one JSON form, with the names of the fields; what is absent is as in the default.
///
/// # Examples
///
/// ```
/// use http_hook::RetryPolicy;
/// use http_hook::retry::Stop;
///
/// let policy = RetryPolicy::from_json(r#"{"stop": {"type": "after_attempt", "max_attempts": 5}}"#)?;
/// assert_eq!(policy, RetryPolicy { stop: Stop::after_attempt(5), ..RetryPolicy::default() });
/// # Ok::<(), http_hook::Error>(())
/// ```
///
/// After three statuses and nothing else, for a POST that may be sent again as it has a key; five attempts within two minutes:
///
/// ```
/// use std::time::Duration;
/// use http_hook::retry::{Condition, Stop, Wait};
/// use http_hook::{RequestPlan, RetryPolicy};
///
/// let policy = RetryPolicy {
///     when: Condition::statuses(&[502, 503, 504]),
///     once: Condition::Never, // else 421 and 425 are sent again, once
///     wait: Wait::full_jitter(Duration::from_millis(200), Duration::from_secs(20)),
///     stop: Stop::after_attempt(5),
///     ..RetryPolicy::default()
/// };
/// let plan = RequestPlan::post("v1/orders").data("box").idempotency_key().retry(policy).deadline(Duration::from_secs(120));
/// assert!(plan.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Which outcomes are worth another attempt.
    pub when: Condition,
    /// Which outcomes of the first attempt are worth a second one, but no more: 421 and 425, which were not acted on.
    pub once: Condition,
    /// How long to wait.
    pub wait: Wait,
    /// When to give up.
    pub stop: Stop,
    /// What of the server's wishes counts.
    pub hints: Hints,
    /// The least time worth sending with, in seconds: a wait that leaves less is not begun. 0.
    pub min_attempt: Duration,
    /// What becomes of a call that ends with an outcome that its policy would have sent again for, had it been allowed to: whether
    /// the attempts or the time are used up, a gate is closed, or the request must not be sent twice. By default, false, it is a
    /// failure that holds the last response, whatever its status: a poll that was never answered has failed. With true it ends as
    /// if there had been no policy: the check of the response decides. In JSON it is `on_exhausted`: `"fail"` or `"return"`.
    pub return_when_exhausted: bool,
    /// The header that tells the server of the attempt; `None`, the default, sends none.
    pub attempt_header: Option<String>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        const CAP: Duration = Duration::from_secs(20);
        Self {
            when: Condition::statuses(&[408, 429, 500, 502, 503, 504])
                | Condition::error_kinds(&[
                    "dns",
                    "connect",
                    "proxy",
                    "timeout",
                    "interrupted",
                    "protocol",
                    "body",
                ]),
            once: Condition::statuses(&[421, 425]),
            wait: Wait::When {
                when: Condition::statuses(&[429]),
                then: Box::new(Wait::full_jitter(Duration::from_secs(1), CAP)),
                otherwise: Box::new(Wait::full_jitter(Duration::from_millis(100), CAP)),
            },
            stop: Stop::after_attempt(3),
            hints: Hints::default(),
            min_attempt: Duration::ZERO,
            return_when_exhausted: false,
            attempt_header: None,
        }
    }
}

impl RetryPolicy {
    /// The most bytes that a policy in JSON may have.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// The policy that never sends again.
    #[must_use]
    pub fn never() -> Self {
        Self { when: Condition::Never, once: Condition::Never, ..Self::default() }
    }

    /// Whether nothing is worth another attempt.
    pub(crate) fn never_sends_again(&self) -> bool {
        self.when == Condition::Never
    }

    /// The same with so many further attempts; that of one that never sends again is the default.
    pub(crate) fn with_retries(&self, retries: u32) -> Self {
        let own = if *self == Self::never() { Self::default() } else { self.clone() };
        Self { stop: Stop::after_attempt(retries.saturating_add(1)), ..own }
    }

    /// Decides what to do after an attempt that ended at `now`; each call of `draw` gives a number of [0, 1).
    ///
    /// The order is tenacity's: the condition, then the wait, then the stop. Then the deadline is asked: a wait that
    /// cannot fit is not begun. Nothing is allocated, unless a condition reads JSON.
    #[cfg(test)]
    pub(crate) fn decide(
        &self,
        outcome: &dyn RetryOutcome,
        progress: &Progress,
        now: Timestamp,
        draw: &mut dyn FnMut() -> f64,
    ) -> Decision {
        if !self.is_worth(outcome, progress.attempt_number) {
            return Decision::Stand;
        }
        self.weigh(outcome, progress, now, draw)
    }

    /// Decides on an outcome that is worth another attempt.
    pub(crate) fn weigh(
        &self,
        outcome: &dyn RetryOutcome,
        progress: &Progress,
        now: Timestamp,
        draw: &mut dyn FnMut() -> f64,
    ) -> Decision {
        let mut state = RetryState {
            attempt_number: progress.attempt_number,
            elapsed: progress.elapsed,
            idle_for: progress.idle_for,
            previous_wait: progress.previous_wait,
            upcoming: Duration::ZERO,
            outcome,
        };
        let own = self.wait.duration(&state, draw);
        let hint = self.hints.read(outcome, now);
        let wait = hint.map_or(Some(own), |hint| self.hints.weigh(hint, own, draw));
        state.upcoming = wait.unwrap_or(own);
        if let Some((reason, limit)) = self.stop.why(&state) {
            return Decision::GiveUp { reason, hint, limit };
        }
        let fits = |wait| progress.remaining.is_none_or(|left| self.fits(wait, left));
        match wait.filter(|wait| fits(*wait)) {
            Some(wait) => Decision::Retry { wait, hint },
            // Without a hint the wait is the policy's own.
            None if fits(own) => {
                let limit = wait.map_or(Limit::Cap(self.hints.cap), Limit::Deadline);
                Decision::GiveUp { reason: StopReason::HintTooLong, hint, limit: Some(limit) }
            }
            None => {
                let limit = Some(Limit::Deadline(state.upcoming));
                Decision::GiveUp { reason: StopReason::Deadline, hint, limit }
            }
        }
    }

    /// Whether the outcome of this attempt is worth another one.
    #[inline]
    pub(crate) fn is_worth(&self, outcome: &dyn RetryOutcome, attempt_number: u32) -> bool {
        outcome.try_again()
            || self.when.holds(outcome)
            || attempt_number <= 1 && self.once.holds(outcome)
    }

    /// Whether an attempt after this wait would still begin before the deadline.
    fn fits(&self, wait: Duration, left: Duration) -> bool {
        wait.saturating_add(self.min_attempt) < left
    }

    /// Whether the condition needs the body of the response.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.when.reads_body() || self.once.reads_body()
    }

    /// Puts a living event in the place of those of its name, as after reading the policy from JSON.
    pub fn bind(&mut self, event: &Event) {
        self.stop.bind(event);
    }

    /// Makes the header that tells the server of the attempt: `attempt=2; max=3; ttl=12`, `ttl` being the whole
    /// seconds that are left.
    ///
    /// # Errors
    ///
    /// Kind [`Header`](crate::ErrorKind::Header) for a name that a policy may not set.
    pub(crate) fn attempt_header(
        &self,
        attempt_number: u32,
        remaining: Option<Duration>,
    ) -> Result<Option<(HeaderName, HeaderValue)>, Error> {
        let Some(name) = self.attempt_header.as_deref() else { return Ok(None) };
        let name = headers::check_policy_name(name, "retry policy.attempt_header")?;
        let max = self.stop.max_attempts().map(|max| format!("; max={max}")).unwrap_or_default();
        let ttl = remaining.map(|left| format!("; ttl={}", left.as_secs())).unwrap_or_default();
        let value = HeaderValue::try_from(format!("attempt={attempt_number}{max}{ttl}"));
        Ok(value.ok().map(|value| (name, value)))
    }
}
