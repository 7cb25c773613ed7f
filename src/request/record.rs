//! One text of a call among the others: what it is, and where.

use crate::base::{Error, ErrorKind};

/// The length of what stands before each name.
pub(super) const HEAD: usize = 8;

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
pub(super) const PLAIN: u8 = 0;
pub(super) const STORABLE: u8 = 1;
pub(super) const SECRET: u8 = 2;
pub(super) const REMOVES: u8 = 3;
/// A part of the parameters.
pub(super) const PARAMS: u8 = 4;
/// The header that proves who is calling; without a name it is Authorization.
pub(super) const PROOF: u8 = 5;

/// Where the header is that proves who is calling.
#[derive(Clone, Copy)]
pub(crate) struct Proof(pub(super) usize);

/// The records in a text, from a place on.
pub(super) struct Records<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
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
pub(super) struct Record {
    pub(super) what: u8,
    pub(super) name: usize,
    pub(super) value: usize,
    pub(super) end: usize,
}

impl Record {
    #[inline]
    pub(super) fn read(text: &[u8], at: usize) -> Option<Self> {
        let [what, _, n0, n1, v0, v1, v2, v3] = *text.get(at..)?.first_chunk::<HEAD>()?;
        let name = at.checked_add(HEAD)?;
        let value = name.checked_add(usize::from(u16::from_le_bytes([n0, n1])))?;
        let len = usize::try_from(u32::from_le_bytes([v0, v1, v2, v3])).ok()?;
        let end = value.checked_add(len).filter(|end| *end <= text.len())?;
        Some(Self { what, name, value, end })
    }

    pub(super) fn is_header(&self) -> bool {
        self.what <= REMOVES
    }

    pub(super) fn name<'a>(&self, text: &'a [u8]) -> &'a str {
        in_text(text, self.name, self.value)
    }

    pub(super) fn value<'a>(&self, text: &'a [u8]) -> &'a str {
        in_text(text, self.value, self.end)
    }
}

pub(super) fn in_text(text: &[u8], from: usize, to: usize) -> &str {
    std::str::from_utf8(text.get(from..to).unwrap_or_default()).unwrap_or_default()
}

pub(super) fn params(text: &[u8], start: usize, end: usize) -> String {
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
pub(super) fn unclean() -> Error {
    Error::new(ErrorKind::Header, "header: not a header")
}
