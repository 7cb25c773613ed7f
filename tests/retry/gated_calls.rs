//! Gates as calls meet them: what opens them, what is told, what passes for free.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::RetryPolicy;
use http_hook::auth::{AuthScheme, OAuth2};
use http_hook::gates::{
    BreakerSettings, BucketSettings, Budget, GateSettings, Gates, RateSettings,
};
use http_hook::retry::{Condition, FailureClass, Stop, Wait};
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Call, Connection, Failure, Hook, RequestPlan, Secret, SendCause, Step, StopReason, Timestamp,
    TransportError, TransportErrorKind, WaitReason,
};

use crate::support::{Answer, NOW, Scenario, Waits, connection, response};

const SECOND: Duration = Duration::from_secs(1);

fn hook(gates: Gates) -> Hook {
    let connection = Connection::new().with_host("https://api.example.com");
    Hook::builder(&connection).gates(gates).build().expect("a hook")
}

fn rate(per_second: f64, burst: u32) -> Hook {
    let rate = Some(RateSettings { per_second, burst });
    hook(Gates::new(&GateSettings { rate, ..GateSettings::none() }).expect("gates"))
}

fn budget(budget: Arc<dyn Budget>) -> Gates {
    Gates::with_budget(&GateSettings::none(), budget).expect("gates")
}

fn plan() -> RequestPlan {
    let policy = RetryPolicy { wait: Wait::None, ..RetryPolicy::default() };
    RequestPlan::get("a").retry(policy)
}

type Script = fn() -> Answer;

#[expect(clippy::unnecessary_wraps, reason = "an answer is one or the other")]
fn answer(status: u16) -> Answer {
    Ok(response(status, &[("location", "/elsewhere")], ""))
}

#[expect(clippy::unnecessary_wraps, reason = "an answer is one or the other")]
fn token() -> Answer {
    Ok(response(200, &[], r#"{"access_token": "t", "token_type": "Bearer"}"#))
}

/// Runs a call against answers, the last of which repeats: the result, the sends, and the waits for gates.
fn run(
    hook: &Hook,
    plan: RequestPlan,
    answers: &[Script],
) -> (Result<Response<Bytes>, Failure>, usize, Waits) {
    let mut played =
        Scenario::new(hook, plan).run(|number| answers[number.min(answers.len() - 1)]());
    played.waits.retain(|(_, reason)| *reason != WaitReason::Backoff);
    (played.result, played.sends.len(), played.waits)
}

fn reason(result: Result<Response<Bytes>, Failure>) -> StopReason {
    result.expect_err("it does not pass").reason()
}

#[test]
fn calls_that_fail_open_the_breaker_and_others_do_not() {
    let rows: [(&str, Script, bool); 5] = [
        ("busy", || answer(503), true),
        (
            "lost",
            || Err(TransportError::new(TransportErrorKind::Connect, http_hook::Sent::No)),
            true,
        ),
        ("not found", || answer(404), false),
        ("fine", || answer(200), false),
        ("leads nowhere", || answer(300), false),
    ];
    // With a policy, with one that allows no further attempt, and with none.
    let plans = [plan(), RequestPlan::get("a").retries(0), RequestPlan::get("a")];
    for ((what, each, opens), plan) in
        rows.iter().flat_map(|row| plans.iter().map(move |plan| (*row, plan)))
    {
        let hook = hook(Gates::default());
        for _ in 0..20 {
            let _ = run(&hook, plan.clone(), &[each]);
        }
        let (result, sends, _) = run(&hook, plan.clone(), &[|| answer(200)]);
        assert_eq!(sends, usize::from(!opens), "{what}");
        if opens {
            let failure = result.expect_err("the breaker is open");
            assert_eq!(failure.reason(), StopReason::Breaker, "{what}");
            assert_eq!(
                failure.cause().to_string(),
                "the circuit breaker is open: nothing was sent"
            );
        }
    }
}

/// A budget that keeps what it is asked.
#[derive(Debug, Default)]
struct Ledger(std::sync::Mutex<Vec<Entry>>);

#[derive(Clone, Debug, PartialEq)]
enum Entry {
    Withdrawn(FailureClass),
    Deposited(u32),
}

impl Budget for Ledger {
    fn withdraw(&self, class: FailureClass, _now: Timestamp) -> Option<u32> {
        self.0.lock().unwrap().push(Entry::Withdrawn(class));
        Some(3)
    }

    fn deposit(&self, paid: u32, _now: Timestamp) {
        self.0.lock().unwrap().push(Entry::Deposited(paid));
    }
}

#[test]
fn a_retry_is_paid_by_the_class_of_its_failure_and_paid_back_by_success() {
    use Entry::{Deposited, Withdrawn};
    use FailureClass::{Error, Throttled, Timeout};
    fn late() -> Answer {
        let kind = TransportErrorKind::Timeout(TimeoutPhase::Head);
        Err(TransportError::new(kind, http_hook::Sent::Maybe))
    }
    fn lost() -> Answer {
        Err(TransportError::new(TransportErrorKind::Interrupted, http_hook::Sent::Maybe))
    }
    let rows: [(&str, &[Script], &[Entry]); 7] = [
        ("a success", &[|| answer(200)], &[Deposited(0)]),
        (
            "busy, then a success",
            &[|| answer(503), || answer(200)],
            &[Withdrawn(Error), Deposited(3)],
        ),
        ("throttled", &[|| answer(429), || answer(200)], &[Withdrawn(Throttled), Deposited(3)]),
        (
            "the server's time limit",
            &[|| answer(408), || answer(200)],
            &[Withdrawn(Timeout), Deposited(3)],
        ),
        ("a time limit of ours", &[late, || answer(200)], &[Withdrawn(Timeout), Deposited(3)]),
        ("lost", &[lost, || answer(200)], &[Withdrawn(Error), Deposited(3)]),
        ("never", &[|| answer(503)], &[Withdrawn(Error), Withdrawn(Error)]),
    ];
    for (what, answers, expected) in rows {
        let ledger = Arc::new(Ledger::default());
        let gates = budget(Arc::clone(&ledger) as Arc<dyn Budget>);
        let _ = run(&hook(gates), plan(), answers);
        assert_eq!(*ledger.0.lock().unwrap(), expected, "{what}");
    }
}

#[test]
fn an_empty_budget_ends_the_call_with_what_came() {
    let empty = || {
        let bucket = Some(BucketSettings { capacity: 0, ..BucketSettings::default() });
        hook(Gates::new(&GateSettings { bucket, ..GateSettings::none() }).expect("gates"))
    };
    let (result, sends, _) = run(&empty(), plan(), &[|| answer(503)]);
    assert_eq!((reason(result), sends), (StopReason::Budget, 1));
    let (result, sends, _) = run(&empty(), plan().check_response(false), &[|| answer(503)]);
    assert_eq!((reason(result), sends), (StopReason::Budget, 1));
    let wanted = |return_when_exhausted| RetryPolicy {
        when: Condition::Always,
        return_when_exhausted,
        ..RetryPolicy::default()
    };
    let failing = plan().retry(wanted(false));
    let (result, sends, _) = run(&empty(), failing, &[|| answer(200)]);
    assert_eq!((reason(result), sends), (StopReason::Budget, 1));
    let returning = plan().retry(wanted(true));
    let (result, sends, _) = run(&empty(), returning, &[|| answer(200)]);
    assert_eq!((result.expect("it passes the check").status().as_u16(), sends), (200, 1));
}

#[test]
fn a_call_takes_one_permit_an_attempt() {
    let (result, sends, waits) = run(&rate(1.0, 1), plan(), &[|| answer(302), || answer(200)]);
    assert!(result.is_ok());
    assert_eq!((sends, waits), (2, vec![]), "a redirect is free");
    let (result, sends, waits) = run(&rate(1.0, 1), plan(), &[|| answer(503), || answer(200)]);
    assert!(result.is_ok());
    assert_eq!((sends, waits), (2, vec![(SECOND, WaitReason::RateLimit)]), "a retry is not");
}

#[test]
fn tokens_and_challenges_take_no_permit() {
    let extra = r#"{"http_hook": {"auth": {
        "scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}}}"#;
    let rate = Some(RateSettings { per_second: 1.0, burst: 1 });
    let gates = Gates::new(&GateSettings { rate, ..GateSettings::none() }).expect("gates");
    let connection = connection().with_extra(extra);
    let hook = Hook::builder(&connection).gates(gates).build().expect("a hook");
    let answers: [Script; 4] = [token, || answer(401), token, || answer(200)];
    let (result, sends, waits) = run(&hook, plan(), &answers);
    assert!(result.is_ok());
    assert_eq!((sends, waits), (4, vec![]));
}

#[test]
fn a_permit_that_comes_too_late_is_not_waited_for() {
    let rows = [
        (SECOND + SECOND / 2, Ok(1)),
        (SECOND, Err(StopReason::RateLimit)),
        (SECOND / 2, Err(StopReason::RateLimit)),
    ];
    for (deadline, expected) in rows {
        let hook = rate(1.0, 1);
        let _ = run(&hook, plan(), &[|| answer(200)]);
        let (result, sends, waits) = run(&hook, plan().deadline(deadline), &[|| answer(200)]);
        assert_eq!(waits.len(), sends);
        let found = match result {
            Ok(_) => Ok(sends),
            Err(failure) => {
                let text = "the rate limit leaves no room before the deadline: nothing was sent";
                assert_eq!(failure.cause().to_string(), text);
                Err(failure.reason())
            }
        };
        assert_eq!(found, expected, "{deadline:?}");
    }
}

/// What waits for a permit has begun its attempt, and may have fetched a token for it: whoever takes it up goes on with the
/// same attempt, and makes none more than the policy allows.
#[test]
fn an_attempt_that_waits_for_a_permit_is_taken_up_as_the_same() {
    let extra = r#"{"http_hook": {"auth": {
        "scheme": "oauth2_client_credentials", "token_url": "https://id.example.com/token"}}}"#;
    let rate = Some(RateSettings { per_second: 1.0, burst: 1 });
    for stores in [false, true] {
        let gates = Gates::new(&GateSettings { rate, ..GateSettings::none() }).expect("gates");
        let other = hook(gates.clone());
        let first = Call::new(&other, plan(), 1, NOW).step(&other, NOW);
        let Step::Send { .. } = first else { panic!("a first permit") };
        let connection = connection().with_extra(extra);
        let hook = Hook::builder(&connection).gates(gates).build().expect("a hook");
        let Step::Send { attempt, .. } = Call::new(&hook, plan(), 7, NOW).step(&hook, NOW) else {
            panic!("a token is asked for")
        };
        assert_eq!((attempt.cause(), attempt.number()), (SendCause::Token, 1));
        let Step::Wait { mut call, reason, .. } = attempt.finish(&hook, token(), NOW) else {
            panic!("no permit is left")
        };
        assert_eq!(reason, WaitReason::RateLimit);
        if stores {
            let text = call.store(&hook).expect("it can be stored");
            call = Call::resume(&hook, &text, NOW).expect("what was stored");
        }
        let due = call.due();
        let Step::Send { attempt, .. } = call.step(&hook, due) else { panic!("a permit is there") };
        let found = (attempt.cause(), attempt.number(), attempt.sends());
        assert_eq!(found, (SendCause::First, 1, 2), "stored: {stores}");
    }
}

/// What another origin says after a redirect is nothing about the one that the gates belong to.
#[test]
fn another_origin_opens_no_breaker() {
    type Away = (&'static str, &'static str, bool);
    let rows: [Away; 3] = [
        ("another host", "https://evil.test/x", false),
        ("another port", "https://api.example.com:8443/x", false),
        ("itself", "https://api.example.com/x", true),
    ];
    for (why, location, opens) in rows {
        for lost in [false, true] {
            let hook = hook(Gates::default());
            let calls = (0..60).map(|_| {
                let play = Scenario::new(&hook, plan());
                let played = play.run(|number| match number % 2 {
                    0 => Ok(response(307, &[("location", location)], "")),
                    _ if lost => Err(TransportError::new(
                        TransportErrorKind::Interrupted,
                        http_hook::Sent::Maybe,
                    )),
                    _ => answer(503),
                });
                reason(played.result)
            });
            // Each of them is made, also behind the one that found it open.
            let reasons: Vec<_> = calls.collect();
            let opened = reasons.contains(&StopReason::Breaker);
            assert_eq!(opened, opens, "{why}, lost: {lost}");
            let (_, sends, _) = run(&hook, RequestPlan::get("a"), &[|| answer(200)]);
            assert_eq!(sends == 0, opens, "{why}");
        }
    }
}

/// An API that fails, and an endpoint for tokens of its origin that fails, are spared alike; of one elsewhere retries are paid for,
/// and the breaker and the rate limit of the API are not told.
#[test]
fn a_token_endpoint_is_spared_as_the_api_is() {
    let bucket =
        BucketSettings { capacity: 10, cost: 5, throttled_cost: 5, timeout_cost: 5, success: 1 };
    let breaker = BreakerSettings {
        min_calls: 5,
        ratio: 0.5,
        window: SECOND * 60,
        open: SECOND * 60,
        jitter: 0.0,
    };
    let rate = RateSettings { per_second: 1.0, burst: 1 };
    let none = GateSettings::none;
    let rows = [
        (
            "budget",
            GateSettings { bucket: Some(bucket), ..none() },
            StopReason::Budget,
            (3, 0),
            (3, 0),
        ),
        (
            "breaker",
            GateSettings { breaker: Some(breaker), ..none() },
            StopReason::Breaker,
            (5, 0),
            (8, 0),
        ),
        ("rate", GateSettings { rate: Some(rate), ..none() }, StopReason::Attempts, (8, 7), (8, 0)),
    ];
    for (gate, settings, reason, spared, elsewhere) in rows {
        for (host, expected) in [
            (None, spared),
            (Some("https://api.example.com"), spared),
            (Some("https://id.example.com"), elsewhere),
        ] {
            let connection = Connection::new().with_host("https://api.example.com");
            let mut hook = Hook::builder(&connection).gates(Gates::new(&settings).expect("gates"));
            if let Some(host) = host {
                let own =
                    OAuth2::client_credentials(format!("{host}/token"), "me", Secret::new("s3"));
                hook = hook.auth(AuthScheme::OAuth2(Box::new(own)));
            }
            let policy = RetryPolicy {
                stop: Stop::after_attempt(8),
                wait: Wait::None,
                ..RetryPolicy::default()
            };
            let plan = RequestPlan::get("a").retry(policy);
            let (result, sends, waits) =
                run(&hook.build().expect("a hook"), plan, &[|| answer(503)]);
            let why = result.expect_err(gate).reason();
            assert_eq!((sends, waits.len()), expected, "{gate} {host:?}: {why:?}");
            if expected == spared {
                assert_eq!(why, reason, "{gate} {host:?}");
            }
        }
    }
}
