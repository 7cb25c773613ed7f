//! What an adapter implements: send one request, report what happened, decide nothing.
//!
//! ```text
//! Step::Send { request, options } ──driver──▶ Transport::send ──▶ Ok(response) | Err(TransportError)
//! ```

use std::fmt;
use std::future::poll_fn;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body::Frame;

use crate::error::{Sent, TransportError, TransportErrorKind};
use crate::request::SendOptions;

/// Sends one request and gives back one response.
///
/// A transport never follows a redirect, never sends again, never adds a credential and never undoes a
/// content coding. Every status is `Ok`. When in doubt whether the server saw the request, an error says
/// [`Sent::Maybe`].
#[async_trait]
pub trait Transport: Send + Sync {
    /// Tells which options the client can carry out. The driver refuses a call with any other.
    fn capabilities(&self) -> Capabilities;

    /// Sends `request` under `options`.
    ///
    /// Dropping the future stops the exchange; the server may then have seen the request.
    ///
    /// # Errors
    ///
    /// A [`TransportError`] if there is no response: its kind to decide by, and whether the request was sent.
    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        (**self).send(request, options).await
    }
}

/// The blocking twin of [`Transport`].
pub(crate) mod blocking {
    use super::{Arc, Capabilities, Read, Request, Response, SendOptions, TransportError, fmt};
    use bytes::Bytes;

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
                Self::Bytes(bytes) => Some(bytes.len() as u64),
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
                Self::Bytes(bytes) if bytes.len() as u64 <= limit => Ok(bytes),
                Self::Bytes(_) => Err(super::too_long(limit)),
                Self::Reader { reader, .. } => {
                    let mut all = Vec::new();
                    let mut bounded = reader.take(limit.saturating_add(1));
                    bounded.read_to_end(&mut all).map_err(TransportError::from_body_io)?;
                    if all.len() as u64 > limit {
                        return Err(super::too_long(limit));
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
                Self::Bytes(bytes) => Ok(super::cut(bytes, limit)),
                Self::Reader { reader, .. } => {
                    let mut all = Vec::new();
                    reader
                        .take(limit)
                        .read_to_end(&mut all)
                        .map_err(TransportError::from_body_io)?;
                    Ok(all.into())
                }
            }
        }
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
            super::debug_body(f, self.len())
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
}

/// Makes a transport from a closure that gives a future and can honour `capabilities`.
///
/// # Examples
///
/// ```
/// use http_hook::{Capabilities, from_fn};
///
/// let transport = from_fn(Capabilities::none("closure"), |request, _options| async move {
///     Ok(http::Response::new(request.into_body()))
/// });
/// # let _: &dyn http_hook::Transport = &transport;
/// ```
pub fn from_fn<F, R>(capabilities: Capabilities, send: F) -> FromFn<F>
where
    F: Fn(Request<Body>, SendOptions) -> R + Send + Sync,
    R: Future<Output = Result<Response<Body>, TransportError>> + Send,
{
    FromFn { capabilities, send }
}

/// A transport made [from a closure](from_fn).
pub struct FromFn<F> {
    capabilities: Capabilities,
    send: F,
}

#[async_trait]
impl<F, R> Transport for FromFn<F>
where
    F: Fn(Request<Body>, SendOptions) -> R + Send + Sync,
    R: Future<Output = Result<Response<Body>, TransportError>> + Send,
{
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        (self.send)(request, options.clone()).await
    }
}

/// An `http_body` body behind a pointer: what streams through an async transport.
pub type BoxBody = Pin<Box<dyn http_body::Body<Data = Bytes, Error = TransportError> + Send>>;

/// A body on its way, for async transports.
#[non_exhaustive]
pub enum Body {
    /// All of it, in memory.
    Bytes(Bytes),
    /// A stream; its length is in its [`size_hint`](http_body::Body::size_hint).
    Stream(BoxBody),
}

impl Body {
    /// Wraps a streaming body.
    pub fn stream<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes, Error = TransportError> + Send + 'static,
    {
        Self::Stream(Box::pin(body))
    }

    /// Gives the length in bytes, if known.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream(body) => body.size_hint().exact(),
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
    /// Kind [`Limit`](TransportErrorKind::Limit) if there are more than `limit` bytes, else the body's own error.
    pub async fn collect(self, limit: u64) -> Result<Bytes, TransportError> {
        let mut body = match self {
            Self::Bytes(bytes) if bytes.len() as u64 <= limit => return Ok(bytes),
            Self::Bytes(_) => return Err(too_long(limit)),
            Self::Stream(body) => body,
        };
        let mut all = BytesMut::new();
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            let Ok(data) = frame?.into_data() else { continue };
            if (all.len() as u64).saturating_add(data.len() as u64) > limit {
                return Err(too_long(limit));
            }
            all.extend_from_slice(&data);
        }
        Ok(all.freeze())
    }

    /// Reads the body up to `limit` bytes and leaves the rest.
    ///
    /// # Errors
    ///
    /// The body's own error, if it comes before the limit.
    pub async fn collect_up_to(self, limit: u64) -> Result<Bytes, TransportError> {
        let mut body = match self {
            Self::Bytes(bytes) => return Ok(cut(bytes, limit)),
            Self::Stream(body) => body,
        };
        let mut all = BytesMut::new();
        while (all.len() as u64) < limit {
            let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await else {
                break;
            };
            if let Ok(data) = frame?.into_data() {
                all.extend_from_slice(&data);
            }
        }
        Ok(cut(all.freeze(), limit))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match &mut *self {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(body) => body.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match self {
            Self::Bytes(bytes) => http_body::SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(body) => body.size_hint(),
        }
    }
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

fn debug_body(f: &mut fmt::Formatter<'_>, len: Option<u64>) -> fmt::Result {
    match len {
        Some(len) => write!(f, "Body({len} bytes)"),
        None => f.write_str("Body(length unknown)"),
    }
}

fn cut(bytes: Bytes, limit: u64) -> Bytes {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    bytes.slice(..bytes.len().min(limit))
}

fn too_long(limit: u64) -> TransportError {
    TransportError::new(TransportErrorKind::Limit, Sent::Yes)
        .with_source(format!("the body is longer than {limit} bytes"))
}

/// Something that not every HTTP client can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Capability {
    /// A time limit for making the connection alone.
    ConnectTimeout,
    /// A time limit up to the head of the answer.
    HeadTimeout,
    /// A time limit between two pieces of the body.
    IdleTimeout,
    /// A time limit for the whole exchange.
    TotalTimeout,
    /// Not verifying the server's certificate.
    VerifyOff,
    /// Certificate authorities from a file.
    VerifyFile,
    /// A client certificate, key in the same file.
    ClientCert,
    /// A client certificate with its key in a file of its own.
    ClientKey,
    /// A proxy for `http` targets.
    ProxyHttp,
    /// A proxy for `https` targets.
    ProxyHttps,
    /// Credentials for the proxy.
    ProxyAuth,
    /// TCP keep-alive settings.
    KeepAlive,
    /// A request body that is streamed.
    StreamRequest,
    /// A response body that is streamed.
    StreamResponse,
    /// Any method that is a token.
    CustomMethod,
}

impl Capability {
    const ALL: [Self; 15] = [
        Self::ConnectTimeout,
        Self::HeadTimeout,
        Self::IdleTimeout,
        Self::TotalTimeout,
        Self::VerifyOff,
        Self::VerifyFile,
        Self::ClientCert,
        Self::ClientKey,
        Self::ProxyHttp,
        Self::ProxyHttps,
        Self::ProxyAuth,
        Self::KeepAlive,
        Self::StreamRequest,
        Self::StreamResponse,
        Self::CustomMethod,
    ];

    /// Names the option that needs this, as a connection writes it.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::ConnectTimeout => "timeout (connect)",
            Self::HeadTimeout => "timeout (head)",
            Self::IdleTimeout => "timeout (read)",
            Self::TotalTimeout => "deadline",
            Self::VerifyOff => "verify = false",
            Self::VerifyFile => "verify (file)",
            Self::ClientCert => "cert",
            Self::ClientKey => "cert (with a key of its own)",
            Self::ProxyHttp => "proxies (http)",
            Self::ProxyHttps => "proxies (https)",
            Self::ProxyAuth => "proxies (with credentials)",
            Self::KeepAlive => "tcp_keep_alive",
            Self::StreamRequest => "streamed request body",
            Self::StreamResponse => "stream",
            Self::CustomMethod => "method",
        }
    }
}

/// A set of [capabilities](Capability), with the name of the client that has them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    client: &'static str,
    bits: u32,
}

impl Capabilities {
    /// A client that honours no option at all.
    #[must_use]
    pub const fn none(client: &'static str) -> Self {
        Self { client, bits: 0 }
    }

    /// A client that honours every option.
    #[must_use]
    pub const fn all(client: &'static str) -> Self {
        Self { client, bits: u32::MAX }
    }

    /// Adds a capability.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self { bits: self.bits | 1 << capability as u8, ..self }
    }

    /// Takes a capability away.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self { bits: self.bits & !(1 << capability as u8), ..self }
    }

    /// Names the client.
    #[must_use]
    pub const fn client(self) -> &'static str {
        self.client
    }

    /// Whether the client can do this.
    #[must_use]
    pub const fn has(self, capability: Capability) -> bool {
        self.bits & 1 << capability as u8 != 0
    }

    /// Gives the first of the capabilities of `needed` that this set lacks.
    #[must_use]
    pub fn missing(self, needed: Self) -> Option<Capability> {
        if needed.bits & !self.bits == 0 {
            return None;
        }
        Capability::ALL.into_iter().find(|one| needed.has(*one) && !self.has(*one))
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.client)?;
        f.debug_set().entries(Capability::ALL.into_iter().filter(|one| self.has(*one))).finish()
    }
}
