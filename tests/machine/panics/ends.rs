//! What panics where it ends: closures, bodies, errors, answers that nobody waits for, what hooks and plans hold.

use std::io::{self, Read};
use std::panic::{catch_unwind, panic_any};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_hook::auth::{AuthScheme, Authenticate, Challenge, Credentials, Token, TokenCache};
use http_hook::blocking::HttpHook as Blocking;
use http_hook::body::Payload;
use http_hook::pages::Paging;
use http_hook::poll::Polling;
use http_hook::request::Filter;
use http_hook::retry::{Condition, RetryOutcome, RetryState, Stop, Wait};
use http_hook::{
    Act, Call, Cause, Connection, Error, Hook, HttpHook, RequestPlan, RetryPolicy, Run, Secret,
    Sent, StopReason, Timestamp, TransportError, TransportErrorKind,
};
use http_hook_mock::{MockTransport, Reply};

use super::{Bomb, hook, plan};
use crate::support::NOW;

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
