//! The end of a call as data.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::failure::{Cause, Failure};
use super::reason::Reason;
use super::stop_reason::StopReason;
use crate::base::json::at_most;
use crate::base::{Error, ErrorKind, Sent, TransportError, TransportErrorKind, size};

/// The end of a call as data: the response, or why there is none that passes. It is bounded, and has one JSON form.
///
/// Headers and body of a response are what a server sent, and may be secret; nothing else is in it that is not shown anyway.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http_hook::response::Outcome;
///
/// let response = http::Response::builder().status(201).header("etag", "a").body(Bytes::from("done"))?;
/// let outcome = Outcome::of(&Ok(response), 1024);
/// assert!(outcome.passed() && outcome.status() == Some(201));
///
/// let text = serde_json::to_string(&outcome)?;
/// let again: Outcome = serde_json::from_str(&text)?;
/// assert_eq!(again, outcome);
/// assert_eq!(again.response()?.map(|response| response.into_body()), Some(Bytes::from("done")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<Kept>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Why>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    status: u16,
    reason: String,
    #[serde(deserialize_with = "at_most::<MAX_HEADERS, _, _>")]
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// The length of the whole body, if it was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cut_from: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    reason: String,
    /// What the failure prints.
    message: String,
    /// What came last: `request`, `transport`, `response` or `refused`.
    cause: String,
    /// What its error prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether the server can have seen any request.
    sent: String,
    sends: u32,
    attempts: u32,
    idle_for: Duration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<Duration>,
}

/// The longest texts of all headers together, in bytes.
const MAX_HEADERS: usize = 64 << 10;

impl Outcome {
    /// Notes how a call ended, with at most `max_body` bytes of its body.
    #[must_use]
    pub fn of(result: &Result<Response<Bytes>, Failure>, max_body: usize) -> Self {
        match result {
            // What the server calls it may repeat what nobody is to read; of a failure that is hidden.
            Ok(response) => {
                let reason = response.status().canonical_reason().unwrap_or_default().to_owned();
                let kept = Kept { reason, ..Kept::of(response, max_body) };
                Self { response: Some(kept), failure: None }
            }
            Err(failure) => Self {
                response: failure.response().map(|response| Kept::of(response, max_body)),
                failure: Some(Why::of(failure)),
            },
        }
    }

    /// Whether the call ended with a response that passes.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.failure.is_none()
    }

    /// Returns the status of the last response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().map(|kept| kept.status)
    }

    /// Tells why the call was given up.
    #[must_use]
    pub fn stop_reason(&self) -> Option<StopReason> {
        StopReason::from_name(&self.failure.as_ref()?.reason)
    }

    /// Returns what the failure prints.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.failure.as_ref().map(|why| why.message.as_str())
    }

    /// Whether the server can have acted on a request of the call, the last or an earlier one: `No` says that nothing was sent.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match self.failure.as_ref().map(|why| why.sent.as_str()) {
            Some("no") => Sent::No,
            Some("maybe") => Sent::Maybe,
            _ => Sent::Yes,
        }
    }

    /// Returns the last response, its body as far as it was kept; with its [`Reason`], the usual one of its status
    /// if it passed.
    ///
    /// # Errors
    ///
    /// Kind [`Stored`](ErrorKind::Stored) if what was read back is no response.
    pub fn response(&self) -> Result<Option<Response<Bytes>>, Error> {
        self.response.as_ref().map(Kept::response).transpose()
    }

    /// Makes the end of the call of it again. A failure has lost the URL, and what was behind its error.
    ///
    /// # Errors
    ///
    /// As [`response`](Self::response).
    pub fn result(&self) -> Result<Result<Response<Bytes>, Failure>, Error> {
        let response = self.response()?;
        let Some(why) = &self.failure else { return Ok(Ok(response.ok_or_else(broken)?)) };
        let reason = StopReason::from_name(&why.reason).ok_or_else(broken)?;
        let error = || {
            let kind = ErrorKind::from_name(why.error.as_deref()?)?;
            Some(Error::new(kind, why.text.clone()?))
        };
        let cause = match (why.cause.as_str(), response) {
            ("response", Some(response)) => Cause::Response(response),
            ("refused", Some(response)) => {
                let error = error().ok_or_else(broken)?;
                Cause::Refused { error, response: Box::new(response) }
            }
            ("request", None) => Cause::Request(error().ok_or_else(broken)?),
            ("transport", None) => {
                let kind = why.error.as_deref().and_then(TransportErrorKind::from_name);
                Cause::Transport(TransportError::new(kind.ok_or_else(broken)?, self.sent()))
            }
            _ => return Err(broken()),
        };
        let failure = Failure::new(reason, cause);
        let failure = failure.with_counts(why.sends, why.attempts, why.idle_for);
        Ok(Err(failure.with_hint(why.hint).with_seen(self.sent())))
    }

    /// Whether a part of the body was not kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.response.as_ref().is_some_and(|kept| kept.cut_from.is_some())
    }
}

impl Kept {
    fn of(response: &Response<Bytes>, max_body: usize) -> Self {
        let whole = response.body();
        let body = whole.get(..max_body).unwrap_or(whole);
        let (text, base64) = match std::str::from_utf8(body) {
            Ok(text) => (Some(text.to_owned()), None),
            Err(_) => (None, Some(STANDARD.encode(body))),
        };
        let mut left = MAX_HEADERS;
        let mut headers = Vec::new();
        for (name, value) in response.headers() {
            let size = name.as_str().len().saturating_add(value.len());
            let Some(rest) = left.checked_sub(size) else { break };
            left = rest;
            // Latin-1, as header fields are read.
            let value = value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
            headers.push((name.as_str().to_owned(), value));
        }
        Self {
            status: response.status().as_u16(),
            reason: Reason::of(response).to_string(),
            headers,
            text,
            base64,
            cut_from: (body.len() < whole.len()).then(|| size(whole.len())),
        }
    }

    fn response(&self) -> Result<Response<Bytes>, Error> {
        let body = match (&self.text, &self.base64) {
            (Some(text), None) => Bytes::copy_from_slice(text.as_bytes()),
            (None, Some(text)) => STANDARD.decode(text).map_err(|_| broken())?.into(),
            _ => return Err(broken()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).map_err(|_| broken())?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| broken())?;
            let bytes: Result<Vec<u8>, _> = value.chars().map(u8::try_from).collect();
            let value = HeaderValue::from_bytes(&bytes.map_err(|_| broken())?);
            headers.try_append(name, value.map_err(|_| broken())?).map_err(|_| broken())?;
        }
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// A response as its status: its headers and its body may hold secrets.
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Cause {
    /// Whether the server can have seen the request that this came of.
    pub(super) fn sent(&self) -> Sent {
        match self {
            Self::Request(_) => Sent::No,
            Self::Transport(error) => error.sent(),
            Self::Response(_) | Self::Refused { .. } => Sent::Yes,
        }
    }
}

impl Why {
    fn of(failure: &Failure) -> Self {
        let (cause, error) = match failure.cause() {
            Cause::Request(error) => ("request", Some(error.kind().name())),
            Cause::Transport(error) => ("transport", Some(error.kind().name())),
            Cause::Refused { error, .. } => ("refused", Some(error.kind().name())),
            Cause::Response(_) => ("response", None),
        };
        Self {
            reason: failure.reason().name().to_owned(),
            message: failure.to_string(),
            cause: cause.to_owned(),
            text: error.map(|_| failure.cause().to_string()),
            error: error.map(str::to_owned),
            sent: failure.sent().name().to_owned(),
            sends: failure.sends(),
            attempts: failure.attempts(),
            idle_for: failure.idle_for(),
            hint: failure.hint(),
        }
    }
}

fn broken() -> Error {
    Error::new(ErrorKind::Stored, "the stored outcome holds no response")
}
