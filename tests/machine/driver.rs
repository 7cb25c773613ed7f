//! The drivers: what they refuse, what they tell when dropped, that both decide alike.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::RetryPolicy;
use http_hook::body::Body;
use http_hook::observe::Event;
use http_hook::options::{Capabilities, Capability};
use http_hook::transport::{Clock, TimeoutPhase, from_fn};
use http_hook::{
    Call, Cause, Connection, ErrorKind, Hook, HttpHook, Leg, RequestPlan, Sent, StopReason,
    Timestamp, TransportError, TransportErrorKind, blocking,
};

/// Time that stands still; sleeping is over at once.
struct Still;

#[async_trait::async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    async fn sleep(&self, _: Duration) {}
}

impl blocking::Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, _: Duration) {}
}

fn hook(extra: &str) -> Hook {
    let connection = Connection::new().with_host("http://api.example.com").with_extra(extra);
    Hook::new(&connection).expect("a connection that can be used")
}

#[test]
fn an_option_that_the_client_would_drop_is_an_error_that_names_both() {
    let rows = [
        (r#"{"verify": false}"#, Capability::VerifyOff, "verify = false"),
        (r#"{"verify": "/ca.pem"}"#, Capability::VerifyFile, "verify (file)"),
        (
            r#"{"cert": ["/c.pem", "/k.pem"]}"#,
            Capability::ClientKey,
            "cert (with a key of its own)",
        ),
        (r#"{"timeout": [3, null]}"#, Capability::ConnectTimeout, "timeout (connect)"),
        (r#"{"proxies": {"http": "http://p:1"}}"#, Capability::ProxyHttp, "proxies (http)"),
        (
            r#"{"proxies": {"http": "http://u:p@p:1"}}"#,
            Capability::ProxyAuth,
            "proxies (with credentials)",
        ),
    ];
    for (extra, missing, option) in rows {
        let capable = http_hook_mock::everything("tinyclient").without(missing);
        let send = |_, _: &_| -> Result<_, _> { panic!("{extra}: nothing may be sent") };
        let hook = blocking::HttpHook::new(hook(extra), blocking::from_fn(capable, send), Still);
        let failure = hook.run(RequestPlan::get("a")).expect_err(extra);
        assert_eq!(
            failure.cause().to_string(),
            format!("tinyclient cannot honour the option {option}")
        );
        assert_eq!((failure.reason(), failure.sends()), (StopReason::Invalid, 0), "{extra}");
        let Cause::Request(error) = failure.into_cause() else { panic!("{extra}") };
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{extra}");
    }
}

#[test]
fn defaults_that_the_client_does_not_know_are_no_error() {
    let transport = blocking::from_fn(Capabilities::none("tinyclient"), |_, _| {
        Ok(Response::new(blocking::Body::default()))
    });
    let hook = blocking::HttpHook::new(hook("{}"), transport, Still);
    assert!(hook.run(RequestPlan::get("a")).is_ok());
}

#[test]
fn a_deadline_holds_over_a_client_that_knows_none() {
    let transport = from_fn(Capabilities::none("tinyclient"), |_, _| async {
        std::future::pending::<()>().await;
        Ok(Response::new(Bytes::new().into()))
    });
    let hook = HttpHook::new(hook("{}"), transport, Still);
    let plan = RequestPlan::get("a").deadline(Duration::from_secs(1));
    let failure = pollster::block_on(hook.run(plan)).expect_err("no answer");
    let Cause::Transport(error) = failure.into_cause() else { panic!("a time limit") };
    assert_eq!(error.kind(), TransportErrorKind::Timeout(TimeoutPhase::Total));
    assert_eq!(error.sent(), Sent::Maybe);
}

/// Time in which a wait never ends.
struct Stuck;

#[async_trait::async_trait]
impl Clock for Stuck {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

/// A body that never comes.
struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, TransportError>>> {
        Poll::Pending
    }
}

#[test]
fn a_future_that_is_dropped_tells_what_is_known_of_its_last_request() {
    use TransportErrorKind::{Connect, Interrupted};
    type Reply = fn() -> Option<Result<Response<Body>, TransportError>>;
    let rows: [(&str, Reply, &[Sent]); 6] = [
        ("in flight", || None, &[Sent::Maybe]),
        ("waiting, not sent", || Some(Err(TransportError::new(Connect, Sent::No))), &[Sent::No]),
        (
            "waiting, broken off",
            || Some(Err(TransportError::new(Interrupted, Sent::Maybe))),
            &[Sent::Maybe],
        ),
        ("waiting, refused", || Some(Ok(answer(503, Body::default()))), &[Sent::Yes]),
        ("in the body", || Some(Ok(answer(200, Body::stream(Endless)))), &[Sent::Yes]),
        ("done: nothing to tell", || Some(Ok(answer(200, Body::default()))), &[]),
    ];
    for (why, reply, expected) in rows {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let transport = from_fn(Capabilities::none("tinyclient"), move |_, _| async move {
            match reply() {
                Some(reply) => reply,
                None => std::future::pending().await,
            }
        });
        let notes = Arc::clone(&seen);
        let hook =
            HttpHook::new(hook("{}"), transport, Stuck).with_observer(move |event: &Event<'_>| {
                if let Event::Dropped { sent } = event {
                    notes.lock().expect("notes").push(*sent);
                }
            });
        let plan = RequestPlan::get("a").retry(RetryPolicy::default());
        let mut future = Box::pin(hook.run(plan));
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled.is_pending(), !expected.is_empty(), "{why}");
        drop(future);
        assert_eq!(*seen.lock().expect("notes"), expected, "{why}");
    }
}

#[test]
fn a_deadline_holds_for_a_head_and_for_a_body_where_the_client_knows_none() {
    /// Time that passes at once for whoever waits.
    #[derive(Default)]
    struct Quick(Mutex<Timestamp>);

    #[async_trait::async_trait]
    impl Clock for Quick {
        fn now(&self) -> Timestamp {
            *self.0.lock().expect("a time")
        }

        async fn sleep(&self, wait: Duration) {
            let mut now = self.0.lock().expect("a time");
            *now = now.after(wait);
        }
    }

    for (why, head, expected) in [("the head", false, Sent::Maybe), ("the body", true, Sent::Yes)] {
        let own = self::hook("{}").for_client(Capabilities::none("tinyclient"));
        let begin = || {
            let transport = from_fn(Capabilities::none("tinyclient"), move |_, _| async move {
                if head {
                    return Ok(answer(200, Body::stream(Endless)));
                }
                std::future::pending().await
            });
            HttpHook::new(own.clone(), transport, Quick::default())
        };
        let plan = || RequestPlan::post("a").retries(0).deadline(Duration::from_secs(1));
        let mut ends = Vec::new();
        let hook = begin();
        let mut future = Box::pin(hook.run(plan()));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(end) => ends.push(end),
            Poll::Pending => panic!("{why} is waited for beyond the deadline"),
        }
        let call = Call::new(&own, plan(), 7, Timestamp::default());
        let hook = begin();
        let mut leg = Box::pin(hook.leg(call, async |_| Ok::<_, Infallible>(())));
        match leg.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(Leg::Done(end))) => ends.push(end),
            _ => panic!("{why} is waited for beyond the deadline by a leg"),
        }
        for end in ends {
            let failure = end.expect_err(why);
            let Cause::Transport(error) = failure.cause() else { panic!("{why}: {failure}") };
            assert_eq!(error.sent(), expected, "{why}");
            assert!(failure.is_timeout(), "{why}: {failure}");
        }
    }
}

/// Time that moves when somebody says so.
#[derive(Clone, Default)]
struct Moved(Arc<Mutex<Timestamp>>);

impl Moved {
    fn by(&self, seconds: u64) {
        let mut now = self.0.lock().expect("a time");
        *now = now.after(Duration::from_secs(seconds));
    }
}

impl blocking::Clock for Moved {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("a time")
    }

    fn sleep(&self, _: Duration) {}
}

impl std::io::Read for Moved {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.by(3);
        Ok(0)
    }
}

/// A thread cannot leave a client that knows no deadline; what it brings is too late nevertheless.
#[test]
fn what_comes_after_the_deadline_is_late_where_the_client_knows_none() {
    let knows = Capabilities::none("tinyclient").with(Capability::TotalTimeout);
    let none = Capabilities::none("tinyclient");
    let rows = [
        // why, what the client can do, seconds to the head, whether the body takes three, deadline, whether it is late
        ("the head", none, 3, false, 2, true),
        ("the body", none, 0, true, 2, true),
        ("in time", none, 1, true, 5, false),
        ("a client that counts itself", knows, 3, true, 2, false),
    ];
    for (why, capabilities, takes, slow, deadline, late) in rows {
        let client = |clock: &Moved| {
            let clock = clock.clone();
            blocking::from_fn(capabilities.with(Capability::StreamResponse), move |_, _| {
                clock.by(takes);
                let body = blocking::Body::reader(None, clock.clone());
                Ok(Response::new(if slow { body } else { Bytes::new().into() }))
            })
        };
        let plan = || RequestPlan::post("a").deadline(Duration::from_secs(deadline));
        let (own, clock) = (self::hook("{}"), Moved::default());
        let hook = blocking::HttpHook::new(own.clone(), client(&clock), clock);
        let call = Call::new(&own, plan(), 7, Timestamp::default());
        let leg = hook.leg(call, |_| Ok::<_, Infallible>(()));
        let Ok(Leg::Done(leg)) = leg else { panic!("{why}: it does not wait") };
        for end in [hook.run(plan()), leg] {
            assert_eq!(end.is_err(), late, "{why}");
            let Err(failure) = end else { continue };
            assert_eq!(failure.reason(), StopReason::Deadline, "{why}");
            let Cause::Transport(error) = failure.cause() else { panic!("{why}: {failure}") };
            let kind = TransportErrorKind::Timeout(TimeoutPhase::Total);
            assert_eq!((error.kind(), error.sent()), (kind, Sent::Yes), "{why}");
        }
        let streamed = hook.stream(plan()).is_err();
        assert_eq!(streamed, late && !slow, "{why}: who streams has the head in time");
    }
}

fn answer(status: u16, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().expect("a status");
    response
}

#[test]
fn a_body_over_its_limit_is_an_error_for_both_drivers() {
    let plan = || {
        let mut options = http_hook::Options::default();
        options.max_response_bytes = Some(3);
        RequestPlan::get("a").options(options)
    };
    let transport = from_fn(Capabilities::none("tinyclient"), |_, _| async {
        Ok(Response::new(Bytes::from_static(b"four").into()))
    });
    let answer = HttpHook::new(hook("{}"), transport, Still);
    let by_async = pollster::block_on(answer.run(plan()));
    let transport = blocking::from_fn(Capabilities::none("tinyclient"), |_, _| {
        Ok(Response::new(Bytes::from_static(b"four").into()))
    });
    let by_blocking = blocking::HttpHook::new(hook("{}"), transport, Still).run(plan());
    for result in [by_async, by_blocking] {
        let Cause::Transport(error) = result.expect_err("four bytes").into_cause() else {
            panic!("a limit")
        };
        assert_eq!(error.kind(), TransportErrorKind::Limit);
    }
}
