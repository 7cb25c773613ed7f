//! What is waited for, how often it is asked for, and when that ends, as data.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::base::Error;
use crate::response::{Cause, Failure};
use crate::retry::bounded::part;
use crate::retry::{Condition, RetryPolicy, Wait, seconds};

/// What a poll waits for: a condition on the response, always with a deadline.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::poll::Polling;
/// use http_hook::retry::Condition;
///
/// const HOUR: Duration = Duration::from_secs(3600);
/// let job = Polling::until(Condition::json("/state", "done"), HOUR)
///     .fail_if(Condition::json("/state", "failed"))
///     .every(Duration::from_secs(5))
///     .failures(10);
/// let operation = Polling::operation(HOUR);
/// let file = Polling::until(Condition::statuses(&[200]), HOUR).not_yet(&["404"]);
/// let sensor = Polling::sensor(&["404"], HOUR);
/// # let _ = (job, operation, file, sensor);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polling {
    #[serde(deserialize_with = "part")]
    pub(super) until: Condition,
    #[serde(deserialize_with = "part")]
    pub(super) fail_if: Condition,
    /// Beginnings of the texts of failures that mean “not yet”.
    not_yet: Vec<String>,
    #[serde(deserialize_with = "part")]
    pub(super) wait: Wait,
    #[serde(with = "seconds::duration")]
    pub(super) deadline: Duration,
    pub(super) failures: u32,
    pub(super) follow: bool,
}

impl Polling {
    /// Polls until a response holds `until`, for no longer than `deadline`, every 60 s; the first call that fails ends it.
    #[must_use]
    pub fn until(until: Condition, deadline: Duration) -> Self {
        Self {
            until,
            fail_if: Condition::Never,
            not_yet: Vec::new(),
            wait: Wait::fixed(Duration::from_secs(60)),
            deadline,
            failures: 1,
            follow: false,
        }
    }

    /// Sends a request that begins a long operation, and polls while the response is a 202: by a GET of what its
    /// `Operation-Location`, else its `Location` names, as long as `Retry-After` asks for, at least 1 s apart.
    #[must_use]
    pub fn operation(deadline: Duration) -> Self {
        let accepted = StatusCode::ACCEPTED.as_u16();
        let until = !Condition::statuses(&[accepted]);
        Self { follow: true, ..Self::until(until, deadline).every(Duration::from_secs(1)) }
    }

    /// Polls as Airflow's `HttpSensor` does: any response that passes its check is enough, a failure whose text begins with one of
    /// `allowed` (`"404"`, which is the original's default, `"5"`) means “not yet”, and any other ends it.
    #[must_use]
    pub fn sensor(allowed: &[&str], deadline: Duration) -> Self {
        Self::until(Condition::Always, deadline).not_yet(allowed)
    }

    /// Goes on after a failure whose text begins with one of `allowed`, as [`sensor`](Self::sensor) does: `"404"`, `"5"`. None of itself.
    #[must_use]
    pub fn not_yet(mut self, allowed: &[&str]) -> Self {
        self.not_yet = allowed.iter().map(ToString::to_string).collect();
        self
    }

    /// Replaces what is waited for.
    #[must_use]
    pub fn satisfied_by(mut self, until: Condition) -> Self {
        self.until = until;
        self
    }

    /// Fails with a response for which this holds.
    #[must_use]
    pub fn fail_if(mut self, fail_if: Condition) -> Self {
        self.fail_if = fail_if;
        self
    }

    /// Waits as long between two polls, or longer if the server asks for it.
    #[must_use]
    pub fn every(self, wait: Duration) -> Self {
        self.wait(Wait::fixed(wait))
    }

    /// Waits by a strategy of its own, whose number is that of the poll before.
    #[must_use]
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Ends with the n-th call in a row that fails: as `HttpEventTrigger` with the tenth. 1.
    ///
    /// A call that fails is followed by another one only where its request may be sent again: its method is idempotent, it was
    /// certainly not sent, it carries a [key](crate::RequestPlan::idempotency_key), which stays until the request is answered, or
    /// the plan [allows](crate::RequestPlan::allow_resend) it. That holds for what means “not yet” of a [sensor](Self::sensor), too.
    #[must_use]
    pub fn failures(mut self, in_a_row: u32) -> Self {
        self.failures = in_a_row;
        self
    }

    /// Follows `Operation-Location` and `Location`, as [`operation`](Self::operation) does.
    #[must_use]
    pub fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// Whether a failure means that what is waited for has not come yet.
    pub(super) fn is_not_yet(&self, failure: &Failure) -> bool {
        let Cause::Response(_) = failure.cause() else { return false };
        let text = failure.cause().to_string();
        self.not_yet.iter().any(|begin| text.starts_with(begin.as_str()))
    }

    /// Whether what ends it may look at bodies.
    pub(super) fn reads_body(&self) -> bool {
        self.until.reads_body() || self.fail_if.reads_body()
    }

    /// Checks it by the rules of policies.
    pub(super) fn validate(&self) -> Result<(), Error> {
        let policy = self.as_policy();
        policy.validate().map_err(|error| {
            let says = error.message().replacen("retry policy", "poll", 1);
            Error::new(error.kind(), says)
        })
    }

    /// Whether it is data alone.
    pub(super) fn is_storable(&self) -> bool {
        self.as_policy().is_storable()
    }

    fn as_policy(&self) -> RetryPolicy {
        RetryPolicy {
            when: self.until.clone(),
            once: self.fail_if.clone(),
            wait: self.wait.clone(),
            ..RetryPolicy::default()
        }
    }
}
