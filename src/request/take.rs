//! A plan taken apart: what of it becomes parameters, and what the body.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};

use super::data::{Data, Rare, Typed};
use super::plan::RequestPlan;
use crate::base::{Error, ErrorKind};
use crate::body::Payload;

impl RequestPlan {
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn deadline_given(&self) -> Option<Duration> {
        self.rare.as_ref().and_then(|rare| rare.deadline)
    }

    pub(crate) fn take_error(&mut self) -> Option<Box<Error>> {
        self.error.take()
    }

    /// Parts data and JSON into parameters and body, by the method. Returns the body and its usual Content-Type.
    /// `seed` decides the boundary of a multipart body.
    pub(crate) fn take_payload(&mut self, seed: u64) -> Result<Typed, Error> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

        if self.rare.is_none() && matches!(self.data, Data::None) {
            return Ok((Payload::EMPTY, None));
        }
        let Rare { json, multipart, made, .. } =
            self.rare.take().map(|rare| *rare).unwrap_or_default();
        if let Some(made) = made {
            return Ok(made);
        }
        let mut data = std::mem::take(&mut self.data);
        if self.method == Method::HEAD {
            data = Data::None;
        } else if self.method == Method::GET {
            self.data_to_params(std::mem::take(&mut data))?;
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

    fn data_to_params(&mut self, data: Data) -> Result<(), Error> {
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
        if !self.params.is_empty() {
            let message = "a GET takes its parameters as data or as params, not both";
            return Err(Error::new(ErrorKind::Url, message));
        }
        self.params = text;
        self.params_are_clean = false;
        Ok(())
    }
}
