//! The same client behind async code that does not look after what was dropped: the exchange goes on.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_hook::body::Body;
use http_hook::options::{Capabilities, SendOptions};
use http_hook::transport::Transport;
use http_hook::{TransportError, blocking};

use super::Naive;

type Answer = Result<Response<Body>, TransportError>;

/// Gives the answer to a send that was dropped to the next one, if `confuses`.
pub(crate) struct Detached {
    naive: Arc<Naive>,
    confuses: bool,
    orphan: Arc<Mutex<Option<Answer>>>,
}

#[derive(Default)]
struct Slot {
    answer: Option<Answer>,
    waker: Option<Waker>,
}

impl Detached {
    pub(crate) fn new(confuses: bool) -> Self {
        Self { naive: Arc::new(Naive::new(None)), confuses, orphan: Arc::default() }
    }
}

#[async_trait]
impl Transport for Detached {
    fn capabilities(&self) -> Capabilities {
        http_hook_mock::everything("detached")
    }

    async fn send(&self, request: Request<Body>, options: &SendOptions) -> Answer {
        if let Some(orphan) = lock(&self.orphan).take().filter(|_| self.confuses) {
            return orphan;
        }
        let (parts, body) = request.into_parts();
        let body = body.collect(64 << 20).await?;
        let request = Request::from_parts(parts, blocking::Body::from(body));
        let slot = Arc::new(Mutex::new(Slot::default()));
        let (naive, options) = (Arc::clone(&self.naive), options.clone());
        let (own, orphan) = (Arc::clone(&slot), Arc::clone(&self.orphan));
        thread::spawn(move || {
            let answer = blocking::Transport::send(&*naive, request, &options).and_then(|answer| {
                let (parts, body) = answer.into_parts();
                let body: Bytes = body.collect(64 << 20)?;
                Ok(Response::from_parts(parts, Body::from(body)))
            });
            if Arc::strong_count(&own) == 1 {
                *lock(&orphan) = Some(answer);
                return;
            }
            let mut own = lock(&own);
            own.answer = Some(answer);
            if let Some(waker) = own.waker.take() {
                waker.wake();
            }
        });
        poll_fn(|context| {
            let mut slot = lock(&slot);
            slot.waker = Some(context.waker().clone());
            slot.answer.take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
