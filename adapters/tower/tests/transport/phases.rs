//! hyper-util over connections that fail once a request is written: whatever the error is called, the server may have seen it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use http::{Request, Uri};
use http_hook::body::Body;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::transport::Transport;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use http_hook_tower::TowerTransport;
use hyper::rt::{Executor, Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// What a server's end does once it has the request.
#[derive(Clone, Copy, Debug)]
enum Then {
    Fails(io::ErrorKind),
    SaysNothing,
    SaysOnAndOn(&'static [u8]),
}

#[derive(Clone)]
struct Wire {
    then: Then,
    written: Arc<AtomicUsize>,
    read: Arc<AtomicUsize>,
    reader: Arc<Mutex<Option<Waker>>>,
}

impl Read for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        *self.reader.lock().unwrap() = Some(context.waker().clone());
        match self.then {
            _ if self.written.load(Ordering::SeqCst) == 0 => Poll::Pending,
            Then::Fails(kind) => Poll::Ready(Err(kind.into())),
            Then::SaysNothing => Poll::Pending,
            // hyper reads on as long as there is something: a socket would let others have a turn.
            Then::SaysOnAndOn(_) if self.read.fetch_add(1, Ordering::SeqCst) > 1_000 => {
                Poll::Pending
            }
            Then::SaysOnAndOn(text) => {
                buffer.put_slice(&text[..text.len().min(buffer.remaining())]);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl Write for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.fetch_add(bytes.len(), Ordering::SeqCst);
        if let Some(waker) = self.reader.lock().unwrap().take() {
            waker.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Keeps the tasks of connections, to end them.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.0.lock().unwrap().push(tokio::spawn(task));
    }
}

/// Sends a POST by a connection that is made, or not, and ends its task once it is written, or not.
fn send(then: Then, connects: Result<(), io::ErrorKind>, aborts: bool) -> TransportError {
    let runtime = Runtime::new().unwrap();
    let written = Arc::<AtomicUsize>::default();
    let (read, reader) = <(Arc<AtomicUsize>, Arc<_>)>::default();
    let wire = Wire { then, written: Arc::clone(&written), read, reader };
    let connector = tower::service_fn(move |_: Uri| {
        std::future::ready(connects.map(|()| wire.clone()).map_err(io::Error::from))
    });
    let tasks = Tasks::default();
    let mut client = Client::builder(tasks.clone());
    let client = client.retry_canceled_requests(false).build::<_, Body>(connector);
    let transport = TowerTransport::new(client);
    let request = Request::post("http://api.test/")
        .body(Body::from(bytes::Bytes::from_static(b"order")))
        .unwrap();
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    runtime.block_on(async {
        let sending =
            tokio::spawn(async move { transport.send(request, &options).await.map(|_| ()) });
        while aborts && written.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        if aborts {
            tasks.0.lock().unwrap().drain(..).for_each(|task| task.abort());
        }
        let begun = Instant::now();
        while !sending.is_finished() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{then:?}: no end");
            tokio::task::yield_now().await;
        }
        sending.await.unwrap().expect_err("an error")
    })
}

#[test]
fn what_a_connection_in_use_says_is_no_proof() {
    use io::ErrorKind as Io;
    for kind in [
        Io::ConnectionRefused,
        Io::HostUnreachable,
        Io::NetworkUnreachable,
        Io::NetworkDown,
        Io::AddrNotAvailable,
        Io::NotConnected,
        Io::ConnectionReset,
        Io::TimedOut,
        Io::Other,
    ] {
        let error = send(Then::Fails(kind), Ok(()), false);
        assert_eq!(error.sent(), Sent::Maybe, "{kind:?}: {error:?}");
    }
}

#[test]
fn a_task_that_ends_is_no_proof() {
    let error = send(Then::SaysNothing, Ok(()), true);
    assert_eq!((error.kind(), error.sent()), (Kind::Interrupted, Sent::Maybe), "{error:?}");
}

#[test]
fn no_connection_is_proof() {
    for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::NetworkUnreachable] {
        let error = send(Then::SaysNothing, Err(kind), false);
        assert_eq!((error.kind(), error.sent()), (Kind::Connect, Sent::No), "{error:?}");
    }
}

#[test]
fn interim_responses_come_to_an_end() {
    let error = send(Then::SaysOnAndOn(b"HTTP/1.1 103 X\r\n\r\n"), Ok(()), false);
    assert_eq!(error.kind(), Kind::Limit, "{error:?}");
}

/// One that is not ready was not given anything.
#[test]
fn a_service_that_is_not_ready_has_sent_nothing() {
    #[derive(Clone)]
    struct Unready;

    impl tower::Service<Request<Body>> for Unready {
        type Response = http::Response<Body>;
        type Error = io::Error;
        type Future = std::future::Ready<Result<http::Response<Body>, io::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            unreachable!("it is not ready")
        }
    }

    let request = Request::post("http://api.test/")
        .body(Body::from(bytes::Bytes::from_static(b"order")))
        .unwrap();
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let transport = TowerTransport::new(Unready);
    let sending = transport.send(request, &options);
    let error = Runtime::new().unwrap().block_on(sending).map(|_| ()).unwrap_err();
    assert_eq!((error.kind(), error.sent()), (Kind::Connect, Sent::No), "{error:?}");
}
