//! What a response has to be beside its status, and what is made of one that is.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Response};
use serde::{Deserialize, Serialize};

use super::link::Link;
use crate::base::json::{compact, is_pointer, json_text, written};
use crate::base::{Error, ErrorKind, Quiet, caught};
use crate::retry::Condition;
use crate::retry::bounded::part;

/// What becomes of the body of a response that passes: Airflow's `response_filter`.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http_hook::RequestPlan;
/// use http_hook::request::Filter;
///
/// let plan = RequestPlan::get("v1/orders").response_filter(Filter::json("/items/0/id"));
/// assert!(plan.check().is_ok());
/// let length = Filter::custom(|response| Ok(Bytes::from(response.body().len().to_string())));
/// # let _ = length;
/// ```
#[derive(Clone)]
pub struct Filter(How);

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum How {
    Json {
        pointer: String,
    },
    Header {
        name: String,
    },
    #[serde(skip)]
    Custom(Code),
}

type Made = dyn Fn(&Response<Bytes>) -> Result<Bytes, Error> + Send + Sync;

#[derive(Clone)]
struct Code(Arc<Made>);

impl Filter {
    /// Takes what stands in one place of a JSON body, as JSON: a pointer by
    /// [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901), empty for the whole. Numbers stay as they are written, blanks go.
    #[must_use]
    pub fn json(pointer: impl Into<String>) -> Self {
        Self(How::Json { pointer: pointer.into() })
    }

    /// Takes the value of a header.
    #[must_use]
    pub fn header(name: impl Into<String>) -> Self {
        Self(How::Header { name: name.into() })
    }

    /// Takes what the code makes of the response. A plan with it cannot be stored.
    #[must_use]
    pub fn custom(
        code: impl Fn(&Response<Bytes>) -> Result<Bytes, Error> + Send + Sync + 'static,
    ) -> Self {
        let code = Quiet::new(code);
        Self(How::Custom(Code(Arc::new(move |response: &Response<Bytes>| match code.get() {
            Some(code) => code(response),
            None => Err(refused("there is no code")),
        }))))
    }

    /// Whether it is data alone.
    pub(crate) fn is_storable(&self) -> bool {
        !matches!(self.0, How::Custom(_))
    }

    /// Checks the name of the place: one that nothing has gives nothing, and that shows only once the request has been acted on.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let why = match &self.0 {
            How::Json { pointer } if !is_pointer(pointer) => {
                "a pointer is empty or begins with `/`, and `~` stands in `~0` or `~1`"
            }
            How::Header { name } if HeaderName::from_bytes(name.as_bytes()).is_err() => {
                "a header's name that is not a token"
            }
            _ => return Ok(()),
        };
        Err(refused(why))
    }

    /// Makes the body of what came.
    ///
    /// # Errors
    ///
    /// Kind [`Check`](ErrorKind::Check) if there is nothing to be taken, or the code failed.
    pub(crate) fn body(&self, response: &Response<Bytes>) -> Result<Bytes, Error> {
        match &self.0 {
            How::Json { pointer } => {
                let no_json = || refused("the body is no JSON");
                let text = json_text(response.body()).ok_or_else(no_json)?;
                let value = written(text, pointer).ok_or_else(|| refused("nothing is there"))?;
                Ok(Bytes::from(compact(value)))
            }
            How::Header { name } => {
                let value = response.headers().get(name);
                let value = value.ok_or_else(|| refused("there is no such header"))?;
                Ok(Bytes::copy_from_slice(value.as_bytes()))
            }
            How::Custom(Code(code)) => {
                caught(|| code(response)).unwrap_or_else(|| Err(refused("code in it panicked")))
            }
        }
    }
}

/// Tells how, and no more.
impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            How::Json { .. } => "Filter(Json)",
            How::Header { .. } => "Filter(Header)",
            How::Custom(_) => "Filter(Custom)",
        })
    }
}

impl Serialize for Filter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        How::deserialize(deserializer).map(Self)
    }
}

/// What few calls have: a check, a filter and whether it is decided by, which are stored as they are, and where an earlier response leads.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct More {
    #[serde(default, deserialize_with = "part", skip_serializing_if = "Option::is_none")]
    pub(crate) passes: Option<Condition>,
    /// Whether a response that does not pass is worth another attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) again: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<Filter>,
    /// Whether whoever began the call decides by the body of its response: a poll, code that finds the next page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) read: bool,
    /// Whether the response that passes takes along what the call has cost.
    #[serde(skip)]
    pub(crate) counted: bool,
    #[serde(skip)]
    pub(crate) link: Option<Link>,
}

impl More {
    /// Whether the response is checked, filtered, or decided by.
    pub(crate) fn reads_response(&self) -> bool {
        self.passes.is_some() || self.filter.is_some() || self.read
    }

    /// Whether it is data alone.
    pub(crate) fn is_storable(&self) -> bool {
        self.passes.as_ref().is_none_or(Condition::is_storable)
            && self.filter.as_ref().is_none_or(Filter::is_storable)
    }
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::Check, format!("response filter: {why}"))
}
