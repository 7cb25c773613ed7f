//! What comes of one request: as bytes of a socket, and as an outcome of the mock.
//!
//! Only what every client tells alike is in here; what they tell apart is the matter of the suite of
//! [checks](crate::check).

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_hook::{Sent, TransportErrorKind as Kind};
use http_hook_mock as mock;

use super::limit::Oddity;
use crate::server::{self, Act};

/// How an answer says where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length,
    Chunks,
    /// By the end of the connection.
    Close,
}

/// An answer that is whole.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) framing: Framing,
    /// Whether an interim answer comes before it.
    pub(super) interim: bool,
    /// Whether the connection is kept.
    pub(super) kept: bool,
}

/// What comes of one request.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Whole(Answer),
    /// The connection is closed in the middle of the body.
    Cut(Answer),
    /// The connection is closed before the head.
    Closed,
    /// The connection is reset before the head.
    Reset,
    /// The connection is closed in the middle of the head.
    HeadCut,
    /// What comes is no HTTP.
    Garbage(&'static str),
}

/// What no client takes for an answer.
pub(super) const GARBAGE: &[&str] = &[
    "SSH-2.0-OpenSSH_9.2\r\n",
    "<html>hello</html>\r\n\r\n",
    "HTTP/1.1 2OO OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n",
];

/// What no client takes for an answer that has a body.
pub(super) const ILL_MEASURED: &[&str] = &[
    "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
];

impl Answer {
    /// Makes an answer; always with a type, for some clients make one up.
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let (headers, body, framing) = (Vec::new(), body.into(), Framing::Length);
        let json = body.starts_with(b"{");
        Self { status, headers, body, framing, interim: false, kept: false }
            .header("content-type", if json { "application/json" } else { "text/plain" })
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Codes the body.
    pub(super) fn gzip(mut self) -> Self {
        let mut coder = GzEncoder::new(Vec::new(), Compression::default());
        coder.write_all(&self.body).expect("memory takes all there is");
        self.body = coder.finish().expect("memory takes all there is");
        self.header("content-encoding", "gzip")
    }

    fn has(&self, oddity: Oddity) -> bool {
        match oddity {
            Oddity::UnlistedStatus => matches!(self.status, 299 | 499 | 520 | 599),
            Oddity::Interim => self.interim,
            Oddity::CloseDelimited => {
                self.framing == Framing::Close && !matches!(self.status, 204 | 304)
            }
            Oddity::Garbage => false,
        }
    }

    fn spare(&mut self, oddity: Oddity) {
        match oddity {
            _ if !self.has(oddity) => {}
            Oddity::UnlistedStatus => self.status = self.status / 100 * 100,
            Oddity::Interim => self.interim = false,
            Oddity::CloseDelimited => self.framing = Framing::Length,
            Oddity::Garbage => {}
        }
    }

    /// All headers, with those that frame the body.
    fn all_headers(&self) -> Vec<(String, String)> {
        let mut all = self.headers.clone();
        match self.framing {
            Framing::Length => {
                all.push(("content-length".to_owned(), self.body.len().to_string()));
            }
            Framing::Chunks => all.push(("transfer-encoding".to_owned(), "chunked".to_owned())),
            Framing::Close => {}
        }
        if !self.kept {
            all.push(("connection".to_owned(), "close".to_owned()));
        }
        all
    }

    fn head(&self) -> Vec<u8> {
        let mut head = String::new();
        if self.interim {
            head.push_str("HTTP/1.1 103 Early Hints\r\nLink: </style>\r\n\r\n");
        }
        head.extend(["HTTP/1.1 ", &self.status.to_string(), " Text\r\n"]);
        for (name, value) in self.all_headers() {
            head.extend([&name, ": ", &value, "\r\n"]);
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    fn framed(&self) -> Vec<u8> {
        if self.framing != Framing::Chunks {
            return self.body.clone();
        }
        let mut framed = Vec::new();
        for piece in self.body.chunks(7) {
            framed.extend(format!("{:x}\r\n", piece.len()).into_bytes());
            framed.extend_from_slice(piece);
            framed.extend(b"\r\n");
        }
        framed.extend(b"0\r\n\r\n");
        framed
    }
}

impl Reply {
    /// What the server does. An answer to HEAD is `bodiless`: its headers tell of a body that does not come.
    pub(super) fn served(&self, bodiless: bool) -> server::Reply {
        let raw = |bytes: &[u8]| server::Reply::raw(bytes);
        match self {
            Self::Whole(answer) => {
                let body = if bodiless { Vec::new() } else { answer.framed() };
                let reply = raw(&[answer.head(), body].concat());
                if answer.kept { reply } else { reply.close() }
            }
            Self::Cut(answer) if bodiless => raw(&answer.head()).close(),
            Self::Cut(answer) => {
                let body = answer.framed();
                raw(&[&*answer.head(), &body[..body.len() / 2]].concat()).close()
            }
            Self::Closed => server::Reply::silent().close(),
            Self::Reset => server::Reply::silent().then(Act::Reset),
            Self::HeadCut => raw(b"HTTP/1.1 20").close(),
            Self::Garbage(text) => raw(text.as_bytes()).close(),
        }
    }

    /// What the mock says.
    pub(super) fn told(&self, bodiless: bool) -> mock::Reply {
        match self {
            Self::Whole(answer) | Self::Cut(answer) => {
                let mut reply = mock::Reply::status(answer.status);
                for (name, value) in answer.all_headers() {
                    reply = reply.header(&name, &value);
                }
                match self {
                    _ if bodiless => reply,
                    Self::Whole(_) => reply.body(Bytes::from(answer.body.clone())),
                    _ => reply.body(Bytes::from_static(b"a part")).breaks_off(),
                }
            }
            Self::Closed | Self::Reset | Self::HeadCut => {
                mock::Reply::error(Kind::Interrupted, Sent::Maybe)
            }
            Self::Garbage(_) => mock::Reply::error(Kind::Protocol, Sent::Maybe),
        }
    }

    pub(super) fn has(&self, oddity: Oddity) -> bool {
        match self {
            Self::Whole(answer) | Self::Cut(answer) => answer.has(oddity),
            Self::Garbage(_) => oddity == Oddity::Garbage,
            Self::Closed | Self::Reset | Self::HeadCut => false,
        }
    }

    /// Puts something usual in the place of what is odd.
    pub(super) fn spare(&mut self, oddities: &[Oddity]) {
        if oddities.iter().any(|oddity| *oddity == Oddity::Garbage && self.has(*oddity)) {
            *self = Self::Closed;
        }
        if let Self::Whole(answer) | Self::Cut(answer) = self {
            for oddity in oddities {
                answer.spare(*oddity);
            }
        }
    }

    /// Changes the values of all headers.
    pub(super) fn fill(&mut self, fill: impl Fn(&str) -> String) {
        if let Self::Whole(answer) | Self::Cut(answer) = self {
            for (_, value) in &mut answer.headers {
                *value = fill(value);
            }
        }
    }

    /// Keeps the connection, if it can be kept.
    pub(super) fn keep(&mut self) {
        if let Self::Whole(answer) = self {
            answer.kept = answer.framing != Framing::Close;
        }
    }
}

/// How long an exchange takes, in virtual time.
pub(super) const TAKES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(5), Duration::from_millis(250), Duration::from_secs(2)];
