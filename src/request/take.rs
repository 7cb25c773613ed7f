//! A plan taken apart: what of it becomes parameters, and what the body.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};

use super::checks::More;
use super::data::{Data, Rare, Typed};
use super::plan::RequestPlan;
use super::text::CallText;
use crate::base::{Error, ErrorKind};
use crate::body::Payload;
use crate::options::Options;
use crate::retry::RetryPolicy;

/// What a plan had beside its texts.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) body: Typed,
    pub(crate) options: Option<Box<Options>>,
    pub(crate) policy: Option<Arc<RetryPolicy>>,
    pub(crate) retries: Option<u32>,
    pub(crate) more: Option<Box<More>>,
    #[cfg(feature = "cookies")]
    pub(crate) has_cookies: bool,
}

impl RequestPlan {
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn deadline_given(&self) -> Option<Duration> {
        self.rare.as_ref().and_then(|rare| rare.deadline)
    }

    pub(super) fn error(&self) -> Option<&Error> {
        self.rare.as_ref().and_then(|rare| rare.error.as_deref())
    }
}

impl Rare {
    /// Takes it apart. Parts data and JSON into parameters and body, by the method, the latter with its usual Content-Type.
    /// `seed` decides the boundary of a multipart body.
    ///
    /// # Errors
    ///
    /// What cannot be sent, that which was found while planning before all else.
    pub(crate) fn take(
        mut self,
        method: &Method,
        text: &mut CallText,
        seed: u64,
    ) -> Result<Taken, Box<Error>> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let (options, policy, retries) = (self.options.take(), self.policy.take(), self.retries);
        let more = self.more.take();
        if let Some(passes) = more.as_ref().and_then(|more| more.passes.as_ref()) {
            passes.validate("response check")?;
        }
        if let Some(filter) = more.as_ref().and_then(|more| more.filter.as_ref()) {
            filter.validate()?;
        }
        #[cfg(feature = "cookies")]
        let has_cookies = self.cookies.is_some();
        Ok(Taken {
            body: self.body(method, text, seed)?,
            options,
            policy,
            retries,
            more,
            #[cfg(feature = "cookies")]
            has_cookies,
        })
    }

    fn body(self, method: &Method, text: &mut CallText, seed: u64) -> Result<Typed, Error> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

        let Self { mut data, json, multipart, made, .. } = self;
        if let Some(made) = made {
            return Ok(made);
        }
        if *method == Method::HEAD {
            data = Data::None;
        } else if *method == Method::GET {
            to_params(std::mem::take(&mut data), text)?;
        }
        if let Some(multipart) = multipart {
            if !data.is_empty() {
                let message = "a multipart body takes its fields itself, not as data beside it";
                return Err(Error::new(ErrorKind::Body, message));
            }
            let body = multipart.write(seed)?;
            return match body.payload() {
                bytes @ Payload::Bytes(_) => Ok((bytes, Some(body.content_type().clone()))),
                Payload::External { .. } => {
                    let message =
                        "a multipart body with sources is written before: see `multipart_body`";
                    Err(Error::new(ErrorKind::Body, message))
                }
            };
        }
        if data.is_empty() {
            return Ok(match json {
                Some(json) => (json.into(), Some(JSON)),
                None => (Payload::EMPTY, None),
            });
        }
        Ok(match data {
            Data::None => (Payload::EMPTY, None),
            Data::Text(text) => (Bytes::from(text).into(), None),
            Data::Bytes(bytes) => (bytes.into(), None),
            Data::Form(text) => (Bytes::from(text).into(), Some(FORM)),
            Data::Typed(bytes, content_type) => (bytes.into(), Some(*content_type)),
            Data::External { len, replay } => (Payload::External { len, replay }, None),
        })
    }
}

fn to_params(data: Data, params: &mut CallText) -> Result<(), Error> {
    let text = match data {
        Data::None => return Ok(()),
        Data::Text(text) | Data::Form(text) => text,
        Data::Bytes(bytes) | Data::Typed(bytes, _) if bytes.is_ascii() => {
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Data::Bytes(_) | Data::Typed(..) => {
            return Err(Error::new(ErrorKind::Url, "parameters given as bytes must be ASCII"));
        }
        Data::External { .. } => {
            return Err(Error::new(ErrorKind::Body, "the data of a GET are parameters"));
        }
    };
    if params.has_params() {
        let message = "a GET takes its parameters as data or as params, not both";
        return Err(Error::new(ErrorKind::Url, message));
    }
    params.params_text(&text)
}
