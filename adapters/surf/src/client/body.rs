//! The body of a request, as a reader that cannot be wound back.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_io::{AsyncBufRead, AsyncRead};
use http_hook::body::{Body, Exact, SourceWatch};

/// What is known of the body on its way.
#[derive(Default)]
pub(crate) struct Watch {
    /// Its source.
    pub(crate) source: SourceWatch,
    /// Whether the client has asked for it, be it empty. async-h1 does that before it writes anything.
    pub(crate) begun: Arc<AtomicBool>,
}

pub(crate) fn to_surf(body: Body) -> (surf::Body, Watch) {
    let length = body.len().and_then(|length| usize::try_from(length).ok());
    let (exact, begun) = (Exact::new(body), Arc::default());
    let watch = Watch { source: exact.watch(), begun: Arc::clone(&begun) };
    (surf::Body::from_reader(Outgoing(exact, begun), length), watch)
}

struct Outgoing(Exact, Arc<AtomicBool>);

impl AsyncBufRead for Outgoing {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let Self(exact, begun) = self.get_mut();
        begun.store(true, Ordering::Relaxed);
        exact.poll_fill(context)
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.0.consume(count);
    }
}

impl AsyncRead for Outgoing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.1.store(true, Ordering::Relaxed);
        self.0.poll_read(context, buffer)
    }
}
