//! The texts of a call that has begun: its sends share them.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::record::{
    self, Kind, PLAIN, PROOF, Proof, REMOVES, Record, Records, SECRET, STORABLE, in_text, unclean,
};
use crate::base::{Error, ErrorKind};
use crate::options::in_force::AtHome;

/// The texts of a call that has begun.
pub(crate) struct SharedText {
    pub(super) text: Bytes,
    pub(super) endpoint: usize,
    /// Where the records end.
    pub(super) end: usize,
    pub(super) headers: usize,
}

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
        record::params(&self.text, self.endpoint, self.end)
    }

    /// More than the size of all headers, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.end
    }

    /// Lays the header that proves who is calling over those of a request to the origin that it belongs to. Returns its name.
    ///
    /// # Errors
    ///
    /// None for what was [taken](CallText::proof).
    pub(crate) fn prove(
        &self,
        proof: Proof,
        _: AtHome,
        headers: &mut HeaderMap,
    ) -> Result<HeaderName, Error> {
        let record = Record::read(&self.text, proof.0).filter(|record| record.what == PROOF);
        let Some(Record { name, value, end, .. }) = record else { return Err(unclean()) };
        let name = match self.text.get(name..value).unwrap_or_default() {
            b"" => AUTHORIZATION,
            name => HeaderName::from_bytes(name).map_err(|_| unclean())?,
        };
        let Ok(mut value) = HeaderValue::from_maybe_shared(self.text.slice(value..end)) else {
            return Err(unclean());
        };
        value.set_sensitive(true);
        match headers.try_insert(name.clone(), value) {
            Ok(_) => Ok(name),
            Err(_) => Err(too_many()),
        }
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

#[cold]
fn too_many() -> Error {
    Error::new(ErrorKind::Limit, "too many headers")
}
