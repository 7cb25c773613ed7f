//! The blocking twins of the transport's trait and body.

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use super::Capabilities;
use super::body::{cut, debug_body, size, too_long};
use crate::error::TransportError;
use crate::request::SendOptions;

/// Sends one request and gives back one response, blocking the thread meanwhile.
///
/// The rules are those of the async [`Transport`](super::Transport).
pub trait Transport: Send + Sync {
    /// Tells which options the client can carry out.
    fn capabilities(&self) -> Capabilities;

    /// Sends `request` under `options`.
    ///
    /// # Errors
    ///
    /// A [`TransportError`] if there is no response.
    fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        (**self).send(request, options)
    }
}

/// A body on its way, for blocking transports.
#[non_exhaustive]
pub enum Body {
    /// All of it, in memory.
    Bytes(Bytes),
    /// A reader, with the number of bytes it will give where that is known.
    ///
    /// An [`std::io::Error`] that holds a [`TransportError`] is given on as that error.
    Reader {
        /// The length in bytes, if known.
        len: Option<u64>,
        /// The source.
        reader: Box<dyn Read + Send>,
    },
}

impl Body {
    /// Wraps a reader of `len` bytes (`None`: not known).
    #[must_use]
    pub fn reader(len: Option<u64>, reader: impl Read + Send + 'static) -> Self {
        Self::Reader { len, reader: Box::new(reader) }
    }

    /// Gives the length in bytes, if known.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(size(bytes.len())),
            Self::Reader { len, .. } => *len,
        }
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Reads all of the body.
    ///
    /// # Errors
    ///
    /// Kind [`Limit`](crate::TransportErrorKind::Limit) if there are more than `limit` bytes,
    /// kind [`Body`](crate::TransportErrorKind::Body) if reading fails.
    pub fn collect(self, limit: u64) -> Result<Bytes, TransportError> {
        match self {
            Self::Bytes(bytes) if size(bytes.len()) <= limit => Ok(bytes),
            Self::Bytes(_) => Err(too_long(limit)),
            Self::Reader { reader, len } => {
                let mut all = Vec::with_capacity(believed(len, limit));
                let mut bounded = reader.take(limit.saturating_add(1));
                bounded.read_to_end(&mut all).map_err(TransportError::from_body_io)?;
                if size(all.len()) > limit {
                    return Err(too_long(limit));
                }
                Ok(all.into())
            }
        }
    }

    /// Reads at most `limit` bytes of the body and leaves the rest.
    ///
    /// # Errors
    ///
    /// As [`collect`](Self::collect), but for the limit.
    pub fn collect_up_to(self, limit: u64) -> Result<Bytes, TransportError> {
        match self {
            Self::Bytes(bytes) => Ok(cut(&bytes, limit)),
            Self::Reader { reader, .. } => {
                let mut all = Vec::new();
                reader.take(limit).read_to_end(&mut all).map_err(TransportError::from_body_io)?;
                Ok(all.into())
            }
        }
    }
}

/// How much room to make at once for a body that is said to have `len` bytes. A small one gets just what it needs.
fn believed(len: Option<u64>, limit: u64) -> usize {
    const MOST: usize = 64 << 10;
    let len = len.unwrap_or_default().min(limit);
    usize::try_from(len).unwrap_or(MOST).min(MOST)
}

impl Default for Body {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_body(f, self.len())
    }
}

/// Makes a blocking transport from a closure that can honour `capabilities`.
///
/// # Examples
///
/// ```
/// use http_hook::{Capabilities, blocking};
///
/// let transport = blocking::from_fn(Capabilities::none("closure"), |request, _options| {
///     Ok(http::Response::new(request.into_body()))
/// });
/// # let _: &dyn blocking::Transport = &transport;
/// ```
pub fn from_fn<F>(capabilities: Capabilities, send: F) -> FromFn<F>
where
    F: Fn(Request<Body>, &SendOptions) -> Result<Response<Body>, TransportError> + Send + Sync,
{
    FromFn { capabilities, send }
}

/// A blocking transport made [from a closure](from_fn).
pub struct FromFn<F> {
    capabilities: Capabilities,
    send: F,
}

impl<F> Transport for FromFn<F>
where
    F: Fn(Request<Body>, &SendOptions) -> Result<Response<Body>, TransportError> + Send + Sync,
{
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        (self.send)(request, options)
    }
}
