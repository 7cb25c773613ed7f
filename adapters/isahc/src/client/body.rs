//! The body of a request, as a reader that cannot be wound back: so libcurl cannot send it twice.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncRead;
use http_hook::body::{Body, Exact, SourceWatch};
use isahc::AsyncBody;

pub(crate) fn to_isahc(body: Body) -> (AsyncBody, SourceWatch) {
    if body.is_empty() {
        return (AsyncBody::empty(), SourceWatch::default());
    }
    let (length, exact) = (body.len(), Exact::new(body));
    let source = exact.watch();
    let body = match length {
        Some(length) => AsyncBody::from_reader_sized(Outgoing(exact), length),
        None => AsyncBody::from_reader(Outgoing(exact)),
    };
    (body, source)
}

struct Outgoing(Exact);

impl AsyncRead for Outgoing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(context, buffer)
    }
}
