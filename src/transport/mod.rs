//! What an adapter implements: send one request, report what happened, decide nothing.
//!
//! ```text
//! Step::Send { request, options } ──driver──▶ Transport::send ──▶ Ok(response) | Err(TransportError)
//! ```

pub(crate) mod blocking;
pub(crate) mod clock;
mod errors;
mod framing;
mod target;

use std::sync::Arc;

/// The attribute that [`Transport`] and [`Clock`] are written with: an `impl` of them needs it, too.
pub use async_trait::async_trait;
use http::{Request, Response};

use crate::base::TransportError;
use crate::body::Body;
use crate::options::{Capabilities, SendOptions};

pub use crate::base::{TimeoutPhase, catch_panic};
pub use clock::Clock;
pub use errors::{before_head, in_body, of_io, refused, unsent};
pub use framing::{leave_framing, response_length};
pub use target::{check_reading, check_target};

/// Sends one request and gives back one response.
///
/// A transport never follows a redirect, never sends again, never adds a credential and never undoes a
/// content coding. Every status is `Ok`. When in doubt whether the server saw the request, an error says
/// [`Sent::Maybe`](crate::Sent::Maybe).
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

/// Makes a transport from a closure that gives a future and can honour `capabilities`.
///
/// # Examples
///
/// ```
/// use http_hook::options::Capabilities;
/// use http_hook::transport::from_fn;
///
/// let transport = from_fn(Capabilities::none("closure"), |request, _options| async move {
///     Ok(http::Response::new(request.into_body()))
/// });
/// # let _: &dyn http_hook::transport::Transport = &transport;
/// ```
pub fn from_fn<F, R>(capabilities: Capabilities, send: F) -> impl Transport
where
    F: Fn(Request<Body>, SendOptions) -> R + Send + Sync,
    R: Future<Output = Result<Response<Body>, TransportError>> + Send,
{
    FromFn { capabilities, send }
}

struct FromFn<F> {
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
