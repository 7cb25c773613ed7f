//! The recording as a value and as JSON.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_hook::{Error, ErrorKind, Sent, TransportErrorKind as Kind};
use serde::{Deserialize, Serialize};

use crate::Replay;
use crate::replay::{Line, SENT};

/// The most exchanges of a cassette.
pub const MAX_EXCHANGES: usize = 10_000;

/// The longest cassette that is read, in bytes.
pub const MAX_CASSETTE_BYTES: usize = 64 << 20;

const VERSION: u32 = 1;

/// Recorded exchanges, redacted: what a [`Recorder`](crate::Recorder) notes, to be kept as JSON and played again.
///
/// The [crate's page](crate) has an example.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    version: u32,
    exchanges: Vec<Exchange>,
}

/// One request and what came of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    pub(crate) request: Asked,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) url: String,
    /// All names; values are Latin-1, and `***` where they are not kept.
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Outcome {
    Answer(Told),
    Error { kind: String, sent: String },
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) reason: Option<String>,
    /// The same.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Content,
    /// Whether the body ended in an error.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) breaks_off: bool,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    Text(String),
    Base64(String),
}

impl Content {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    pub(crate) fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Text(text) => Some(Bytes::from(text.clone())),
            Self::Base64(text) => STANDARD.decode(text).ok().map(Bytes::from),
        }
    }
}

impl Outcome {
    pub(crate) fn error(kind: Kind, sent: Sent) -> Self {
        let sent = SENT.iter().find(|(_, own)| *own == sent).map_or("maybe", |(name, _)| name);
        Self::Error { kind: kind.name().to_owned(), sent: sent.to_owned() }
    }
}

impl Cassette {
    pub(crate) fn new(exchanges: Vec<Exchange>) -> Self {
        Self { version: VERSION, exchanges }
    }

    /// Counts the exchanges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// Prints the cassette as indented JSON with a line break at its end, so that changes show line by line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("text and numbers are JSON");
        json + "\n"
    }

    /// Reads a cassette, and checks all of it.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](ErrorKind::Limit) if there is more of it than [`MAX_CASSETTE_BYTES`] or [`MAX_EXCHANGES`], else
    /// kind [`Stored`](ErrorKind::Stored); the message names the place.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_CASSETTE_BYTES {
            let message = format!("cassette: longer than {MAX_CASSETTE_BYTES} bytes");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let cassette: Self = serde_json::from_str(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            stored(format!("cassette: not readable at line {line}, column {column}"))
        })?;
        if cassette.version != VERSION {
            return Err(stored(format!("cassette: version {} is not known", cassette.version)));
        }
        if cassette.exchanges.len() > MAX_EXCHANGES {
            let message = format!("cassette: more than {MAX_EXCHANGES} exchanges");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        for (index, exchange) in cassette.exchanges.iter().enumerate() {
            let at = |place| stored(format!("cassette: exchange {}: {place}", index + 1));
            drop(Line::read(exchange).map_err(at)?);
        }
        Ok(cassette)
    }

    /// Plays the exchanges in their order; each request must have the recorded origin, method, path and query.
    ///
    /// A query value that was redacted stands for any value.
    #[must_use]
    pub fn strict(&self) -> Replay {
        Replay::strict(self.lines())
    }

    /// Plays to each request the first exchange that is left with its method, path and query, at any origin.
    #[must_use]
    pub fn lenient(&self) -> Replay {
        Replay::lenient(self.lines())
    }

    /// Recorded or read, each exchange was checked.
    fn lines(&self) -> Vec<Line> {
        self.exchanges.iter().filter_map(|exchange| Line::read(exchange).ok()).collect()
    }
}

/// Bytes as text: each character is one byte.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes of such a text; `None` if it is none.
pub(crate) fn latin1_bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(c).ok()).collect()
}

fn stored(message: String) -> Error {
    Error::new(ErrorKind::Stored, message)
}

/// Without URLs and bodies: what was not recognised as a secret may still be one.
impl fmt::Debug for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cassette").field("exchanges", &self.len()).finish_non_exhaustive()
    }
}
