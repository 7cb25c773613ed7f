//! The stored form of a call: plain data that another machine takes up later.
//!
//! It names the connection and its origin and holds no credential: the connection is looked up again. What a
//! reader gets is checked as hostile input. A digest over all fields finds accidents; it is no protection against
//! somebody who may write the store, who could as well store another call.
//!
//! ```text
//! Call ──store──▶ "waiting"      ──resume──▶ Call: the wait that is left, then the next attempt
//! Attempt ─store─▶ "interrupted" ──resume──▶ Call: the outcome is unknown, the policy decides
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

use crate::call::{Attempt, Call, MAX_SENDS, SendCause, State, WaitReason};
use crate::connection::is_secret;
use crate::error::{Error, ErrorKind};
use crate::hook::Hook;
use crate::request::auth::flow::AuthFlow;
use crate::request::build::Ready;
use crate::request::plan::Resend;
use crate::request::{Options, Payload, Replay, Setting, headers};
use crate::retry::RetryPolicy;
use crate::time::Timestamp;

/// The version written. Readers take this one and, once there are later ones, at least two before it.
const VERSION: u32 = 1;

/// The longest text that is read, in bytes.
pub const MAX_STORED: usize = 16 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    state: Phase,
    connection: Option<String>,
    origin: String,
    method: String,
    target: String,
    headers: Vec<(String, Option<String>)>,
    body: Body,
    options: Option<Box<Options>>,
    policy: Option<RetryPolicy>,
    resend: Resend,
    /// Sixteen hexadecimal digits: JSON numbers are not whole beyond 2^53 everywhere.
    seed: String,
    started: Timestamp,
    written: Timestamp,
    due: Timestamp,
    deadline: Option<Timestamp>,
    waits_for: WaitReason,
    sends: u32,
    attempt_number: u32,
    previous_wait: Duration,
    idle_for: Duration,
    paid: u32,
    digest: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Waiting,
    Interrupted,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Body {
    Text(String),
    Base64(String),
    External { len: Option<u64> },
}

impl Call {
    /// Writes the call as JSON, to be [resumed](Call::resume) later or elsewhere.
    ///
    /// # Errors
    ///
    /// Kind [`NotStorable`](ErrorKind::NotStorable), naming the part that cannot be stored: a secret header or
    /// parameter of the call, a closure in its policy, a source that can be read once only, proxies of the call.
    pub fn store(&self, hook: &Hook) -> Result<String, Error> {
        // What waits for a token behind a redirect has sent the planned request.
        let under_way = self.0.interrupted || self.0.hop.is_some();
        let phase = if under_way { Phase::Interrupted } else { Phase::Waiting };
        store(&self.0, hook, phase)
    }

    /// Takes a stored call up, at `now`.
    ///
    /// The connection may have another password by now; its id and its origin must be the same. An attempt that
    /// was stored under way counts as broken off, and may have acted. A wait is never longer than the one stored,
    /// wherever the clock stands.
    ///
    /// # Errors
    ///
    /// Kind [`Stored`](ErrorKind::Stored) if the text is not a stored call of this connection.
    pub fn resume(hook: &Hook, text: &str, now: Timestamp) -> Result<Self, Error> {
        if text.len() > MAX_STORED {
            return Err(stored("the stored call is too long"));
        }
        let mut form: Form = serde_json::from_str(text)
            .map_err(|error| Error::new(ErrorKind::Stored, position(&error)))?;
        if form.version != VERSION {
            return Err(stored("the stored call is of another version"));
        }
        let digest = std::mem::take(&mut form.digest);
        if digest != digest_of(&form)? {
            return Err(stored("the stored call was changed"));
        }
        if form.connection.as_deref() != hook.id().map(crate::ConnectionId::as_str) {
            return Err(stored("the stored call belongs to another connection"));
        }
        if form.origin != hook.origin().to_string() {
            return Err(stored("the connection has another origin than when the call was stored"));
        }
        let begun = form.attempt_number > 0 || form.state == Phase::Waiting;
        if !begun || form.sends > MAX_SENDS || form.attempt_number > form.sends {
            return Err(stored("the counts of the stored call cannot be"));
        }
        form.restore(hook, now).map(|state| Self(Box::new(state)))
    }
}

impl Attempt {
    /// Writes the attempt as JSON, to be kept *before* its request is sent: whoever [resumes](Call::resume) it
    /// takes the request for broken off.
    ///
    /// # Errors
    ///
    /// As [`Call::store`].
    pub fn store(&self, hook: &Hook) -> Result<String, Error> {
        store(self.state(), hook, Phase::Interrupted)
    }
}

fn store(state: &State, hook: &Hook, phase: Phase) -> Result<String, Error> {
    let Some(ready) = &state.ready else {
        return Err(not_storable("the plan, which cannot be sent"));
    };
    #[cfg(feature = "cookies")]
    if ready.has_cookies {
        return Err(not_storable("the cookies of the call"));
    }
    if ready.auth.is_some() {
        return Err(not_storable("the authentication of the call"));
    }
    if let Some(query) = ready.target.query() {
        check_query(query)?;
    }
    let mut form = Form {
        version: VERSION,
        state: phase,
        connection: hook.id().map(|id| id.as_str().to_owned()),
        origin: hook.origin().to_string(),
        method: ready.method.as_str().to_owned(),
        target: ready.target.as_str().to_owned(),
        headers: ready.headers.iter().map(header_form).collect::<Result<_, _>>()?,
        body: body_form(&ready.payload)?,
        options: ready.options.clone(),
        policy: ready.policy.as_deref().cloned(),
        resend: ready.resend,
        seed: format!("{:016x}", state.seed),
        started: state.started,
        written: state.latest,
        due: state.due,
        deadline: state.deadline,
        waits_for: state.waits_for,
        sends: state.sends,
        attempt_number: state.attempt_number,
        previous_wait: state.previous_wait,
        idle_for: state.idle_for,
        paid: state.paid,
        digest: String::new(),
    };
    if form.options.as_ref().is_some_and(|options| options.proxies != Setting::Inherit) {
        return Err(not_storable("the option proxies of the call"));
    }
    form.digest = digest_of(&form)?;
    serde_json::to_string(&form).map_err(|_| not_storable("the policy of the call"))
}

impl Form {
    fn restore(self, hook: &Hook, now: Timestamp) -> Result<State, Error> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| stored("the method is not one"))?;
        let target = PathAndQuery::from_maybe_shared(Bytes::from(self.target))
            .map_err(|_| stored("the target is not one"))?;
        if !target.as_str().starts_with('/') {
            return Err(stored("the target is not a path"));
        }
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| restore_header(name, value.as_deref()))
            .collect::<Result<_, _>>()?;
        let seed =
            u64::from_str_radix(&self.seed, 16).map_err(|_| stored("the seed is not one"))?;
        let in_force = hook.in_force(self.options.as_deref())?;
        // A clock that went back: no time has passed since.
        let written = self.written;
        let moved = |at: Timestamp| {
            if now >= written {
                at
            } else if at >= written {
                now.after(at.since(written))
            } else {
                now.before(written.since(at))
            }
        };
        Ok(State {
            ready: Some(Ready {
                method,
                target,
                headers,
                payload: restore_body(self.body)?,
                in_force,
                options: self.options,
                policy: self.policy.map(Arc::new),
                resend: self.resend,
                auth: None,
                #[cfg(feature = "cookies")]
                has_cookies: false,
            }),
            fault: None,
            seed,
            started: moved(self.started),
            latest: moved(written),
            due: moved(self.due),
            deadline: self.deadline.map(moved),
            waits_for: self.waits_for,
            sends: self.sends,
            attempt_number: self.attempt_number,
            previous_wait: self.previous_wait,
            idle_for: self.idle_for,
            interrupted: self.state == Phase::Interrupted,
            next: if self.sends == 0 { SendCause::First } else { SendCause::Retry },
            begun: false,
            auth: AuthFlow::default(),
            hop: None,
            #[cfg(feature = "cookies")]
            cookies: hook.cookies(),
            paid: self.paid,
            lease: None,
        })
    }
}

fn header_form(
    (name, value): &(HeaderName, Option<HeaderValue>),
) -> Result<(String, Option<String>), Error> {
    let Some(value) = value else { return Ok((name.to_string(), None)) };
    let text = value.to_str().ok().filter(|_| !value.is_sensitive() && !is_secret(name.as_str()));
    match text {
        Some(text) => Ok((name.to_string(), Some(text.to_owned()))),
        None => Err(not_storable(&format!("header {name}"))),
    }
}

fn restore_header(
    name: &str,
    value: Option<&str>,
) -> Result<(HeaderName, Option<HeaderValue>), Error> {
    let (name, checked) = headers::check(name, value.unwrap_or_default(), "header")?;
    Ok((name, value.map(|_| checked)))
}

fn body_form(payload: &Payload) -> Result<Body, Error> {
    match payload {
        Payload::Bytes(bytes) => Ok(match std::str::from_utf8(bytes) {
            Ok(text) => Body::Text(text.to_owned()),
            Err(_) => Body::Base64(STANDARD.encode(bytes)),
        }),
        Payload::External { len, replay: Replay::Again } => Ok(Body::External { len: *len }),
        Payload::External { .. } => Err(not_storable("a payload that can be read once only")),
    }
}

fn restore_body(body: Body) -> Result<Payload, Error> {
    Ok(match body {
        Body::Text(text) => Payload::Bytes(text.into()),
        Body::Base64(text) => {
            let bytes = STANDARD.decode(text).map_err(|_| stored("the body is not base64"))?;
            Payload::Bytes(bytes.into())
        }
        Body::External { len } => Payload::External { len, replay: Replay::Again },
    })
}

fn check_query(query: &str) -> Result<(), Error> {
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if is_secret(&name) {
            return Err(not_storable(&format!("parameter {}", name.escape_default())));
        }
    }
    Ok(())
}

/// A digest of all fields but itself: FNV-1a over the form as this version writes it.
fn digest_of(form: &Form) -> Result<String, Error> {
    let bytes = serde_json::to_vec(form).map_err(|_| not_storable("the policy of the call"))?;
    let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
        (digest ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    Ok(format!("{digest:016x}"))
}

fn position(error: &serde_json::Error) -> String {
    format!("the stored call cannot be read at line {} column {}", error.line(), error.column())
}

fn stored(message: &'static str) -> Error {
    Error::new(ErrorKind::Stored, message)
}

fn not_storable(what: &str) -> Error {
    Error::new(ErrorKind::NotStorable, format!("not storable: {what}"))
}
