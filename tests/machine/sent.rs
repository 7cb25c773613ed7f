//! Whether a server can have seen a call, however it ends: of what was sent once nothing says that it was not.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request};
use http_hook::auth::{AuthScheme, Authenticate, Credentials, OAuth2};
use http_hook::body::Payload;
use http_hook::response::Outcome;
use http_hook::retry::{Condition, Stop, Wait};
use http_hook::{
    Call, Cause, Connection, Error, ErrorKind, Failure, Hook, RequestPlan, RetryPolicy, Run,
    Secret, Sent, Step, StopReason, Timestamp, TransportError, TransportErrorKind,
};
use http_hook_mock::blocking::from_hook;
use http_hook_mock::{MockTransport, Reply};

use crate::support::{NOW, Scenario, response, status};

fn to_api() -> Hook {
    Hook::to("https://api.test").expect("a hook").for_client(http_hook_mock::everything("test"))
}

/// A hook whose token comes from elsewhere.
fn with_tokens() -> Hook {
    let own = OAuth2::client_credentials("https://idp.test/t", "c", Secret::new("s"));
    Hook::builder(&Connection::new().with_host("https://api.test"))
        .auth(AuthScheme::OAuth2(Box::new(own)))
        .build()
        .expect("a hook")
        .for_client(http_hook_mock::everything("test"))
}

fn pay() -> RequestPlan {
    RequestPlan::post("pay").data("amount=1").timeout(Duration::from_secs(600))
}

fn token() -> Reply {
    Reply::json(200, r#"{"access_token": "T1", "expires_in": 100}"#)
}

fn sent(failure: Failure) -> Sent {
    let outcome = Outcome::of(&Err(failure), 100);
    let text = serde_json::to_string(&outcome).expect("JSON");
    let again: Outcome = serde_json::from_str(&text).expect("the same");
    let rebuilt = again.result().expect("an end");
    assert_eq!(Outcome::of(&rebuilt, 100).sent(), outcome.sent(), "{text}");
    outcome.sent()
}

fn policy() -> RetryPolicy {
    RetryPolicy {
        when: Condition::Error | Condition::statuses(&[503]),
        wait: Wait::fixed(Duration::from_secs(200)),
        stop: Stop::after_attempt(3),
        ..RetryPolicy::default()
    }
}

/// A name, the hook, the plan, what is answered, the reason, the status of the last response, whether it was seen.
type Row = (&'static str, Hook, RequestPlan, Vec<Reply>, StopReason, Option<u16>, Sent);

#[test]
#[expect(clippy::too_many_lines, reason = "one table, and what each row does")]
fn what_was_acted_on_is_not_told_as_never_sent() {
    let redirect = || Reply::redirect(303, "/done");
    let refusal = || Reply::json(400, r#"{"error": "invalid_client"}"#);
    let broken = || Reply::redirect(303, "/done").header("location", "/other");
    let rows: Vec<Row> = vec![
        (
            "the token ran out before the hop, and there is no other",
            with_tokens(),
            pay(),
            vec![
                token(),
                Reply::status(200),
                redirect().takes(Duration::from_secs(200)),
                refusal(),
            ],
            StopReason::Auth,
            Some(303),
            Sent::Yes,
        ),
        (
            "the token endpoint is not reached",
            with_tokens(),
            pay(),
            vec![
                token(),
                Reply::status(200),
                redirect().takes(Duration::from_secs(200)),
                Reply::refused(),
            ],
            StopReason::Auth,
            None,
            Sent::Yes,
        ),
        (
            "the hop is not reached",
            to_api(),
            pay(),
            vec![redirect(), Reply::refused()],
            StopReason::Rejected,
            None,
            Sent::Yes,
        ),
        (
            "there is no token for the second attempt",
            with_tokens(),
            pay().allow_resend().retry(policy()),
            vec![token(), Reply::status(200), Reply::status(503), refusal()],
            StopReason::Auth,
            Some(503),
            Sent::Yes,
        ),
        (
            "there is no token after what may have been seen",
            with_tokens(),
            pay().idempotency_key().retry(policy()),
            vec![token(), Reply::status(200), Reply::interrupted(), refusal()],
            StopReason::Auth,
            None,
            Sent::Maybe,
        ),
        (
            "the second attempt is not connected",
            to_api(),
            pay().allow_resend().retry(policy()),
            vec![Reply::interrupted(), Reply::refused().times(2)],
            StopReason::Attempts,
            None,
            Sent::Maybe,
        ),
        (
            "two places to go to",
            to_api(),
            pay(),
            vec![broken()],
            StopReason::Redirect,
            Some(303),
            Sent::Yes,
        ),
        (
            "no token at all",
            with_tokens(),
            pay(),
            vec![refusal()],
            StopReason::Auth,
            None,
            Sent::No,
        ),
        (
            "not connected",
            to_api(),
            pay(),
            vec![Reply::refused()],
            StopReason::Rejected,
            None,
            Sent::No,
        ),
    ];
    for (why, hook, plan, replies, reason, status, seen) in rows {
        let server = MockTransport::new(replies);
        let api = from_hook(hook, &server);
        if why.contains("token") && seen != Sent::No {
            // An earlier call had one.
            api.run(RequestPlan::get("a")).expect("it comes");
        }
        let failure = api.run(plan).expect_err(why);
        if why != "two places to go to" {
            assert_eq!(failure.reason(), reason, "{why}: {failure}");
            assert_eq!(failure.status().map(|status| status.as_u16()), status, "{why}: {failure}");
        }
        assert!(!failure.to_string().contains("nothing was sent"), "{why}: {failure}");
        assert_eq!(sent(failure), seen, "{why}");
    }
}

/// A scheme that shows more behind a redirect.
#[derive(Debug)]
struct Growing;

impl Authenticate for Growing {
    fn authorize(
        &self,
        request: &Request<Payload>,
        _: u64,
        _: Timestamp,
    ) -> Result<Credentials, http_hook::Error> {
        let long = if request.uri().path() == "/done" { 14_000 } else { 1 };
        let value = "x".repeat(long).parse().expect("a value");
        Ok(Credentials::Header(HeaderName::from_static("x-proof"), value))
    }
}

#[test]
fn a_hop_with_too_large_a_head_keeps_the_response_that_led_to_it() {
    let server = MockTransport::new([Reply::redirect(303, "/done")]);
    let hook = Hook::builder(&Connection::new().with_host("https://api.test"))
        .auth(AuthScheme::Custom(Arc::new(Growing)))
        .build()
        .expect("a hook");
    let mut plan = pay();
    for number in 0..13 {
        plan = plan.header(&format!("x-h{number}"), &"y".repeat(4000));
    }
    let failure = from_hook(hook, &server).run(plan).expect_err("it has no room");
    assert_eq!(failure.reason(), StopReason::Redirect, "{failure}");
    assert_eq!(failure.status().map(|status| status.as_u16()), Some(303));
    assert!(matches!(failure.cause(), Cause::Refused { .. }), "{failure:?}");
    assert_eq!(sent(failure), Sent::Yes);
}

#[test]
fn a_token_that_does_not_come_in_time_does_not_hide_the_redirect() {
    let hook = with_tokens();
    let at = |millis: u64| NOW.after(Duration::from_millis(millis));
    let step = |plan, now: Timestamp| Call::new(&hook, plan, 7, now).step(&hook, now);
    let Step::Send { attempt, .. } = step(RequestPlan::get("a"), NOW) else { panic!("a token") };
    let got = response(200, &[], r#"{"access_token": "T1", "expires_in": 100}"#);
    let Step::Send { attempt, .. } = attempt.finish(&hook, Ok(got), NOW) else { panic!("a GET") };
    let Step::Done(Ok(_)) = attempt.finish(&hook, Ok(status(200)), NOW) else { panic!("it ends") };

    let plan = pay().deadline(Duration::from_secs(120));
    let Step::Send { attempt: paying, .. } = step(plan, at(1_000)) else { panic!("it is sent") };
    // Another call fetches the next token.
    let Step::Send { attempt: other, .. } = step(RequestPlan::get("b"), at(119_000)) else {
        panic!("a token");
    };
    let led = response(303, &[("location", "/done")], "");
    let mut now = at(120_950);
    let mut next = paying.finish(&hook, Ok(led), now);
    let failure = loop {
        next = match next {
            Step::Wait { call, wait, .. } => {
                now = now.after(wait);
                call.step(&hook, now)
            }
            Step::Done(end) => break end.expect_err("no token came"),
            Step::Send { .. } => panic!("there is no token"),
        };
    };
    drop(other);
    assert_eq!(failure.reason(), StopReason::Deadline);
    assert!(!failure.to_string().contains("nothing was sent"), "{failure}");
    assert_eq!(failure.status().map(|status| status.as_u16()), Some(303), "{failure}");
    assert_eq!(sent(failure), Sent::Yes);
}

#[test]
fn a_call_that_is_given_up_while_it_waits_tells_what_was_sent() {
    let hook = to_api();
    let kept = || pay().allow_resend().retry(policy());
    let waiting = |answer: Result<http::Response<Bytes>, TransportError>| {
        let attempt = Scenario::new(&hook, kept()).sending().attempt;
        match attempt.finish(&hook, answer, NOW) {
            Step::Wait { call, .. } => call,
            other => panic!("{other:?}"),
        }
    };
    let error = |sent| Err(TransportError::new(TransportErrorKind::Interrupted, sent));
    let rows = [
        (error(Sent::Maybe), Sent::Maybe),
        (error(Sent::No), Sent::No),
        (Ok(status(503)), Sent::Yes),
    ];
    for (answer, seen) in rows {
        let copy = || match &answer {
            Ok(response) => Ok(status(response.status().as_u16())),
            Err(error) => Err(TransportError::new(error.kind(), error.sent())),
        };
        assert_eq!(sent(waiting(copy()).cancel(&hook)), seen);

        let mut run = Run::<Bytes>::new(&hook, waiting(copy()));
        let why = Error::new(ErrorKind::NotStorable, "the store is full");
        let http_hook::Act::Done(Err(failure)) = run.withdraw(why) else { panic!("it ends") };
        assert_eq!(failure.reason(), StopReason::NotStored);
        assert_eq!(sent(failure), seen);

        // From a store nobody knows more than that it may have been.
        let text = waiting(copy()).store(&hook).expect("it can be stored");
        let again = Call::resume(&hook, &text, NOW).expect("it can be taken up");
        assert_eq!(sent(again.cancel(&hook)), Sent::Maybe);
    }

    // What must not be sent twice waits only because it was certainly not seen.
    let once = pay().retry(policy());
    let attempt = Scenario::new(&hook, once).sending().attempt;
    let Step::Wait { call, .. } = attempt.finish(&hook, error(Sent::No), NOW) else {
        panic!("it was not seen");
    };
    let text = call.store(&hook).expect("it can be stored");
    let again = Call::resume(&hook, &text, NOW).expect("it can be taken up");
    assert_eq!(sent(again.cancel(&hook)), Sent::No);
}

#[test]
fn a_store_forgets_nothing_that_was_seen() {
    let got = || response(200, &[], r#"{"access_token": "T1", "expires_in": 100}"#);
    let plans = [pay(), RequestPlan::get("a")];
    for plan in plans.map(|plan| plan.retry(policy())) {
        let after = |past: Vec<http::Response<Bytes>>| {
            // Each begins without a token.
            let hook = with_tokens();
            let attempt = Scenario::new(&hook, plan.clone()).after(past).sending().attempt;
            attempt.store(&hook).expect("it can be stored")
        };
        let first_token = after(vec![]);
        let under_way = after(vec![got()]);
        let second_token = after(vec![got(), status(401)]);
        let under_way_again = after(vec![got(), status(401), got()]);

        // In the second attempt, of which the first was never seen.
        let hook = with_tokens();
        let attempt = Scenario::new(&hook, plan.clone()).after([got()]).sending().attempt;
        let refused = Err(TransportError::new(TransportErrorKind::Connect, Sent::No));
        let Step::Wait { call, wait, .. } = attempt.finish(&hook, refused, NOW) else {
            panic!("it waits");
        };
        let now = NOW.after(wait);
        let Step::Send { attempt, .. } = call.step(&hook, now) else { panic!("a token") };
        let Step::Send { attempt, .. } = attempt.finish(&hook, Ok(got()), now) else {
            panic!("the request");
        };
        let Step::Send { attempt, .. } = attempt.finish(&hook, Ok(status(401)), now) else {
            panic!("another token");
        };
        let later = attempt.store(&hook).expect("it can be stored");

        // While another call fetches the token that it waits for.
        let hook = with_tokens();
        let attempt = Scenario::new(&hook, plan.clone()).sending().attempt;
        let Step::Wait { call: other, .. } = Scenario::new(&hook, plan.clone()).step() else {
            panic!("it waits for the token");
        };
        let nothing = other.store(&hook).expect("it can be stored");
        drop(attempt);

        let rows = [
            ("before anything", first_token, Sent::No),
            ("waiting for another's token", nothing, Sent::No),
            ("under way", under_way, Sent::Maybe),
            ("refused, and a token under way", second_token, Sent::Maybe),
            ("refused, and under way again", under_way_again, Sent::Maybe),
            ("refused in the second attempt", later, Sent::Maybe),
        ];
        for (what, text, seen) in rows {
            let hook = with_tokens();
            let again = || Call::resume(&hook, &text, NOW.after(Duration::from_secs(300)));
            let call = again().expect("it can be taken up");
            assert_eq!(sent(call.cancel(&hook)), seen, "{what}: {text}");
            // Taken up twice it has forgotten nothing either.
            let twice = again().expect("a call").store(&hook).expect("it can be stored");
            let call = Call::resume(&hook, &twice, NOW.after(Duration::from_secs(300)));
            assert_eq!(sent(call.expect("a call").cancel(&hook)), seen, "{what}: {twice}");
        }
    }
}

/// Who is told of a call that was dropped learns the worst of it, whatever came last and whoever began it.
#[test]
fn a_call_that_is_dropped_tells_the_worst_of_it() {
    use http_hook::observe::Event;
    let told = std::sync::Mutex::new(Vec::new());
    let observer = |event: &Event<'_>| {
        if let Event::Dropped { sent } = event {
            told.lock().expect("no panic").push(*sent);
        }
    };
    let hook = to_api();
    let error = |kind, sent| Err(TransportError::new(kind, sent));
    let call = Call::new(&hook, pay().idempotency_key().retry(policy()), 7, NOW);
    let mut run = Run::<Bytes>::new(&hook, call).observer(&observer);
    let _ = run.woke(NOW);
    let _ = run.sent(error(TransportErrorKind::Interrupted, Sent::Maybe), || NOW);
    let stored = run.store().expect("it can be stored");
    let later = NOW.after(Duration::from_secs(200));
    let _ = run.woke(later);
    let _ = run.sent(error(TransportErrorKind::Connect, Sent::No), || later);
    drop(run);
    let again = Call::resume(&hook, &stored, NOW).expect("it can be taken up");
    let mut run = Run::<Bytes>::new(&hook, again).observer(&observer);
    let _ = run.woke(NOW);
    drop(run);
    drop(Run::<Bytes>::new(&hook, Call::new(&hook, pay(), 7, NOW)).observer(&observer));
    let mut run = Run::<Bytes>::new(&hook, Call::new(&hook, pay().retry(policy()), 7, NOW))
        .observer(&observer);
    let _ = run.woke(NOW);
    let _ = run.sent(error(TransportErrorKind::Connect, Sent::No), || NOW);
    drop(run);
    assert_eq!(*told.lock().expect("no panic"), [Sent::Maybe, Sent::Maybe, Sent::No, Sent::No]);
}
