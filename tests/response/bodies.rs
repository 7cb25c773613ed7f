//! How an answer's body is read into memory.

use std::collections::VecDeque;
use std::io::{Cursor, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use http_hook::body::Body;
use http_hook::{TransportError, TransportErrorKind, blocking};

/// Gives its pieces, and is asked no more once it has said that it is at its end.
struct Pieces(VecDeque<&'static [u8]>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let piece = self.0.pop_front().expect("is not asked after its end");
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

#[test]
fn a_stream_that_is_at_its_end_is_asked_no_more() {
    for pieces in [vec![], vec![b"one".as_slice()], vec![b"one", b"", b"two"]] {
        let whole = pieces.concat();
        let body = Body::stream(Pieces(pieces.into()));
        assert_eq!(pollster::block_on(body.collect(6)).ok().as_deref(), Some(whole.as_slice()));
    }
}

#[test]
fn a_length_that_is_not_true_costs_no_memory_and_loses_nothing() {
    for len in [None, Some(0), Some(2), Some(1 << 40), Some(u64::MAX)] {
        let body = blocking::Body::reader(len, Cursor::new(b"hello"));
        assert_eq!(body.collect(u64::MAX).ok().as_deref(), Some(b"hello".as_slice()), "{len:?}");
    }
    let endless = blocking::Body::reader(Some(1), std::io::repeat(b'x').take(1 << 20));
    let error = endless.collect(1 << 10).expect_err("more than the limit");
    assert_eq!(error.kind(), TransportErrorKind::Limit);
}
