//! Calls in legs: each leg in a process of its own goes as one run does, and nothing is sent that could not be kept.

use std::convert::Infallible;

use http_hook::body::Replay;
use http_hook::retry::Stop;
use http_hook::{
    Attempt, Call, Hook, HttpHook, Leg, RequestPlan, RetryPolicy, StopReason, blocking,
};
use http_hook_mock::{MockTransport, Reply, VirtualClock};

use crate::support::connection;

fn hook() -> Hook {
    Hook::new(&connection().with_id("orders").expect("an id")).expect("a hook")
}

fn plan() -> RequestPlan {
    RequestPlan::post("v1/orders").data("box").idempotency_key().retries(5)
}

fn replies() -> Vec<Reply> {
    vec![Reply::busy(2), Reply::interrupted(), Reply::status(503), Reply::status(201).body("done")]
}

fn api(server: &MockTransport) -> blocking::HttpHook<MockTransport, VirtualClock> {
    blocking::HttpHook::new(hook(), server.clone(), server.clock()).with_seed(7)
}

fn seen(server: &MockTransport) -> Vec<String> {
    let all = server.received().into_iter();
    all.map(|one| format!("{} {:?} {:?} {:?}", one.uri, one.headers, one.body, one.at)).collect()
}

/// Each leg by a hook of its own, as another process has.
fn in_legs(server: &MockTransport, by_async: bool) -> (u32, Vec<String>) {
    let (mut legs, mut kept) = (0, Vec::new());
    let mut stored: Option<String> = None;
    loop {
        legs += 1;
        let api = api(server);
        let call = match &stored {
            Some(text) => api.resume(text).expect("a stored call"),
            None => api.prepare(plan()),
        };
        let hook = api.get_conn().0.clone();
        let mut keep = |attempt: &Attempt| {
            kept.push(attempt.store(&hook).expect("it can be stored"));
            Ok::<_, Infallible>(())
        };
        let leg = if by_async {
            let other = HttpHook::new(hook.clone(), server.clone(), server.clock());
            pollster::block_on(other.leg(call, async |attempt: &Attempt| keep(attempt)))
        } else {
            api.leg(call, keep)
        };
        match leg.expect("it is kept") {
            Leg::Wait { stored: text, wait, .. } => {
                blocking::Clock::sleep(&server.clock(), wait);
                stored = Some(text);
            }
            Leg::Done(result) => {
                assert_eq!(result.expect("it passes in the end").body(), "done");
                return (legs, kept);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn legs_go_as_one_run_does() {
    let whole = MockTransport::new(replies());
    api(&whole).run(plan()).expect("it passes in the end");
    for by_async in [false, true] {
        let server = MockTransport::new(replies());
        let (legs, kept) = in_legs(&server, by_async);
        assert_eq!(seen(&server), seen(&whole), "async: {by_async}");
        assert_eq!(legs, 4, "three waits");
        assert_eq!(kept.len(), 4, "each send was kept before");
        assert!(kept.iter().all(|text| !text.contains("pw-5b0c9e")));
    }
}

#[test]
fn what_was_kept_before_a_send_tells_that_it_may_have_been_seen() {
    let unkeyed = RequestPlan::post("v1/orders").data("box").retries(5);
    for (plan, again) in [(plan(), true), (unkeyed, false)] {
        let server = MockTransport::new([Reply::status(201), Reply::status(201)]);
        let mut kept = None;
        let own = api(&server);
        let hook = own.get_conn().0;
        let leg = own.leg(own.prepare(plan), |attempt: &Attempt| {
            kept = Some(attempt.store(hook).expect("it can be stored"));
            Err("the process ends here")
        });
        assert_eq!(leg.err(), Some("the process ends here"));
        assert!(server.received().is_empty(), "nothing is sent that could not be kept");

        // Who finds it cannot know that.
        let other = api(&server);
        let call = other.resume(&kept.expect("one attempt")).expect("a stored call");
        let leg = other.leg(call, |_: &Attempt| Ok::<_, Infallible>(()));
        match leg.expect("no store fails") {
            Leg::Wait { .. } => assert!(again),
            Leg::Done(Err(failure)) => {
                assert!(!again, "{failure:?}");
                assert_eq!(failure.reason(), StopReason::NotIdempotent);
            }
            other => panic!("{other:?}"),
        }
        assert!(server.received().is_empty());
    }
}

#[test]
fn a_call_that_cannot_be_stored_ends_before_anything_is_sent() {
    let get = || RequestPlan::get("a").retries(1);
    let plans = [
        (
            get().secret_header("x-key", "k"),
            "header x-key (if it is no secret, set it by `storable_header`)",
        ),
        (
            get().basic("u", "p"),
            "the authentication of the call (give it to the hook, which is not stored)",
        ),
        (
            RequestPlan::get("a")
                .retry(RetryPolicy { stop: Stop::custom(|_| false), ..RetryPolicy::default() }),
            "the policy of the call",
        ),
        (
            RequestPlan::post("a").external(None, Replay::Once),
            "a payload that can be read once only",
        ),
        (get().param("token", "t"), "parameter token"),
    ];
    for (plan, what) in plans {
        for by_async in [false, true] {
            let server = MockTransport::new([Reply::busy(2)]);
            let own = api(&server);
            let call: Call = own.prepare(plan.clone());
            let kept = |_: &Attempt| -> Result<(), Infallible> { panic!("kept: {what}") };
            let leg = if by_async {
                let (hook, clock) = (own.get_conn().0.clone(), server.clock());
                let other = HttpHook::new(hook, server.clone(), clock);
                pollster::block_on(other.leg(call, async |attempt: &Attempt| kept(attempt)))
            } else {
                own.leg(call, kept)
            };
            let Ok(Leg::Done(Err(failure))) = leg else { panic!("{leg:?}") };
            assert_eq!(failure.reason(), StopReason::NotStored, "{what}");
            assert_eq!(failure.cause().to_string(), format!("not storable: {what}"));
            assert_eq!((failure.sends(), failure.attempts()), (0, 0), "{what}");
            assert!(server.received().is_empty(), "{what}");
        }
    }
}

#[test]
fn a_plan_that_cannot_be_sent_says_so_and_not_that_it_cannot_be_stored() {
    let server = MockTransport::new([]);
    let api = api(&server);
    let call = api.prepare(RequestPlan::get("a").header("two words", "x"));
    let leg = api.leg(call, |_: &Attempt| Ok::<_, Infallible>(()));
    let Ok(Leg::Done(Err(failure))) = leg else { panic!("{leg:?}") };
    assert_eq!(failure.reason(), StopReason::Invalid);
}
