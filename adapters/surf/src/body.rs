//! The body of a request, as a reader that cannot be wound back.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncBufRead, AsyncRead};
use http_hook::body::{Body, Exact, SourceWatch};

pub(crate) fn to_surf(body: Body) -> (surf::Body, SourceWatch) {
    let length = body.len().and_then(|length| usize::try_from(length).ok());
    let exact = Exact::new(body);
    let source = exact.watch();
    (surf::Body::from_reader(Outgoing(exact), length), source)
}

struct Outgoing(Exact);

impl AsyncBufRead for Outgoing {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_mut().0.poll_fill(context)
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
        self.0.poll_read(context, buffer)
    }
}
