//! The texts of a call that has begun: its sends share them.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::record::{
    self, HEAD, Kind, PLAIN, PROOF, Proof, REMOVES, Record, Records, SECRET, STORABLE, in_text,
    unclean,
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

    /// The header that proves who is calling, for a request to the origin that it belongs to.
    ///
    /// # Errors
    ///
    /// None for what was [taken](CallText::proof).
    #[inline]
    pub(crate) fn proof(
        &self,
        proof: Proof,
        _: AtHome,
    ) -> Result<(HeaderName, HeaderValue), Error> {
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
        for record in self.records() {
            let name = self.name(&record)?;
            if !passes(&name) {
                continue;
            }
            if record.what == REMOVES {
                headers.remove(&name);
                continue;
            }
            if headers.try_insert(name, self.value(&record)?).is_err() {
                return Err(too_many());
            }
        }
        Ok(())
    }

    /// The record whose name is here; none is at 0.
    #[inline]
    pub(super) fn at(&self, place: u32) -> Option<Record> {
        let start = usize::try_from(place).ok()?.checked_sub(HEAD)?;
        Record::read(&self.text, start)
    }

    pub(super) fn name(&self, record: &Record) -> Result<HeaderName, Error> {
        let name = self.text.get(record.name..record.value).unwrap_or_default();
        HeaderName::from_bytes(name).map_err(|_| unclean())
    }

    /// The value, which shares the text.
    #[inline]
    pub(super) fn value(&self, record: &Record) -> Result<HeaderValue, Error> {
        let value = self.text.slice(record.value..record.end);
        let Ok(mut value) = HeaderValue::from_maybe_shared(value) else {
            return Err(unclean());
        };
        if record.what == SECRET {
            value.set_sensitive(true);
        }
        Ok(value)
    }

    /// The records of headers, in the order given.
    #[inline]
    pub(super) fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let text = self.text.get(..self.end).unwrap_or_default();
        Records { text, at: self.endpoint }.filter(Record::is_header)
    }

    /// The headers in the order given.
    pub(crate) fn headers(&self) -> impl Iterator<Item = CallHeader<'_>> {
        self.records().map(|record| CallHeader { text: &self.text, record })
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
pub(super) fn too_many() -> Error {
    Error::new(ErrorKind::Limit, "too many headers")
}
