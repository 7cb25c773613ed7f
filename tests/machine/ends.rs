//! How calls end: a condition that still holds is a failure with what came last, whatever ends the call; and what a failure says.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::gates::{BreakerSettings, BucketSettings, GateSettings, Gates, RateSettings};
use http_hook::observe::RetryReason;
use http_hook::retry::{Condition, RetryOutcome, Stop, Wait};
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Call, Cause, Connection, ErrorKind, Failure, Hook, RequestPlan, RetryPolicy, Sent, Step,
    StopReason, TransportError, TransportErrorKind as Kind,
};

use crate::support::{Answer, NOW, Scenario, response};

const SECOND: Duration = Duration::from_secs(1);

/// What ends a call whose condition holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Attempts,
    Time,
    Custom,
    Budget,
    OpenBreaker,
    RateLimit,
    NotIdempotent,
    NotReplayable,
    NoRoomForTheWait,
    NoTimeAfterTheWait,
    MaxSends,
}

const ENDINGS: [(Ending, StopReason); 11] = [
    (Ending::Attempts, StopReason::Attempts),
    (Ending::Time, StopReason::Deadline),
    (Ending::Custom, StopReason::Stopped),
    (Ending::Budget, StopReason::Budget),
    (Ending::OpenBreaker, StopReason::Breaker),
    (Ending::RateLimit, StopReason::RateLimit),
    (Ending::NotIdempotent, StopReason::NotIdempotent),
    (Ending::NotReplayable, StopReason::BodyNotReplayable),
    (Ending::NoRoomForTheWait, StopReason::Deadline),
    (Ending::NoTimeAfterTheWait, StopReason::Deadline),
    (Ending::MaxSends, StopReason::MaxSends),
];

/// A condition that holds for a response of this status with this header.
fn conditions(status: u16) -> Vec<(&'static str, Condition)> {
    vec![
        ("the status", Condition::statuses(&[status])),
        ("a header", Condition::header("x-job")),
        ("the body", Condition::BodyContains { text: "running".into() }),
        ("code", Condition::custom(|outcome: &dyn RetryOutcome| outcome.body().is_some())),
        ("anything", Condition::Always),
    ]
}

fn gates(ending: Ending) -> Gates {
    let none = GateSettings::none();
    let settings = match ending {
        Ending::Budget => GateSettings {
            bucket: Some(BucketSettings { capacity: 0, ..BucketSettings::default() }),
            ..none
        },
        Ending::OpenBreaker => GateSettings { breaker: Some(BreakerSettings::default()), ..none },
        Ending::RateLimit => {
            GateSettings { rate: Some(RateSettings { per_second: 0.001, burst: 1 }), ..none }
        }
        _ => none,
    };
    Gates::new(&settings).expect("gates")
}

/// Runs a call that gets this response for ever, until `ending` ends it.
fn ended(
    ending: Ending,
    status: u16,
    when: Condition,
    return_when_exhausted: bool,
    check: bool,
) -> Result<Response<Bytes>, Failure> {
    let connection = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&connection).gates(gates(ending)).build().expect("a hook");
    let hook = hook.for_client(http_hook_mock::everything("test"));
    let until = match ending {
        Ending::Attempts => Stop::after_attempt(2),
        Ending::Time => Stop::after_delay(SECOND),
        Ending::Custom => {
            Stop::custom(|state: &http_hook::retry::RetryState<'_>| state.attempt_number > 1)
        }
        _ => Stop::Never,
    };
    let policy = RetryPolicy {
        when,
        stop: until,
        wait: Wait::fixed(SECOND),
        return_when_exhausted,
        ..RetryPolicy::default()
    };
    let mut plan = match ending {
        Ending::NotIdempotent => RequestPlan::post("jobs/7"),
        Ending::NotReplayable => {
            RequestPlan::put("jobs/7").external(None, http_hook::body::Replay::Once)
        }
        _ => RequestPlan::get("jobs/7"),
    };
    plan = plan.retry(policy).check_response(check);
    if matches!(ending, Ending::NoRoomForTheWait | Ending::RateLimit) {
        plan = plan.deadline(SECOND + SECOND / 2);
    }
    let late = ending == Ending::NoTimeAfterTheWait;
    if late {
        plan = plan.deadline(10 * SECOND);
    }
    if ending == Ending::OpenBreaker {
        // Others fail meanwhile: the breaker opens while the call waits.
        return open_meanwhile(&hook, plan, status);
    }
    let mut now = NOW;
    let mut step = Call::new(&hook, plan, 7, now).step(&hook, now);
    loop {
        step = match step {
            Step::Send { attempt, .. } => attempt.finish(&hook, came(status), now),
            Step::Wait { call, wait, .. } => {
                now = now.after(if late { 20 * SECOND } else { wait });
                call.step(&hook, now)
            }
            Step::Done(result) => return result,
        };
    }
}

fn open_meanwhile(hook: &Hook, plan: RequestPlan, status: u16) -> Result<Response<Bytes>, Failure> {
    let Step::Send { attempt, .. } = Call::new(hook, plan, 7, NOW).step(hook, NOW) else {
        panic!("it begins");
    };
    let Step::Wait { call, wait, .. } = attempt.finish(hook, came(status), NOW) else {
        panic!("it waits");
    };
    for _ in 0..40 {
        let plan = RequestPlan::get("b")
            .retry(RetryPolicy { stop: Stop::after_attempt(1), ..RetryPolicy::default() });
        let Step::Send { attempt, .. } = Call::new(hook, plan, 7, NOW).step(hook, NOW) else {
            break;
        };
        let _ = attempt.finish(hook, came(503), NOW);
    }
    let Step::Done(result) = call.step(hook, NOW.after(wait)) else { panic!("it is refused") };
    result
}

#[expect(clippy::unnecessary_wraps, reason = "an answer is one or the other")]
fn came(status: u16) -> Answer {
    Ok(response(status, &[("x-job", "7")], "running"))
}

#[test]
fn a_condition_that_still_holds_is_a_failure_with_the_last_response() {
    let mut cells = 0;
    for (ending, reason) in ENDINGS {
        for status in [200, 202, 304, 404, 503, 999] {
            for (what, when) in conditions(status) {
                for check in [true, false] {
                    let cell = format!("{ending:?} {status} {what} check {check}");
                    let result = ended(ending, status, when.clone(), false, check);
                    let failure = result.expect_err(&cell);
                    assert_eq!(failure.reason(), reason, "{cell}");
                    assert_eq!(failure.status().map(|s| s.as_u16()), Some(status), "{cell}");
                    assert_eq!(failure.body().map(AsRef::as_ref), Some(&b"running"[..]), "{cell}");
                    assert!(matches!(failure.cause(), Cause::Response(_)), "{cell}");

                    // As if there had been no policy: the check decides.
                    let result = ended(ending, status, when.clone(), true, check);
                    let passes = !(check && (400..600).contains(&status));
                    match result {
                        Ok(response) => {
                            assert!(passes, "{cell}");
                            assert_eq!(response.status().as_u16(), status, "{cell}");
                            assert_eq!(response.body(), "running", "{cell}");
                        }
                        Err(failure) => {
                            assert!(!passes, "{cell}");
                            assert_eq!(failure.reason(), reason, "{cell}");
                            assert_eq!(
                                failure.status().map(|s| s.as_u16()),
                                Some(status),
                                "{cell}"
                            );
                        }
                    }
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, 11 * 6 * 5 * 2);
}

#[test]
fn on_exhausted_is_a_word_in_json() {
    let policy = RetryPolicy::from_json(r#"{"on_exhausted": "return"}"#).expect("a policy");
    assert!(policy.return_when_exhausted);
    let text = serde_json::to_string(&policy).expect("JSON");
    assert!(text.contains(r#""on_exhausted":"return""#), "{text}");
    assert!(!RetryPolicy::from_json("{}").expect("a policy").return_when_exhausted);
    assert!(RetryPolicy::from_json(r#"{"on_exhausted": "ignore"}"#).is_err());
}

#[test]
fn an_error_that_came_last_stays_the_cause() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let policy = RetryPolicy { wait: Wait::fixed(SECOND), ..RetryPolicy::default() };
    let plan = RequestPlan::get("a").retry(policy).deadline(10 * SECOND);
    let Step::Send { attempt, .. } = Call::new(&hook, plan, 7, NOW).step(&hook, NOW) else {
        panic!("it begins");
    };
    let error = TransportError::new(Kind::Interrupted, Sent::Maybe);
    let Step::Wait { call, .. } = attempt.finish(&hook, Err(error), NOW) else {
        panic!("it waits")
    };
    let Step::Done(Err(failure)) = call.step(&hook, NOW.after(20 * SECOND)) else {
        panic!("it is late");
    };
    assert_eq!(failure.reason(), StopReason::Deadline);
    let Cause::Transport(error) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((error.kind(), error.sent()), (Kind::Interrupted, Sent::Maybe));
    assert!(failure.is_timeout());
}

#[test]
fn a_redirect_without_end_keeps_its_last_response() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let mut options = http_hook::Options::default();
    options.max_redirects = Some(5_000);
    let plan = RequestPlan::get("a").options(options);
    let moved = |number: usize| Ok(response(302, &[("location", &format!("/{number}"))], "next"));
    let played = Scenario::new(&hook, plan).run(moved);
    let failure = played.result.expect_err("it never ends");
    assert_eq!((failure.reason(), failure.sends()), (StopReason::MaxSends, Call::MAX_SENDS));
    assert_eq!(failure.status().map(|status| status.as_u16()), Some(302));
    let text = "a call sends at most 1000 requests: 302:Found; GET https://api.example.com/a, \
                led to https://api.example.com/***, 1 attempt";
    assert_eq!(failure.to_string(), text);
}

#[test]
fn a_time_limit_is_the_deadline_with_and_without_a_policy() {
    type Policy = fn() -> Option<RetryPolicy>;

    let phases =
        [TimeoutPhase::Connect, TimeoutPhase::Head, TimeoutPhase::Body, TimeoutPhase::Total];
    let policies: [(&str, Policy); 4] = [
        ("none", || None),
        ("never", || Some(RetryPolicy::never())),
        ("the usual", || Some(RetryPolicy::default())),
        ("one attempt", || {
            Some(RetryPolicy { stop: Stop::after_attempt(1), ..RetryPolicy::default() })
        }),
    ];
    for phase in phases {
        for sent in [Sent::No, Sent::Maybe, Sent::Yes] {
            for plan in [RequestPlan::get("a"), RequestPlan::post("a")] {
                for (what, policy) in policies {
                    let hook = Hook::to("https://api.example.com").expect("a hook");
                    let mut plan = plan.clone().deadline(3 * SECOND);
                    if let Some(policy) = policy() {
                        plan = plan.retry(policy);
                    }
                    let attempt = Scenario::new(&hook, plan).sending().attempt;
                    let error = TransportError::new(Kind::Timeout(phase), sent);
                    let Step::Done(Err(failure)) =
                        attempt.finish(&hook, Err(error), NOW.after(3 * SECOND))
                    else {
                        panic!("no time is left");
                    };
                    assert_eq!(failure.reason(), StopReason::Deadline, "{what} {phase:?} {sent:?}");
                }
            }
        }
    }
}

#[test]
fn failures_are_told_apart() {
    #[rustfmt::skip]
    let rows = [
        // kind                                  timeout  connect
        (Kind::Dns,                              false,   true),
        (Kind::Connect,                          false,   true),
        (Kind::Tls,                              false,   true),
        (Kind::Proxy,                            false,   true),
        (Kind::Timeout(TimeoutPhase::Connect),   true,    true),
        (Kind::Timeout(TimeoutPhase::Head),      true,    false),
        (Kind::Timeout(TimeoutPhase::Body),      true,    false),
        (Kind::Timeout(TimeoutPhase::Total),     true,    false),
        (Kind::Interrupted,                      false,   false),
        (Kind::Protocol,                         false,   false),
        (Kind::Body,                             false,   false),
        (Kind::Limit,                            false,   false),
        (Kind::InvalidRequest,                   false,   false),
        (Kind::RequestBody,                      false,   false),
        (Kind::Cancelled,                        false,   false),
        (Kind::Bug,                              false,   false),
    ];
    let hook = Hook::to("https://api.example.com").expect("a hook");
    for (kind, timeout, connect) in rows {
        let error = TransportError::new(kind, Sent::Maybe);
        assert_eq!((error.is_timeout(), error.is_connect()), (timeout, connect), "{kind:?}");
        let attempt = Scenario::new(&hook, RequestPlan::get("a")).sending().attempt;
        let Step::Done(Err(failure)) = attempt.finish(&hook, Err(error), NOW) else {
            panic!("it ends");
        };
        assert_eq!((failure.is_timeout(), failure.is_connect()), (timeout, connect), "{kind:?}");
        assert!(!failure.is_status(), "{kind:?}");
    }
    for status in [400, 404, 500, 599] {
        let attempt = Scenario::new(&hook, RequestPlan::get("a")).sending().attempt;
        let Step::Done(Err(failure)) = attempt.finish(&hook, came(status), NOW) else {
            panic!("it ends");
        };
        assert!(failure.is_status() && !failure.is_timeout() && !failure.is_connect());
    }
}

#[test]
fn a_failure_says_what_was_asked_for_and_no_secret() {
    let connection = Connection::new()
        .with_host("https://u-canary:p-canary@api.example.com/v1/base-canary?key=q-canary")
        .with_extra(r#"{"X-Key": "h-canary"}"#);
    let hook = Hook::new(&connection).expect("a hook");
    let plan = RequestPlan::post("orders").param("page", "2").param("token", "t-canary");
    let attempt = Scenario::new(&hook, plan).sending().attempt;
    let Step::Done(Err(failure)) = attempt.finish(&hook, came(404), NOW) else { panic!("404") };
    let text = format!("{failure} {failure:?}");
    assert!(!text.contains("canary"), "{text}");
    assert!(
        failure.to_string().starts_with("404:Not Found; POST https://api.example.com/"),
        "{text}"
    );
    assert!(failure.to_string().ends_with(", 1 attempt; not worth a retry"), "{text}");
    assert_eq!(failure.method(), Some(&http::Method::POST));
    assert_eq!(failure.cause().to_string(), "404:Not Found");

    let led = [("location", "https://other.example.com/l-canary")];
    let plan = RequestPlan::get("orders");
    let past = [response(302, &led, "")];
    let attempt = Scenario::new(&hook, plan).after(past).sending().attempt;
    let Step::Done(Err(failure)) = attempt.finish(&hook, came(404), NOW) else { panic!("404") };
    let text = failure.to_string();
    assert!(
        text.contains("led to https://other.example.com/***") && !text.contains("canary"),
        "{text}"
    );

    // A plan that cannot be sent, and a response that is checked by itself.
    let plan = RequestPlan::get("orders").header("x-a", "1\r\nx-b: 2");
    let Step::Done(Err(failure)) = Scenario::new(&hook, plan).step() else {
        panic!("it is refused")
    };
    let text = failure.to_string();
    assert!(text.contains("; GET https://api.example.com/") && text.ends_with(", 0 attempts"));
    assert!(!text.contains("canary"), "{text}");
    let open = Hook::to("https://api.example.com").expect("a hook");
    let plan = RequestPlan::get("a/b").param("token", "t-canary").header("x-a", "\r\n");
    let Step::Done(Err(failure)) = Scenario::new(&open, plan).step() else {
        panic!("it is refused")
    };
    let says = "; GET https://api.example.com/a/b, 0 attempts";
    assert!(failure.to_string().ends_with(says), "{failure}");
    let failure = hook.check_response(response(404, &[], "")).expect_err("404");
    assert_eq!(failure.to_string(), "404:Not Found");
}

#[test]
fn a_source_never_repeats_what_is_printed() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let chain = |failure: &Failure| {
        let mut texts = vec![failure.to_string()];
        let mut source = failure.source();
        while let Some(cause) = source {
            texts.push(cause.to_string());
            source = cause.source();
        }
        texts
    };
    for name in ["dns", "connect", "tls", "head_timeout", "interrupted", "body", "limit", "bug"] {
        let kind = Kind::from_name(name).expect("a kind");
        let error = TransportError::new(kind, Sent::Maybe).with_source("what the client says");
        let attempt = Scenario::new(&hook, RequestPlan::get("a")).sending().attempt;
        let Step::Done(Err(failure)) = attempt.finish(&hook, Err(error), NOW) else {
            panic!("it ends");
        };
        let texts = chain(&failure);
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert_eq!(texts[1], "what the client says");
    }
    let plan = RequestPlan::get("a").header("x-a", "1\r\nx-b: 2");
    let Step::Done(Err(failure)) = Scenario::new(&hook, plan).step() else { panic!("it ends") };
    assert_eq!(chain(&failure).len(), 1);
    let away = [response(302, &[("location", "gopher://h/")], "")];
    let Step::Done(Err(failure)) = Scenario::new(&hook, RequestPlan::get("a")).after(away).step()
    else {
        panic!("it is refused");
    };
    assert_eq!(chain(&failure).len(), 1);
}

#[test]
fn a_redirect_that_is_refused_is_not_one_too_many() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let mut options = http_hook::Options::default();
    options.max_redirects = Some(1);
    let kind = |to: &str| {
        let plan = RequestPlan::get("a").options(options.clone());
        let answer = |_| Ok(response(302, &[("location", to)], ""));
        match Scenario::new(&hook, plan).run(answer).result.expect_err("it ends").into_cause() {
            Cause::Refused { error, response } => (error.kind(), response.status().as_u16()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(kind("/b"), (ErrorKind::TooManyRedirects, 302));
    assert_eq!(kind("http://api.example.com/b"), (ErrorKind::Redirect, 302));
    assert_ne!(kind("gopher://h/").0, ErrorKind::TooManyRedirects);
}

#[test]
fn an_observer_is_told_the_machine_s_own_reasons() {
    use http_hook::observe::Event;
    use http_hook_mock::{MockTransport, Reply};

    type Row = (&'static str, RequestPlan, Reply, Option<RetryReason>, Option<u64>);
    let policy = || RetryPolicy { when: Condition::Always, ..RetryPolicy::default() };
    let rows: [Row; 5] = [
        (
            "idempotent",
            RequestPlan::get("a"),
            Reply::status(503),
            Some(RetryReason::Idempotent),
            None,
        ),
        (
            "asked",
            RequestPlan::get("a"),
            Reply::status(503).header("retry-after", "7"),
            Some(RetryReason::Idempotent),
            Some(7),
        ),
        (
            "not sent",
            RequestPlan::post("a"),
            Reply::error(Kind::Connect, Sent::No),
            Some(RetryReason::NotSent),
            None,
        ),
        (
            "keyed",
            RequestPlan::post("a").idempotency_key(),
            Reply::status(503),
            Some(RetryReason::Keyed),
            None,
        ),
        (
            "allowed",
            RequestPlan::post("a").allow_resend(),
            Reply::status(503),
            Some(RetryReason::Allowed),
            None,
        ),
    ];
    for (what, plan, reply, expected, asks) in rows {
        let server = MockTransport::new([reply, Reply::status(404)]);
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let note = Arc::clone(&told);
        let observer = move |event: &Event<'_>| {
            if let Event::Wait { again, asked, .. } = event {
                note.lock().expect("a list").push((*again, *asked));
            }
        };
        let clock = server.clock();
        let hook = Hook::to("https://api.example.com").expect("a hook");
        let face = http_hook::blocking::HttpHook::new(hook, server, clock).with_observer(observer);
        let plan = plan.retry(RetryPolicy { stop: Stop::after_attempt(2), ..policy() });
        assert!(face.run(plan).is_err(), "{what}");
        let told = told.lock().expect("a list").clone();
        assert_eq!(told, [(expected, asks.map(Duration::from_secs))], "{what}");
        let reason = expected.expect("one");
        assert_eq!(RetryReason::from_name(reason.name()), Some(reason));
        assert!(!reason.to_string().is_empty());
    }
}

#[test]
fn a_wait_is_the_server_s_only_if_the_server_asked_for_it() {
    use http_hook::WaitReason::{Backoff, Hint};

    let hook = Hook::to("https://api.example.com").expect("a hook");
    let reason = |asks: &str, own: u64| {
        let policy =
            RetryPolicy { wait: Wait::fixed(Duration::from_secs(own)), ..RetryPolicy::default() };
        let past = [response(503, &[("retry-after", asks)], "")];
        let plan = RequestPlan::get("a").retry(policy);
        match Scenario::new(&hook, plan).after(past).step() {
            Step::Wait { reason, .. } => reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reason("5", 1), Hint);
    assert_eq!(reason("0", 1), Backoff);
    assert_eq!(reason("2", 10), Backoff);
}
