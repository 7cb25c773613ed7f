//! Errors by the neutral names of the recorded data.

use http_hook::hook::HookError;
use http_hook::response::Reason;
use http_hook::transport::TimeoutPhase;
use http_hook::{Cause, Error, ErrorKind, Failure, TransportErrorKind as Transport};
use http_hook_airflow::{ArgumentError, Refusal};
use serde_json::Value;

use crate::recorded::answer::Exchange;
use crate::recorded::report::Verdict;

/// An error of the library, with the neutral names that it answers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The neutral names: one error of ours may stand for several of the recorded language's.
    pub kinds: Vec<&'static str>,
    /// Its texts: the message, or that of each problem.
    pub texts: Vec<String>,
    /// The message.
    pub message: String,
}

impl Fault {
    /// Makes a fault.
    #[must_use]
    pub fn new(kinds: &[&'static str], message: &str) -> Self {
        Self { kinds: kinds.to_vec(), texts: vec![message.into()], message: message.into() }
    }

    /// What one exchange comes to, were it the whole call.
    pub(crate) fn of_exchange(answer: &Exchange) -> Self {
        match answer {
            Ok(response) => {
                let text = format!("{}:{}", response.status().as_u16(), Reason::of(response));
                Self::new(&["http_status"], &text)
            }
            Err(error) => Self::new(transport(error.kind()), &error.to_string()),
        }
    }

    /// What looking up an id that no source knows ends in; looking up is the sources' matter.
    pub(crate) fn not_found() -> Self {
        Self::new(&["connection_not_found"], "The conn_id `http_default` isn't defined")
    }
}

/// Compares an error with `{"error": E}`: the kind, and the message where it is the original's own.
#[must_use]
pub fn refuses(outcome: &Value, fault: &Fault) -> Verdict {
    let got = || format!("error {}: {}", fault.kinds.join("/"), fault.message);
    let Some(error) = outcome.get("error").or(outcome.get("kind").map(|_| outcome)) else {
        return Verdict::differs(outcome.to_string(), got());
    };
    let kind = error["kind"].as_str().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default();
    let same_kind = fault.kinds.contains(&kind);
    let own = error["own_text"] == true && kind != "value_error";
    if same_kind && (!own || fault.texts.iter().any(|text| text == message)) {
        return Verdict::Passed;
    }
    Verdict::differs(format!("{kind} {message:?}"), got())
}

impl From<&Error> for Fault {
    fn from(error: &Error) -> Self {
        Self::new(neutral(error.kind()), error.message())
    }
}

impl From<ArgumentError> for Fault {
    fn from(error: ArgumentError) -> Self {
        match error.refusal() {
            Refusal::Error(error) => Self::from(error),
            Refusal::Options(_) => Self::new(OPTION, &error.to_string()),
            // The original's language says so when it runs.
            _ => Self::new(TYPE, &error.to_string()),
        }
    }
}

impl From<&HookError> for Fault {
    fn from(error: &HookError) -> Self {
        let mut fault = Self::new(&[], &error.to_string());
        for problem in error.problems() {
            let place = problem.place();
            let kinds = match place.split('.').next_back() {
                _ if place.starts_with("connection.extra") => HEADER_OR_OPTION,
                _ if place.starts_with("header") => HEADER,
                Some("login" | "password") => &["unicode_error"],
                _ => ADDRESS,
            };
            fault.kinds.extend(kinds);
            fault.texts.push(problem.message().to_owned());
        }
        if let [_, text] = fault.texts.as_slice() {
            fault.message.clone_from(text);
        }
        fault
    }
}

impl From<&Failure> for Fault {
    fn from(failure: &Failure) -> Self {
        let kinds: &[&'static str] = match failure.cause() {
            Cause::Request(error) => neutral(error.kind()),
            Cause::Refused { error, .. } => redirect(error),
            Cause::Response(_) => &["http_status"],
            Cause::Transport(error) => transport(error.kind()),
            _ => &[],
        };
        Self::new(kinds, &failure.cause().to_string())
    }
}

const ADDRESS: &[&str] =
    &["invalid_base_url", "invalid_url", "unsupported_scheme", "value_error", "unicode_error"];
const HEADER: &[&str] = &["invalid_header", "unicode_error", "type_error"];
const OPTION: &[&str] = &["invalid_timeout", "type_error", "value_error", "os_error"];
const TYPE: &[&str] =
    &["type_error", "value_error", "attribute_error", "invalid_header", "unicode_error"];
const HEADER_OR_OPTION: &[&str] = &[
    "invalid_header",
    "unicode_error",
    "attribute_error",
    "invalid_timeout",
    "invalid_url",
    "type_error",
    "value_error",
    "os_error",
];

/// The recorded names for an error of ours. What the original's language refuses (a wrong type, a text it
/// cannot encode) is one of several kinds here, by the place it is about.
fn neutral(kind: ErrorKind) -> &'static [&'static str] {
    match kind {
        ErrorKind::Connection => {
            &["value_error", "type_error", "airflow_error", "invalid_json", "attribute_error"]
        }
        ErrorKind::BaseUrl => ADDRESS,
        ErrorKind::UnsupportedScheme => &["unsupported_scheme", "invalid_base_url"],
        ErrorKind::Url => &["invalid_url", "value_error", "type_error", "unicode_error"],
        ErrorKind::Method => &["invalid_method", "unsupported_method"],
        ErrorKind::Header => HEADER,
        ErrorKind::Body => &["invalid_json", "value_error", "type_error", "unicode_error"],
        ErrorKind::Option => HEADER_OR_OPTION,
        ErrorKind::Auth => &["unicode_error", "value_error", "type_error"],
        ErrorKind::Policy => &["value_error"],
        ErrorKind::Check => &["airflow_error"],
        _ => &[],
    }
}

/// The recorded names for a redirect that is not followed.
fn redirect(error: &Error) -> &'static [&'static str] {
    if error.kind() == ErrorKind::TooManyRedirects {
        return &["too_many_redirects"];
    }
    &["unsupported_scheme", "invalid_url", "value_error"]
}

/// Whether a fault is what a transport error of this kind comes to.
pub(super) fn is_kind(fault: &Fault, kind: &str) -> bool {
    let named = TRANSPORT.into_iter().find(|own| own.name() == kind);
    named.is_some_and(|own| transport(own).first() == fault.kinds.first())
}

/// The kinds of transport errors that are recorded under some name.
const TRANSPORT: [Transport; 12] = [
    Transport::Dns,
    Transport::Connect,
    Transport::Interrupted,
    Transport::Timeout(TimeoutPhase::Connect),
    Transport::Timeout(TimeoutPhase::Head),
    Transport::Timeout(TimeoutPhase::Body),
    Transport::Timeout(TimeoutPhase::Total),
    Transport::Tls,
    Transport::Proxy,
    Transport::Body,
    Transport::Protocol,
    Transport::InvalidRequest,
];

fn transport(kind: Transport) -> &'static [&'static str] {
    match kind {
        Transport::Dns | Transport::Connect | Transport::Interrupted => &["connection"],
        Transport::Timeout(TimeoutPhase::Connect) => &["connect_timeout"],
        Transport::Timeout(_) => &["read_timeout"],
        // Files that are not there are found by whoever makes the connection.
        Transport::Tls => &["tls", "os_error"],
        Transport::Proxy => &["proxy"],
        Transport::Body => &["body_read", "content_decoding"],
        // A malformed head: a broken line ends the connection, a broken field is an invalid header.
        Transport::Protocol => &["connection", "invalid_header"],
        Transport::InvalidRequest => &["invalid_url", "invalid_header"],
        _ => &[],
    }
}
