//! One send, and all that the caller was told of it.

use std::error::Error;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, response};
use http_hook::body::Body;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::transport::Transport;
use http_hook::{Sent, TransportError};

use crate::server::{Reply, Route, Seen, Server};

const MAX_BODY: u64 = 64 << 20;

/// A transport under test.
pub(super) struct Probe<'a> {
    pub(super) transport: &'a dyn Transport,
    pub(super) server: &'a Server,
    /// Whether the transport blocks: then many sends at once need threads.
    blocks: bool,
}

impl<'a> Probe<'a> {
    pub(super) fn new(transport: &'a dyn Transport, server: &'a Server, blocks: bool) -> Self {
        Self { transport, server, blocks }
    }

    pub(super) fn route(&self, replies: impl IntoIterator<Item = Reply>) -> Route {
        self.server.route(replies)
    }

    /// Sends without limits of time.
    pub(super) async fn send(&self, request: Request<Body>) -> Told {
        self.send_within(request, Timeouts::default()).await
    }

    /// Sends all of them at once.
    pub(super) async fn send_all(&self, requests: Vec<Request<Body>>) -> Vec<Told> {
        if self.blocks {
            return thread::scope(|scope| {
                let send = |request| scope.spawn(|| pollster::block_on(self.send(request)));
                let threads: Vec<_> = requests.into_iter().map(send).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
        }
        let mut sending: Vec<_> =
            requests.into_iter().map(|request| Box::pin(self.send(request))).collect();
        let mut all: Vec<Option<Told>> = sending.iter().map(|_| None).collect();
        poll_fn(|context| {
            for (sending, told) in sending.iter_mut().zip(&mut all) {
                if told.is_none() {
                    *told = match sending.as_mut().poll(context) {
                        Poll::Ready(own) => Some(own),
                        Poll::Pending => None,
                    };
                }
            }
            if all.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        all.into_iter().flatten().collect()
    }

    pub(super) async fn send_within(&self, request: Request<Body>, timeouts: Timeouts) -> Told {
        self.send_under(request, &SendOptions::new(timeouts, ClientOptions::default())).await
    }

    pub(super) async fn send_under(&self, request: Request<Body>, options: &SendOptions) -> Told {
        let start = Instant::now();
        let answer = self.transport.send(request, options).await;
        let (head, body) = match answer {
            Err(error) => (Err(error), None),
            Ok(response) => {
                let (parts, body) = response.into_parts();
                (Ok(parts), Some(body.collect(MAX_BODY).await))
            }
        };
        Told { head, body, took: start.elapsed() }
    }
}

pub(super) fn request(method: Method, url: &str, body: impl Into<Bytes>) -> Request<Body> {
    let mut request = Request::new(Body::Bytes(body.into()));
    *request.method_mut() = method;
    *request.uri_mut() = url.parse().expect("the suite's URLs are valid");
    request
}

pub(super) fn get(url: &str) -> Request<Body> {
    request(Method::GET, url, Bytes::new())
}

/// What the caller was told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) head: Result<response::Parts, TransportError>,
    pub(super) body: Option<Result<Bytes, TransportError>>,
    pub(super) took: Duration,
}

impl Told {
    /// Gives the error, be it instead of a head or in the body.
    pub(super) fn error(&self) -> Option<&TransportError> {
        match (&self.head, &self.body) {
            (Err(error), _) | (_, Some(Err(error))) => Some(error),
            _ => None,
        }
    }

    /// Expects an answer that is whole.
    pub(super) fn answer(&self, status: u16, body: &[u8]) -> Result<&response::Parts, String> {
        match (&self.head, &self.body) {
            (Ok(parts), Some(Ok(own))) if parts.status.as_u16() == status && own == body => {
                Ok(parts)
            }
            _ => Err(format!("was told {}", self.summary())),
        }
    }

    pub(super) fn summary(&self) -> String {
        let body = match &self.body {
            None => String::new(),
            Some(Ok(body)) => format!(" with {} bytes", body.len()),
            Some(Err(error)) => format!(" and in the body {}", describe(error)),
        };
        match &self.head {
            Ok(parts) => format!("status {}{body} in {:?}", parts.status.as_u16(), self.took),
            Err(error) => format!("{} in {:?}", describe(error), self.took),
        }
    }

    /// Compares what was told with what was seen: rules a to d for one send.
    pub(super) fn agrees_with(&self, seen: &[Seen]) -> Result<(), String> {
        let told = self.head.as_ref().map_err(TransportError::sent);
        match (told, seen.len()) {
            (Ok(_) | Err(Sent::Yes), 0) => Err("an answer to a request that never came".to_owned()),
            (Err(Sent::No), 1..) => Err("said not sent, but it came".to_owned()),
            (_, 2..) => Err(format!("one send came {} times", seen.len())),
            _ => Ok(()),
        }
    }
}

/// Says all that an error says, down to its last source.
pub(super) fn describe(error: &TransportError) -> String {
    let sources = std::iter::successors(Error::source(error), |error| (*error).source());
    let sources = sources.fold(String::new(), |all, source| format!("{all}: {source}"));
    format!("error {} (sent {:?}{sources})", error.kind().name(), error.sent())
}

/// Runs a future until `over`, looking each millisecond; gives `None` if it was dropped then.
pub(super) async fn drop_unless<F: Future>(
    future: F,
    over: impl Fn() -> bool,
) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if over() => Poll::Ready(None),
        Poll::Pending => {
            thread::sleep(Duration::from_millis(1));
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

/// Runs a future; gives `None` if it has no end, and drops it.
pub(super) async fn in_time<F: Future>(future: F) -> Option<F::Output> {
    const LONGEST: Duration = Duration::from_secs(60);
    let mut future = pin!(future);
    let end = Instant::now() + LONGEST;
    let mut timer = None;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if Instant::now() >= end => Poll::Ready(None),
        Poll::Pending => {
            timer.get_or_insert_with(|| {
                let (over, waits) = mpsc::channel::<()>();
                let waker = context.waker().clone();
                thread::spawn(move || {
                    let _ = waits.recv_timeout(LONGEST);
                    waker.wake();
                });
                over
            });
            Poll::Pending
        }
    })
    .await
}

/// Runs a future; gives `None` if it panics.
pub(super) async fn catch_panics<F: Future>(future: AssertUnwindSafe<F>) -> Option<F::Output> {
    let mut future = pin!(future.0);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
        Err(_) => Poll::Ready(None),
    })
    .await
}
