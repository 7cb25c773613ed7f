//! Problem details: what an API says went wrong ([RFC 9457]).
//!
//! [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use crate::base::json::unmarked;

/// The largest body that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// What an API says went wrong. The texts are the server's: print them with care.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProblemDetails {
    /// A URL that names the kind of problem, `about:blank` where none is given.
    pub kind: String,
    /// The kind of problem, for people.
    pub title: Option<String>,
    /// The status, as the body has it.
    pub status: Option<u16>,
    /// This one problem, for people.
    pub detail: Option<String>,
    /// A URL that names this one problem.
    pub instance: Option<String>,
    /// All other members.
    pub extensions: Map<String, Value>,
}

impl ProblemDetails {
    /// Reads the body of a response of type `application/problem+json`; `None` if it is none.
    ///
    /// A member of the wrong kind counts as missing, as the standard wants it. A body of more than 64 KiB is not read.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::response::ProblemDetails;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("content-type", "application/problem+json".parse()?);
    /// let problem = ProblemDetails::read(&headers, br#"{"title": "out of credit", "status": 403, "balance": 30}"#);
    /// let problem = problem.expect("a problem");
    /// assert_eq!((problem.title.as_deref(), problem.status), (Some("out of credit"), Some(403)));
    /// assert_eq!(problem.extensions["balance"], 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let line = headers.get(CONTENT_TYPE)?.as_bytes();
        let kind = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if !kind.eq_ignore_ascii_case(b"application/problem+json") || body.len() > MAX_BYTES {
            return None;
        }
        let Ok(Value::Object(mut members)) = serde_json::from_slice(unmarked(body)) else {
            return None;
        };
        let mut text = |name: &str| match members.shift_remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        Some(Self {
            kind: text("type").unwrap_or_else(|| "about:blank".to_owned()),
            title: text("title"),
            detail: text("detail"),
            instance: text("instance"),
            status: members
                .shift_remove("status")
                .and_then(|status| u16::try_from(status.as_u64()?).ok()),
            extensions: members,
        })
    }
}
