//! The state machine: what a caller holds is here, [the record](state), [every move](step) and [the judgement](verdict)
//! beside it.
//!
//! ```text
//! new ─▶ Call ──step──▶ Attempt ──finish──▶ Done(Ok | Err)
//!         ▲ (JSON)         │
//!         └───── Wait ◀────┘ finish
//! ```

mod build;
mod cause;
pub(crate) mod coded;
mod conclude;
mod curl;
mod end;
mod explain;
mod fetch;
pub(crate) mod follow;
mod form;
mod form_body;
mod link_form;
pub(crate) mod may;
mod needs;
pub(crate) mod owner;
mod state;
mod step;
mod stored;
#[cfg(test)]
mod tests;
mod verdict;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, Uri};

pub use cause::{RetryReason, SendCause, WaitReason};
pub(crate) use end::{short, stranger};
pub use explain::{Explanation, Fact};

use crate::base::redact::{ShownRequest, ShownUrl};
use crate::base::{Error, Sent, Timestamp};
use crate::body::Payload;
use crate::hook::Hook;
use crate::options::SendOptions;
use crate::redirect::History;
use crate::redirect::hop::Hop;
use crate::request::RequestPlan;
use crate::response::{Asked, Failure};
use build::{Ready, Unready};
use state::State;

/// What to do now.
#[must_use]
#[expect(
    clippy::large_enum_variant,
    reason = "a step is taken apart at once, and a box would be one allocation a send"
)]
pub enum Step {
    /// Send `request` under `options`, then [finish](Attempt::finish) the attempt with what came back.
    Send {
        /// What to send.
        request: Request<Payload>,
        /// How to send it.
        options: SendOptions,
        /// What to answer.
        attempt: Attempt,
    },
    /// Wait, then [step](Call::step) the call again.
    Wait {
        /// What remains to be done.
        call: Call,
        /// How long.
        wait: Duration,
        /// Why.
        reason: WaitReason,
    },
    /// The call is over.
    Done(Result<Response<Bytes>, Failure>),
}

/// Without path, query, header values and body of the request; a response as its status.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { request, options, attempt } => f
                .debug_struct("Send")
                .field("request", &ShownRequest(request))
                .field("options", options)
                .field("attempt", attempt)
                .finish(),
            Self::Wait { call, wait, reason } => f
                .debug_struct("Wait")
                .field("call", call)
                .field("wait", wait)
                .field("reason", reason)
                .finish(),
            Self::Done(result) => {
                f.debug_tuple("Done").field(&result.as_ref().map(Response::status)).finish()
            }
        }
    }
}

/// What remains to be done: the call before a send. [`store`](Call::store) keeps it for another machine.
#[must_use = "a call does nothing until it is stepped"]
pub struct Call(Result<Box<State>, Box<Unsendable>>);

/// A plan that cannot be sent.
struct Unsendable {
    fault: Error,
    asked: Option<Asked>,
}

/// A request under way: to be answered by [`finish`](Attempt::finish), or by [`head`](Attempt::head) where the body
/// is to be streamed.
#[must_use = "an attempt has to be finished"]
pub struct Attempt(Box<State>);

/// An attempt whose body the machine needs.
#[must_use = "a reading has to be finished"]
pub struct Reading {
    attempt: Attempt,
    limit: u64,
    want: Want,
}

/// How much of a body the machine needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// All of it: a body that is longer than the call allows is an error.
    Whole,
    /// Its beginning.
    Part,
}

impl Call {
    /// The most requests that any call sends, whatever its policy.
    pub const MAX_SENDS: u32 = 1_000;

    /// Begins a call. A plan that cannot be sent shows at the first step.
    ///
    /// `seed` decides every random choice of the call; two calls with the same seed wait alike.
    pub fn new(hook: &Hook, plan: RequestPlan, seed: u64, now: Timestamp) -> Self {
        let deadline = plan.deadline_given().map(|deadline| now.after(deadline));
        #[cfg(feature = "cookies")]
        let cookies = match plan.rare.as_ref().and_then(|rare| rare.cookies.as_ref()) {
            None => hook.cookies().clone(),
            Some(own) => hook.cookies().with(hook.origin(), own),
        };
        let method = plan.method.clone();
        match Ready::new(hook, plan, seed) {
            Ok(ready) => {
                #[cfg_attr(not(feature = "cookies"), expect(unused_mut, reason = "it keeps none"))]
                let mut state = Box::new(State::new(ready, seed, deadline, now));
                #[cfg(feature = "cookies")]
                {
                    state.cookies = cookies;
                }
                Self(Ok(state))
            }
            Err(unready) => {
                let Unready { fault, url } = *unready;
                let (no_retries, whole_url) = (false, false);
                let asked = Some(Asked { method, url, led_to: None, no_retries, whole_url });
                Self(Err(Box::new(Unsendable { fault, asked })))
            }
        }
    }

    /// Makes a call that ends with `fault` at its first step.
    pub(crate) fn refused(fault: Error) -> Self {
        Self(Err(Box::new(Unsendable { fault, asked: None })))
    }

    /// Tells when the call wants to go on; a call that cannot be sent wants to say so at once.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.0.as_ref().map_or(Timestamp::default(), |state| state.due)
    }

    /// Counts the attempts that have ended.
    #[must_use]
    pub fn attempt_number(&self) -> u32 {
        self.0.as_ref().map_or(0, |state| state.attempt_number.into())
    }

    /// Counts the requests that were sent.
    #[must_use]
    pub fn sends(&self) -> u32 {
        self.0.as_ref().map_or(0, |state| state.sends.into())
    }

    /// Whether a request of it was under way when it was stored: it counts as broken off. A store that notes that a request is under
    /// way, beside a call of which this is not so, says two things; nothing should be sent of it.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Call, Hook, RequestPlan, Step, Timestamp};
    ///
    /// let (hook, now) = (Hook::to("https://api.example.com")?, Timestamp::default());
    /// let call = Call::new(&hook, RequestPlan::post("v1/orders").data("box"), 7, now);
    /// let waits = call.store(&hook)?;
    /// let Step::Send { attempt, .. } = call.step(&hook, now) else { panic!("it is due") };
    /// let is_sent = attempt.store(&hook)?;
    ///
    /// assert!(!Call::resume(&hook, &waits, now)?.was_interrupted());
    /// assert!(Call::resume(&hook, &is_sent, now)?.was_interrupted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn was_interrupted(&self) -> bool {
        self.0.as_ref().is_ok_and(|state| matches!(state.phase, state::Phase::Interrupted))
    }

    /// The method of the plan.
    pub(crate) fn method(&self) -> Option<&Method> {
        match &self.0 {
            Ok(state) => Some(&state.ready.method),
            Err(unsendable) => unsendable.asked.as_ref().map(|asked| &asked.method),
        }
    }

    /// Whether the server can have seen any request of it.
    pub(crate) fn seen(&self) -> Sent {
        self.0.as_ref().map_or(Sent::No, |state| state.seen)
    }

    /// Why the request may be sent again after the wait, and how long the server asked to wait.
    pub(crate) fn again(&self) -> (Option<RetryReason>, Option<Duration>) {
        self.0.as_ref().map_or((None, None), |state| (state.again, state.hint))
    }

    /// Returns the time spent waiting so far, the wait under way included.
    #[must_use]
    pub fn idle_for(&self) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |state| state.idle_for)
    }
}

impl Attempt {
    /// Whether the server can have seen any request before this one.
    pub(crate) fn seen(&self) -> Sent {
        self.0.seen
    }

    /// The method of the plan.
    pub(crate) fn method(&self) -> &Method {
        &self.0.ready.method
    }

    /// Returns the number of the attempt, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.0.attempt_number.into()
    }

    /// Returns the ordinal of the send within the call, from 1.
    #[must_use]
    pub fn sends(&self) -> u32 {
        self.0.sends.into()
    }

    /// Tells which redirects led to this request; a response that is read gets it as an extension.
    #[must_use]
    pub fn history(&self) -> Option<History> {
        self.0.hop.as_deref().and_then(Hop::history)
    }

    /// Tells why the request is sent.
    #[must_use]
    pub fn cause(&self) -> SendCause {
        self.0.cause()
    }

    /// Whether the request goes to the connection's own origin: not elsewhere by a redirect, and not to a token endpoint.
    #[must_use]
    pub fn to_own_origin(&self, hook: &Hook) -> bool {
        hook.made(&self.0.ready.in_force) && !self.0.is_fetching() && self.0.is_home(hook)
    }

    /// Whether the request may be sent again although nobody knows whether the server acted on it: its method is idempotent,
    /// it carries a key, or the call allows it, and its body can be read again. What is not has to be kept before it is sent.
    #[must_use]
    pub fn repeatable(&self) -> bool {
        self.0.is_repeatable()
    }

    /// Returns the URL of the request as it may be shown.
    #[must_use]
    pub fn shown_url<'a>(&self, hook: &Hook, uri: &'a Uri) -> ShownUrl<'a> {
        ShownUrl::new(uri, self.0.whose(hook))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(state) => debug(state, f.debug_struct("Call")),
            Err(unsendable) => f.debug_tuple("Call").field(&unsendable.fault).finish(),
        }
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(&self.0, f.debug_struct("Attempt"))
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reading = f.debug_struct("Reading");
        reading.field("limit", &self.limit).field("want", &self.want);
        debug(&self.attempt.0, reading)
    }
}

/// Without URL, headers and body: each may hold secrets.
fn debug(state: &State, mut f: fmt::DebugStruct<'_, '_>) -> fmt::Result {
    f.field("sends", &state.sends)
        .field("attempt_number", &state.attempt_number)
        .field("due", &state.due)
        .field("idle_for", &state.idle_for)
        .finish_non_exhaustive()
}
