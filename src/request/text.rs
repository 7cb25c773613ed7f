//! The texts of a call in one piece of memory, one behind the other, so that each send shares them and copies none.
//!
//! ```text
//! endpoint | record | record | … | target, once the call begins
//! record: what it is, and how long name and value are, in 8 bytes | name | value
//! ```

use std::fmt::Display;

use bytes::Bytes;

use super::record::{
    self, HEAD, Kind, PARAMS, PLAIN, PROOF, Proof, REMOVES, Record, Records, SECRET, STORABLE,
    unclean,
};
use super::shared::SharedText;
use crate::base::headers::{self, MAX_HEADERS};
use crate::base::url::form;
use crate::base::url::joint::Joint;
use crate::base::url::requote::clean_params;
use crate::base::{Error, ErrorKind};

/// Room for the texts of a usual call, in bytes.
const USUAL: usize = 448;

/// More than any target has, in bytes.
const TOO_LONG: usize = 1 << 16;

/// The texts of a call while it is planned.
#[derive(Clone)]
pub(crate) struct CallText {
    text: Vec<u8>,
    /// Where the endpoint ends.
    endpoint: u32,
    headers: u32,
    /// Where the value of the last record of parameters starts and ends.
    params_start: u32,
    params_end: u32,
    /// Whether some of the parameters came as text.
    params_are_given: bool,
}

impl CallText {
    pub(crate) fn new(endpoint: &str) -> Self {
        // How much too long an endpoint is does not matter.
        let endpoint = endpoint.as_bytes().get(..TOO_LONG).unwrap_or(endpoint.as_bytes());
        let mut text = Vec::with_capacity(USUAL.max(endpoint.len()));
        text.extend_from_slice(endpoint);
        Self {
            text,
            endpoint: place(endpoint.len()),
            headers: 0,
            params_start: 0,
            params_end: 0,
            params_are_given: false,
        }
    }

    /// The endpoint; one that is longer than any target has lost its end.
    pub(crate) fn endpoint(&self) -> &[u8] {
        self.text.get(..index(self.endpoint)).unwrap_or_default()
    }

    /// Adds a header, checked as any other.
    ///
    /// # Errors
    ///
    /// Those of [`headers::check`]; kind [`Limit`](ErrorKind::Limit) if there are too many.
    #[inline]
    pub(crate) fn header(
        &mut self,
        name: &str,
        value: &[u8],
        kind: Kind,
    ) -> Result<(), Box<Error>> {
        if index(self.headers) >= MAX_HEADERS {
            return Err(too_many_given().into());
        }
        let kind = match kind {
            Kind::Plain => PLAIN,
            Kind::Storable => STORABLE,
            Kind::Secret => SECRET,
            Kind::Removes => REMOVES,
        };
        let (start, sent) = (self.text.len(), headers::trimmed(value));
        let sound = self.begin(kind, name.len(), sent.len())
            && headers::append_clean(&mut self.text, name, value, sent);
        if !sound {
            self.text.truncate(start);
            return Err(refused(name, value).into());
        }
        self.headers = self.headers.saturating_add(1);
        Ok(())
    }

    /// Adds a parameter, which is encoded.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](ErrorKind::Limit) if it is longer than any target, kind [`Url`](ErrorKind::Url) if it fails to display.
    #[inline]
    pub(crate) fn param(&mut self, name: &str, value: impl Display) -> Result<(), Error> {
        let start = self.begin_params();
        let written = form::append(&mut self.text, name, value);
        self.end_params(start)?;
        written.map_err(|_| not_displayed(name))
    }

    /// Adds parameters that are given as text.
    ///
    /// # Errors
    ///
    /// As [`param`](Self::param).
    pub(crate) fn params_text(&mut self, text: &str) -> Result<(), Error> {
        if text.is_empty() {
            return Ok(());
        }
        let start = self.begin_params();
        self.text.extend_from_slice(text.as_bytes());
        self.params_are_given = true;
        self.end_params(start)
    }

    /// Goes on with the parameters, in the record that they are in if nothing is behind it.
    #[inline]
    fn begin_params(&mut self) -> usize {
        if self.has_params() && index(self.params_end) == self.text.len() {
            self.text.push(b'&');
        } else {
            self.begin(PARAMS, 0, 0);
            self.params_start = place(self.text.len());
        }
        index(self.params_start)
    }

    #[inline]
    fn end_params(&mut self, start: usize) -> Result<(), Error> {
        self.params_end = place(self.text.len());
        match self.params_end {
            u32::MAX => Err(too_long()),
            _ => self.end(start, start).map_err(|()| too_long()),
        }
    }

    pub(crate) fn has_params(&self) -> bool {
        self.params_end > 0
    }

    /// Whether no parameter needs a change to stand in a target.
    pub(crate) fn params_are_clean(&self) -> bool {
        !self.params_are_given || {
            let mut records = Records { text: &self.text, at: index(self.endpoint) };
            records.all(|record| record.what != PARAMS || clean_params(record.value(&self.text)))
        }
    }

    /// The names of the headers, for people.
    pub(crate) fn names(&self) -> Vec<&str> {
        let records = Records { text: &self.text, at: index(self.endpoint) };
        records.filter(Record::is_header).map(|record| record.name(&self.text)).collect()
    }

    /// Appends what stands before a name; `false` if nothing can be so long.
    #[inline]
    fn begin(&mut self, what: u8, name: usize, value: usize) -> bool {
        let (Ok(name), Ok(value)) = (u16::try_from(name), u32::try_from(value)) else {
            return false;
        };
        let ([n0, n1], [v0, v1, v2, v3]) = (name.to_le_bytes(), value.to_le_bytes());
        self.text.extend_from_slice(&[what, 0, n0, n1, v0, v1, v2, v3]);
        true
    }

    /// Notes how long the value of the last record became; its head ends at `name`.
    fn end(&mut self, name: usize, value: usize) -> Result<(), ()> {
        let len = u32::try_from(self.text.len().saturating_sub(value)).map_err(|_| ())?;
        let place = self.text.get_mut(name.saturating_sub(HEAD / 2)..name);
        *place.and_then(<[u8]>::first_chunk_mut).ok_or(())? = len.to_le_bytes();
        Ok(())
    }

    /// Adds the header that proves who is calling, in which `write` writes the value. Without a name it is Authorization.
    ///
    /// # Errors
    ///
    /// What `write` says.
    pub(crate) fn proof(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<Proof, Error> {
        let head = self.text.len();
        self.begin(PROOF, name.len(), 0);
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        let value = self.text.len();
        let written = write(&mut self.text);
        let ended = self.end(start, value).map_err(|()| unclean());
        if let Err(error) = written.and(ended) {
            self.text.truncate(head);
            return Err(error);
        }
        Ok(Proof(head))
    }

    /// All parameters.
    pub(crate) fn params(&self) -> String {
        record::params(&self.text, index(self.endpoint), self.text.len())
    }

    /// The same headers, and the same proof, with another endpoint and without parameters.
    pub(crate) fn with_endpoint(
        &self,
        endpoint: &str,
        proof: Option<Proof>,
    ) -> (Self, Option<Proof>) {
        let mut other = Self { headers: self.headers, ..Self::new(endpoint) };
        let (mut at, mut moved) = (index(self.endpoint), None);
        while let Some(record) = Record::read(&self.text, at) {
            if record.what != PARAMS {
                if proof.is_some_and(|proof| proof.0 == at) {
                    moved = Some(Proof(other.text.len()));
                }
                other.text.extend_from_slice(self.text.get(at..record.end).unwrap_or_default());
            }
            at = record.end;
        }
        (other, moved)
    }

    /// Ends the planning: from now on the text is shared.
    pub(crate) fn share(self) -> SharedText {
        let Self { text, endpoint, headers, .. } = self;
        let end = text.len();
        let (endpoint, headers) = (index(endpoint), index(headers));
        SharedText { text: text.into(), endpoint, end, headers }
    }

    /// The same, with the target behind it that consists of what is around the endpoint, the endpoint and the parameters.
    #[inline]
    pub(crate) fn share_with_target(self, joint: &Joint<'_>) -> (SharedText, Bytes) {
        let Self { mut text, endpoint, headers, params_end, .. } = self;
        let (endpoint, headers, params_end) = (index(endpoint), index(headers), index(params_end));
        let end = text.len();
        for piece in joint.before {
            text.extend_from_slice(piece.as_bytes());
        }
        text.extend_from_within(..joint.endpoint.min(endpoint));
        let (mut at, mut sign) = (endpoint, joint.sign);
        while at < params_end {
            let Some(record) = Record::read(&text, at) else { break };
            at = record.end;
            if record.what == PARAMS {
                text.extend_from_slice(sign.as_bytes());
                text.extend_from_within(record.value..record.end);
                sign = "&";
            }
        }
        let text = Bytes::from(text);
        let target = text.slice(end..);
        (SharedText { text, endpoint, end, headers }, target)
    }
}

/// A place in the text; `u32::MAX` is too far.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

#[cold]
fn too_many_given() -> Error {
    Error::new(ErrorKind::Limit, "too many headers in one call")
}

#[cold]
fn not_displayed(name: &str) -> Error {
    Error::new(ErrorKind::Url, format!("param: the value of `{name}` fails to display"))
}

#[cold]
fn too_long() -> Error {
    Error::new(ErrorKind::Limit, "endpoint: a URL of more than 65,000 bytes")
}

#[cold]
fn refused(name: &str, value: &[u8]) -> Error {
    match headers::check_bytes(name, value, "header") {
        Err(error) => error,
        Ok(_) => unclean(),
    }
}
