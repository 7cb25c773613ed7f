//! The headers of a call: one text for all of them, so that each send shares it and copies none.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use crate::base::headers::{self, MAX_HEADERS};
use crate::base::{Error, ErrorKind};

/// What may become of a value.
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

/// The headers of a call in the order given, while it is planned.
#[derive(Clone, Default)]
pub(crate) struct CallHeaders {
    /// Names in lower case and values, one behind the other.
    text: Vec<u8>,
    rows: Vec<Row>,
}

#[derive(Clone, Copy)]
struct Row {
    start: u32,
    name_end: u32,
    end: u32,
    kind: Kind,
}

impl CallHeaders {
    /// Adds a header, checked as any other.
    ///
    /// # Errors
    ///
    /// Those of [`headers::check`]; kind [`Limit`](ErrorKind::Limit) if there are too many.
    #[inline]
    pub(crate) fn push(&mut self, name: &str, value: &[u8], kind: Kind) -> Result<(), Error> {
        if self.rows.len() >= MAX_HEADERS {
            return Err(too_many());
        }
        if self.text.is_empty() {
            self.text.reserve(256);
        }
        let start = self.text.len();
        if !headers::append_clean(&mut self.text, name, value) {
            self.text.truncate(start);
            return Err(refused(name, value));
        }
        let name_end = start.saturating_add(name.len());
        let row = (position(start), position(name_end), position(self.text.len()));
        let (start, name_end, end) = row;
        self.rows.push(Row { start, name_end, end, kind });
        Ok(())
    }

    /// The names, for people.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.rows.iter().map(|row| text_in(&self.text, row.start, row.name_end)).collect()
    }

    /// Ends the planning: from now on the text is shared.
    pub(crate) fn share(self) -> SharedHeaders {
        let text = if self.text.is_empty() { Bytes::new() } else { self.text.into() };
        SharedHeaders { text, rows: self.rows }
    }
}

/// The headers of a call that is sent.
pub(crate) struct SharedHeaders {
    text: Bytes,
    rows: Vec<Row>,
}

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct CallHeader<'a> {
    all: &'a SharedHeaders,
    row: Row,
}

impl SharedHeaders {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The size of all names and values, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = CallHeader<'_>> {
        self.rows.iter().map(|row| CallHeader { all: self, row: *row })
    }
}

impl CallHeader<'_> {
    /// The name in lower case.
    pub(crate) fn name(&self) -> &str {
        text_in(&self.all.text, self.row.start, self.row.name_end)
    }

    /// The value as text; `None` takes the name out of the layers below.
    pub(crate) fn text(&self) -> Option<&str> {
        let removes = self.row.kind == Kind::Removes;
        (!removes).then(|| text_in(&self.all.text, self.row.name_end, self.row.end))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.row.kind
    }

    /// The header as it is sent: its value shares the text.
    ///
    /// # Errors
    ///
    /// None for what was [pushed](CallHeaders::push).
    pub(crate) fn parts(&self) -> Result<(HeaderName, Option<HeaderValue>), Error> {
        let name = HeaderName::from_bytes(self.name().as_bytes()).map_err(|_| unclean())?;
        if self.row.kind == Kind::Removes {
            return Ok((name, None));
        }
        let range = index(self.row.name_end)..index(self.row.end);
        let value = HeaderValue::from_maybe_shared(self.all.text.slice(range));
        let mut value = value.map_err(|_| unclean())?;
        if self.row.kind == Kind::Secret {
            value.set_sensitive(true);
        }
        Ok((name, Some(value)))
    }
}

fn text_in(text: &[u8], from: u32, to: u32) -> &str {
    let bytes = text.get(index(from)..index(to)).unwrap_or_default();
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Headers are at most 256, each of 64 KiB at most: a place among them fits.
fn position(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

#[cold]
fn too_many() -> Error {
    Error::new(ErrorKind::Limit, "too many headers in one call")
}

#[cold]
fn refused(name: &str, value: &[u8]) -> Error {
    match headers::check_bytes(name, value, "header") {
        Err(error) => error,
        Ok(_) => unclean(),
    }
}

#[cold]
fn unclean() -> Error {
    Error::new(ErrorKind::Header, "header: not a header")
}
