//! A blocking send by an async transport: the request body is read on the thread that waits.

use std::error::Error;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
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

/// A client's task that reads a body wherever it is woken, as an executor without a queue does.
#[derive(Default)]
struct AtOnce {
    body: Mutex<Option<http_hook::body::Body>>,
    came: Mutex<Vec<u8>>,
    is_over: AtomicBool,
}

impl Wake for AtOnce {
    fn wake(self: Arc<Self>) {
        let Some(mut body) = self.body.lock().expect("no panic").take() else { return };
        let waker = Waker::from(Arc::clone(&self));
        loop {
            match Pin::new(&mut body).poll_frame(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(Ok(frame))) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    self.came.lock().expect("no panic").extend(bytes);
                }
                Poll::Ready(_) => return self.is_over.store(true, Ordering::SeqCst),
                Poll::Pending => break,
            }
        }
        *self.body.lock().expect("no panic") = Some(body);
    }
}

/// Wakers are other people's code: one that reads where it is woken finds nothing locked.
#[test]
fn no_waker_is_woken_under_a_lock() {
    let (tell, told) = mpsc::channel();
    // What hangs would hang for ever, so it does so elsewhere.
    thread::spawn(move || {
        let capabilities = Capabilities::of("at once", &[Capability::StreamRequest]);
        let client =
            from_fn(capabilities, |request: Request<http_hook::body::Body>, _| async move {
                let task = Arc::new(AtOnce::default());
                *task.body.lock().expect("no panic") = Some(request.into_body());
                Arc::clone(&task).wake();
                poll_fn(|context| {
                    context.waker().wake_by_ref();
                    if task.is_over.load(Ordering::SeqCst) {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
                let came = std::mem::take(&mut *task.came.lock().expect("no panic"));
                Ok(Response::new(Bytes::from(came).into()))
            });
        let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
        let source = Source { pieces: 9, fails: false, thread: thread::current().id() };
        let request = Request::new(Body::reader(None, source));
        let came = send_blocking(&client, request, &options)
            .and_then(|response| response.into_body().collect(1 << 20));
        tell.send(came.map(|came| came.len()).ok()).expect("somebody listens");
    });
    assert_eq!(told.recv_timeout(Duration::from_secs(60)), Ok(Some(27)), "it hangs");
}
