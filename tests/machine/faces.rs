//! The two easy faces: what one does, the other does, request by request.

use std::time::Duration;

use http::Method;
use http_hook::pages::Paging;
use http_hook::poll::Polling;
use http_hook::response::Reason;
use http_hook::retry::{Condition, Stop, Wait};
use http_hook::{
    Call, Cause, ErrorKind, Failure, Hook, HttpHook, Options, RequestPlan, RetryPolicy, Step,
    StopReason, Timestamp, blocking,
};
use http_hook_mock::blocking::from_hook;
use http_hook_mock::{MockTransport, Reply};

use crate::support::{connection, response};

/// All that a face can do, and the requests that come of it. `$wait` waits for what the async one gives.
macro_rules! done_by {
    ($face:path, $wait:expr, $next:expr) => {{
        let policy = RetryPolicy {
            wait: Wait::fixed(Duration::from_secs(3)),
            stop: Stop::after_attempt(3),
            ..RetryPolicy::default()
        };
        let hook = Hook::new(&connection()).expect("a hook");
        let server = MockTransport::new([
            Reply::status(200).times(8),
            // A policy for one call, and a call that was prepared.
            Reply::status(503),
            Reply::status(200),
            Reply::status(404),
            // HEAD, and GET where that is not allowed.
            Reply::status(200),
            Reply::status(405),
            Reply::status(200),
            Reply::status(501),
            Reply::status(404),
            Reply::status(403),
            // A stored call, two polls, pages.
            Reply::status(200),
            Reply::status(202),
            Reply::status(200),
            Reply::status(202),
            Reply::status(200),
            Reply::status(200).header("link", "<?page=2>; rel=next"),
            Reply::status(200).header("link", "<?page=3>; rel=next"),
            Reply::status(200),
        ]);
        let api = <$face>::new(hook, server.clone(), server.clock()).with_seed(7);
        assert_eq!(api.get_conn().0.origin().to_string(), "https://api.example.com");
        assert!(api.get_conn().1.received().is_empty(), "the transport itself");
        assert_eq!(api.url_from_endpoint("a b"), "https://api.example.com/a b");

        for sent in [
            $wait(api.get("a").send()),
            $wait(api.head("a").send()),
            $wait(api.post("a").data("x").send()),
            $wait(api.put("a").send()),
            $wait(api.patch("a").send()),
            $wait(api.delete("a").send()),
            $wait(api.request(Method::OPTIONS, "a").send()),
        ] {
            assert_eq!(sent.expect("a response").status(), 200);
        }
        let reads = api.clone().with_method(Method::GET);
        assert!($wait(reads.run(reads.plan("b"))).is_ok());
        assert!(format!("{:?}", reads.plan("b")).contains("GET"));
        assert!(format!("{:?}", api.plan("b")).contains("POST"), "as the original");

        let retried = $wait(api.run_with_advanced_retry(policy, RequestPlan::get("c")));
        assert_eq!(retried.expect("the second attempt").status(), 200);
        let failure = $wait(api.run_and_check(api.prepare(RequestPlan::get("d")))).unwrap_err();
        assert_eq!(failure.status().map(|status| status.as_u16()), Some(404));
        assert_eq!(api.check_response(response(204, &[], "")).expect("it passes").status(), 204);
        let failure = api.check_response(response(404, &[], "x")).expect_err("it does not pass");
        assert_eq!(
            (failure.reason(), failure.body().map(|body| body.as_ref())),
            (StopReason::Rejected, Some(&b"x"[..]))
        );

        assert_eq!($wait(api.test_connection("up")).expect("HEAD will do").status(), 200);
        assert_eq!($wait(api.test_connection("up")).expect("GET will do").status(), 200);
        let failure = $wait(api.test_connection("up")).expect_err("neither does");
        assert_eq!(failure.status().map(|status| status.as_u16()), Some(404));
        let failure = $wait(api.test_connection("")).expect_err("the server has answered");
        assert_eq!(failure.status().map(|status| status.as_u16()), Some(403));

        let stored = api.prepare(RequestPlan::get("e")).store(api.get_conn().0).expect("a text");
        let call: Call = api.resume(&stored).expect("it is taken up");
        assert!($wait(api.run_and_check(call)).is_ok());
        let polling = || Polling::until(!Condition::statuses(&[202]), Duration::from_secs(600));
        assert_eq!(
            $wait(api.poll(RequestPlan::get("f"), polling())).expect("an end").status(),
            200
        );
        let begun = api.begin_poll(RequestPlan::get("g"), polling());
        let stored = begun.store().expect("a text");
        let taken_up = api.resume_poll(&stored).expect("it is taken up");
        assert_eq!($wait(api.run_poll(taken_up)).expect("an end").status(), 200);

        let mut read = api.pages(RequestPlan::get("h"), Paging::link());
        $next(&mut read).expect("a page").expect("it comes");
        let stored = read.pages().store().expect("a text");
        let mut read = api.resume_pages(&stored).expect("they are taken up");
        $next(&mut read).expect("a page").expect("it comes");
        $next(&mut read).expect("a page").expect("it comes");
        assert!($next(&mut read).is_none() && format!("{read:?}").contains("pages: 3"));

        for error in [
            api.resume("{}").map(drop).unwrap_err(),
            api.resume_poll("{}").map(drop).unwrap_err(),
            api.resume_pages("{}").map(drop).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Stored);
        }
        server.assert_done();
        let shown = format!("{api:?}");
        assert!(shown.contains("HttpHook") && !shown.contains("5b0c9e"), "{shown}");
        let line = |one: http_hook_mock::Received| {
            format!("{} {} {:?} {:?}", one.method, one.uri, one.headers, one.at)
        };
        server.received().into_iter().map(line).collect::<Vec<_>>()
    }};
}

#[test]
fn what_one_face_does_the_other_does() {
    let by_blocking = done_by!(blocking::HttpHook<_, _>, std::convert::identity, Iterator::next);
    let by_async = done_by!(HttpHook<_, _>, pollster::block_on, |pages| next(pages));
    assert_eq!(by_async, by_blocking);
    assert_eq!(by_async.len(), 25);
}

/// The next page, waited for.
fn next<T: http_hook::transport::Transport, C: http_hook::transport::Clock>(
    pages: &mut http_hook::pages::PageIter<'_, HttpHook<T, C>, http_hook::body::Body>,
) -> Option<Result<http::Response<bytes::Bytes>, http_hook::Failure>> {
    pollster::block_on(pages.next())
}

/// What one hook prepares is meant for its origin, with all that it holds: another one sends, shows and stores nothing of it.
#[test]
fn what_a_hook_prepares_is_run_by_no_other() {
    let hook_of = |host: &str| Hook::to(host).expect("a hook");
    let own = "https://a.example/services/T0/k3yOfMine";
    let other = hook_of("https://b.example");
    let plans = [
        RequestPlan::get("x").bearer("5b0c9e"),
        RequestPlan::get("x").basic("u", "5b0c9e"),
        RequestPlan::get("x").secret_header("x-own", "5b0c9e"),
        RequestPlan::get("x").options(Options::default().timeout(Duration::from_secs(9))),
        RequestPlan::get("x"),
    ];
    for plan in plans {
        let (server, elsewhere) = (
            MockTransport::new([Reply::status(200).always()]),
            MockTransport::new([Reply::status(200).always()]),
        );
        let (api, strange) =
            (from_hook(hook_of(own), &server), from_hook(other.clone(), &elsewhere));
        let failure =
            strange.run_and_check(api.prepare(plan.clone())).expect_err("it is no call of its");
        let refused = |failure: &Failure| {
            let is_stored = matches!(failure.cause(), Cause::Request(error) if error.kind() == ErrorKind::Stored);
            assert!(is_stored, "{failure}");
            assert_eq!(failure.sends(), 0);
            let says = format!("{failure} {failure:?}");
            assert!(!says.contains("k3yOfMine") && !says.contains("5b0c9e"), "{says}");
        };
        refused(&failure);
        let until = || Polling::until(Condition::Always, Duration::from_secs(9));
        refused(
            &strange.run_poll(api.begin_poll(plan.clone(), until())).expect_err("nor is the poll"),
        );
        let call = api.prepare(plan.clone());
        assert!(!format!("{}", call.cancel(&other)).contains("k3yOfMine"));
        // What one has sent is answered to no other.
        let (mine, now) = (api.get_conn().0, Timestamp::default());
        let step = Call::new(mine, plan.clone(), 7, now).step(mine, now);
        let Step::Send { attempt, .. } = step else { panic!("it is sent") };
        let mut answer = http::Response::new(bytes::Bytes::new());
        *answer.status_mut() = http::StatusCode::NOT_FOUND;
        answer.extensions_mut().insert(Reason::new("no k3yOfMine nor 5b0c9e"));
        let Step::Done(Err(failure)) = attempt.finish(&other, Ok(answer), now) else {
            panic!("it is none of its")
        };
        assert!(!format!("{failure}").contains("k3yOfMine"), "{failure}");
        assert_eq!(failure.sends(), 1);
        assert!(api.prepare(plan.clone()).store(&other).is_err());
        assert_eq!(elsewhere.received().len(), 0);

        // Nor by the async face, while those of the same connection may.
        let far = HttpHook::new(other.clone(), elsewhere.clone(), elsewhere.clock());
        refused(
            &pollster::block_on(far.run_and_check(api.prepare(plan.clone()))).expect_err("nor"),
        );
        let poll = HttpHook::new(hook_of(own), server.clone(), server.clock());
        let poll = poll.begin_poll(plan.clone(), until());
        refused(&pollster::block_on(far.run_poll(poll)).expect_err("nor"));
        assert_eq!(elsewhere.received().len(), 0);
        let twin = from_hook(hook_of(own).without_waits(), &server);
        twin.run_and_check(api.prepare(plan.clone())).expect("it is of the same");
        twin.run_poll(api.begin_poll(plan, until())).expect("so is the poll");
    }
}
