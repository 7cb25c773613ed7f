//! A transport between driver and client: it notes what the machine wants sent.
//!
//! The limits of time are in virtual time, which is over in no time: the client gets generous ones in their place.

use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use http_hook::body::Body;
use http_hook::options::{Capabilities, SendOptions, Timeouts};
use http_hook::transport::Transport;
use http_hook::{TransportError, blocking};

use super::journal::Journal;

/// More than a prompt server needs, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Tap<'a, T: ?Sized> {
    pub(super) transport: &'a T,
    pub(super) journal: &'a Journal,
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Tap<'_, T> {
    fn capabilities(&self) -> Capabilities {
        self.transport.capabilities()
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let (head, body) = request.into_parts();
        let bytes = match &body {
            Body::Bytes(bytes) => Some(bytes),
            _ => None,
        };
        self.journal.request(&head, bytes, body.len(), options);
        self.transport.send(Request::from_parts(head, body), &patient(options)).await
    }
}

impl<T: blocking::Transport + ?Sized> blocking::Transport for Tap<'_, T> {
    fn capabilities(&self) -> Capabilities {
        self.transport.capabilities()
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        let (head, body) = request.into_parts();
        let bytes = match &body {
            blocking::Body::Bytes(bytes) => Some(bytes),
            _ => None,
        };
        self.journal.request(&head, bytes, body.len(), options);
        self.transport.send(Request::from_parts(head, body), &patient(options))
    }
}

fn patient(options: &SendOptions) -> SendOptions {
    let mut options = options.clone();
    // Those are long enough, and a transport may be ready for them.
    if options.timeouts == Timeouts::usual() {
        return options;
    }
    let Timeouts { connect, head, idle, total, .. } = &mut options.timeouts;
    for limit in [connect, head, idle, total] {
        *limit = limit.map(|_| PATIENCE);
    }
    options
}
