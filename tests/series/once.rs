//! What a server may have acted on is not sent again by the next poll: a failure is weighed as within one call.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_hook::poll::{Poll, Polling};
use http_hook::response::Outcome;
use http_hook::retry::Condition;
use http_hook::transport::TimeoutPhase;
use http_hook::{Act, Failure, Hook, RequestPlan, Sent, StopReason, blocking};
use http_hook_mock::{MockTransport, Reply};
use proptest::prelude::*;

use crate::support::NOW;

const HOUR: Duration = Duration::from_secs(3600);

fn run(
    replies: Vec<Reply>,
    plan: RequestPlan,
    polling: Polling,
) -> (Result<http::Response<Bytes>, Failure>, MockTransport) {
    let server = MockTransport::new(replies);
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let api = blocking::HttpHook::new(hook, server.clone(), server.clock()).with_seed(7);
    (api.poll(plan, polling), server)
}

fn pay() -> RequestPlan {
    RequestPlan::post("jobs").data("pay=1")
}

fn until() -> Polling {
    Polling::until(Condition::Always, HOUR).failures(5)
}

/// A name, the plan, the poll, what is answered, how it ends and whether it was seen, and how many requests there are.
type Row = (&'static str, RequestPlan, Polling, Vec<Reply>, Result<u16, (StopReason, Sent)>, usize);

#[test]
fn a_failed_poll_is_followed_by_another_only_where_the_request_may_be_sent_again() {
    let done = || Condition::json("/state", "done");
    let job = |state: &str| Reply::json(200, format!(r#"{{"state": "{state}"}}"#));
    let operation = || Polling::operation(HOUR).failures(5);
    let late = || Reply::timeout(TimeoutPhase::Head);
    let not_again = |sent| Err((StopReason::NotIdempotent, sent));
    let accepted = || Reply::status(202).header("location", "/ops/1");
    let rows: Vec<Row> = vec![
        ("broken off", pay(), operation(), vec![Reply::interrupted()], not_again(Sent::Maybe), 1),
        ("no head in time", pay(), operation(), vec![late()], not_again(Sent::Maybe), 1),
        ("until", pay(), until(), vec![Reply::interrupted()], not_again(Sent::Maybe), 1),
        (
            "a status that fails",
            RequestPlan::patch("jobs").data("pay=1"),
            until().failures(4),
            vec![Reply::status(503)],
            not_again(Sent::Yes),
            1,
        ),
        (
            "a sensor",
            pay(),
            Polling::sensor(&["404"], HOUR),
            vec![Reply::status(404)],
            not_again(Sent::Yes),
            1,
        ),
        (
            "behind a redirect nothing was sent",
            pay(),
            until(),
            vec![Reply::redirect(303, "/done"), Reply::refused()],
            not_again(Sent::Yes),
            2,
        ),
        (
            "never sent, then it is",
            pay(),
            operation(),
            vec![Reply::refused().times(2), accepted(), Reply::interrupted(), Reply::status(200)],
            Ok(200),
            5,
        ),
        (
            "never sent, then it may have been",
            pay(),
            operation(),
            vec![Reply::refused(), Reply::interrupted()],
            not_again(Sent::Maybe),
            2,
        ),
        (
            "with leave",
            pay().allow_resend(),
            operation(),
            vec![Reply::interrupted(), Reply::status(503), accepted(), Reply::status(200)],
            Ok(200),
            4,
        ),
        (
            "an idempotent method",
            RequestPlan::put("jobs/7").data("pay=1"),
            until(),
            vec![Reply::interrupted(), Reply::status(503), Reply::status(200)],
            Ok(200),
            3,
        ),
        (
            "answered, and not yet what is waited for",
            pay(),
            Polling::until(done(), HOUR).failures(5),
            vec![job("new"), Reply::refused(), job("done")],
            Ok(200),
            3,
        ),
        (
            "answered, then broken off",
            pay(),
            Polling::until(done(), HOUR).failures(5),
            vec![job("new"), Reply::interrupted()],
            not_again(Sent::Yes),
            2,
        ),
        (
            "acted on, and what it leads to is never reached",
            pay(),
            Polling::operation(HOUR).failures(2),
            vec![accepted(), Reply::refused().times(2)],
            Err((StopReason::Rejected, Sent::Yes)),
            3,
        ),
    ];
    for (why, plan, polling, replies, expected, sends) in rows {
        let (end, server) = run(replies, plan, polling);
        let sent = Outcome::of(&end, 0).sent();
        let end = end.map(|response| response.status().as_u16());
        assert_eq!(end.map_err(|failure| (failure.reason(), sent)), expected, "{why}");
        assert_eq!(server.received().len(), sends, "{why}");
        server.assert_done();
    }
}

#[test]
fn one_key_stays_until_the_request_was_answered() {
    let keys = |server: &MockTransport| -> Vec<String> {
        let all = server.received().into_iter();
        all.map(|one| one.header("idempotency-key").unwrap_or_default().to_owned()).collect()
    };
    let replies = || {
        vec![
            Reply::interrupted(),
            Reply::status(503),
            Reply::status(202).header("location", "/ops/1"),
            Reply::status(200),
        ]
    };
    let operation = || Polling::operation(HOUR).failures(5);
    let (end, server) = run(replies(), pay().idempotency_key(), operation());
    assert_eq!(end.expect("it comes").status(), 200);
    let sent = keys(&server);
    assert!(!sent[0].is_empty() && sent[0] == sent[1] && sent[1] == sent[2], "{sent:?}");

    // An answer ends the request: the next one is another.
    let replies = vec![
        Reply::json(200, "1"),
        Reply::interrupted(),
        Reply::interrupted(),
        Reply::json(200, "2"),
    ];
    let until = Polling::until(Condition::json("", 2), HOUR).failures(5);
    let (_, server) = run(replies, pay().idempotency_key(), until);
    let sent = keys(&server);
    assert!(sent[0] != sent[1] && sent[1] == sent[2] && sent[2] == sent[3], "{sent:?}");
}

#[test]
fn a_poll_that_was_stored_under_way_sends_no_second_time() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let hook = hook.for_client(http_hook_mock::everything("test"));
    let operation = Polling::operation(HOUR).failures(5);
    let mut poll = Poll::<Bytes>::new(&hook, pay(), operation.clone(), 7, NOW);
    let Act::Send(..) = poll.woke(NOW) else { panic!("it is sent") };
    let text = poll.store().expect("it can be stored");
    let mut again = Poll::<Bytes>::resume(&hook, &text, NOW).expect("it can be taken up");
    let Act::Done(Err(failure)) = again.woke(NOW) else { panic!("it may have been seen") };
    assert_eq!(failure.reason(), StopReason::NotIdempotent);
    assert_eq!(Outcome::of(&Err(failure), 0).sent(), Sent::Maybe);

    // With a key it is, under the same one, from a store each time.
    let mut stored = Poll::<Bytes>::new(&hook, pay().idempotency_key(), operation, 7, NOW)
        .store()
        .expect("it can be stored");
    let (mut now, mut keys) = (NOW, Vec::new());
    for _ in 0..3 {
        let mut poll = Poll::<Bytes>::resume(&hook, &stored, now).expect("it can be taken up");
        let mut act = poll.woke(now);
        while let Act::Sleep(wait) = act {
            now = now.after(wait);
            act = poll.woke(now);
        }
        let Act::Send(request, _) = act else { panic!("it is sent") };
        keys.push(request.headers()["idempotency-key"].clone());
        stored = poll.store().expect("it can be stored");
    }
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

proptest! {
    /// Whatever comes, between two sends of one POST there is an answer that passes, or it was certainly not seen.
    #[test]
    fn no_poll_sends_twice_what_may_have_been_seen(
        comes in prop::collection::vec(0_usize..7, 1..8),
        kind in 0_usize..3,
        patch in any::<bool>(),
    ) {
        let reply = |what: &usize| match what {
            0 => Reply::refused(),
            1 => Reply::interrupted(),
            2 => Reply::timeout(TimeoutPhase::Head),
            3 => Reply::status(503),
            4 => Reply::status(404),
            5 => Reply::json(200, "1"),
            _ => Reply::status(202).header("location", "/ops/1"),
        };
        let polling = match kind {
            0 => Polling::operation(HOUR),
            1 => Polling::until(Condition::json("", 2), HOUR),
            _ => Polling::sensor(&["404", "5"], HOUR).satisfied_by(Condition::json("", 2)),
        };
        let method = if patch { Method::PATCH } else { Method::POST };
        let plan = RequestPlan::new(method.clone(), "jobs").data("pay=1");
        let mut replies: Vec<Reply> = comes.iter().map(reply).collect();
        replies.push(Reply::json(200, "2").always());
        let (_, server) = run(replies, plan, polling.failures(20));
        let sent = server.received();
        let acting = sent.iter().take_while(|one| one.method == method).count();
        prop_assert!(sent.iter().skip(acting).all(|one| one.method == Method::GET));
        for what in comes.iter().take(acting.saturating_sub(1)) {
            prop_assert!(matches!(what, 0 | 5 | 6), "it may have been seen: {comes:?}");
        }
    }
}
