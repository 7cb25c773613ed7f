//! The blocking twins of the transport's trait and body.

use std::sync::Arc;

use http::{Request, Response};

use crate::body::blocking::Body;

use crate::base::TransportError;
use crate::options::{Capabilities, SendOptions};

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

/// Makes a blocking transport from a closure that can honour `capabilities`.
///
/// # Examples
///
/// ```
/// use http_hook::blocking;
/// use http_hook::options::Capabilities;
///
/// let transport = blocking::from_fn(Capabilities::none("closure"), |request, _options| {
///     Ok(http::Response::new(request.into_body()))
/// });
/// # let _: &dyn blocking::Transport = &transport;
/// ```
pub fn from_fn<F>(capabilities: Capabilities, send: F) -> impl Transport
where
    F: Fn(Request<Body>, &SendOptions) -> Result<Response<Body>, TransportError> + Send + Sync,
{
    FromFn { capabilities, send }
}

struct FromFn<F> {
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
