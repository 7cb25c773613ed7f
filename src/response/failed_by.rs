//! What a failure is one of, for code that goes on in different ways.

use super::check_failed;
use super::failure::{Cause, Failure};
use super::stop_reason::StopReason;
use crate::base::ErrorKind;

impl Failure {
    /// Whether time ran out: a limit of one exchange, or that of the whole call.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use http_hook::transport::TimeoutPhase;
    /// use http_hook::{Call, Hook, RequestPlan, Sent, Step, Timestamp, TransportError, TransportErrorKind};
    ///
    /// let (hook, now) = (Hook::to("https://api.example.com")?, Timestamp::default());
    /// let call = Call::new(&hook, RequestPlan::get("orders?page=2"), 7, now);
    /// let Step::Send { attempt, .. } = call.step(&hook, now) else { unreachable!() };
    /// let late = TransportError::new(TransportErrorKind::Timeout(TimeoutPhase::Head), Sent::Maybe);
    /// let Step::Done(Err(failure)) = attempt.finish(&hook, Err(late), now) else { unreachable!() };
    /// assert!(failure.is_timeout() && !failure.is_connect() && !failure.is_status());
    /// assert_eq!(
    ///     failure.to_string(),
    ///     "the answer took too long (head_timeout: 60s); GET https://api.example.com/orders?page=2, 1 attempt; no retries are set"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.reason() == StopReason::Deadline
            || matches!(self.cause(), Cause::Transport(error) if error.is_timeout())
    }

    /// Whether no connection came about; see [`TransportError::is_connect`](crate::TransportError::is_connect).
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self.cause(), Cause::Transport(error) if error.is_connect())
    }

    /// Whether the last response is one whose status fails the check, 400 to 599; [`status`](Self::status) tells which.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.status().is_some_and(check_failed)
    }

    /// Whether an answer came that passes, and its body is not what was to be read: no JSON, or JSON of another form.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_mock::{Reply, blocking::connect};
    ///
    /// let api = connect("https://api.example.test", [Reply::json(200, "[7, 8"), Reply::json(500, "[7, 8")])?;
    /// let failure = api.get("v1/orders").read_json::<Vec<u32>>().unwrap_err();
    /// assert!(failure.is_decode() && !failure.is_status());
    /// assert!(!api.get("v1/orders").read_json::<Vec<u32>>().unwrap_err().is_decode());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_decode(&self) -> bool {
        match self.cause() {
            Cause::Request(error) | Cause::Refused { error, .. } => {
                self.reason() == StopReason::Check && error.kind() == ErrorKind::Body
            }
            _ => false,
        }
    }
}
