//! The driver as a machine: what it asks for, what it tells while something is pending, and a store before each send.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_hook::body::Replay;
use http_hook::observe::Event;
use http_hook::options::{Capabilities, Capability};
use http_hook::retry::{Stop, Wait};
use http_hook::{
    Act, Call, Cause, Connection, Error, ErrorKind, Hook, RequestPlan, RetryPolicy, Run, SendCause,
    StopReason, Timestamp, TransportErrorKind, WaitReason,
};

use crate::support::{NOW, connection, response, status};

type Whole<'a> = Run<'a, Bytes>;

fn hook() -> Hook {
    Hook::new(&connection()).expect("a hook")
}

fn policy() -> RetryPolicy {
    RetryPolicy {
        wait: Wait::fixed(Duration::from_secs(2)),
        stop: Stop::after_attempt(3),
        ..RetryPolicy::default()
    }
}

fn begin<'a>(hook: &Hook, plan: RequestPlan) -> Whole<'a> {
    Run::new(hook, Call::new(hook, plan, 7, NOW))
}

/// Drives a run over these responses; `keep` is called before each send.
fn drive(
    run: &mut Whole<'_>,
    responses: &[Response<Bytes>],
    mut keep: impl FnMut(&Whole<'_>) -> Result<(), Error>,
) -> (Vec<Request<Bytes>>, Result<Response<Bytes>, http_hook::Failure>) {
    let (mut now, mut sent) = (NOW, Vec::new());
    let mut act = run.woke(now);
    loop {
        act = match act {
            Act::Send(request, _) => {
                if let Err(error) = keep(run) {
                    run.withdraw(error)
                } else {
                    let answer = responses[sent.len()].clone();
                    sent.push(request);
                    run.sent(Ok(answer), || now)
                }
            }
            Act::Read(body, limit) => {
                let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(body.len());
                run.read(Ok(body.slice(..limit)), now)
            }
            Act::Sleep(wait) => {
                now = now.after(wait);
                run.woke(now)
            }
            Act::Done(result) => return (sent, result),
        };
    }
}

#[test]
fn a_store_before_each_send_holds_what_is_under_way() {
    let hook = hook();
    let plan = RequestPlan::post("orders").data("box").retry(policy()).idempotency_key();
    let mut kept = Vec::new();
    let (sent, result) = drive(&mut begin(&hook, plan), &[status(503), status(200)], |run| {
        let attempt = run.attempt().expect("a send is pending");
        kept.push((attempt.sends(), attempt.cause(), run.repeatable(), run.store()?));
        assert!(run.to_own_origin() && run.call().is_none());
        let progress = run.store_progress()?;
        assert!(!progress.contains("orders\"") && !progress.contains("box"), "{progress}");
        Ok(())
    });
    assert_eq!(result.expect("a response").status(), 200);
    assert_eq!(sent.len(), 2);
    let told: Vec<_> = kept.iter().map(|(send, cause, again, _)| (*send, *cause, *again)).collect();
    assert_eq!(told, [(1, SendCause::First, true), (2, SendCause::Retry, true)]);
    for (_, _, _, text) in kept {
        let call = Call::resume(&hook, &text, NOW).expect("what was kept");
        let (again, _) = drive(&mut Run::new(&hook, call), &[status(200)], |_| Ok(()));
        assert_eq!(again[0].headers()["idempotency-key"], sent[0].headers()["idempotency-key"]);
    }
}

#[test]
fn a_store_that_fails_ends_the_run_with_nothing_sent() {
    let hook = hook();
    for (full_at, sends) in [(1, 0), (2, 1)] {
        let plan = RequestPlan::put("orders").data("box").retry(policy());
        let mut stored = 0;
        let told = std::sync::Mutex::new(Vec::new());
        let observer = |event: &Event<'_>| told.lock().expect("a list").push(format!("{event:?}"));
        let mut run = begin(&hook, plan).observer(&observer);
        let (sent, result) = drive(&mut run, &[status(503)], |_| {
            stored += 1;
            if stored < full_at {
                return Ok(());
            }
            Err(Error::new(ErrorKind::NotStorable, "the disk is full"))
        });
        let failure = result.expect_err("it was not kept");
        assert_eq!(sent.len(), sends as usize);
        assert_eq!((failure.reason(), failure.sends()), (StopReason::NotStored, sends));
        assert_eq!(failure.attempts(), sends);
        assert_eq!(failure.cause().to_string(), "the disk is full");
        drop(run);
        let told = told.into_inner().expect("a list");
        assert!(told.last().is_some_and(|last| last.starts_with("GaveUp")), "{told:?}");
    }
}

#[test]
fn what_is_pending_tells_why() {
    let hook = hook();
    let mut run = begin(&hook, RequestPlan::post("orders").data("box").retry(policy()));
    assert!(run.call().is_some() && run.attempt().is_none() && run.wait_reason().is_none());
    let Act::Send(..) = run.woke(NOW) else { panic!("it sends") };
    assert!(!run.repeatable(), "a POST without leave");
    let busy = response(429, &[("retry-after", "3")], "");
    let Act::Read(..) = run.sent(Ok(busy), || NOW) else { panic!("it is read") };
    assert!(!run.repeatable(), "it was sent");
    let text = run.store().expect("it is kept as under way");
    assert!(text.contains(r#""state":"interrupted""#), "{text}");
    let Act::Done(Err(failure)) = run.read(Ok(Bytes::new()), NOW) else { panic!("it ends") };
    assert_eq!(failure.reason(), StopReason::NotIdempotent);
    assert!(run.store().is_err(), "nothing is pending");

    let mut run = begin(&hook, RequestPlan::get("orders").retry(policy()));
    let _ = run.woke(NOW);
    let _ = run.sent(Ok(response(429, &[("retry-after", "3")], "")), || NOW);
    let Act::Sleep(wait) = run.read(Ok(Bytes::new()), NOW) else { panic!("it waits") };
    assert!(wait >= Duration::from_secs(3));
    assert_eq!(run.wait_reason(), Some(WaitReason::Hint));
    let text = run.store().expect("a call that waits");
    assert!(Call::resume(&hook, &text, NOW).is_ok());
    let error = Error::new(ErrorKind::NotStorable, "the disk is full");
    let Act::Done(Err(failure)) = run.withdraw(error) else { panic!("it ends") };
    assert_eq!((failure.reason(), failure.sends()), (StopReason::NotStored, 1));
}

#[test]
fn an_answer_out_of_turn_is_a_bug_that_is_told() {
    let hook = hook();
    let turns: [fn(&mut Whole<'_>) -> Act<Bytes>; 3] = [
        |run| run.sent(Ok(status(200)), || NOW),
        |run| run.read(Ok(Bytes::new()), NOW),
        |run| {
            let _ = run.woke(NOW);
            run.woke(NOW)
        },
    ];
    for turn in turns {
        let mut run = begin(&hook, RequestPlan::get("a"));
        let Act::Done(Err(failure)) = turn(&mut run) else { panic!("it goes on") };
        let Cause::Transport(error) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(error.kind(), TransportErrorKind::Bug);
    }
}

#[test]
fn a_body_that_is_longer_than_the_call_allows_is_an_error_for_every_driver() {
    let hook = hook();
    let mut options = http_hook::Options::default();
    options.max_response_bytes = Some(3);
    for (body, passes) in [("abc", true), ("abcd", false)] {
        let plan = RequestPlan::get("a").options(options.clone());
        let answer = response(200, &[], body);
        let (_, result) =
            drive(&mut begin(&hook, plan.clone()), std::slice::from_ref(&answer), |_| Ok(()));
        assert_eq!(result.is_ok(), passes, "by a run: {body}");
        let now = NOW;
        let http_hook::Step::Send { attempt, .. } = Call::new(&hook, plan, 7, now).step(&hook, now)
        else {
            panic!("it sends")
        };
        let http_hook::Step::Done(result) = attempt.finish(&hook, Ok(answer), now) else {
            panic!("it ends")
        };
        assert_eq!(result.is_ok(), passes, "by hand: {body}");
    }
}

/// A hook whose connection asks for an unverified server, and for a certificate of its own.
fn asking(extra: &str) -> Hook {
    Hook::new(&Connection::new().with_host("https://api.example.com").with_extra(extra))
        .expect("a hook")
}

fn refused(step: http_hook::Step, option: &str) {
    let http_hook::Step::Done(Err(failure)) = step else { panic!("{option}: it was sent") };
    // The redirect that led to it is kept.
    let (Cause::Request(error) | Cause::Refused { error, .. }) = failure.cause() else {
        panic!("{failure:?}")
    };
    assert_eq!(failure.status().is_some(), failure.reason() == StopReason::Redirect, "{option}");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{option}");
    assert!(error.message().ends_with(&format!("cannot honour the option {option}")), "{error}");
}

#[test]
fn capabilities_are_the_hooks_and_hold_for_every_send() {
    let rows = [
        (r#"{"verify": false}"#, RequestPlan::get("a"), "verify = false"),
        (r#"{"cert": "/c.pem"}"#, RequestPlan::get("a"), "cert"),
        (r#"{"timeout": 3}"#, RequestPlan::get("a"), "timeout (connect)"),
        (r#"{"proxies": {"https": "http://p:1"}}"#, RequestPlan::get("a"), "proxies (https)"),
        ("{}", RequestPlan::new("PURGE".parse().expect("a method"), "a"), "method"),
        ("{}", RequestPlan::put("a").external(None, Replay::Again), "streamed request body"),
    ];
    for (extra, plan, option) in rows {
        let told_none = asking(extra);
        let able = told_none.for_client(http_hook_mock::everything("test"));
        // The first send, by hand.
        refused(Call::new(&told_none, plan.clone(), 7, NOW).step(&told_none, NOW), option);
        // One that was stored under a client that is able to.
        let call = Call::new(&able, plan.clone().allow_resend().retry(policy()), 7, NOW);
        let http_hook::Step::Send { attempt, .. } = call.step(&able, NOW) else {
            panic!("{option}: it is sent")
        };
        let text = attempt.store(&able).expect("nothing of it is secret");
        let call = Call::resume(&told_none, &text, NOW).expect("a call");
        let http_hook::Step::Wait { call, wait, .. } = call.step(&told_none, NOW) else {
            panic!("{option}: it goes on")
        };
        refused(call.step(&told_none, NOW.after(wait)), option);
        // One that a redirect leads home to, under a client that lost the ability meanwhile.
        let http_hook::Step::Send { attempt, .. } = Call::new(&able, plan, 7, NOW).step(&able, NOW)
        else {
            panic!("{option}: it is sent")
        };
        let moved = response(307, &[("location", "/b")], "");
        refused(attempt.finish(&told_none, Ok(moved), NOW), option);
    }
}

#[test]
fn what_a_client_lacks_is_refused_before_it_is_counted() {
    let hook = asking(r#"{"verify": false}"#);
    let lacks = Capabilities::none("small").with(Capability::ClientCert);
    let hook = hook.for_client(lacks);
    let (sent, result) = drive(&mut begin(&hook, RequestPlan::get("a")), &[], |_| Ok(()));
    let failure = result.expect_err("refused");
    assert_eq!((sent.len(), failure.sends(), failure.attempts()), (0, 0, 0));
    assert_eq!(failure.cause().to_string(), "small cannot honour the option verify = false");
}

#[test]
fn room_is_counted_for_the_request_as_it_is_sent() {
    let builder = |count: usize| {
        (0..count).fold(Hook::builder(&connection()), |builder, number| {
            builder.header(format!("x-b{number}"), "1")
        })
    };
    let plan = |count: usize, len: usize| {
        (0..count).fold(RequestPlan::get("a"), |plan, number| {
            plan.header(&format!("x-c{number}"), &"v".repeat(len))
        })
    };
    // Three of the core's own, one of the scheme.
    let rows = [
        ("just as many", 126, plan(126, 1), true),
        ("one more", 126, plan(127, 1), false),
        ("250 and 250", 250, plan(250, 1), false),
        ("too large together", 0, plan(8, 9_000), false),
        ("large, but room", 0, plan(6, 9_000), true),
    ];
    for (why, below, plan, passes) in rows {
        let hook = builder(below).build().expect(why);
        let step = Call::new(&hook, plan, 7, NOW).step(&hook, NOW);
        let is_sent = matches!(step, http_hook::Step::Send { .. });
        assert_eq!(is_sent, passes, "{why}: {step:?}");
    }
    let policy = RetryPolicy { attempt_header: Some("x-attempt".to_owned()), ..policy() };
    let hook = builder(126).build().expect("a hook");
    let step = Call::new(&hook, plan(126, 1).retry(policy), 7, NOW).step(&hook, NOW);
    assert!(matches!(step, http_hook::Step::Done(Err(_))), "the policy's header counts");
}

#[test]
fn time_does_not_run_backwards_in_a_run() {
    let hook = hook();
    let mut run = begin(&hook, RequestPlan::get("a").retry(policy()));
    let _ = run.woke(NOW);
    let _ = run.sent(Ok(status(503)), Timestamp::default);
    let Act::Sleep(wait) = run.read(Ok(Bytes::new()), Timestamp::default()) else {
        panic!("it waits")
    };
    assert_eq!(wait, Duration::from_secs(2));
}
