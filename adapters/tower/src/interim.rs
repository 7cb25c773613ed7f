//! Interim responses counted, where no limit of time ends a flood of them: hyper reads on as long as they come.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use http::Request;
use http_hook::options::Timeouts;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

/// How many may come before the response.
const MOST: usize = 100;

/// Ends when too many have come.
pub(crate) struct Count(Option<Arc<Mutex<State>>>);

#[derive(Default)]
struct State {
    count: usize,
    waker: Option<Waker>,
}

impl Count {
    /// Has those to `request` counted. With a limit of time for the head, or for all, nothing is to be done, and nothing is paid.
    pub(crate) fn of<B>(request: &mut Request<B>, limits: Timeouts) -> Self {
        if limits.head.or(limits.total).is_some() {
            return Self(None);
        }
        let own = Arc::<Mutex<State>>::default();
        let state = Arc::clone(&own);
        hyper::ext::on_informational(request, move |_| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.count = state.count.saturating_add(1);
            let waker = if state.count > MOST { state.waker.take() } else { None };
            drop(state);
            waker.into_iter().for_each(Waker::wake);
        });
        Self(Some(own))
    }
}

impl Future for Count {
    type Output = TransportError;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<TransportError> {
        let Some(state) = &self.0 else { return Poll::Pending };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.count > MOST {
            let error = TransportError::new(Kind::Limit, Sent::Yes);
            return Poll::Ready(error.with_source("too many interim responses"));
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
