//! Code of the caller's that panics: it is caught, the call goes on or fails in order, and nothing aborts, also while another panic
//! unwinds.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_hook::auth::{
    AuthScheme, Authenticate, Challenge, Credentials, OAuth2, Token, TokenCache,
};
use http_hook::blocking::HttpHook as Blocking;
use http_hook::body::Payload;
#[cfg(feature = "cookies")]
use http_hook::cookies::Jar;
use http_hook::observe::{Event, Observer};
use http_hook::pages::Paging;
use http_hook::poll::Polling;
use http_hook::request::Filter;
use http_hook::retry::{Condition, RetryOutcome, RetryState, Stop, Wait};
use http_hook::{
    Act, Call, Cause, Connection, Error, Hook, HttpHook, RequestPlan, RetryPolicy, Run, Secret,
    Sent, StopReason, Timestamp, TransportError, TransportErrorKind,
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

/// A closure is dropped by whoever has it last: the machine, a driver, or the caller, while another panic unwinds too.
#[test]
fn code_whose_end_panics_changes_nothing() {
    let wait = || {
        let bomb = Bomb;
        Wait::custom(move |_: &RetryState<'_>, _: &mut dyn FnMut() -> f64| {
            let _held = &bomb;
            Duration::ZERO
        })
    };
    let stop = || {
        let bomb = Bomb;
        Stop::custom(move |_: &RetryState<'_>| {
            let _held = &bomb;
            true
        })
    };
    let holds = || {
        let bomb = Bomb;
        Condition::custom(move |_: &dyn RetryOutcome| {
            let _held = &bomb;
            true
        })
    };
    let filter = || {
        let bomb = Bomb;
        Filter::custom(move |response: &Response<Bytes>| {
            let _held = &bomb;
            Ok(response.body().clone())
        })
    };
    let policy =
        || RetryPolicy { wait: wait(), stop: stop(), when: holds(), ..RetryPolicy::default() };
    let plan = || RequestPlan::get("a").retry(policy()).response_filter(filter());
    let server = MockTransport::new([Reply::status(503), Reply::status(503)]);
    let face = Blocking::new(hook(), server.clone(), server.clock());
    assert_eq!(face.run(plan()).expect_err("it stops").attempts(), 1);

    let bomb = Bomb;
    let paging = Paging::custom(move |_: &Response<Bytes>, _| {
        let _held = &bomb;
        Ok(None)
    });
    let server = MockTransport::new([Reply::status(200)]);
    let face = Blocking::new(hook(), server.clone(), server.clock());
    assert_eq!(face.pages(RequestPlan::get("a"), paging).flatten().count(), 1);

    let bomb = Bomb;
    let call = Call::new(&hook(), RequestPlan::put("a"), 7, Timestamp::default());
    drop(Run::<Bytes>::new(&hook(), call).own_source(move || {
        let _held = &bomb;
        Ok(Bytes::new())
    }));

    let caught = catch_unwind(|| {
        let _plan = plan();
        panic_any("another panic");
    });
    assert_eq!(caught.expect_err("it panics").downcast_ref(), Some(&"another panic"));
}

/// A body of five bytes, for both kinds of transports, whose end panics.
struct Held {
    _bomb: Bomb,
    given: bool,
}

impl Held {
    const fn new() -> Self {
        Self { _bomb: Bomb, given: false }
    }
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, TransportError>>> {
        let given = std::mem::replace(&mut self.given, true);
        let piece = http_body::Frame::data(Bytes::from_static(b"hello"));
        Poll::Ready((!given).then_some(Ok(piece)))
    }
}

impl Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let given = std::mem::replace(&mut self.given, true);
        if given { Ok(0) } else { (&b"hello"[..]).read(buffer) }
    }
}

/// How a client treats the body of a request: it drops it, reads it as it is, or holds it to its length.
const TREATMENTS: [&str; 3] = ["drops", "reads", "exact"];

fn external() -> RequestPlan {
    RequestPlan::put("a").external(None, http_hook::body::Replay::Again)
}

/// A body is dropped by the client, or by the driver.
#[test]
fn a_body_whose_end_panics_changes_nothing() {
    use http_hook::blocking;
    use http_hook::body::multipart::{Multipart, Part};
    use http_hook::body::{Body, Exact, Replay, Upload};
    use http_hook::options::{Capabilities, Capability};

    let able = || {
        Capabilities::none("own").with(Capability::StreamRequest).with(Capability::StreamResponse)
    };
    let clock = || MockTransport::new([]).clock();
    let parts = || {
        let mut form = Multipart::default();
        form.file(Part::source("a", None, Replay::Again)).expect("a part");
        form.file(Part::source("b", Some(5), Replay::Again)).expect("a part");
        form.write(7).expect("a form")
    };
    for how in TREATMENTS {
        let client = blocking::from_fn(able(), move |request, _| {
            let body = request.into_body();
            let len = match how {
                "drops" => return Ok(Response::new(blocking::Body::default())),
                "reads" => body.collect(1_000)?.len(),
                _ => body.exact().0.collect(1_000)?.len(),
            };
            Ok(Response::new(Bytes::from(len.to_string()).into()))
        });
        let face = Blocking::new(hook(), client, clock());
        let one = || blocking::Body::reader(None, Held::new());
        let came = face.run_with_body(external(), &mut || Ok(one())).expect(how);
        assert_eq!(came.body(), if how == "drops" { "" } else { "5" }, "{how}");
        let form = parts();
        let plan = RequestPlan::post("a").multipart_body(&form);
        let came = face.run_with_body(plan, &mut || form.join_blocking([one(), one()]));
        assert_eq!(came.expect(how).body().is_empty(), how == "drops");
        let bomb = Bomb;
        let upload = Upload::new(None, Replay::Again, move || {
            let _held = &bomb;
            Ok(blocking::Body::reader(None, Held::new()))
        });
        assert!(face.put("a").upload(upload).stream().is_ok(), "{how}");

        let client = http_hook::transport::from_fn(able(), move |request, _| async move {
            let body: Body = request.into_body();
            let len = match how {
                "drops" => return Ok(Response::new(Body::default())),
                "reads" => body.collect(1_000).await?.len(),
                _ => Body::stream(Exact::new(body)).collect(1_000).await?.len(),
            };
            Ok(Response::new(Bytes::from(len.to_string()).into()))
        });
        let face = HttpHook::new(hook(), client, clock());
        let one = || Body::stream(Held::new());
        let came =
            pollster::block_on(face.run_with_body(external(), &mut || Ok(one()))).expect(how);
        assert_eq!(came.body(), if how == "drops" { "" } else { "5" }, "{how}");
        let form = parts();
        let plan = RequestPlan::post("a").multipart_body(&form);
        let came = pollster::block_on(face.run_with_body(plan, &mut || form.join([one(), one()])));
        assert_eq!(came.expect(how).body().is_empty(), how == "drops");
    }
    // A driver of the caller's own gives the client what the source gave.
    drop(Exact::new(Body::stream(Held::new())));
    drop(blocking::Body::reader(None, Held::new()).exact());
}

impl std::fmt::Display for Bomb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a bomb")
    }
}

impl std::error::Error for Bomb {}

/// Fails with an error of its own whose end panics, and is read over once where that may be.
struct Fails(Vec<io::ErrorKind>);

impl Read for Fails {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0.pop().unwrap_or(io::ErrorKind::Other), Bomb))
    }
}

impl http_body::Body for Fails {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, TransportError>>> {
        let error = TransportError::new(TransportErrorKind::Body, Sent::Maybe).with_source(Bomb);
        Poll::Ready(Some(Err(error)))
    }
}

/// An error is dropped by the client, by the driver that sends again, or by the caller.
#[test]
fn an_error_whose_end_panics_is_one_like_others() {
    use http_hook::body::Body;
    use http_hook::options::{Capabilities, Capability};
    use std::error::Error as _;

    let able = || {
        Capabilities::none("own").with(Capability::StreamRequest).with(Capability::StreamResponse)
    };
    let clock = || MockTransport::new([]).clock();
    let policy = RetryPolicy { when: Condition::Always, ..RetryPolicy::default() };
    let plan = || external().retry(policy.clone());
    let hook = || hook().without_waits();
    for how in TREATMENTS {
        let kinds = || vec![io::ErrorKind::TimedOut, io::ErrorKind::Interrupted];
        let fails = || http_hook::blocking::Body::reader(None, Fails(kinds()));
        let client = http_hook::blocking::from_fn(able(), move |request, _| {
            let mut body = request.into_body();
            match how {
                "drops" => assert!(body.read(&mut [0]).is_err() && body.read(&mut [0]).is_err()),
                "reads" => drop(body.collect(1_000)?),
                _ => drop(body.exact().0.collect(1_000)?),
            }
            let lost = TransportError::new(TransportErrorKind::Connect, Sent::No);
            Err(lost.with_source(Bomb))
        });
        let face = Blocking::new(hook(), client, clock());
        let failure = face.run_with_body(plan(), &mut || Ok(fails())).expect_err(how);
        assert_eq!(failure.attempts(), 3, "{how}: {failure}");
        let Cause::Transport(error) = failure.cause() else { panic!("{how}") };
        let expected = match how {
            "drops" => TransportErrorKind::Connect,
            "reads" => TransportErrorKind::Timeout(http_hook::transport::TimeoutPhase::Body),
            _ => TransportErrorKind::RequestBody,
        };
        assert_eq!(error.kind(), expected, "{how}");
        let said = error.source().map(ToString::to_string);
        let expected = if how == "exact" { "the source failed" } else { "a bomb" };
        assert_eq!(said.as_deref(), Some(expected), "{how}");

        let client = http_hook::transport::from_fn(able(), move |request, _| async move {
            let body: Body = request.into_body();
            match how {
                "drops" => drop(body),
                "reads" => drop(body.collect(1_000).await?),
                _ => drop(Body::stream(http_hook::body::Exact::new(body)).collect(1_000).await?),
            }
            let lost = TransportError::new(TransportErrorKind::Connect, Sent::No);
            Err(lost.with_source(Bomb))
        });
        let face = HttpHook::new(hook(), client, clock());
        let mut source = || Ok(Body::stream(Fails(Vec::new())));
        let failure = pollster::block_on(face.run_with_body(plan(), &mut source)).expect_err(how);
        assert_eq!(failure.attempts(), 3, "{how}: {failure}");
    }
    drop(TransportError::new(TransportErrorKind::Body, Sent::Maybe).with_source(Bomb));
}

/// A body that comes after the deadline, or that nobody asked for, is dropped by the driver.
#[test]
fn an_answer_that_nobody_waits_for_may_panic_where_it_ends() {
    struct Late(Option<Bomb>);
    impl From<Bytes> for Late {
        fn from(_: Bytes) -> Self {
            Self(None)
        }
    }
    let hook = hook();
    let answer = || Ok(Response::new(Late(Some(Bomb))));
    let plan = RequestPlan::get("x").deadline(Duration::from_secs(1));
    let mut run = Run::<Late>::new(&hook, Call::new(&hook, plan, 7, NOW));
    let Act::Send(request, _) = run.woke(NOW) else { panic!("it sends") };
    assert!(request.body().0.is_none());
    let late = || NOW.after(Duration::from_secs(5));
    let Act::Done(Err(failure)) = run.sent(answer(), late) else { panic!("it is late") };
    assert_eq!(failure.reason(), StopReason::Deadline);
    let Act::Done(Err(failure)) = run.sent(answer(), late) else { panic!("it is over") };
    assert_eq!(failure.reason(), StopReason::Invalid);

    let plan = || RequestPlan::get("x");
    let polling = Polling::until(Condition::Always, Duration::from_secs(60));
    let mut poll: http_hook::poll::Poll<'_, Late> =
        http_hook::poll::Poll::new(&hook, plan(), polling, 7, NOW);
    let Act::Send(..) = poll.woke(NOW) else { panic!("it sends") };
    let Act::Read(body, _) = poll.sent(answer(), || NOW) else { panic!("it reads") };
    std::mem::forget(body);
    let Act::Done(Ok(_)) = poll.read(Ok(Response::new(Bytes::new()).into_body()), NOW) else {
        panic!("it is over")
    };
    assert!(matches!(poll.sent(answer(), || NOW), Act::Done(Err(_))));
    let mut pages: http_hook::pages::Pages<'_, Late> =
        http_hook::pages::Pages::new(&hook, plan(), Paging::link(), 7, NOW);
    assert!(matches!(pages.sent(answer(), || NOW), Act::Done(Err(_))));
    let mut fan_out: http_hook::fanout::Fanout<'_, _, Late> =
        http_hook::fanout::Fanout::new(&hook, [plan()].into_iter(), 1, 7);
    fan_out.sent(7, answer(), || NOW);
    let (slot, act) = fan_out.next(NOW).expect("it sends");
    assert!(matches!(act, Act::Send(..)));
    fan_out.sent(slot, answer(), || NOW);
    assert_eq!(fan_out.cancel().len(), 1);
}

/// A scheme, a cache and a budget are dropped by the hook, by a plan, or by what could not be made of them.
#[test]
fn what_a_hook_or_a_plan_holds_may_panic_where_it_ends() {
    #[derive(Debug)]
    struct Own {
        _bomb: Bomb,
    }
    impl Authenticate for Own {
        fn authorize(
            &self,
            _: &Request<Payload>,
            _: u64,
            _: Timestamp,
        ) -> Result<Credentials, Error> {
            Ok(Credentials::Query("k".into(), Secret::new("v")))
        }
        fn answer(
            &self,
            _: &Request<Payload>,
            _: &[Challenge],
            _: u64,
            _: Timestamp,
        ) -> Result<Option<Credentials>, Error> {
            Ok(Some(Credentials::Query("k".into(), Secret::new("again"))))
        }
    }
    impl TokenCache for Own {
        fn load(&self, _: &str) -> Option<Token> {
            None
        }
        fn store(&self, _: &str, _: &Token) {}
    }
    impl http_hook::gates::Budget for Own {
        fn withdraw(&self, _: http_hook::retry::FailureClass, _: Timestamp) -> Option<u32> {
            Some(5)
        }
        fn deposit(&self, _: u32, _: Timestamp) {}
    }
    let own = || Arc::new(Own { _bomb: Bomb });
    let scheme = || AuthScheme::Custom(own());
    let all = |host: &str| {
        let settings = http_hook::gates::GateSettings::none();
        let gates = http_hook::gates::Gates::with_budget(&settings, own()).expect("gates");
        let api = Connection::new().with_host(host);
        Hook::builder(&api).auth(scheme()).token_cache(own()).gates(gates)
    };

    // What is held is asked as before.
    let asked = || Reply::status(401).header("www-authenticate", "Own realm=x");
    let server = MockTransport::new([asked(), Reply::status(503), Reply::status(200)]);
    let hook = all("https://api.example.com").build().expect("a hook");
    let face = Blocking::new(hook, server.clone(), server.clock());
    assert!(face.run(plan()).is_ok());
    let sent: Vec<_> = server.received().iter().map(|one| one.uri.to_string()).collect();
    assert!(sent[0].ends_with("?k=v") && sent[1].ends_with("?k=again"), "{sent:?}");
    drop(face);

    drop(all("https://api.example.com"));
    assert!(all("ftp://api.example.com").build().is_err());
    let server = MockTransport::new([Reply::status(200)]);
    let face = Blocking::new(self::hook(), server.clone(), server.clock());
    assert!(face.run(RequestPlan::get("a").auth(scheme())).is_ok());
    let mut wrong = http_hook::gates::GateSettings::none();
    wrong.rate = Some(http_hook::gates::RateSettings { per_second: -1.0, burst: 1 });
    assert!(http_hook::gates::Gates::with_budget(&wrong, own()).is_err());

    let caught = catch_unwind(|| {
        let _hook = all("https://api.example.com").build();
        let _plan = RequestPlan::get("a").auth(scheme());
        panic_any("another panic");
    });
    assert_eq!(caught.expect_err("it panics").downcast_ref(), Some(&"another panic"));
}
