//! Limits of time: which one passes first, and what it does.

use std::convert::identity;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::Frame;
use http_hook::body::Body;
use http_hook::options::Timeouts;
use http_hook::transport::{Clock, TimeoutPhase};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use http_hook_clock::{Limits, SystemClock};

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
        let mut body = Body::stream(Limits::start(timeouts(limits)).body(body, None, identity));
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
    let whole = Body::from(Bytes::from_static(b"all of it"));
    let body = Body::stream(limits.body(whole, None, identity));
    assert_eq!(body.len(), Some(9));
    assert_eq!(pollster::block_on(body.collect(100)).unwrap(), "all of it");
}

/// A body that takes its time and has always something.
struct Busy {
    pieces: usize,
    takes: Duration,
}

impl http_body::Body for Busy {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let Some(left) = self.pieces.checked_sub(1) else { return Poll::Ready(None) };
        self.pieces = left;
        thread::sleep(self.takes);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}

#[test]
fn the_limit_for_all_holds_where_something_is_always_ready() {
    let busy = |pieces| Busy { pieces, takes: Duration::from_millis(5) };
    let read = |limits: Limits, body| {
        let body = Body::stream(limits.body(body, None, identity));
        pollster::block_on(body.collect(1 << 20))
    };
    let error = read(Limits::start(timeouts((0, 0, 40))), busy(1000)).unwrap_err();
    assert_eq!((error.kind(), error.sent()), (Kind::Timeout(TimeoutPhase::Total), Sent::Yes));
    assert_eq!(read(Limits::start(timeouts((0, 2, 0))), busy(3)).unwrap(), "xxx");
    assert_eq!(read(Limits::start(timeouts((0, 0, 60_000))), busy(3)).unwrap(), "xxx");

    let late = async {
        thread::sleep(Duration::from_millis(40));
        Ok(())
    };
    let error = pollster::block_on(Limits::start(timeouts((0, 0, 5))).head(late)).unwrap_err();
    assert_eq!((error.kind(), error.sent()), (Kind::Timeout(TimeoutPhase::Total), Sent::Yes));
}

#[test]
fn a_body_is_held_to_its_length_and_to_its_end() {
    type Proof = Option<fn(&Busy) -> bool>;
    let (yes, no): (Proof, Proof) = (Some(|_| true), Some(|_| false));
    #[rustfmt::skip]
    let rows = [
        // why                             pieces, announced, proof   what is read
        ("as long as announced",           3,      Some(3),   None,   Some("xxx")),
        ("too short",                      2,      Some(3),   None,   None),
        ("too long",                       4,      Some(3),   None,   None),
        ("none, whatever comes",           4,      Some(0),   None,   Some("")),
        ("not announced",                  2,      None,      None,   Some("xx")),
        ("whole, and known to be",         2,      None,      yes,    Some("xx")),
        ("broken off, and known to be",    2,      None,      no,      None),
        ("all of it came, and then broke", 2,      Some(2),   no,      Some("xx")),
        ("too short, and broken off",      2,      Some(3),   no,      None),
    ];
    for (why, pieces, length, proof, expected) in rows {
        let body = Busy { pieces, takes: Duration::ZERO };
        let mut body = Limits::start(Timeouts::default()).body(body, length, identity);
        if let Some(proof) = proof {
            body = body.ending(proof);
        }
        let body = Body::stream(body);
        assert_eq!(body.len(), length, "{why}");
        let read = pollster::block_on(body.collect(100)).map_err(|error| {
            assert_eq!((error.kind(), error.sent()), (Kind::Body, Sent::Yes), "{why}");
        });
        assert_eq!(read.as_deref().ok(), expected.map(str::as_bytes), "{why}");
    }
}

/// A body whose client panics.
struct Panics;

impl http_body::Body for Panics {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        panic!("on purpose")
    }
}

#[test]
fn a_panic_of_the_client_is_an_error() {
    let limits = || Limits::start(Timeouts::default());
    let panics = async { panic!("on purpose") };
    let error = pollster::block_on(limits().head::<()>(panics)).unwrap_err();
    assert_eq!((error.kind(), error.sent()), (Kind::Bug, Sent::Maybe));

    let mut body = Body::stream(limits().body(Panics, None, identity));
    assert_eq!(next(&mut body).unwrap().unwrap_err().kind(), Kind::Bug);
    assert!(next(&mut body).is_none(), "it is gone");
}

/// What a task does when it is woken.
struct Woken<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync> Wake for Woken<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// Asks for the head of a response that never comes, once, with this waker.
fn ask(
    sending: &mut Pin<Box<dyn Future<Output = Told> + Send>>,
    waker: Arc<impl Wake + Send + Sync + 'static>,
) -> Poll<Told> {
    sending.as_mut().poll(&mut Context::from_waker(&Waker::from(waker)))
}

type Told = Result<(), TransportError>;

fn never(millis: u64) -> Pin<Box<dyn Future<Output = Told> + Send>> {
    let mut limits = Limits::start(timeouts((millis, 0, 0)));
    Box::pin(async move { limits.head(pending::<Told>()).await })
}

/// Whatever a waker does, the limits of all others hold.
#[test]
fn a_waker_may_do_what_it_likes() {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    let panics = Arc::new(Woken(move || {
        count.fetch_add(1, Ordering::SeqCst);
        panic!("on purpose");
    }));
    // An executor that is gone: the waker holds the last of the task, and that holds another deadline.
    let last = Mutex::new(Some(never(60_000)));
    assert!(ask(last.lock().unwrap().as_mut().unwrap(), Arc::new(Woken(|| ()))).is_pending());
    let count = Arc::clone(&woken);
    let drops = Arc::new(Woken(move || {
        count.fetch_add(1, Ordering::SeqCst);
        drop(last.lock().unwrap().take());
    }));
    // One that sets a limit of its own.
    let count = Arc::clone(&woken);
    let asks = Arc::new(Woken(move || {
        count.fetch_add(1, Ordering::SeqCst);
        assert!(ask(&mut never(60_000), Arc::new(Woken(|| ()))).is_pending());
    }));
    let (mut one, mut two, mut three) = (never(2), never(2), never(2));
    assert!(ask(&mut one, panics).is_pending());
    assert!(ask(&mut two, drops).is_pending());
    assert!(ask(&mut three, asks).is_pending());

    // One whose waker goes with the last of a task when the limit is dropped or set anew.
    let held = Arc::new(Held(Mutex::new(Some(never(60_000)))));
    assert!(ask(held.0.lock().unwrap().as_mut().unwrap(), Arc::new(Woken(|| ()))).is_pending());
    let mut four = never(60_000);
    assert!(ask(&mut four, held).is_pending());
    assert!(ask(&mut four, Arc::new(Woken(|| ()))).is_pending());
    let held = Arc::new(Held(Mutex::new(Some(never(60_000)))));
    assert!(ask(held.0.lock().unwrap().as_mut().unwrap(), Arc::new(Woken(|| ()))).is_pending());
    assert!(ask(&mut four, held).is_pending());
    drop(four);

    for _ in 0..3 {
        let (told, hears) = channel();
        thread::spawn(move || told.send(pollster::block_on(never(20))));
        let told = hears.recv_timeout(Duration::from_secs(10)).expect("limits still hold");
        assert_eq!(told.unwrap_err().kind(), Kind::Timeout(TimeoutPhase::Head));
    }
    assert_eq!(woken.load(Ordering::SeqCst), 3);
}

/// The same for those who only sleep.
#[test]
fn a_waker_that_panics_keeps_nobody_asleep() {
    let (tells, woken) = channel();
    let panics = Arc::new(Woken(move || {
        let _ = tells.send(());
        panic!("on purpose");
    }));
    let clock = SystemClock::new();
    let mut sleep = Box::pin(Clock::sleep(&clock, Duration::from_millis(2)));
    let waker = Waker::from(panics);
    assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    woken.recv_timeout(Duration::from_secs(10)).expect("it is woken");
    for _ in 0..3 {
        let (told, hears) = channel();
        thread::spawn(move || {
            pollster::block_on(Clock::sleep(&SystemClock::new(), Duration::from_millis(20)));
            told.send(())
        });
        hears.recv_timeout(Duration::from_secs(10)).expect("others still wake");
    }
}

/// A task that is nowhere else.
struct Held(Mutex<Option<Pin<Box<dyn Future<Output = Told> + Send>>>>);

impl Wake for Held {
    fn wake(self: Arc<Self>) {}
}

/// The limit for the head is counted from the last piece that went up, and what is large goes in pieces.
#[test]
fn an_upload_that_goes_on_is_not_late() {
    for large in [
        Body::from(Bytes::from(vec![b'x'; 200 << 10])),
        Body::stream(Busy { pieces: 4, takes: Duration::ZERO }),
    ] {
        let mut limits = Limits::start(timeouts((120, 0, 0)));
        let length = large.len();
        let mut body = limits.outgoing(large);
        assert_eq!(body.len(), length);
        let sending = async {
            let mut count = 0;
            while body.chunk().await?.is_some() {
                count += 1;
                Clock::sleep(&SystemClock::new(), Duration::from_millis(60)).await;
            }
            assert_eq!(count, 4);
            // It has all of it, and does not answer.
            pending::<Told>().await
        };
        let start = Instant::now();
        let error = pollster::block_on(limits.head(sending)).unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout(TimeoutPhase::Head));
        assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    }
    let small = Limits::start(timeouts((1, 0, 0))).outgoing(Body::from(Bytes::from_static(b"x")));
    assert!(matches!(small, Body::Bytes(_)), "a small one is left as it is");
}
