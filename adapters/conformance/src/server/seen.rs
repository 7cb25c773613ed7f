//! What the server saw of a request, byte for byte.

use std::fmt;
use std::net::SocketAddr;

/// A request as it came in. It is counted once its head is whole.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Which connection it came by, from 1.
    pub connection: usize,
    /// The client's end of that connection; nothing, where the socket did not tell.
    pub peer: Option<SocketAddr>,
    /// The head with its blank line, as it came.
    pub head: Vec<u8>,
    /// The body, out of its chunks.
    pub body: Vec<u8>,
    /// The name in the client's certificate, if it gave one.
    pub client: Option<String>,
    /// Whether all of the body came.
    pub whole: bool,
    /// Whether the other side went away while the server hung.
    pub gone: bool,
}

impl Seen {
    /// Gives the method, as sent.
    #[must_use]
    pub fn method(&self) -> String {
        self.word(0)
    }

    /// Gives the target, as sent.
    #[must_use]
    pub fn target(&self) -> String {
        self.word(1)
    }

    /// Gives each header line as a name in lower case and a value, in the order sent.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, Vec<u8>)> {
        let lines = self.head.split(|byte| *byte == b'\n').skip(1);
        lines.filter_map(header).collect()
    }

    /// Gives the values of a header; `name` is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<Vec<u8>> {
        let named = self.headers().into_iter().filter(|(own, _)| own == name);
        named.map(|(_, value)| value).collect()
    }

    /// Gives the only value of a header as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.header(name).as_slice() {
            [value] => Some(String::from_utf8_lossy(value).into_owned()),
            _ => None,
        }
    }

    fn word(&self, index: usize) -> String {
        let line = self.head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let word = line.split(|byte| *byte == b' ').nth(index).unwrap_or_default();
        String::from_utf8_lossy(word).into_owned()
    }
}

fn header(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Some((name, value[1..].trim_ascii().to_vec()))
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method(), self.target())?;
        write!(f, " ({} bytes, connection {})", self.body.len(), self.connection)
    }
}
