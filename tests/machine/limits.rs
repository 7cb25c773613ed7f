//! Limits, each one below, at, and above.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::blocking::{self, Body, Clock};
use http_hook::retry::{Stop, Wait};
use http_hook::{
    Call, Connection, ErrorKind, Failure, Hook, Options, RequestPlan, RetryPolicy, Run, StopReason,
    Timestamp, TransportErrorKind,
};

/// The most headers of one request.
const MAX_HEADERS: usize = 256;

#[cfg(feature = "cookies")]
use crate::support::response;
use crate::support::{NOW, Played, Scenario, status};

fn hook() -> Hook {
    Hook::to("https://api.example.com").expect("a hook")
}

/// Runs a call against a server that gives this status and body.
fn run(plan: RequestPlan, status: u16, body: Bytes) -> Result<Response<Bytes>, Failure> {
    struct Still;
    impl Clock for Still {
        fn now(&self) -> Timestamp {
            NOW
        }

        fn sleep(&self, _: Duration) {}
    }
    let hook = hook();
    let transport = blocking::from_fn(http_hook_mock::everything("test"), move |_, _| {
        let answer = Response::builder().status(status);
        Ok(answer.body(Body::Bytes(body.clone())).expect("an answer"))
    });
    let run = Run::new(&hook, Call::new(&hook, plan, 7, NOW));
    blocking::drive(run, &transport, &Still)
}

#[test]
fn sends() {
    let policy = RetryPolicy {
        wait: Wait::fixed(Duration::ZERO),
        stop: Stop::after_attempt(u32::MAX),
        ..RetryPolicy::default()
    };
    for (passes_at, passes) in
        [(Call::MAX_SENDS - 1, true), (Call::MAX_SENDS, true), (Call::MAX_SENDS + 1, false)]
    {
        let hook = hook();
        let plan = RequestPlan::get("a").retry(policy.clone());
        let mut sends = 0;
        let Played { result, .. } = Scenario::new(&hook, plan).run(|_| {
            sends += 1;
            Ok(status(if sends == passes_at { 200 } else { 503 }))
        });
        assert_eq!(result.is_ok(), passes, "{passes_at}");
        assert_eq!(sends, passes_at.min(Call::MAX_SENDS));
        if let Err(failure) = result {
            assert_eq!(
                (failure.reason(), failure.sends()),
                (StopReason::MaxSends, Call::MAX_SENDS)
            );
        }
    }
}

#[test]
fn the_body_of_a_failure() {
    for len in [Failure::MAX_BODY - 1, Failure::MAX_BODY, Failure::MAX_BODY + 1] {
        let failure = run(RequestPlan::get("a"), 404, vec![b'x'; len].into()).expect_err("404");
        let kept = failure.body().expect("an answer").len();
        assert_eq!(kept, len.min(Failure::MAX_BODY), "{len}");
    }
}

#[test]
fn the_body_of_an_answer() {
    for (len, passes) in [(99, true), (100, true), (101, false)] {
        let mut options = Options::default();
        options.max_response_bytes = Some(100);
        let plan = RequestPlan::get("a").options(options);
        match run(plan, 200, vec![b'x'; len].into()) {
            Ok(response) => assert_eq!((response.body().len(), passes), (len, true)),
            Err(failure) => {
                let http_hook::Cause::Transport(error) = failure.cause() else {
                    panic!("{failure:?}")
                };
                assert_eq!((error.kind(), passes), (TransportErrorKind::Limit, false), "{len}");
            }
        }
    }
}

#[test]
fn headers() {
    for (count, passes) in [(MAX_HEADERS - 1, true), (MAX_HEADERS, true), (MAX_HEADERS + 1, false)]
    {
        let plan = (0..count)
            .fold(RequestPlan::get("a"), |plan, number| plan.header(&format!("x-{number}"), "v"));
        let error = plan.check().err().map(http_hook::Error::kind);
        assert_eq!(error, (!passes).then_some(ErrorKind::Limit), "{count} of a call");
    }
    // Three of the hook's own are there before: accept, accept-encoding, user-agent.
    let own = MAX_HEADERS - 3;
    for (count, passes) in [(own - 1, true), (own, true), (own + 1, false)] {
        let connection = Connection::new().with_host("https://api.example.com");
        let builder = (0..count).fold(Hook::builder(&connection), |builder, number| {
            builder.header(format!("x-{number}"), "v")
        });
        assert_eq!(builder.build().is_ok(), passes, "{count} of a hook");
    }
}

/// Where all surely fits a jar may still add a header.
#[cfg(feature = "cookies")]
#[test]
fn headers_with_those_of_a_jar() {
    let own = MAX_HEADERS - 3;
    let rows = [
        (own - 1, false, true),
        (own - 1, true, true),
        (own, false, true),
        (own, true, false),
        (own + 1, false, false),
    ];
    for (count, with_cookie, passes) in rows {
        let hook = hook();
        let plan = (0..count)
            .fold(RequestPlan::get("a"), |plan, number| plan.header(&format!("x-{number}"), "v"));
        let plan = if with_cookie { plan.cookie("a", "1") } else { plan };
        let Played { sends, result, .. } = Scenario::new(&hook, plan).run(|_| Ok(status(200)));
        assert_eq!(result.is_ok(), passes, "{count} {with_cookie}");
        assert_eq!(sends.len(), usize::from(passes), "{count} {with_cookie}");
        if let Err(failure) = result {
            assert_eq!(failure.reason(), StopReason::Invalid, "{count} {with_cookie}");
        }
    }
}

/// What a server sets is in nobody's way: its cookies take the room that is left. The caller's own are sent or refused.
#[cfg(feature = "cookies")]
#[test]
fn cookies_take_the_room_that_is_left() {
    use http_hook::cookies::Jar;
    let connection = Connection::new().with_host("https://api.example.com");
    let set = |count: usize| {
        let value = "v".repeat(3000);
        let cookie = move |number| format!("c{number}={value}");
        (0..count).map(cookie).collect::<Vec<_>>()
    };
    let (long, short) = ("v".repeat(1000), "v".to_owned());
    // Three of the hook's own are there before: accept, accept-encoding, user-agent.
    let rows = [
        // why, headers, how long each is, cookies of the server, whether the call has one, cookies sent or no call
        ("there is room", 1, &short, 5, false, Some(5)),
        ("for some of them", 56, &long, 5, false, Some(3)),
        ("for none", 64, &long, 1, false, Some(0)),
        ("for one header", MAX_HEADERS - 4, &short, 2, false, Some(2)),
        ("for no header", MAX_HEADERS - 3, &short, 2, false, Some(0)),
        ("of the caller's own there is", MAX_HEADERS - 4, &short, 2, true, Some(3)),
        ("the caller's own goes first", 60, &long, 5, true, Some(1)),
        ("not for the caller's own", 64, &long, 1, true, None),
        ("and no header for it", MAX_HEADERS - 3, &short, 1, true, None),
    ];
    for (why, count, value, cookies, own, expected) in rows {
        let hook = Hook::builder(&connection).shared_cookies(Jar::default()).build();
        let hook = hook.expect("a hook");
        let set = set(cookies);
        let set: Vec<_> = set.iter().map(|cookie| ("set-cookie", cookie.as_str())).collect();
        let first = Scenario::new(&hook, RequestPlan::get("a"));
        let Played { result, .. } = first.run(|_| Ok(response(200, &set, "")));
        assert!(result.is_ok(), "{why}");
        let mut plan = (0..count)
            .fold(RequestPlan::get("a"), |plan, number| plan.header(&format!("x-{number}"), value));
        if own {
            plan = plan.cookie("own", "v".repeat(3500));
        }
        let Played { sends, result, .. } = Scenario::new(&hook, plan).run(|_| Ok(status(200)));
        let given = sends.first().map(|(request, ..)| request.headers().get("cookie"));
        let given = given.map(|cookie| cookie.map_or(0, |value| value.to_str().map_or(0, pairs)));
        assert_eq!(given, expected, "{why}: {result:?}");
        assert_eq!(result.is_ok(), expected.is_some(), "{why}");
        let Some(Some(cookie)) = sends.first().map(|(request, ..)| request.headers().get("cookie"))
        else {
            continue;
        };
        assert_eq!(cookie.to_str().is_ok_and(|cookie| cookie.contains("own=")), own, "{why}");
    }
}

#[cfg(feature = "cookies")]
fn pairs(cookie: &str) -> usize {
    cookie.split("; ").count()
}

#[test]
fn stored_connections() {
    let text = |len: usize| {
        let head = "https://api.example.com/?a=";
        format!("{head}{}", "x".repeat(len - head.len()))
    };
    let max = Connection::MAX_TEXT;
    for (len, passes) in [(max - 1, true), (max, true), (max + 1, false)] {
        assert_eq!(Connection::from_uri(&text(len)).is_ok(), passes, "{len} bytes");
    }
}
