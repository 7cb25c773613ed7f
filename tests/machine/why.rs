//! What a failure says of why its call ended there: once, in words, behind what came and what was called.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_hook::blocking::Body;
use http_hook::body::{Replay, Upload};
use http_hook::gates::{BreakerSettings, BucketSettings, GateSettings, Gates};
use http_hook::observe::Event;
use http_hook::retry::{self, Condition, Stop, Wait};
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Failure, Hook, Options, RequestPlan, RetryPolicy, Sent, StopReason, TransportErrorKind as Kind,
};
use http_hook_mock::Reply;
use http_hook_mock::blocking::{HttpHook, from_hook};

const SECOND: Duration = Duration::from_secs(1);

/// A hook with these gates, and a server that gives the reply for ever.
fn api(gates: &GateSettings, reply: Reply) -> HttpHook {
    let gates = Gates::new(gates).expect("gates");
    let hook = Hook::builder_to("https://api.example.com").gates(gates).build().expect("a hook");
    from_hook(hook, [reply.always()])
}

fn busy() -> Reply {
    Reply::status(503)
}

fn stopping(stop: Stop) -> RetryPolicy {
    RetryPolicy { stop, wait: Wait::fixed(SECOND), ..RetryPolicy::default() }
}

/// Gates, what the server gives, what is asked for; why it ends, and how that is said behind what came and what was called.
type Row<'a> = (&'a GateSettings, Reply, RequestPlan, StopReason, &'a str);

fn check(rows: Vec<Row<'_>>) {
    for (gates, reply, plan, reason, expected) in rows {
        let failure = api(gates, reply.clone()).run(plan).expect_err("it fails");
        assert_eq!(failure.reason(), reason, "{failure}");
        let (says, first) = (failure.to_string(), failure.cause().to_string());
        let asked =
            format!("{first}; {} https://api.example.com/a, ", failure.method().expect("a method"));
        assert_eq!(says.strip_prefix(&asked), Some(expected), "{says}");
    }
}

#[test]
fn a_failure_says_why_it_was_not_sent_again() {
    let get = || RequestPlan::get("a");
    let none = GateSettings::none();
    let empty = GateSettings {
        bucket: Some(BucketSettings { capacity: 0, ..BucketSettings::default() }),
        ..none
    };
    let event = retry::Event::new("maintenance");
    event.set();
    let lost = |kind| Reply::error(kind, Sent::No);
    let rows: Vec<Row<'_>> = vec![
        (&none, Reply::status(404), get(), StopReason::Rejected, "1 attempt; not worth a retry"),
        (&none, busy(), get(), StopReason::Rejected, "1 attempt; no retries are set"),
        (&none, lost(Kind::Connect), get(), StopReason::Rejected, "1 attempt; no retries are set"),
        (&none, lost(Kind::Tls), get(), StopReason::Rejected, "1 attempt; not worth a retry"),
        (
            &none,
            Reply::status(404),
            get().retries(3),
            StopReason::Rejected,
            "1 attempt; not worth a retry",
        ),
        (&none, busy(), get().retries(3), StopReason::Attempts, "4 attempts; no more are allowed"),
        (
            &none,
            busy(),
            RequestPlan::post("a").retries(3),
            StopReason::NotIdempotent,
            "1 attempt; the server may have acted on it, and POST is not idempotent",
        ),
        (
            &none,
            Reply::busy(3600),
            get().retries(3),
            StopReason::HintTooLong,
            "1 attempt; the server asks to wait 3600s, which is more than the 60s that `hints.cap` of the policy allows",
        ),
        (
            &none,
            busy().header("retry-after", "99999999999999999999"),
            get().retries(3),
            StopReason::HintTooLong,
            "1 attempt; the server asks to wait longer than the 60s that `hints.cap` of the policy allows",
        ),
        (
            &empty,
            busy(),
            get().retries(3),
            StopReason::Budget,
            "1 attempt; the retry budget is empty",
        ),
        (
            &none,
            busy(),
            get().retry(stopping(Stop::custom(|_| true))),
            StopReason::Stopped,
            "1 attempt; the policy says so",
        ),
        (
            &none,
            busy(),
            get().retry(stopping(Stop::when_event_set(&event))),
            StopReason::Cancelled,
            "1 attempt; cancelled",
        ),
        (
            &none,
            Reply::status(200),
            get().retries(1).response_check_or_retry(Condition::Never),
            StopReason::Attempts,
            "2 attempts; no more are allowed",
        ),
    ];
    check(rows);
}

#[test]
fn what_refuses_another_attempt_is_told_with_its_figures() {
    let get = || RequestPlan::get("a");
    let none = GateSettings::none();
    check(vec![
        (
            &none,
            busy(),
            get().retry(stopping(Stop::Never)).deadline(SECOND / 2),
            StopReason::Deadline,
            "1 attempt; the deadline of 500ms leaves no time for another: it would have to wait 1s, and 500ms are left",
        ),
        (
            &none,
            Reply::busy(30),
            get().retries(3).deadline(10 * SECOND),
            StopReason::HintTooLong,
            "1 attempt; the server asks to wait 30s, and the deadline of 10s leaves 10s",
        ),
        (
            &none,
            busy(),
            get().retry(stopping(Stop::after_delay(Duration::ZERO))),
            StopReason::Deadline,
            "1 attempt; the 0ns that the policy allows have passed",
        ),
        (
            &none,
            busy(),
            get().retry(stopping(Stop::before_delay(3 * SECOND / 2))),
            StopReason::Deadline,
            "2 attempts; the next would begin after the 1.5s that the policy allows",
        ),
        (
            &none,
            busy(),
            get().retry(stopping(Stop::after_attempt(9) | Stop::before_idle(2 * SECOND))),
            StopReason::Deadline,
            "3 attempts; all waits would make more than the 2s that the policy allows",
        ),
        (
            &none,
            busy(),
            get().retry(stopping(Stop::after_outcomes("server_error", 2) & Stop::after_attempt(2))),
            StopReason::Attempts,
            "2 attempts; no more than 2 that come to `server_error` are allowed",
        ),
        (
            &none,
            Reply::hang(),
            get().retries(3).deadline(SECOND),
            StopReason::Deadline,
            "1 attempt; the deadline of 1s leaves no time for another",
        ),
    ]);
}

#[test]
fn what_came_is_not_repeated() {
    let get = || RequestPlan::get("a");
    let none = GateSettings::none();
    check(vec![
        (&none, busy(), get().header("x-a", "\n"), StopReason::Invalid, "0 attempts"),
        (
            &none,
            Reply::status(200),
            get().response_check(Condition::Never),
            StopReason::Check,
            "1 attempt",
        ),
        (
            &none,
            Reply::redirect(302, "/b"),
            get().options(Options::default().max_redirects(0)),
            StopReason::Redirect,
            "1 attempt",
        ),
    ]);
}

#[test]
fn what_closes_before_anything_is_sent_is_said_once() {
    let breaker = BreakerSettings::default();
    let api = api(&GateSettings { breaker: Some(breaker), ..GateSettings::none() }, busy());
    let ends = |plan: RequestPlan| -> Failure { api.run(plan).expect_err("it fails") };
    let plan = || RequestPlan::get("a").retries(0); // a 503 is a failure to the breaker
    let mut last = ends(plan());
    for _ in 0..1000 {
        if last.sends() == 0 {
            break;
        }
        last = ends(plan());
    }
    let says =
        "the circuit breaker is open: nothing was sent; GET https://api.example.com/a, 0 attempts";
    assert_eq!(last.to_string(), says);
}

#[test]
fn a_body_that_cannot_be_sent_again_is_named() {
    let open = || Ok(Body::from(Bytes::from_static(b"a")));
    let upload = Upload::new(Some(1), Replay::Once, open);
    let failure = api(&GateSettings::none(), Reply::interrupted());
    let failure = failure.put("a").upload(upload).retries(3).send().expect_err("it broke off");
    let says = "the exchange broke off; PUT https://api.example.com/a, 1 attempt; the body cannot be sent again";
    assert_eq!(
        (failure.reason(), failure.to_string().as_str()),
        (StopReason::BodyNotReplayable, says)
    );
}

#[test]
fn a_limit_that_is_passed_is_named_with_what_sets_it() {
    let plan = RequestPlan::get("a").options(Options::default().max_response_bytes(3));
    let failure = api(&GateSettings::none(), Reply::status(200).body("four")).run(plan);
    let says = "the answer is too large: its body has more than 3 bytes, the limit that `max_response_bytes` sets; \
                GET https://api.example.com/a, 1 attempt; not worth a retry";
    assert_eq!(failure.expect_err("it is too long").to_string(), says);
    let error = Body::from(Bytes::from_static(b"four")).collect(3).expect_err("it is too long");
    assert_eq!(error.to_string(), "the answer is too large: its body has more than 3 bytes");
}

#[test]
fn a_time_limit_of_one_send_is_no_deadline() {
    let reply = Reply::error(Kind::Timeout(TimeoutPhase::Head), Sent::Maybe);
    let failure = api(&GateSettings::none(), reply).run(RequestPlan::get("a").retries(1));
    let says = "the answer took too long (head_timeout: 60s); GET https://api.example.com/a, 2 attempts; no more are allowed";
    assert_eq!(failure.expect_err("it is late").to_string(), says);
}

#[test]
fn a_time_out_says_which_limit_it_was_and_how_long() {
    let plan = || {
        let options = Options::default().connect_timeout(SECOND).head_timeout(2 * SECOND);
        RequestPlan::get("a").options(options.idle_timeout(3 * SECOND))
    };
    let reply = |phase| Reply::error(Kind::Timeout(phase), Sent::Maybe);
    let rows = [
        (reply(TimeoutPhase::Connect), plan(), "connecting took too long (connect_timeout: 1s)"),
        (reply(TimeoutPhase::Head), plan(), "the answer took too long (head_timeout: 2s)"),
        (reply(TimeoutPhase::Body), plan(), "the body stalled (idle_timeout: 3s)"),
        // The client does not tell which.
        (
            reply(TimeoutPhase::Total),
            plan(),
            "the exchange took too long (connect_timeout: 1s, head_timeout: 2s, idle_timeout: 3s)",
        ),
        (Reply::hang(), plan(), "the answer took too long (head_timeout: 2s)"),
        (Reply::hang(), plan().deadline(SECOND), "the answer took too long (deadline: 1s)"),
        (Reply::hang(), plan().deadline(9 * SECOND), "the answer took too long (head_timeout: 2s)"),
    ];
    for (reply, plan, says) in rows {
        let told = Arc::new(Mutex::new(Vec::new()));
        let ears = Arc::clone(&told);
        let api = api(&GateSettings::none(), reply).with_observer(move |event: &Event<'_>| {
            if let Event::Error { error, .. } = event {
                ears.lock().expect("no poison").push(error.to_string());
            }
        });
        let failure = api.run(plan).expect_err("it is late");
        assert_eq!(failure.cause().to_string(), says);
        assert_eq!(*told.lock().expect("no poison"), [says], "who watches is told the same");
    }
}

#[test]
fn a_time_out_is_named_by_the_limit_that_passed_and_not_by_one_that_passed_later() {
    let plan = RequestPlan::get("a").options(Options::default().head_timeout(2 * SECOND));
    let plan = plan.retry(stopping(Stop::Never)).deadline(4 * SECOND);
    let failure = api(&GateSettings::none(), Reply::hang()).run(plan).expect_err("it is late");
    let says = "the answer took too long (deadline: 4s); GET https://api.example.com/a, 2 attempts; \
                the deadline of 4s leaves no time for another";
    assert_eq!(failure.to_string(), says);
}

#[test]
fn a_failure_says_where_an_endpoint_went_that_is_a_whole_url() {
    let api = api(&GateSettings::none(), Reply::status(404));
    let failure = |endpoint: &str| api.run(RequestPlan::get(endpoint)).expect_err("it fails");
    let says = "404:Not Found; GET https://api.example.com/https://api.example.org/a, 1 attempt; not worth a retry; \
                the endpoint is a whole URL: it is appended to the base URL as a path, and goes to no other host";
    assert_eq!(failure("https://api.example.org/a").to_string(), says);
    assert!(!failure("a?to=https://b").to_string().contains("whole URL"));
}
