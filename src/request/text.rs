//! The texts of a call in one piece of memory, one behind the other, so that each send shares them and copies none.
//!
//! ```text
//! endpoint | record | record | … | target, once the call begins
//! record: what it is, and how long name and value are, in 8 bytes | name | value
//! ```

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::base::headers::{self, MAX_HEADERS};
use crate::base::url::form;
use crate::base::url::joint::Joint;
use crate::base::url::requote::clean_params;
use crate::base::{Error, ErrorKind};
use crate::options::in_force::AtHome;

/// Room for the texts of a usual call, in bytes.
const USUAL: usize = 320;

/// The length of what stands before each name.
const HEAD: usize = 8;

/// What may become of a header's value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its name decides whether it can be shown and stored.
    Plain,
    /// The caller says that it may be shown and stored.
    Storable,
    /// It is never shown or stored.
    Secret,
    /// There is none: the name is taken out of the layers below.
    Removes,
}

/// What a record is. Those up to [`REMOVES`] are [kinds](Kind) of headers.
const PLAIN: u8 = 0;
const STORABLE: u8 = 1;
const SECRET: u8 = 2;
const REMOVES: u8 = 3;
/// A part of the parameters.
const PARAMS: u8 = 4;
/// The header that proves who is calling; without a name it is Authorization.
const PROOF: u8 = 5;

/// The texts of a call while it is planned.
#[derive(Clone)]
pub(crate) struct CallText {
    text: Vec<u8>,
    /// Where the endpoint ends.
    endpoint: usize,
    headers: usize,
    /// Where the value of the last record of parameters starts and ends.
    params_start: usize,
    params_end: usize,
    /// Whether some of the parameters came as text.
    params_are_given: bool,
}

impl CallText {
    pub(crate) fn new(endpoint: &str) -> Self {
        let mut text = Vec::with_capacity(USUAL.max(endpoint.len()));
        text.extend_from_slice(endpoint.as_bytes());
        Self {
            text,
            endpoint: endpoint.len(),
            headers: 0,
            params_start: 0,
            params_end: 0,
            params_are_given: false,
        }
    }

    pub(crate) fn endpoint(&self) -> &[u8] {
        self.text.get(..self.endpoint).unwrap_or_default()
    }

    /// Adds a header, checked as any other.
    ///
    /// # Errors
    ///
    /// Those of [`headers::check`]; kind [`Limit`](ErrorKind::Limit) if there are too many.
    pub(crate) fn header(
        &mut self,
        name: &str,
        value: &[u8],
        kind: Kind,
    ) -> Result<(), Box<Error>> {
        if self.headers >= MAX_HEADERS {
            return Err(too_many_given());
        }
        let kind = match kind {
            Kind::Plain => PLAIN,
            Kind::Storable => STORABLE,
            Kind::Secret => SECRET,
            Kind::Removes => REMOVES,
        };
        let start = self.text.len();
        self.text.reserve(HEAD.saturating_add(name.len()).saturating_add(value.len()));
        let sound = self.begin(kind, name.len(), headers::trimmed(value).len())
            && headers::append_clean(&mut self.text, name, value);
        if !sound {
            self.text.truncate(start);
            return Err(refused(name, value));
        }
        self.headers = self.headers.saturating_add(1);
        Ok(())
    }

    /// Adds a parameter, which is encoded.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](ErrorKind::Limit) if it is longer than any target.
    pub(crate) fn param(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.text.reserve(HEAD.saturating_add(name.len()).saturating_add(value.len()));
        let start = self.begin_params();
        form::append(&mut self.text, name, value);
        self.end_params(start)
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
    fn begin_params(&mut self) -> usize {
        if self.has_params() && self.params_end == self.text.len() {
            self.text.push(b'&');
        } else {
            self.begin(PARAMS, 0, 0);
            self.params_start = self.text.len();
        }
        self.params_start
    }

    fn end_params(&mut self, start: usize) -> Result<(), Error> {
        self.params_end = self.text.len();
        self.end(start, start).map_err(|()| too_long())
    }

    pub(crate) fn has_params(&self) -> bool {
        self.params_end > 0
    }

    /// Whether no parameter needs a change to stand in a target.
    pub(crate) fn params_are_clean(&self) -> bool {
        !self.params_are_given || {
            let mut records = Records { text: &self.text, at: self.endpoint };
            records.all(|record| record.what != PARAMS || clean_params(record.value(&self.text)))
        }
    }

    /// The names of the headers, for people.
    pub(crate) fn names(&self) -> Vec<&str> {
        let records = Records { text: &self.text, at: self.endpoint };
        records.filter(Record::is_header).map(|record| record.name(&self.text)).collect()
    }

    /// Appends what stands before a name; `false` if nothing can be so long.
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

    /// Adds the header that proves who is calling, in which `write` writes the value.
    ///
    /// # Errors
    ///
    /// What `write` says.
    pub(crate) fn proof(
        &mut self,
        name: &HeaderName,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<Proof, Error> {
        let head = self.text.len();
        let name = if *name == AUTHORIZATION { "" } else { name.as_str() };
        let begun = self.begin(PROOF, name.len(), 0);
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        let value = self.text.len();
        let written = write(&mut self.text);
        let ended = self.end(start, value);
        if written.is_err() || !begun || ended.is_err() {
            self.text.truncate(head);
        }
        written?;
        ended.map_err(|()| unclean())?;
        Ok(Proof(head))
    }

    /// Ends the planning: from now on the text is shared.
    pub(crate) fn share(self) -> SharedText {
        let Self { text, endpoint, headers, .. } = self;
        let end = text.len();
        SharedText { text: text.into(), endpoint, end, headers }
    }

    /// The same, with the target behind it that consists of what is around the endpoint, the endpoint and the parameters.
    pub(crate) fn share_with_target(self, joint: &Joint<'_>) -> (SharedText, Bytes) {
        let Self { mut text, endpoint, headers, params_end, .. } = self;
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

/// The texts of a call that has begun.
pub(crate) struct SharedText {
    text: Bytes,
    endpoint: usize,
    /// Where the records end.
    end: usize,
    headers: usize,
}

/// Where the header is that proves who is calling.
#[derive(Clone, Copy)]
pub(crate) struct Proof(usize);

/// One header of a call.
#[derive(Clone, Copy)]
pub(crate) struct CallHeader<'a> {
    text: &'a Bytes,
    record: Record,
}

impl SharedText {
    /// The endpoint as it was given.
    pub(crate) fn endpoint(&self) -> &str {
        in_text(&self.text, 0, self.endpoint)
    }

    /// All parameters.
    pub(crate) fn params(&self) -> String {
        params(&self.text, self.endpoint, self.end)
    }

    /// More than the size of all headers, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.end
    }

    /// The header that proves who is calling, for a request to the origin that it belongs to.
    ///
    /// # Errors
    ///
    /// None for what was [taken](CallText::proof).
    pub(crate) fn proof(
        &self,
        proof: Proof,
        _: AtHome,
    ) -> Result<(HeaderName, HeaderValue), Error> {
        let record = Record::read(&self.text, proof.0).filter(|record| record.what == PROOF);
        let Record { name, value, end, .. } = record.ok_or_else(unclean)?;
        let name = match self.text.get(name..value).unwrap_or_default() {
            b"" => AUTHORIZATION,
            name => HeaderName::from_bytes(name).map_err(|_| unclean())?,
        };
        let value = HeaderValue::from_maybe_shared(self.text.slice(value..end));
        let mut value = value.map_err(|_| unclean())?;
        value.set_sensitive(true);
        Ok((name, value))
    }

    /// Lays the headers over those below, if `passes` says so of their names. The values share the text.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](ErrorKind::Limit) if there are too many.
    pub(crate) fn lay_over(
        &self,
        headers: &mut HeaderMap,
        mut passes: impl FnMut(&HeaderName) -> bool,
    ) -> Result<(), Error> {
        let (mut at, mut left) = (self.endpoint, self.headers);
        while left > 0 {
            let Some(record) = Record::read(&self.text, at) else { break };
            at = record.end;
            if !record.is_header() {
                continue;
            }
            left = left.saturating_sub(1);
            let name = self.text.get(record.name..record.value).unwrap_or_default();
            let Ok(name) = HeaderName::from_bytes(name) else { return Err(unclean()) };
            if !passes(&name) {
                continue;
            }
            if record.what == REMOVES {
                headers.remove(&name);
                continue;
            }
            let value = self.text.slice(record.value..record.end);
            let Ok(mut value) = HeaderValue::from_maybe_shared(value) else {
                return Err(unclean());
            };
            value.set_sensitive(record.what == SECRET);
            if headers.try_insert(name, value).is_err() {
                return Err(too_many());
            }
        }
        Ok(())
    }

    /// The headers in the order given.
    pub(crate) fn headers(&self) -> impl Iterator<Item = CallHeader<'_>> {
        let text = self.text.get(..self.end).unwrap_or_default();
        let records = Records { text, at: self.endpoint }.filter(Record::is_header);
        records.take(self.headers).map(|record| CallHeader { text: &self.text, record })
    }
}

impl CallHeader<'_> {
    /// The name in lower case.
    pub(crate) fn name(&self) -> &str {
        self.record.name(self.text)
    }

    /// The name as it is sent.
    ///
    /// # Errors
    ///
    /// None for what was [taken](CallText::header).
    pub(crate) fn header_name(&self) -> Result<HeaderName, Error> {
        HeaderName::from_bytes(self.name().as_bytes()).map_err(|_| unclean())
    }

    /// The value as text; `None` takes the name out of the layers below.
    pub(crate) fn value(&self) -> Option<&str> {
        let removes = self.record.what == REMOVES;
        (!removes).then(|| self.record.value(self.text))
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.record.what {
            PLAIN => Kind::Plain,
            STORABLE => Kind::Storable,
            REMOVES => Kind::Removes,
            _ => Kind::Secret,
        }
    }
}

/// The records in a text, from a place on.
struct Records<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Records<'_> {
    type Item = Record;

    #[inline]
    fn next(&mut self) -> Option<Record> {
        let record = Record::read(self.text, self.at)?;
        self.at = record.end;
        Some(record)
    }
}

/// Where a record is.
#[derive(Clone, Copy)]
struct Record {
    what: u8,
    name: usize,
    value: usize,
    end: usize,
}

impl Record {
    #[inline]
    fn read(text: &[u8], at: usize) -> Option<Self> {
        let [what, _, n0, n1, v0, v1, v2, v3] = *text.get(at..)?.first_chunk::<HEAD>()?;
        let name = at.checked_add(HEAD)?;
        let value = name.checked_add(usize::from(u16::from_le_bytes([n0, n1])))?;
        let len = usize::try_from(u32::from_le_bytes([v0, v1, v2, v3])).ok()?;
        let end = value.checked_add(len).filter(|end| *end <= text.len())?;
        Some(Self { what, name, value, end })
    }

    fn is_header(&self) -> bool {
        self.what <= REMOVES
    }

    fn name<'a>(&self, text: &'a [u8]) -> &'a str {
        in_text(text, self.name, self.value)
    }

    fn value<'a>(&self, text: &'a [u8]) -> &'a str {
        in_text(text, self.value, self.end)
    }
}

fn in_text(text: &[u8], from: usize, to: usize) -> &str {
    std::str::from_utf8(text.get(from..to).unwrap_or_default()).unwrap_or_default()
}

fn params(text: &[u8], start: usize, end: usize) -> String {
    let text = text.get(..end).unwrap_or_default();
    let params = Records { text, at: start }.filter(|record| record.what == PARAMS);
    let mut joined = String::new();
    for record in params {
        if !joined.is_empty() {
            joined.push('&');
        }
        joined.push_str(record.value(text));
    }
    joined
}

#[cold]
fn too_many_given() -> Box<Error> {
    Error::new(ErrorKind::Limit, "too many headers in one call").into()
}

#[cold]
fn too_many() -> Error {
    Error::new(ErrorKind::Limit, "too many headers")
}

#[cold]
fn too_long() -> Error {
    Error::new(ErrorKind::Limit, "endpoint: a URL of more than 65,000 bytes")
}

#[cold]
fn refused(name: &str, value: &[u8]) -> Box<Error> {
    match headers::check_bytes(name, value, "header") {
        Err(error) => error.into(),
        Ok(_) => unclean().into(),
    }
}

#[cold]
fn unclean() -> Error {
    Error::new(ErrorKind::Header, "header: not a header")
}
