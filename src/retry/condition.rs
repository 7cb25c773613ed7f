//! Which outcomes are worth another attempt.

use std::borrow::Cow;
use std::ops::{BitAnd, BitOr, Not, RangeInclusive};
use std::sync::Arc;

use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::Quiet;
use crate::base::json::is_pointer;
use crate::retry::custom::Custom;
use crate::retry::hint::is_used_up;
use crate::retry::names;
use crate::retry::outcome::RetryOutcome;
use crate::retry::places::{Asks, Places};
use crate::retry::status;

/// Which outcomes are worth another attempt, as data. In JSON, `type` names the variant in snake case.
///
/// Conditions combine with `|`, `&` and `!`.
///
/// # Examples
///
/// ```
/// use http::StatusCode;
/// use http_hook::retry::{Condition, RetryOutcome};
///
/// struct Busy;
///
/// impl RetryOutcome for Busy {
///     fn failed(&self) -> bool {
///         false
///     }
///
///     fn status(&self) -> Option<StatusCode> {
///         Some(StatusCode::SERVICE_UNAVAILABLE)
///     }
/// }
///
/// let condition = Condition::statuses(&[503]) & !Condition::header("x-final");
/// assert!(condition.holds(&Busy));
/// assert!(Condition::status(500..=599).holds(&Busy));
///
/// let text = r#"{"type": "status", "statuses": [429, "5xx", "520-530"]}"#;
/// let condition: Condition = serde_json::from_str(text)?;
/// assert!(condition.holds(&Busy));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Condition {
    /// Always.
    Always,
    /// Never.
    Never,
    /// There is no result, only an error.
    Error,
    /// An error of one of these kinds, as [`TransportErrorKind::name`](crate::TransportErrorKind::name) writes
    /// them; `timeout` stands for all time limits, `connection` for all that the Python library `requests` calls a
    /// `ConnectionError`: `dns`, `connect`, `tls`, `proxy`, `connect_timeout`, `interrupted`, `protocol` and `body_timeout`.
    ErrorKind {
        /// The names.
        kinds: Vec<String>,
    },
    /// A response with one of these statuses.
    Status {
        /// Numbers (`503`), classes (`"5xx"`) and ranges (`"520-530"`).
        #[serde(with = "status")]
        statuses: Vec<RangeInclusive<u16>>,
    },
    /// A response that has this header.
    Header {
        /// The name, in any case.
        name: String,
        /// The whole value; absent: any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        equals: Option<String>,
        /// A part of the value; absent: any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contains: Option<String>,
    },
    /// A response whose body holds this text.
    BodyContains {
        /// The text, compared byte by byte.
        text: String,
    },
    /// A response whose body is JSON, with this value in this place. `1` and `1.0` differ. A policy has no whole numbers of more than
    /// 64 bits here; those of a body equal nothing.
    BodyJson {
        /// The place ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)); empty: the whole.
        pointer: String,
        /// The value.
        equals: Value,
    },
    /// The check of the response says failure.
    CheckFailed,
    /// The server asks for less: a 429, or a 403 or any other 4xx or 5xx that says that
    /// [nothing remains](crate::response::hints::rate_limit) of a quota.
    RateLimited,
    /// The opposite of another condition.
    Not {
        /// The other condition.
        condition: Box<Condition>,
    },
    /// One of several; of none, never.
    Any {
        /// The conditions, asked from left to right until one holds.
        conditions: Vec<Condition>,
    },
    /// All of several; of none, always.
    All {
        /// The conditions, asked from left to right until one does not hold.
        conditions: Vec<Condition>,
    },
    /// Code. A policy with it cannot be stored.
    #[serde(skip)]
    Custom(Custom<Holds>),
}

type Holds = dyn Fn(&dyn RetryOutcome) -> bool + Send + Sync;

impl Condition {
    /// Holds for these statuses.
    #[must_use]
    pub fn statuses(statuses: &[u16]) -> Self {
        Self::Status { statuses: statuses.iter().map(|status| *status..=*status).collect() }
    }

    /// Holds for all statuses of a range: `500..=599`.
    #[must_use]
    pub fn status(range: RangeInclusive<u16>) -> Self {
        Self::Status { statuses: vec![range] }
    }

    /// Holds for errors of these kinds.
    #[must_use]
    pub fn error_kinds(kinds: &[&str]) -> Self {
        Self::ErrorKind { kinds: kinds.iter().map(ToString::to_string).collect() }
    }

    /// Holds for responses with this header.
    #[must_use]
    pub fn header(name: &str) -> Self {
        Self::Header { name: name.to_owned(), equals: None, contains: None }
    }

    /// Holds for responses whose body is JSON with this value in this place
    /// ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
    #[must_use]
    pub fn json(pointer: &str, equals: impl Into<Value>) -> Self {
        Self::BodyJson { pointer: pointer.to_owned(), equals: equals.into() }
    }

    /// Holds where the code says so.
    #[must_use]
    pub fn custom(code: impl Fn(&dyn RetryOutcome) -> bool + Send + Sync + 'static) -> Self {
        let code = Quiet::new(code);
        let holds = move |outcome: &dyn RetryOutcome| code.get().is_some_and(|code| code(outcome));
        Self::Custom(Custom::new(Arc::new(holds)))
    }

    /// Whether the outcome is worth another attempt.
    #[must_use]
    pub fn holds(&self, outcome: &dyn RetryOutcome) -> bool {
        self.holds_for(&Places::new(outcome, self))
    }

    /// The same; a body is read as JSON once for all parts.
    pub(super) fn holds_for(&self, places: &Places<'_>) -> bool {
        let outcome = places.outcome();
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Error => outcome.failed(),
            Self::ErrorKind { kinds } => {
                outcome.failed() && kinds.iter().any(|kind| outcome.is_kind(kind))
            }
            Self::Status { statuses } => outcome.status().is_some_and(|status| {
                statuses.iter().any(|range| range.contains(&status.as_u16()))
            }),
            Self::Header { name, equals, contains } => {
                header_holds(outcome, name, equals.as_deref(), contains.as_deref())
            }
            Self::BodyContains { text } => outcome.body().is_some_and(|body| contains(body, text)),
            Self::BodyJson { pointer, equals } => places.hold(pointer, equals),
            Self::CheckFailed => outcome.check_failed(),
            Self::RateLimited => {
                outcome.status() == Some(StatusCode::TOO_MANY_REQUESTS) || is_used_up(outcome)
            }
            Self::Not { condition } => !condition.holds_for(places),
            Self::Any { conditions } => conditions.iter().any(|one| one.holds_for(places)),
            Self::All { conditions } => conditions.iter().all(|one| one.holds_for(places)),
            Self::Custom(code) => code.get()(outcome),
        }
    }

    /// Tells what is wrong with this part itself: a name that nothing has holds for nothing.
    pub(crate) fn fault(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::ErrorKind { kinds } => kinds.iter().find_map(|kind| names::fault_of_kind(kind)),
            Self::Status { statuses } if !statuses.iter().all(status::is_possible) => {
                Some("status: not within 100 to 999".into())
            }
            Self::Header { name, .. } if HeaderName::from_bytes(name.as_bytes()).is_err() => {
                Some("header: a name that is not a token".into())
            }
            Self::BodyJson { pointer, .. } if !is_pointer(pointer) => Some(
                "body_json: a pointer is empty or begins with `/`, and `~` stands in `~0` or `~1`"
                    .into(),
            ),
            Self::BodyJson { equals, .. } if !is_exact(equals) => Some(
                "body_json: a whole number of more than 64 bits, which cannot be told from its neighbours: compare texts by \
                 body_contains"
                    .into(),
            ),
            _ => None,
        }
    }

    pub(crate) fn parts(&self) -> &[Self] {
        match self {
            Self::Not { condition } => std::slice::from_ref(condition),
            Self::Any { conditions } | Self::All { conditions } => conditions,
            _ => &[],
        }
    }

    /// Whether it needs the body of the response.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        matches!(self, Self::BodyContains { .. } | Self::BodyJson { .. } | Self::Custom(_))
            || self.parts().iter().any(Self::reads_body)
    }

    /// Whether it may hold for a response of 200 to 299 that passes its check; it does not where this is not so.
    pub(super) fn may_hold_for_success(&self) -> bool {
        match self {
            Self::Never
            | Self::Error
            | Self::ErrorKind { .. }
            | Self::CheckFailed
            | Self::RateLimited => false,
            Self::Status { statuses } => {
                statuses.iter().any(|range| *range.start() <= 299 && *range.end() >= 200)
            }
            Self::Any { conditions } => conditions.iter().any(Self::may_hold_for_success),
            Self::All { conditions } => conditions.iter().all(Self::may_hold_for_success),
            _ => true,
        }
    }
}

impl Asks for Condition {
    fn ask<'a>(&'a self, note: &mut dyn FnMut(&'a str, &'a Value)) {
        if let Self::BodyJson { pointer, equals } = self {
            note(pointer, equals);
        }
        self.parts().iter().for_each(|part| part.ask(note));
    }
}

/// Whether every number equals none but itself: a whole number of more than 64 bits is read as a double, which many share.
fn is_exact(value: &Value) -> bool {
    /// 2^64.
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    match value {
        Value::Number(number) => {
            let among_own = |double| double > -LIMIT / 2.0 && double < LIMIT;
            !number.is_f64() || number.as_f64().is_some_and(among_own)
        }
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn header_holds(
    outcome: &dyn RetryOutcome,
    name: &str,
    equals: Option<&str>,
    part: Option<&str>,
) -> bool {
    let Some(headers) = outcome.headers() else { return false };
    headers.get_all(name).iter().any(|value| {
        equals.is_none_or(|text| value.as_bytes() == text.as_bytes())
            && part.is_none_or(|text| contains(value.as_bytes(), text))
    })
}

/// Looks for a text in time that is in proportion to both. It cannot go across bytes that are no UTF-8.
fn contains(bytes: &[u8], text: &str) -> bool {
    text.is_empty() || bytes.utf8_chunks().any(|chunk| chunk.valid().contains(text))
}

impl BitOr for Condition {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        match self {
            Self::Any { mut conditions } => {
                conditions.push(other);
                Self::Any { conditions }
            }
            first => Self::Any { conditions: vec![first, other] },
        }
    }
}

impl BitAnd for Condition {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        match self {
            Self::All { mut conditions } => {
                conditions.push(other);
                Self::All { conditions }
            }
            first => Self::All { conditions: vec![first, other] },
        }
    }
}

impl Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not { condition: Box::new(self) }
    }
}
