//! The recording as a value and as JSON.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_hook::{Error, ErrorKind, Sent, TransportErrorKind as Kind};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Replay;
use crate::replay::{Line, SENT};

/// The most exchanges of a cassette.
pub const MAX_EXCHANGES: usize = 10_000;

/// The longest cassette that is read, in bytes.
pub const MAX_CASSETTE_BYTES: usize = 64 << 20;

/// The most headers of a message: as many as a map of them has room for.
const MAX_HEADERS: usize = 32_768;

const VERSION: u32 = 1;

const TOO_MANY: &str = "too many";

/// Recorded exchanges, redacted: what a [`Recorder`](crate::Recorder) notes, to be kept as JSON and played again.
///
/// The [crate's page](crate) has an example.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    version: u32,
    #[serde(deserialize_with = "at_most::<MAX_EXCHANGES, _, _>")]
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
    #[serde(deserialize_with = "at_most::<MAX_HEADERS, _, _>")]
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
    #[serde(deserialize_with = "at_most::<MAX_HEADERS, _, _>")]
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
    /// Kind [`Limit`](ErrorKind::Limit) if there is more of it than [`MAX_CASSETTE_BYTES`] or [`MAX_EXCHANGES`], or more headers of one
    /// message than 32,768: nothing is read beyond that. Else kind [`Stored`](ErrorKind::Stored). The message names the place.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_CASSETTE_BYTES {
            let message = format!("cassette: longer than {MAX_CASSETTE_BYTES} bytes");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let cassette: Self = serde_json::from_str(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            if error.is_data() && error.to_string().starts_with(TOO_MANY) {
                let message = format!(
                    "cassette: {TOO_MANY} exchanges or headers at line {line}, column {column}"
                );
                return Error::new(ErrorKind::Limit, message);
            }
            stored(format!("cassette: not readable at line {line}, column {column}"))
        })?;
        if cassette.version != VERSION {
            return Err(stored(format!("cassette: version {} is not known", cassette.version)));
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

/// Reads a list of at most `MAX` items: one more is refused before the rest is looked at.
fn at_most<'de, const MAX: usize, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct AtMost<const MAX: usize, T>(PhantomData<T>);

    impl<'de, const MAX: usize, T: Deserialize<'de>> Visitor<'de> for AtMost<MAX, T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MAX} items")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                if list.len() >= MAX {
                    return Err(A::Error::custom(TOO_MANY));
                }
                list.push(item);
            }
            Ok(list)
        }
    }

    from.deserialize_seq(AtMost::<MAX, T>(PhantomData))
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
