//! What a connection is read from and written to: a socket, with or without TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

#[cfg(feature = "tls")]
use openssl::ssl::{HandshakeError, MidHandshakeSslStream, SslAcceptor, SslStream};

/// How a server begins a connection.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Handshake {
    /// In plain text.
    #[default]
    None,
    /// By TLS.
    #[cfg(feature = "tls")]
    Tls(SslAcceptor),
    /// Reads the client's first bytes, and closes the connection.
    Close,
    /// Reads the client's first bytes, and resets the connection.
    Reset,
    /// Reads the client's first bytes, and says nothing.
    Hang,
}

impl Handshake {
    pub(super) fn scheme(&self) -> &'static str {
        if matches!(self, Self::None) { "http" } else { "https" }
    }
}

pub(super) enum Wire {
    Plain(TcpStream),
    #[cfg(feature = "tls")]
    Tls(Box<SslStream<TcpStream>>),
}

impl Wire {
    /// Does TLS's handshake over a socket that gives up each read after a moment; `go_on` tells whether to try again.
    #[cfg(feature = "tls")]
    pub(super) fn accept(
        acceptor: &SslAcceptor,
        stream: TcpStream,
        go_on: impl Fn() -> bool,
    ) -> io::Result<Self> {
        let mut accepted = acceptor.accept(stream);
        loop {
            accepted = match accepted {
                Ok(stream) => return Ok(Self::Tls(Box::new(stream))),
                Err(HandshakeError::WouldBlock(middle)) if go_on() => {
                    MidHandshakeSslStream::handshake(middle)
                }
                Err(_) => return Err(io::ErrorKind::InvalidData.into()),
            };
        }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    /// Names the client by its certificate.
    pub(super) fn client(&self) -> Option<String> {
        match self {
            Self::Plain(_) => None,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => super::certificates::name_of(&*stream.ssl().peer_certificate()?),
        }
    }

    /// Says goodbye as TLS wants it, where there is TLS.
    pub(super) fn goodbye(&mut self) {
        match self {
            Self::Plain(_) => {}
            #[cfg(feature = "tls")]
            Self::Tls(stream) => {
                let _ = stream.shutdown(); // the other side may be gone
            }
        }
    }

    /// Writes nothing more.
    pub(super) fn end(&self) -> io::Result<()> {
        self.socket().shutdown(Shutdown::Write)
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.flush(),
        }
    }
}
