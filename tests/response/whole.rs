//! A body that is read for a policy, a challenge or a token is whole, undone and checked, or an error, whoever drives the call.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::retry::{Condition, RetryOutcome, RetryState, Stop, Wait};
use http_hook::{
    Act, Call, Cause, Connection, Failure, Hook, Options, RequestPlan, RetryPolicy, Run,
    TransportErrorKind as Kind,
};

use crate::support::{NOW, response};

/// The most that a body may have here, in bytes.
const MOST: usize = 1_000;

/// What policies see of bodies.
type Seen = Arc<Mutex<Vec<Option<Bytes>>>>;

fn note(seen: &Seen, outcome: &dyn RetryOutcome) {
    if outcome.status().is_some() {
        let body = outcome.body().map(Bytes::copy_from_slice);
        seen.lock().expect("a list").push(body);
    }
}

/// Policies that look at bodies, each in its own way.
fn policies() -> Vec<(&'static str, RetryPolicy, Seen)> {
    let usual = || RetryPolicy { when: Condition::Always, ..RetryPolicy::default() };
    let noting = |seen: &Seen| {
        let seen = Arc::clone(seen);
        move |outcome: &dyn RetryOutcome| {
            note(&seen, outcome);
            false
        }
    };
    let mut all = Vec::new();
    let mut add = |what, make: &dyn Fn(&Seen) -> RetryPolicy| {
        let seen = Seen::default();
        all.push((what, make(&seen), seen));
    };
    add("a condition", &|seen| RetryPolicy { when: Condition::custom(noting(seen)), ..usual() });
    add("a part of one", &|seen| RetryPolicy {
        when: Condition::statuses(&[599]) | !!Condition::custom(noting(seen)),
        ..usual()
    });
    add("the first condition", &|seen| RetryPolicy {
        when: Condition::Never,
        once: Condition::custom(noting(seen)),
        ..usual()
    });
    add("a wait", &|seen| {
        let seen = Arc::clone(seen);
        let wait = move |state: &RetryState<'_>, _: &mut dyn FnMut() -> f64| {
            note(&seen, state.outcome);
            Duration::ZERO
        };
        RetryPolicy { wait: Wait::custom(wait), ..usual() }
    });
    add("a part of a wait", &|seen| RetryPolicy {
        wait: Wait::None
            + Wait::When {
                when: Condition::custom(noting(seen)),
                then: Box::new(Wait::None),
                otherwise: Box::new(Wait::None),
            },
        ..usual()
    });
    add("a stop", &|seen| {
        let seen = Arc::clone(seen);
        let stop = move |state: &RetryState<'_>| {
            note(&seen, state.outcome);
            true
        };
        RetryPolicy { stop: Stop::after_attempt(9) | Stop::custom(stop), ..usual() }
    });
    all
}

/// Sends once by a driver that streams or one that does not, and gives the end; `None` if the call goes on.
fn answered(
    stream: bool,
    plan: RequestPlan,
    answer: Response<Bytes>,
) -> Option<Result<Response<Bytes>, Failure>> {
    answered_by(true, stream, plan, answer)
}

/// The same by a hook that undoes codings, if it can, or not.
fn answered_by(
    undoes: bool,
    stream: bool,
    plan: RequestPlan,
    answer: Response<Bytes>,
) -> Option<Result<Response<Bytes>, Failure>> {
    let connection = Connection::new().with_host("https://api.example.com");
    let mut builder = Hook::builder(&connection);
    #[cfg(feature = "decode")]
    {
        builder = builder.decode(undoes);
    }
    let _ = undoes;
    builder = builder.header("x-unused", "1");
    let hook = builder.build().expect("a hook");
    let hook = hook.for_client(http_hook_mock::everything("test"));
    let mut options = Options::default();
    options.max_response_bytes = Some(u64::try_from(MOST).expect("a number"));
    let call = Call::new(&hook, plan.options(options), 7, NOW);
    let mut run = if stream { Run::stream(&hook, call) } else { Run::new(&hook, call) };
    let Act::Send(..) = run.woke(NOW) else { panic!("it sends") };
    let mut act = run.sent(Ok(answer), || NOW);
    loop {
        act = match act {
            Act::Read(body, limit) => {
                let limit = usize::try_from(limit).expect("a number").min(body.len());
                run.read(Ok(body.slice(..limit)), NOW)
            }
            Act::Sleep(_) if run.wait_reason().is_none() => run.woke(NOW),
            Act::Done(result) => return Some(result),
            Act::Sleep(_) | Act::Send(..) => return None,
        };
    }
}

fn kind(result: Option<Result<Response<Bytes>, Failure>>) -> Option<Kind> {
    match result?.err()?.into_cause() {
        Cause::Transport(error) => Some(error.kind()),
        _ => None,
    }
}

#[test]
fn a_policy_sees_whole_bodies_or_none() {
    type Make = Box<dyn Fn(u16) -> Response<Bytes>>;

    let announced = |len: usize, came: usize| {
        let len = len.to_string();
        move |status| response(status, &[("content-length", &len)], &"x".repeat(came))
    };
    let unknown = |came: usize| move |status| response(status, &[], &"x".repeat(came));
    let rows: Vec<(&str, Make, Result<usize, Kind>)> = vec![
        ("short", Box::new(unknown(10)), Ok(10)),
        ("as long as may be", Box::new(unknown(MOST)), Ok(MOST)),
        ("one more", Box::new(unknown(MOST + 1)), Err(Kind::Limit)),
        ("much more", Box::new(announced(5_000, 5_000)), Err(Kind::Limit)),
        ("cut", Box::new(announced(5_000, 900)), Err(Kind::Body)),
        ("cut at the limit", Box::new(announced(5_000, MOST)), Err(Kind::Body)),
    ];
    for (what, make, expected) in rows {
        for status in [200, 202, 404, 503] {
            for stream in [false, true] {
                for (policy, rules, seen) in policies() {
                    let plan = RequestPlan::get("a").retry(rules);
                    let cell = format!("{what} {status} stream {stream} {policy}");
                    let result = answered(stream, plan, make(status));
                    let seen = seen.lock().expect("a list").clone();
                    match expected {
                        Ok(len) => {
                            assert!(!seen.is_empty(), "{cell}");
                            for body in seen.into_iter().flatten() {
                                assert_eq!(body.len(), len, "{cell}");
                            }
                        }
                        Err(fault) => {
                            // It may have been asked by the head alone, but never with a part.
                            assert!(seen.iter().all(Option::is_none), "{cell} {seen:?}");
                            if result.as_ref().is_some_and(Result::is_err) {
                                assert_eq!(kind(result), Some(fault), "{cell}");
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_final_head_that_cannot_be_one_is_an_error_however_long_its_body() {
    let twice = [("transfer-encoding", "chunked"), ("transfer-encoding", "identity")];
    let heads: [(u16, &[(&str, &str)]); 4] = [
        (103, &[]),
        (200, &[("transfer-encoding", "gzip")]),
        (200, &[("transfer-encoding", "identity"), ("content-length", "5000")]),
        (404, &twice),
    ];
    for (status, headers) in heads {
        for came in [0, 10, MOST, MOST + 1, Failure::MAX_BODY, Failure::MAX_BODY + 1] {
            for stream in [false, true] {
                let plan = RequestPlan::get("a").check_response(false);
                let result = answered(stream, plan, response(status, headers, &"x".repeat(came)));
                let expected = if came > MOST { Kind::Limit } else { Kind::Protocol };
                assert_eq!(kind(result), Some(expected), "{status} {came} stream {stream}");
            }
        }
    }
    for headers in [&[][..], &[("transfer-encoding", "chunked")]] {
        for stream in [false, true] {
            let result = answered(stream, RequestPlan::get("a"), response(200, headers, "x"));
            assert!(result.is_some_and(|result| result.is_ok()), "{headers:?} stream {stream}");
        }
    }
}

#[test]
fn a_response_that_the_call_may_end_with_is_kept_whole() {
    let policy = || RetryPolicy {
        when: Condition::statuses(&[202]),
        return_when_exhausted: true,
        ..RetryPolicy::default()
    };
    for stream in [false, true] {
        let plan = RequestPlan::get("a").retry(policy());
        let result = answered(stream, plan, response(202, &[], &"x".repeat(MOST + 1)));
        // It may be sent again after this error, or the call ends with it: never with a part.
        assert!(result.is_none_or(|result| result.is_err()), "stream {stream}");
    }
}

#[test]
fn the_text_of_a_failure_is_as_long_as_the_call_allows() {
    for came in [999, 1_000, 1_001, 5_000] {
        let result = answered(true, RequestPlan::get("a"), response(404, &[], &"x".repeat(came)));
        let failure = result.expect("it ends").expect_err("404");
        assert_eq!(failure.status().map(|status| status.as_u16()), Some(404), "{came}");
        assert_eq!(failure.body().map(Bytes::len), Some(came.min(MOST)), "{came}");
    }
}

#[cfg(feature = "decode")]
#[test]
fn what_a_policy_and_people_read_is_undone() {
    use std::io::Write as _;

    let gzip = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    };
    let coded = |status: u16, body: Vec<u8>| {
        let response = Response::builder().status(status).header("content-encoding", "gzip");
        response.body(Bytes::from(body)).expect("a response")
    };
    for stream in [false, true] {
        for (policy, rules, seen) in policies() {
            let plan = RequestPlan::get("a").retry(rules);
            let _ = answered(stream, plan, coded(503, gzip(b"busy, try later")));
            let seen = seen.lock().expect("a list").clone();
            let bodies: Vec<_> = seen.into_iter().flatten().collect();
            assert!(!bodies.is_empty(), "{policy}");
            assert!(bodies.iter().all(|body| body == "busy, try later"), "{policy} {bodies:?}");
        }
    }
    // A text of noise, so that its beginning is cut within its coding.
    let mut noise = 7_u32;
    let text: Vec<u8> = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + u8::try_from(noise >> 28).expect("four bits")
    })
    .take(20_000)
    .collect();
    let result = answered(true, RequestPlan::get("a"), coded(404, gzip(&text)));
    let failure = result.expect("it ends").expect_err("404");
    let body = failure.body().expect("a response");
    assert!(body.len() > 100 && text.starts_with(body), "{} bytes", body.len());
    assert!(!failure.headers().expect("a response").contains_key("content-encoding"));
}

#[test]
fn nobody_decides_by_a_body_that_is_cut_or_stays_coded() {
    let gzip = |cut: usize| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        std::io::Write::write_all(&mut writer, b"busy, try later").expect("memory");
        let mut coded = writer.finish().expect("memory");
        coded.truncate(coded.len() - cut);
        Bytes::from(coded)
    };
    let open = || Bytes::from_static(b"busy, try later");
    let can = cfg!(feature = "decode");
    #[rustfmt::skip]
    let rows = [
        // coding          undoes  body       is it known
        ("",               true,   open(),   true),
        ("identity",       true,   open(),   true),
        ("Identity, ",     false,  open(),   true),
        ("UTF-8",          true,   open(),   true),
        ("none",           false,  open(),   true),
        ("aws-chunked,",   false,  open(),   true),
        ("utf-8, gzip",    true,   gzip(0),   can),
        ("gzip",           true,   gzip(0),   can),
        ("gzip",           true,   gzip(12),  false),
        ("gzip",           false,  gzip(0),   false),
        ("gzip",           false,  gzip(12),  false),
        ("compress",       true,   open(),   false),
        ("compress",       false,  open(),   false),
        ("gzip, compress", true,   gzip(0),   false),
        ("compress, gzip", true,   gzip(0),   false),
        // In lines of their own; one that is no text is a coding that nobody knows.
        ("gzip\nidentity", true,   gzip(0),   can),
        ("gzip\nü",        true,   gzip(0),   false),
        ("ü\ngzip",        true,   gzip(0),   false),
        ("ü",              true,   open(),    false),
        ("ü",              false,  open(),    false),
    ];
    for (coding, undoes, body, known) in rows {
        let answer = |status: u16, body: &Bytes| {
            let mut answer = Response::builder().status(status);
            if !coding.is_empty() {
                for line in coding.split('\n') {
                    answer = answer.header("content-encoding", line.as_bytes());
                }
            }
            answer.body(body.clone()).expect("a response")
        };
        for stream in [false, true] {
            for status in [200, 202, 503] {
                for (policy, rules, seen) in policies() {
                    let cell = format!("{coding:?} {undoes} {status} stream {stream} {policy}");
                    let plan = RequestPlan::get("a").retry(rules);
                    let result = answered_by(undoes, stream, plan, answer(status, &body));
                    let seen = seen.lock().expect("a list").clone();
                    let bodies: Vec<_> = seen.into_iter().flatten().collect();
                    assert_eq!(!bodies.is_empty(), known, "{cell}");
                    assert!(bodies.iter().all(|body| body == "busy, try later"), "{cell}");
                    if !known && result.as_ref().is_some_and(Result::is_err) {
                        assert_eq!(kind(result), Some(Kind::Body), "{cell}");
                    }
                }
            }
            let cell = format!("{coding:?} {undoes} stream {stream}");
            let contains = Condition::BodyContains { text: "no such text".into() };
            let plan = RequestPlan::get("a").response_check(!contains);
            let result = answered_by(undoes, stream, plan.clone(), answer(200, &body));
            let expected = if known { None } else { Some(Kind::Body) };
            if let ("compress", Some(Err(failure))) = (coding, &result) {
                let told = failure.to_string();
                assert!(told.contains("coding") && !told.contains("not whole"), "{cell}: {told}");
            }
            assert_eq!(kind(result), expected, "{cell}");
            // Of nothing a part is whole, and where nobody decides it is the caller's.
            let result = answered_by(undoes, stream, plan, answer(200, &Bytes::new()));
            assert_eq!(kind(result), None, "{cell}");
            let result = answered_by(undoes, stream, RequestPlan::get("a"), answer(200, &body));
            assert!(result.is_some_and(|result| result.is_ok()), "{cell}");
        }
    }
}
