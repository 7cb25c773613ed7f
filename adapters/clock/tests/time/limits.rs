//! Limits of time: which one passes first, and what it does.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use http_hook::body::Body;
use http_hook::options::Timeouts;
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use http_hook_clock::Limits;

/// A body that gives so many pieces and then nothing, not even an end.
struct Stuck {
    pieces: usize,
    _alive: Arc<()>,
}

impl http_body::Body for Stuck {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match self.pieces.checked_sub(1) {
            None => Poll::Pending,
            Some(left) => {
                self.pieces = left;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
            }
        }
    }
}

fn timeouts((head, idle, total): (u64, u64, u64)) -> Timeouts {
    let limit = |millis| (millis > 0).then_some(Duration::from_millis(millis));
    let mut timeouts = Timeouts::default();
    (timeouts.head, timeouts.idle, timeouts.total) = (limit(head), limit(idle), limit(total));
    timeouts
}

fn next(body: &mut Body) -> Option<Result<Frame<Bytes>, TransportError>> {
    pollster::block_on(poll_fn(|context| http_body::Body::poll_frame(Pin::new(body), context)))
}

#[test]
fn the_earlier_limit_is_told() {
    const LONG: u64 = 60_000;
    use TimeoutPhase::{Body as Idle, Head, Total};
    #[rustfmt::skip]
    let rows = [
        // why                          head, idle, total    before the head   in the body
        ("the limit of the phase",      (2,    2,    LONG),  Head,             Idle),
        ("the total limit is earlier",  (LONG, LONG, 2),     Total,            Total),
        ("the total limit alone",       (0,    0,    2),     Total,            Total),
    ];
    for (why, limits, before, within) in rows {
        let never = std::future::pending::<Result<(), TransportError>>();
        let error = pollster::block_on(Limits::start(timeouts(limits)).head(never)).unwrap_err();
        assert_eq!((error.kind(), error.sent()), (Kind::Timeout(before), Sent::Maybe), "{why}");

        let alive = Arc::new(());
        let body = Stuck { pieces: 3, _alive: Arc::clone(&alive) };
        let mut body = Body::stream(Limits::start(timeouts(limits)).body(body));
        let error = std::iter::from_fn(|| next(&mut body)).find_map(Result::err).expect("no end");
        assert_eq!((error.kind(), error.sent()), (Kind::Timeout(within), Sent::Yes), "{why}");
        assert_eq!(Arc::strong_count(&alive), 1, "{why}: the client's body is gone");
        assert!(next(&mut body).is_none(), "{why}");
    }
}

#[test]
fn what_comes_in_time_is_handed_on() {
    let answer = async { Ok(7) };
    let mut limits = Limits::start(timeouts((2, 2, 2)));
    assert_eq!(pollster::block_on(limits.head(answer)).unwrap(), 7);
    let body = Body::stream(limits.body(Body::from(Bytes::from_static(b"all of it"))));
    assert_eq!(body.len(), Some(9));
    assert_eq!(pollster::block_on(body.collect(100)).unwrap(), "all of it");
}
