//! Code of the caller's that panics: it is caught, the call goes on or fails in order, and nothing aborts, also while another panic
//! unwinds.

mod ends;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::{Method, Request};
use http_hook::auth::{
    AuthScheme, Authenticate, Challenge, Credentials, OAuth2, Token, TokenCache,
};
use http_hook::blocking::HttpHook as Blocking;
use http_hook::body::Payload;
#[cfg(feature = "cookies")]
use http_hook::cookies::Jar;
use http_hook::observe::{Event, Observer};
use http_hook::poll::Polling;
use http_hook::retry::{Condition, RetryOutcome, RetryState, Stop, Wait};
use http_hook::{
    Call, Cause, Connection, Error, Hook, HttpHook, RequestPlan, RetryPolicy, Run, Secret, Sent,
    StopReason, Timestamp, TransportError, TransportErrorKind,
};
use http_hook_mock::{MockTransport, Reply};

use crate::support::NOW;

/// Panics again when it is dropped.
#[derive(Debug)]
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// Panics at the events that `at` chooses, and counts those it is told.
struct Panics {
    at: fn(&Event<'_>) -> bool,
    told: Arc<AtomicU32>,
    for_call: bool,
    with_a_bomb: bool,
}

impl Observer for Panics {
    fn event(&self, event: &Event<'_>) {
        self.told.fetch_add(1, Ordering::Relaxed);
        if (self.at)(event) {
            if self.with_a_bomb {
                panic_any(Bomb);
            }
            panic!("at {event:?}");
        }
    }

    fn for_call(&self, _: &Hook, _: Option<&Method>) -> Option<Box<dyn Observer>> {
        assert!(!self.for_call, "for a call");
        None
    }
}

fn script() -> Vec<Reply> {
    vec![Reply::status(503), Reply::status(302).header("location", "/b"), Reply::status(200)]
}

fn plan() -> RequestPlan {
    RequestPlan::get("a").retry(RetryPolicy::default())
}

fn hook() -> Hook {
    Hook::to("https://api.example.com").expect("a hook")
}

#[test]
fn an_observer_that_panics_changes_nothing_of_the_call() {
    type At = fn(&Event<'_>) -> bool;

    let events: [(&str, At); 6] = [
        ("send", |event| matches!(event, Event::Send { .. })),
        ("answer", |event| matches!(event, Event::Answer { .. })),
        ("wait", |event| matches!(event, Event::Wait { .. })),
        ("accepted", |event| matches!(event, Event::Accepted { .. })),
        ("any", |_| true),
        ("none", |_| false),
    ];
    for (what, at) in events {
        for (for_call, with_a_bomb) in [(false, false), (true, false), (false, true)] {
            for stream in [false, true] {
                let told = Arc::new(AtomicU32::new(0));
                let server = MockTransport::new(script());
                let clock = server.clock();
                let observer = Panics { at, told: Arc::clone(&told), for_call, with_a_bomb };
                let face = Blocking::new(hook(), server.clone(), clock).with_observer(observer);
                let status = if stream {
                    face.stream(plan()).map(|response| response.status())
                } else {
                    face.run(plan()).map(|response| response.status())
                };
                assert_eq!(status.expect("a response"), 200, "{what}");
                server.assert_done();
                let told = told.load(Ordering::Relaxed);
                let all = matches!(what, "none" | "accepted") && !for_call;
                assert_eq!(told == 8, all, "{what} {told}");
            }
        }
    }
}

#[test]
fn an_observer_that_panics_at_the_end_of_a_failed_or_dropped_call_is_caught() {
    let told = Arc::new(AtomicU32::new(0));
    let observer = || Panics {
        at: |event| matches!(event, Event::GaveUp { .. } | Event::Dropped { .. }),
        told: Arc::clone(&told),
        for_call: false,
        with_a_bomb: true,
    };
    let server = MockTransport::new([Reply::status(404)]);
    let clock = server.clock();
    let face = Blocking::new(hook(), server, clock).with_observer(observer());
    assert_eq!(face.run(plan()).expect_err("404").reason(), StopReason::Rejected);

    // Dropped while it waits, and while another panic unwinds.
    let own = observer();
    let mut run =
        Run::<bytes::Bytes>::new(&hook(), Call::new(&hook(), plan(), 7, NOW)).observer(&own);
    let _ = run.woke(NOW);
    drop(run);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let hook = hook();
        let own = observer();
        let mut run =
            Run::<bytes::Bytes>::new(&hook, Call::new(&hook, plan(), 7, NOW)).observer(&own);
        let _ = run.woke(NOW);
        panic!("the caller's own");
    }));
    let panic = unwound.expect_err("it panicked");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the caller's own"));
}

#[test]
fn an_observer_that_panics_keeps_no_other_from_being_told() {
    let told = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&told);
    let counts = move |_: &Event<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
    };
    let both: Vec<Arc<dyn Observer>> =
        vec![Arc::new(|_: &Event<'_>| panic!("always")), Arc::new(counts)];
    let server = MockTransport::new(script());
    let clock = server.clock();
    let face = HttpHook::new(hook(), server, clock).with_observer(both);
    assert_eq!(pollster::block_on(face.run(plan())).expect("a response").status(), 200);
    assert_eq!(told.load(Ordering::Relaxed), 8);
}

#[test]
fn a_policy_whose_code_panics_ends_the_call_with_what_came() {
    let usual = RetryPolicy::default;
    let policies: [(&str, RetryPolicy); 6] = [
        (
            "the condition",
            RetryPolicy {
                when: Condition::custom(|_: &dyn RetryOutcome| panic!("condition")),
                ..usual()
            },
        ),
        (
            "a part of it",
            RetryPolicy {
                when: Condition::Never
                    | !Condition::custom(|_: &dyn RetryOutcome| panic!("condition")),
                ..usual()
            },
        ),
        (
            "the first condition",
            RetryPolicy {
                when: Condition::Never,
                once: Condition::custom(|_: &dyn RetryOutcome| panic_any(Bomb)),
                ..usual()
            },
        ),
        (
            "the wait",
            RetryPolicy {
                when: Condition::Always,
                wait: Wait::custom(|_: &RetryState<'_>, _: &mut dyn FnMut() -> f64| -> Duration {
                    panic!("wait")
                }),
                ..usual()
            },
        ),
        (
            "the stop",
            RetryPolicy {
                when: Condition::Always,
                stop: Stop::custom(|_: &RetryState<'_>| panic!("stop")),
                ..usual()
            },
        ),
        (
            "the stop of several",
            RetryPolicy {
                when: Condition::Always,
                stop: Stop::custom(|_: &RetryState<'_>| panic!("stop")) | Stop::after_attempt(1),
                ..usual()
            },
        ),
    ];
    for (what, policy) in policies {
        let policy = Arc::new(policy);
        for (status, stream) in [(200, false), (200, true), (503, false), (503, true)] {
            let server = MockTransport::new([Reply::status(status)]);
            let clock = server.clock();
            let face = Blocking::new(hook(), server.clone(), clock);
            let plan = RequestPlan::get("a").retry(Arc::clone(&policy));
            let failure = if stream {
                face.stream(plan).map(|_| ()).expect_err(what)
            } else {
                face.run(plan).map(|_| ()).expect_err(what)
            };
            assert_eq!(failure.reason(), StopReason::Stopped, "{what}");
            assert_eq!(failure.status().map(|status| status.as_u16()), Some(status), "{what}");
            assert_eq!(failure.cause().to_string(), "retry policy: code in it panicked");
            server.assert_done();
        }
        let server = MockTransport::new([Reply::error(TransportErrorKind::Connect, Sent::No)]);
        let clock = server.clock();
        let plan = RequestPlan::get("a").retry(Arc::clone(&policy));
        let failure = Blocking::new(hook(), server, clock).run(plan).expect_err(what);
        assert_eq!(failure.reason(), StopReason::Stopped, "{what}");
        assert!(failure.is_connect(), "{what}");
    }
}

/// A scheme, and a cache of tokens, that panic in one of their methods.
#[derive(Debug)]
struct Broken(&'static str);

impl Authenticate for Broken {
    fn authorize(&self, _: &Request<Payload>, _: u64, _: Timestamp) -> Result<Credentials, Error> {
        assert_ne!(self.0, "authorize");
        Ok(Credentials::Nothing)
    }

    fn answer(
        &self,
        _: &Request<Payload>,
        _: &[Challenge],
        _: u64,
        _: Timestamp,
    ) -> Result<Option<Credentials>, Error> {
        if self.0 == "answer" {
            panic_any(Bomb);
        }
        Ok(None)
    }
}

impl TokenCache for Broken {
    fn load(&self, _: &str) -> Option<Token> {
        assert_ne!(self.0, "load");
        None
    }

    fn store(&self, _: &str, _: &Token) {
        if self.0 == "store" {
            panic_any(Bomb);
        }
    }
}

#[test]
fn a_scheme_or_a_cache_of_tokens_that_panics_ends_the_call() {
    let token = || Reply::json(200, r#"{"access_token": "t", "expires_in": 60}"#);
    let asked = || Reply::status(401).header("www-authenticate", "Own realm=x");
    let scheme = "auth: code of the scheme panicked";
    let cache = "auth: code of the token cache panicked";
    let rows = [
        // what panics, the replies, how many of them are asked for, what is told
        ("authorize", vec![], 0, Some(scheme)),
        ("answer", vec![asked()], 1, Some(scheme)),
        ("answer", vec![Reply::status(200)], 1, None),
        ("load", vec![], 0, Some(cache)),
        ("store", vec![token()], 1, Some(cache)),
        ("nothing", vec![token(), Reply::status(200)], 2, None),
    ];
    for (what, replies, sends, says) in rows {
        let broken = Arc::new(Broken(what));
        let api = Connection::new().with_host("https://api.example.com");
        let builder = match what {
            "authorize" | "answer" => Hook::builder(&api).auth(AuthScheme::Custom(broken)),
            _ => {
                let own = OAuth2::client_credentials("https://id.test/t", "svc", Secret::new("s"));
                Hook::builder(&api).auth(AuthScheme::OAuth2(Box::new(own))).token_cache(broken)
            }
        };
        let server = MockTransport::new(replies);
        let clock = server.clock();
        let face = Blocking::new(builder.build().expect("a hook"), server.clone(), clock);
        let result = face.run(RequestPlan::get("a"));
        assert_eq!(server.received().len(), sends, "{what}");
        let told = result.map(drop).map_err(|end| (end.reason(), end.cause().to_string()));
        let expected = says.map(|says| (StopReason::Auth, says.to_owned()));
        assert_eq!(told, expected.map_or(Ok(()), Err), "{what}");
    }
}

#[test]
fn a_poll_whose_wait_panics_ends_with_what_came() {
    let wait = Wait::custom(|_: &RetryState<'_>, _: &mut dyn FnMut() -> f64| -> Duration {
        panic!("wait")
    });
    let polling = Polling::until(Condition::statuses(&[204]), Duration::from_secs(60)).wait(wait);
    let server = MockTransport::new([Reply::status(200)]);
    let clock = server.clock();
    let failure = Blocking::new(hook(), server, clock)
        .poll(RequestPlan::get("a"), polling)
        .expect_err("it knows no wait");
    assert_eq!(failure.cause().to_string(), "poll: code in the wait panicked");
    assert_eq!(failure.status().map(|status| status.as_u16()), Some(200));
}

/// What is not known to be no public suffix may be one.
#[cfg(feature = "cookies")]
#[test]
fn a_list_of_suffixes_that_panics_lets_no_cookie_through() {
    let jar = Jar::for_domains().with_public_suffixes(|domain| panic!("{domain}"));
    let api = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&api).cookies(jar).build().expect("a hook");
    let server = MockTransport::new([
        Reply::redirect(302, "/b").header("set-cookie", "a=1; Domain=example.com"),
        Reply::redirect(302, "/c").header("set-cookie", "b=2"),
        Reply::status(200),
    ]);
    let clock = server.clock();
    assert!(Blocking::new(hook, server.clone(), clock).run(RequestPlan::get("a")).is_ok());
    let sent: Vec<_> =
        server.received().iter().map(|one| one.header("cookie").map(str::to_owned)).collect();
    assert_eq!(sent, [None, None, Some("b=2".to_owned())]);
}

#[test]
fn a_source_that_panics_has_failed_and_nothing_was_sent() {
    let server = MockTransport::new([]);
    let clock = server.clock();
    let face = Blocking::new(hook(), server.clone(), clock);
    let mut source = || -> Result<http_hook::blocking::Body, TransportError> { panic!("source") };
    let plan = RequestPlan::put("a").external(None, http_hook::body::Replay::Again);
    let failure = face.run_with_body(plan, &mut source).expect_err("there is no body");
    let Cause::Transport(error) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((error.kind(), error.sent()), (TransportErrorKind::RequestBody, Sent::No));
    assert!(server.received().is_empty());
}

/// A budget that panics in one of its methods.
#[derive(Debug)]
struct Purse {
    at: &'static str,
    with_a_bomb: bool,
}

impl Purse {
    fn asked(&self, what: &str) {
        if self.at == what || self.at == "all" {
            if self.with_a_bomb {
                panic_any(Bomb);
            }
            panic!("{what}");
        }
    }
}

impl http_hook::gates::Budget for Purse {
    fn withdraw(&self, _: http_hook::retry::FailureClass, _: http_hook::Timestamp) -> Option<u32> {
        self.asked("withdraw");
        Some(5)
    }

    fn deposit(&self, _: u32, _: http_hook::Timestamp) {
        self.asked("deposit");
    }

    fn refund(&self, _: u32, _: http_hook::Timestamp) {
        self.asked("refund");
    }
}

fn with_purse(at: &'static str, with_a_bomb: bool) -> Hook {
    let settings = http_hook::gates::GateSettings::none();
    let purse = Arc::new(Purse { at, with_a_bomb });
    let gates = http_hook::gates::Gates::with_budget(&settings, purse).expect("gates");
    let api = http_hook::Connection::new().with_host("https://api.example.com");
    Hook::builder(&api).gates(gates).build().expect("a hook")
}

#[test]
fn a_budget_that_panics_changes_nothing_but_what_it_pays_for() {
    for with_a_bomb in [false, true] {
        for (at, retries) in
            [("withdraw", false), ("deposit", true), ("refund", true), ("all", false)]
        {
            let server = MockTransport::new([Reply::status(503), Reply::status(200)]);
            let clock = server.clock();
            let face = Blocking::new(with_purse(at, with_a_bomb), server.clone(), clock);
            let result = face.run(plan()).map(|response| response.status().as_u16());
            let told = result.map_err(|failure| failure.reason());
            assert_eq!(told, if retries { Ok(200) } else { Err(StopReason::Budget) }, "{at}");
            assert_eq!(server.received().len(), if retries { 2 } else { 1 }, "{at}");

            // Given up while it waits, and while another panic unwinds.
            let hook = with_purse(at, with_a_bomb);
            let waits = || {
                let mut run = Run::<bytes::Bytes>::new(&hook, Call::new(&hook, plan(), 7, NOW));
                let _ = run.woke(NOW);
                let act = run.sent(Ok(crate::support::response(503, &[], "")), || NOW);
                if let http_hook::Act::Read(body, _) = act {
                    let _ = run.read(Ok(body), NOW);
                }
                run
            };
            drop(waits());
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _run = waits();
                panic!("the caller's own");
            }));
            let panic = unwound.expect_err("it panicked");
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"the caller's own"), "{at}");
        }
    }
}
