//! What the server does with a request: acts, one after the other.

use std::net::SocketAddr;
use std::time::Duration;

/// One thing that the server does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Reads the body of the request, answering an `Expect` first.
    ReadBody,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Writes one byte in each interval.
    Drip(Vec<u8>, Duration),
    /// Does nothing for a time.
    Wait(Duration),
    /// Closes the connection in good order.
    Close,
    /// Closes the connection without TLS's goodbye: whoever does not look takes this for the end.
    Cut,
    /// Resets the connection.
    Reset,
    /// Carries bytes to and from this address until one side ends.
    Tunnel(SocketAddr),
    /// Says nothing more until the other side goes away or the server's patience ends.
    Hang,
}

/// The answer to one request. Without [`close`](Reply::close), [`reset`](Reply::reset) or
/// [`hang`](Reply::hang) the connection is kept for the next one.
///
/// # Examples
///
/// ```
/// use http_hook_conformance::server::Reply;
///
/// // Announces five bytes, gives two, and is gone.
/// let reply = Reply::status(200, &[], b"hello").without_last(3).close();
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    acts: Vec<Act>,
}

impl Reply {
    /// Reads the request's body and says nothing yet.
    #[must_use]
    pub fn silent() -> Self {
        Self { acts: vec![Act::ReadBody] }
    }

    /// Leaves the request's body unread.
    #[must_use]
    pub fn deaf() -> Self {
        Self { acts: Vec::new() }
    }

    /// Answers with these bytes, whatever they are.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::silent().write(bytes)
    }

    /// Answers with a status, headers, `Content-Length` and a body.
    #[must_use]
    pub fn status(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Text\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.extend(["Content-Length: ", &body.len().to_string(), "\r\n\r\n"]);
        Self::raw([head.as_bytes(), body].concat())
    }

    /// Answers with status 200 and a body.
    #[must_use]
    pub fn ok(body: &[u8]) -> Self {
        Self::status(200, &[], body)
    }

    /// Writes more bytes.
    #[must_use]
    pub fn write(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Act::Write(bytes.into()))
    }

    /// Writes more bytes, one in each interval.
    #[must_use]
    pub fn drip(self, bytes: impl Into<Vec<u8>>, every: Duration) -> Self {
        self.then(Act::Drip(bytes.into(), every))
    }

    /// Does nothing for a time.
    #[must_use]
    pub fn wait(self, time: Duration) -> Self {
        self.then(Act::Wait(time))
    }

    /// Closes the connection.
    #[must_use]
    pub fn close(self) -> Self {
        self.then(Act::Close)
    }

    /// Closes the connection without TLS's goodbye.
    #[must_use]
    pub fn cut(self) -> Self {
        self.then(Act::Cut)
    }

    /// Resets the connection, after a moment in which what was written can arrive.
    #[must_use]
    pub fn reset(self) -> Self {
        self.then(Act::Wait(Duration::from_millis(30))).then(Act::Reset)
    }

    /// Carries bytes to and from this address, as a proxy does.
    #[must_use]
    pub fn tunnel(self, to: SocketAddr) -> Self {
        self.then(Act::Tunnel(to))
    }

    /// Says nothing more.
    #[must_use]
    pub fn hang(self) -> Self {
        self.then(Act::Hang)
    }

    /// Leaves out the last bytes of what is written last.
    #[must_use]
    pub fn without_last(mut self, bytes: usize) -> Self {
        if let Some(Act::Write(written)) = self.acts.last_mut() {
            written.truncate(written.len().saturating_sub(bytes));
        }
        self
    }

    /// Adds an act.
    #[must_use]
    pub fn then(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// Gives the acts.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }
}
