//! A fan-out through a hook that is cancelled: every call that was begun has one end, which says whether it may have acted.

use std::collections::BTreeMap;
use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Response};
use http_hook::body::Body;
use http_hook::observe::Progress;
use http_hook::options::{Capabilities, SendOptions};
use http_hook::transport::{Clock, Transport};
use http_hook::{
    HttpHook, RequestPlan, Sent, StopReason, Timestamp, TransportError, TransportErrorKind,
};
use proptest::prelude::*;

use crate::invariants::series;
use crate::support::{NOW, response};

/// Answers some, refuses some before they are seen, leaves some without an answer, and notes what it has seen.
#[derive(Clone, Default)]
struct Server {
    seen: Arc<Mutex<BTreeMap<u64, u8>>>,
    does: Arc<Vec<u8>>,
}

#[async_trait::async_trait]
impl Transport for Server {
    fn capabilities(&self) -> Capabilities {
        http_hook_mock::everything("server")
    }

    async fn send(
        &self,
        request: Request<Body>,
        _: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let path = request.uri().path();
        let id: u64 = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a number");
        let index = usize::try_from(id).expect("small");
        let does = self.does[index % self.does.len()] % 4;
        if does == 3 {
            return Err(TransportError::new(TransportErrorKind::Connect, Sent::No));
        }
        *self.seen.lock().expect("no panic").entry(id).or_default() += 1;
        match does {
            0 => Ok(response(200, &[], "").map(Body::from)),
            1 => Ok(response(503, &[], "").map(Body::from)),
            _ => pending().await,
        }
    }
}

/// A clock on which no wait ends.
struct Asleep;

#[async_trait::async_trait]
impl Clock for Asleep {
    fn now(&self) -> Timestamp {
        NOW
    }

    async fn sleep(&self, _: Duration) {
        pending::<()>().await;
    }
}

proptest! {
    #[test]
    fn every_call_that_was_begun_has_one_end(
        does in prop::collection::vec(any::<u8>(), 1..20), limit in 1_usize..8, taken in 0_usize..12, in_order: bool,
    ) {
        let server = Server { does: Arc::new(does), ..Server::default() };
        let progress = Progress::default();
        let api = HttpHook::new(series::hook(), server.clone(), Asleep).with_observer(progress.clone());
        let plans = (0..30_u64).map(|id| RequestPlan::post(format!("orders/{id}")).retries(2).allow_resend());
        let mut results = api.fan_out(plans, limit);
        if in_order {
            results = results.in_order();
        }
        let mut ends = BTreeMap::new();
        for _ in 0..taken {
            let mut next = pin!(results.next());
            match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Some((slot, result))) => assert!(ends.insert(slot, result).is_none()),
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        let begun = results.calls().begun();
        for (slot, result) in results.cancel() {
            if let Err(failure) = &result {
                prop_assert_eq!(failure.reason(), StopReason::Cancelled);
            }
            prop_assert!(ends.insert(slot, result).is_none(), "{slot} has two ends");
        }
        prop_assert_eq!(ends.keys().copied().collect::<Vec<_>>(), (0..begun).collect::<Vec<_>>());
        let seen = server.seen.lock().expect("no panic").clone();
        for (slot, result) in &ends {
            if let Err(failure) = result {
                let may = failure.sent() != Sent::No;
                prop_assert_eq!(may, seen.contains_key(slot), "{}: {}", slot, failure);
            }
        }
        prop_assert_eq!(progress.under_way(), 0);
        prop_assert_eq!(progress.passed() + progress.failed(), begun);
    }
}
