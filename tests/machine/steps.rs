//! The machine, step by step: one row a rule.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use http_hook::body::{Payload, Replay};
use http_hook::hook::Defaults;
use http_hook::response::Reason;
use http_hook::{
    Connection, ErrorKind, Failure, Hook, Options, RequestPlan, RetryPolicy, Sent, Step,
    StopReason, Timestamp, TransportError, TransportErrorKind,
};

use crate::support::{Answer, NOW, Scenario, Sending, Waits, connection, response, status};

fn hook() -> Hook {
    let connection = connection().with_host("https://api.example.com/v1");
    Hook::new(&connection).expect("a connection that can be used")
}

#[expect(clippy::unnecessary_wraps, reason = "an answer is one or the other")]
fn answer(status: u16) -> Answer {
    Ok(response(status, &[], "text"))
}

fn broken(sent: Sent) -> Answer {
    Err(TransportError::new(TransportErrorKind::Interrupted, sent))
}

type Script = fn() -> Answer;

/// Runs a call against answers; the last one repeats. Gives the result and the waits.
fn run(
    hook: &Hook,
    plan: RequestPlan,
    answers: &[Script],
) -> (Result<Response<Bytes>, Failure>, Waits) {
    let played = Scenario::new(hook, plan).run(|number| answers[number.min(answers.len() - 1)]());
    (played.result, played.waits)
}

#[test]
fn a_call_ends_as_its_answers_say() {
    type Row = (&'static str, RequestPlan, &'static [Script], Result<u16, StopReason>, usize);
    let retry = |plan: RequestPlan| plan.retry(RetryPolicy::default());
    let rows: [Row; 12] = [
        ("passes", RequestPlan::get("a"), &[|| answer(200)], Ok(200), 0),
        ("3xx without Location passes", RequestPlan::get("a"), &[|| answer(304)], Ok(304), 0),
        ("600 and above pass", RequestPlan::get("a"), &[|| answer(999)], Ok(999), 0),
        ("run sends once", RequestPlan::get("a"), &[|| answer(503)], Err(StopReason::Rejected), 0),
        (
            "404 is not retried",
            retry(RequestPlan::get("a")),
            &[|| answer(404)],
            Err(StopReason::Rejected),
            0,
        ),
        ("check off", RequestPlan::get("a").check_response(false), &[|| answer(404)], Ok(404), 0),
        (
            "retry passes",
            retry(RequestPlan::get("a")),
            &[|| answer(503), || answer(200)],
            Ok(200),
            1,
        ),
        (
            "attempts end",
            retry(RequestPlan::get("a")),
            &[|| answer(503)],
            Err(StopReason::Attempts),
            2,
        ),
        (
            "attempts end, check off",
            retry(RequestPlan::get("a")).check_response(false),
            &[|| answer(503)],
            Err(StopReason::Attempts),
            2,
        ),
        (
            "POST may have acted",
            retry(RequestPlan::post("a")),
            &[|| broken(Sent::Maybe)],
            Err(StopReason::NotIdempotent),
            0,
        ),
        (
            "POST was never sent",
            retry(RequestPlan::post("a")),
            &[|| broken(Sent::No), || answer(200)],
            Ok(200),
            1,
        ),
        (
            "POST is allowed",
            retry(RequestPlan::post("a")).allow_resend(),
            &[|| answer(503), || answer(200)],
            Ok(200),
            1,
        ),
    ];
    for (why, plan, answers, expected, waits) in rows {
        let (result, waited) = run(&hook(), plan, answers);
        let got = result.map(|response| response.status().as_u16()).map_err(|f| f.reason());
        assert_eq!(got, expected, "{why}");
        assert_eq!(waited.len(), waits, "{why}");
    }
}

#[test]
fn the_request_is_the_connection_with_the_call_on_top() {
    let plan = RequestPlan::get("orders?x=1").param("limit", "5 0").header("accept", "text/plain");
    let Sending { request, .. } = Scenario::new(&hook(), plan).sending();
    assert_eq!(request.method(), Method::GET);
    assert_eq!(request.uri(), "https://api.example.com/v1/orders?x=1&limit=5+0");
    assert_eq!(request.headers()["accept"], "text/plain");
    assert_eq!(request.headers()["authorization"], "Basic c3ZjOnB3LTViMGM5ZQ==");
    assert!(request.headers()["authorization"].is_sensitive());
}

#[test]
fn a_failure_prints_as_the_original_does_and_keeps_the_answer() {
    let (result, _) = run(&hook(), RequestPlan::get("a"), &[|| answer(404)]);
    let failure = result.expect_err("404 does not pass");
    assert_eq!(failure.cause().to_string(), "404:Not Found");
    let text = "404:Not Found; GET https://api.example.com/***/a, 1 attempt; not worth a retry";
    assert_eq!(failure.to_string(), text);
    assert_eq!(failure.status().map(|status| status.as_u16()), Some(404));
    assert_eq!(failure.body().map(AsRef::as_ref), Some(b"text".as_slice()));
    assert_eq!((failure.sends(), failure.attempts()), (1, 1));

    let (result, _) = run(
        &hook(),
        RequestPlan::get("a"),
        &[|| {
            answer(404).map(|mut response| {
                response.extensions_mut().insert(Reason::new("Gone fishing"));
                response
            })
        }],
    );
    assert_eq!(result.expect_err("404 does not pass").cause().to_string(), "404:Gone fishing");
}

#[test]
fn an_answer_that_cannot_be_is_an_error() {
    let head = |status: u16, name: &'static str, value: &'static str| {
        Response::builder().status(status).header(name, value).body(Bytes::from_static(b"text"))
    };
    let rows = [
        ("final 1xx", Method::GET, head(103, "x", ""), Some(TransportErrorKind::Protocol)),
        ("cut", Method::GET, head(200, "content-length", "5"), Some(TransportErrorKind::Body)),
        ("whole", Method::GET, head(200, "content-length", "4"), None),
        (
            "not a number",
            Method::GET,
            head(200, "content-length", "+4"),
            Some(TransportErrorKind::Protocol),
        ),
        ("HEAD", Method::HEAD, head(200, "content-length", "5"), None),
    ];
    for (why, method, response, expected) in rows {
        let hook = hook();
        let plan = RequestPlan::new(method, "a");
        let Sending { attempt, .. } = Scenario::new(&hook, plan).sending();
        let Step::Done(result) = attempt.finish(&hook, Ok(response.expect("a response")), NOW)
        else {
            panic!("{why}: a call without a policy ends");
        };
        let got = result.err().and_then(|failure| match failure.into_cause() {
            http_hook::Cause::Transport(error) => Some(error.kind()),
            _ => None,
        });
        assert_eq!(got, expected, "{why}");
    }
}

#[test]
fn nothing_is_sent_that_cannot_be() {
    let rows = [
        ("line break", RequestPlan::get("a").header("x-a", "1\r\nx-b: 2"), ErrorKind::Header),
        (
            "framing",
            RequestPlan::get("a").header("transfer-encoding", "chunked"),
            ErrorKind::Header,
        ),
        ("bytes", RequestPlan::get("a").data(vec![0xff]), ErrorKind::Url),
        ("both", RequestPlan::get("a").param("a", "1").data("b=2"), ErrorKind::Url),
    ];
    for (why, plan, kind) in rows {
        let (result, _) = run(&hook(), plan, &[|| answer(200)]);
        let failure = result.expect_err(why);
        assert_eq!((failure.reason(), failure.sends()), (StopReason::Invalid, 0), "{why}");
        let http_hook::Cause::Request(error) = failure.into_cause() else { panic!("{why}") };
        assert_eq!(error.kind(), kind, "{why}");
    }
}

#[test]
fn a_payload_that_is_used_up_is_sent_once() {
    let once = RequestPlan::put("a").external(None, Replay::Once).retry(RetryPolicy::default());
    let hook = hook().for_client(http_hook_mock::everything("test"));
    let (result, _) = run(&hook, once, &[|| answer(503)]);
    assert_eq!(result.expect_err("503").reason(), StopReason::BodyNotReplayable);
    let again = RequestPlan::put("a").external(None, Replay::Again).retry(RetryPolicy::default());
    let (result, _) = run(&hook, again, &[|| answer(503), || answer(200)]);
    assert!(result.is_ok());
}

#[test]
fn a_deadline_holds_over_everything() {
    let plan = RequestPlan::get("a").retry(RetryPolicy::default()).deadline(Duration::from_secs(3));
    let hook = hook();
    let Sending { options, attempt, .. } = Scenario::new(&hook, plan).sending();
    assert_eq!(options.timeouts.total, Some(Duration::from_secs(3)));
    assert_eq!(options.timeouts.connect, Some(Duration::from_secs(3)));
    let late = NOW.after(Duration::from_secs(3));
    let Step::Done(Err(failure)) = attempt.finish(&hook, answer(503), late) else {
        panic!("no time is left");
    };
    assert_eq!(failure.reason(), StopReason::Deadline);
}

#[test]
fn an_early_step_says_how_long_to_wait_and_a_clock_set_back_changes_nothing() {
    let hook = hook();
    let plan = RequestPlan::get("a").retry(RetryPolicy::default());
    let (call, wait) = Scenario::new(&hook, plan).after([status(503)]).waiting();
    let Step::Wait { call, wait: again, .. } = call.step(&hook, Timestamp::default()) else {
        panic!("it is too early");
    };
    assert_eq!(again, wait);
    assert!(matches!(call.step(&hook, NOW.after(wait)), Step::Send { .. }));
}

#[test]
fn a_head_is_enough_where_the_answer_passes() {
    let hook = hook();
    let head = |status: u16| answer(status).expect("a response").into_parts().0;
    let begin = || Scenario::new(&hook, RequestPlan::get("a")).sending().attempt;
    assert!(begin().head(&hook, &head(200), NOW).is_none());
    let Some(reading) = begin().head(&hook, &head(404), NOW) else {
        panic!("a failure's text is wanted");
    };
    assert_eq!(reading.limit(), http_hook::Failure::MAX_BODY as u64);
    let Step::Done(Err(failure)) = reading.finish(&hook, answer(404), NOW) else {
        panic!("404 does not pass");
    };
    assert_eq!(failure.cause().to_string(), "404:Not Found");
}

#[test]
fn airflow_sends_a_post_again() {
    let connection = Connection::new().with_host("http://h");
    let hook = Hook::builder(&connection).defaults(Defaults::airflow()).build().expect("a hook");
    let plan = RequestPlan::post("a").retry(RetryPolicy::default());
    let (result, waits) = run(&hook, plan, &[|| answer(503), || answer(200)]);
    assert!(result.is_ok());
    assert_eq!(waits.len(), 1);
}

#[test]
fn options_of_a_call_lie_over_those_of_the_connection() {
    let connection = Connection::new().with_host("http://h").with_extra(r#"{"timeout": 5}"#);
    let hook = Hook::new(&connection).expect("a hook");
    let hook = hook.for_client(http_hook_mock::everything("test"));
    let mut own = Options::default();
    own.head_timeout = http_hook::options::Setting::Unset;
    let plan = RequestPlan::get("a").options(own);
    let Sending { options, .. } = Scenario::new(&hook, plan).sending();
    assert_eq!(options.timeouts.connect, Some(Duration::from_secs(5)));
    assert_eq!(options.timeouts.head, None);
    assert_eq!(options.timeouts.idle, Some(Duration::from_secs(5)));
}

#[test]
fn an_empty_payload_is_no_body() {
    let hook = hook();
    let Sending { request, .. } = Scenario::new(&hook, RequestPlan::post("a")).sending();
    assert_eq!(request.body(), &Payload::EMPTY);
    assert!(!request.headers().contains_key("content-type"));
}
