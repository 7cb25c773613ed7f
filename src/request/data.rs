//! What a call carries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;

use super::checks::More;
use crate::base::Error;
#[cfg(feature = "cookies")]
use crate::base::Secret;
use crate::base::url::form;
use crate::body::multipart::Multipart;
use crate::body::{Payload, Replay};
use crate::options::Options;
use crate::retry::RetryPolicy;

/// What a call carries: the seed's `data` argument.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Data {
    /// Nothing.
    #[default]
    None,
    /// Text: raw parameters of a GET, else a UTF-8 body without a Content-Type.
    Text(String),
    /// Bytes: a body without a Content-Type. A GET takes ASCII only, as raw parameters.
    Bytes(Bytes),
    /// Bytes, and the Content-Type that they have where no layer sets one.
    Typed(Bytes, Box<HeaderValue>),
    /// Encoded pairs: parameters of a GET, else a form body.
    Form(String),
    /// A source that the driver holds.
    External {
        /// The length in bytes, if known.
        len: Option<u64>,
        /// Whether it can be read more than once.
        replay: Replay,
    },
}

impl Data {
    /// Encodes pairs as a form: `a=1&b=two+words`.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut encoded = String::new();
        for (name, value) in pairs {
            form::encode_into(&mut encoded, name.as_ref(), value.as_ref());
        }
        Self::Form(encoded)
    }

    /// Whether it counts as absent, so that `json` is looked at: as an empty value does in the original.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::Text(text) | Self::Form(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            // Whoever gives it a type means it.
            Self::Typed(..) | Self::External { .. } => false,
        }
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for Data {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

/// Tells the kind only: data may hold secrets.
impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Typed(bytes, _) => write!(f, "Typed({} bytes)", bytes.len()),
            Self::Form(text) => write!(f, "Form({} bytes)", text.len()),
            Self::External { len, replay } => write!(f, "External({len:?}, {replay:?})"),
        }
    }
}

/// A body, and the Content-Type that it usually has.
pub(crate) type Typed = (Payload, Option<HeaderValue>);

/// What not every plan has.
#[derive(Clone, Default)]
pub(crate) struct Rare {
    pub(super) data: Data,
    pub(super) json: Option<Bytes>,
    pub(super) multipart: Option<Multipart>,
    /// The body of a plan that was taken apart before.
    pub(crate) made: Option<Typed>,
    pub(crate) options: Option<Box<Options>>,
    pub(crate) policy: Option<Arc<RetryPolicy>>,
    pub(crate) more: Option<Box<More>>,
    pub(super) retries: Option<u32>,
    pub(crate) deadline: Option<Duration>,
    #[cfg(feature = "cookies")]
    pub(crate) cookies: Option<Vec<(String, Secret)>>,
    pub(super) error: Option<Box<Error>>,
}
