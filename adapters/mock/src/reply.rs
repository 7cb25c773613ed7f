//! One line of a script: which request it is for, and what comes of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_hook::response::Reason;
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportErrorKind};

use crate::{Received, code};

/// What the server does with one request.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::{Sent, TransportErrorKind};
/// use http_hook_mock::Reply;
///
/// let script = [
///     Reply::busy(2).times(3),
///     Reply::interrupted().takes(Duration::from_secs(1)),
///     Reply::error(TransportErrorKind::Tls, Sent::No),
///     Reply::hang(),
///     Reply::json(200, r#"{"id": 7}"#).on("GET", "/v1/orders"),
/// ];
/// assert_eq!(format!("{:?}", script[0]), "503, 3 times");
/// assert_eq!(format!("{:#?}", script[0]), r#"Reply::status(503).header("retry-after", "2").times(3)"#);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Reply {
    pub(crate) outcome: Outcome,
    pub(crate) after: Duration,
    pub(crate) left: u32,
    pub(crate) expected: Option<(String, String)>,
    pub(crate) condition: Option<Condition>,
}

pub(crate) type Condition = Arc<dyn Fn(&Received) -> bool + Send + Sync>;

#[derive(Clone)]
pub(crate) enum Outcome {
    Answer(Answer),
    Error(TransportErrorKind, Sent),
    Hang,
}

#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) reason: Option<Reason>,
    pub(crate) headers: HeaderMap,
    pub(crate) pieces: Vec<Bytes>,
    pub(crate) breaks_off: bool,
}

/// How often a reply made by [`Reply::always`] is given.
pub(crate) const ALWAYS: u32 = u32::MAX;

impl Reply {
    /// Answers with a status and nothing else.
    ///
    /// # Panics
    ///
    /// If `status` is not from 100 to 999.
    #[track_caller]
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).expect("a status is a number from 100 to 999");
        Self::from(Outcome::Answer(Answer {
            status,
            reason: None,
            headers: HeaderMap::new(),
            pieces: Vec::new(),
            breaks_off: false,
        }))
    }

    /// Answers with a status and JSON text.
    ///
    /// # Panics
    ///
    /// If `status` is not from 100 to 999.
    #[track_caller]
    pub fn json(status: u16, text: impl Into<Bytes>) -> Self {
        Self::status(status).header("content-type", "application/json").body(text)
    }

    /// Gives no answer but this error.
    pub fn error(kind: TransportErrorKind, sent: Sent) -> Self {
        Self::from(Outcome::Error(kind, sent))
    }

    /// Is too busy for now: 503, with a `Retry-After` of so many seconds.
    pub fn busy(seconds: u32) -> Self {
        Self::status(503).header("retry-after", &seconds.to_string())
    }

    /// Leads elsewhere: a status, usually 301, 302, 303, 307 or 308, with a `Location`.
    ///
    /// # Panics
    ///
    /// If `status` is not from 100 to 999, or if `location` holds control characters.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_mock::{Reply, blocking::connect};
    ///
    /// let script = [Reply::redirect(307, "/v2"), Reply::status(200).on("GET", "/v2")];
    /// let api = connect("https://api.example.test", script)?;
    /// assert_eq!(api.get("v1").send()?.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    /// Breaks off before the head of the response has come: the server may have acted.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_mock::{Reply, blocking::connect};
    ///
    /// let script = || [Reply::interrupted(), Reply::status(200).always()];
    /// let api = connect("https://api.example.test", script())?;
    /// assert!(api.get("v1/orders").retries(1).send().is_ok());
    /// let api = connect("https://api.example.test", script())?;
    /// assert!(api.post("v1/orders").retries(1).send().is_err(), "it may have been ordered");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn interrupted() -> Self {
        Self::error(TransportErrorKind::Interrupted, Sent::Maybe)
    }

    /// Makes no connection: nothing was sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_mock::{Reply, blocking::connect};
    ///
    /// let script = [Reply::refused(), Reply::status(201)];
    /// let api = connect("https://api.example.test", script)?;
    /// assert_eq!(api.post("v1/orders").retries(1).send()?.status(), 201);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refused() -> Self {
        Self::error(TransportErrorKind::Connect, Sent::No)
    }

    /// Finds no address for the name of the host: nothing was sent.
    pub fn unresolved() -> Self {
        Self::error(TransportErrorKind::Dns, Sent::No)
    }

    /// Fails the TLS handshake: nothing was sent.
    pub fn untrusted() -> Self {
        Self::error(TransportErrorKind::Tls, Sent::No)
    }

    /// Is no HTTP: the server may have acted.
    pub fn garbled() -> Self {
        Self::error(TransportErrorKind::Protocol, Sent::Maybe)
    }

    /// Lets a time limit pass, whatever the limits of the request are: nothing was sent if it was that for a connection, else the
    /// server may have acted. It [takes](Reply::takes) no time unless told to; see [`hang`](Reply::hang) for a limit of the request.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook_mock::transport::TimeoutPhase;
    /// use http_hook_mock::{Reply, blocking::connect};
    ///
    /// let api = connect("https://api.example.test", [Reply::timeout(TimeoutPhase::Head)])?;
    /// assert!(api.get("v1/orders").send().unwrap_err().is_timeout());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn timeout(phase: TimeoutPhase) -> Self {
        let sent = if phase == TimeoutPhase::Connect { Sent::No } else { Sent::Maybe };
        Self::error(TransportErrorKind::Timeout(phase), sent)
    }

    /// Gives no answer at all.
    ///
    /// If the request has a time limit, that much time passes and the limit is the error. Without one an async send
    /// stays pending for ever, and a blocking send is an error of kind
    /// [`Bug`](TransportErrorKind::Bug) rather than a test that never ends.
    pub fn hang() -> Self {
        Self::from(Outcome::Hang)
    }

    /// Adds a header to the answer; the same name again adds a second one.
    ///
    /// # Panics
    ///
    /// If the name or value is not legal, or if this is no answer.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header's name is a token");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("no control characters");
        self.answer().headers.append(name, value);
        self
    }

    /// Sets the body of the answer.
    ///
    /// # Panics
    ///
    /// If this is no answer.
    #[track_caller]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.pieces([body.into()])
    }

    /// Sets the body of the answer, as pieces that arrive one by one.
    ///
    /// # Panics
    ///
    /// If this is no answer.
    #[track_caller]
    pub fn pieces(mut self, pieces: impl IntoIterator<Item = Bytes>) -> Self {
        self.answer().pieces = pieces.into_iter().collect();
        self
    }

    /// Has the body break off after all that was given of it, as a connection does that is reset.
    ///
    /// # Panics
    ///
    /// If this is no answer.
    #[track_caller]
    pub fn breaks_off(mut self) -> Self {
        self.answer().breaks_off = true;
        self
    }

    /// Sets the reason phrase on the status line.
    ///
    /// # Panics
    ///
    /// If this is no answer.
    #[track_caller]
    pub fn reason(mut self, reason: &str) -> Self {
        self.answer().reason = Some(Reason::new(reason));
        self
    }

    /// Lets this much time pass before the head of the answer, or the error, arrives.
    ///
    /// A time limit of the request that is shorter wins, as it does in a real client.
    pub fn takes(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }

    /// Gives this reply `count` times.
    pub fn times(mut self, count: u32) -> Self {
        self.left = count;
        self
    }

    /// Gives this reply to every request from here on; it counts as done even if none comes.
    pub fn always(self) -> Self {
        self.times(ALWAYS)
    }

    /// Expects this method and path (with a query only if `path` has one).
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.expected = Some((method.into(), path.into()));
        self
    }

    /// Expects a request for which `condition` holds.
    pub fn when(mut self, condition: impl Fn(&Received) -> bool + Send + Sync + 'static) -> Self {
        self.condition = Some(Arc::new(condition));
        self
    }

    pub(crate) fn fits(&self, received: &Received) -> bool {
        self.expected.as_ref().is_none_or(|(method, path)| received.is(method, path))
            && self.condition.as_ref().is_none_or(|condition| condition(received))
    }

    pub(crate) fn spend(&mut self) -> Outcome {
        if self.left != ALWAYS {
            self.left = self.left.saturating_sub(1);
        }
        self.outcome.clone()
    }

    pub(crate) fn is_owed(&self) -> bool {
        self.left != 0 && self.left != ALWAYS
    }

    #[track_caller]
    fn answer(&mut self) -> &mut Answer {
        match &mut self.outcome {
            Outcome::Answer(answer) => answer,
            _ => panic!("an error and a hang have no headers and no body"),
        }
    }
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, after: Duration::ZERO, left: 1, expected: None, condition: None }
    }
}

/// In the words of a script: `503 for GET /v1/orders, 3 times`. With `{:#?}` everything, in those of a program, to be pasted into a test.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return code::write(self, f);
        }
        match &self.outcome {
            Outcome::Answer(answer) => write!(f, "{}", answer.status.as_u16())?,
            Outcome::Error(kind, _) => write!(f, "error {}", kind.name())?,
            Outcome::Hang => f.write_str("hang")?,
        }
        if let Some((method, path)) = &self.expected {
            let path = path.split('?').next().unwrap_or_default();
            write!(f, " for {method} {path}")?;
        }
        if self.condition.is_some() {
            f.write_str(" on a condition")?;
        }
        match self.left {
            1 => Ok(()),
            ALWAYS => f.write_str(", always"),
            left => write!(f, ", {left} times"),
        }
    }
}
