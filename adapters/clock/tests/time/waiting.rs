//! A blocking send by an async transport: the request body is read on the thread that waits.

use std::error::Error;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use http_hook::blocking::Body;
use http_hook::options::{Capabilities, Capability, ClientOptions, SendOptions, Timeouts};
use http_hook::transport::from_fn;
use http_hook::{TransportError, TransportErrorKind as Kind};
use http_hook_clock::send_blocking;

/// A source that gives a piece a time, on one thread only, and then ends or fails.
struct Source {
    pieces: usize,
    fails: bool,
    thread: thread::ThreadId,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert_eq!(thread::current().id(), self.thread, "another thread would block");
        match self.pieces.checked_sub(1) {
            Some(left) => {
                self.pieces = left;
                (&b"box"[..]).read(buffer)
            }
            None if self.fails => Err(io::Error::other("ran dry")),
            None => Ok(0),
        }
    }
}

/// Sends `body` by a client that reads it on a thread of its own, and sends back what came.
fn echo(body: Body) -> Result<Bytes, TransportError> {
    echo_by(body, |body| pollster::block_on(body.collect(1 << 20)))
}

/// The same, by a client that reads it as told.
fn echo_by(
    body: Body,
    read: fn(http_hook::body::Body) -> Result<Bytes, TransportError>,
) -> Result<Bytes, TransportError> {
    let capabilities = Capabilities::of("echo", &[Capability::StreamRequest]);
    let client = from_fn(capabilities, |request: Request<http_hook::body::Body>, _| async move {
        let reading = thread::spawn(move || read(request.into_body()));
        // Waits without blocking, as a client's future does.
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if reading.is_finished() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        Ok(Response::new(reading.join().expect("no panic")?.into()))
    });
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let response = send_blocking(&client, Request::new(body), &options)?;
    response.into_body().collect(1 << 20)
}

#[test]
fn a_body_is_sent_whole_or_not() {
    let source = |pieces, fails| Source { pieces, fails, thread: thread::current().id() };
    let (little, failed) = (Err("the source gave too little"), Err("the source failed"));
    #[rustfmt::skip]
    let rows: [(&str, Body, Result<usize, &str>); 5] = [
        // what                     body                                      bytes that come
        ("in memory",               Bytes::from_static(b"box").into(),        Ok(3)),
        ("no length announced",     Body::reader(None, source(9, false)),     Ok(27)),
        ("as announced",            Body::reader(Some(27), source(9, false)), Ok(27)),
        ("too little",              Body::reader(Some(27), source(8, false)), little),
        ("it fails",                Body::reader(None, source(2, true)),      failed),
    ];
    for (what, body, expected) in rows {
        let came = echo(body).map(|bytes| bytes.len());
        let why = |error: TransportError| {
            assert_eq!(error.kind(), Kind::RequestBody, "{what}");
            error.source().map(ToString::to_string).unwrap_or_default()
        };
        assert_eq!(came.map_err(why), expected.map_err(str::to_owned), "{what}");
    }
}

/// A source that takes its time.
struct Slow(io::Cursor<Vec<u8>>);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(2));
        self.0.read(buffer)
    }
}

/// Reads a body without waiting to be woken: asks again at once, then looks away for longer than a read takes.
fn restless(mut body: http_hook::body::Body) -> Result<Bytes, TransportError> {
    let (mut context, mut came) = (Context::from_waker(Waker::noop()), Vec::new());
    for pause in [1, 9].into_iter().cycle() {
        match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Pending => thread::sleep(Duration::from_millis(pause)),
            Poll::Ready(Some(frame)) => came.extend(frame?.into_data().unwrap_or_default()),
            Poll::Ready(None) => break,
        }
    }
    Ok(came.into())
}

#[test]
fn nothing_is_lost_to_a_client_that_asks_before_it_is_woken() {
    let sent: Vec<u8> = (0..1 << 19).map(|at: u32| at.to_le_bytes()[1]).collect();
    let came = echo_by(Body::reader(None, Slow(io::Cursor::new(sent.clone()))), restless);
    assert!(came.is_ok_and(|came| came == sent), "not what was sent");
}

/// A client that reads on where it is woken, as some executors run a task, and one whose waker panics.
#[test]
fn a_client_may_do_what_it_likes_where_it_is_woken() {
    struct Inline {
        body: Mutex<http_hook::body::Body>,
        came: Sender<Option<usize>>,
        panics: bool,
    }
    impl Inline {
        fn run(self: Arc<Self>) {
            let waker = Waker::from(Arc::clone(&self));
            let mut context = Context::from_waker(&waker);
            let mut body = self.body.lock().unwrap();
            while let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(&mut context) {
                let came = frame.map(|frame| frame.expect("a piece").into_data().expect("data"));
                let is_end = came.is_none();
                let _ = self.came.send(came.map(|bytes| bytes.len()));
                if is_end {
                    return;
                }
            }
        }
    }
    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            let panics = self.panics;
            self.run();
            assert!(!panics, "on purpose");
        }
    }
    for panics in [false, true] {
        let (tells, hears) = channel();
        thread::spawn(move || {
            let capabilities = Capabilities::of("inline", &[Capability::StreamRequest]);
            let client = from_fn(
                capabilities,
                move |request: Request<http_hook::body::Body>, _| async move {
                    let (came, comes) = channel();
                    let body = Mutex::new(request.into_body());
                    Arc::new(Inline { body, came, panics }).run();
                    let mut sum = 0;
                    let sum = poll_fn(move |context| {
                        context.waker().wake_by_ref();
                        while let Ok(length) = comes.try_recv() {
                            let Some(length) = length else { return Poll::Ready(sum) };
                            sum += length;
                        }
                        Poll::Pending
                    })
                    .await;
                    Ok(Response::new(Bytes::from(sum.to_string()).into()))
                },
            );
            let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
            let body = Body::reader(None, io::Cursor::new(vec![7; 300_000]));
            let sent = send_blocking(&client, Request::new(body), &options);
            tells.send(sent.and_then(|response| response.into_body().collect(99)).ok())
        });
        let came = hears.recv_timeout(Duration::from_secs(10));
        assert_eq!(came.ok().flatten().as_deref(), Some(&b"300000"[..]), "{panics}");
    }
}
