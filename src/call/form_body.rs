//! The body of a stored call as data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};

use super::build::Ready;
use super::may::{not_storable, stored};
use crate::base::{Error, headers};
use crate::body::{Payload, Replay};
use crate::request::data::Typed;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external: Option<External>,
    /// The Content-Type where no layer sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct External {
    len: Option<u64>,
}

/// Writes the body.
///
/// # Errors
///
/// One that can be read once only.
pub(super) fn body_form(ready: &Ready) -> Result<Body, Error> {
    let empty = body_kind(ready)?;
    let Payload::Bytes(bytes) = &ready.payload else { return Ok(empty) };
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => Body { text: Some(text.to_owned()), ..empty },
        Err(_) => Body { base64: Some(STANDARD.encode(bytes)), ..empty },
    })
}

/// The same without the bytes, which can always be written.
pub(super) fn body_kind(ready: &Ready) -> Result<Body, Error> {
    let content_type = match ready.content_type.as_ref().map(|value| value.to_str()) {
        None => None,
        Some(Ok(text)) => Some(text.to_owned()),
        Some(Err(_)) => return Err(not_storable("the type of the body")),
    };
    let empty = Body { text: None, base64: None, external: None, content_type };
    Ok(match &ready.payload {
        Payload::Bytes(_) => empty,
        Payload::External { len, replay: Replay::Again } => {
            Body { external: Some(External { len: *len }), ..empty }
        }
        Payload::External { .. } => {
            return Err(not_storable("a payload that can be read once only"));
        }
    })
}

impl Body {
    /// Makes the body anew.
    ///
    /// # Errors
    ///
    /// What was not written like this.
    pub(super) fn restore(self) -> Result<Typed, Error> {
        let payload = match (self.text, self.base64, self.external) {
            (Some(text), None, None) => Payload::Bytes(text.into()),
            (None, Some(text), None) => {
                let bytes = STANDARD.decode(text).map_err(|_| stored("the body is not base64"))?;
                Payload::Bytes(bytes.into())
            }
            (None, None, Some(External { len })) => {
                Payload::External { len, replay: Replay::Again }
            }
            _ => return Err(stored("the body is not one")),
        };
        let content_type = self.content_type.map(|text| {
            let checked = headers::check(CONTENT_TYPE.as_str(), &text, "body");
            checked.map(|(_, content_type)| content_type)
        });
        Ok((payload, content_type.transpose()?))
    }
}
