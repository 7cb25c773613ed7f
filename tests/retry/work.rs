//! What a policy asks of a long body takes the time of the body, not that of the body for each of its parts.

use std::time::{Duration, Instant};

use http_hook::poll::{Poll, Polling};
use http_hook::retry::{Condition, Wait};
use http_hook::{Act, Call, Hook, RequestPlan, RetryPolicy, Step};
use serde_json::{Value, json};

use crate::support::{NOW, response};

/// What stands in a place of its own, in the whole, and in a list: each was looked for on its own, and read on its own.
fn part(number: usize) -> Condition {
    match number % 3 {
        0 => Condition::json(&format!("/z{number}"), "x"),
        1 => Condition::json("", json!({ "a": number })),
        _ => Condition::json(&format!("/a/{number}"), 1),
    }
}

#[test]
fn a_body_is_looked_through_once_for_all_that_is_asked_of_it() {
    /// Read for each of its parts, it takes minutes.
    const LONGEST: Duration = Duration::from_secs(10);
    let body = format!("{{{}\"end\":1}}", r#""a":[1,2,3],"#.repeat(80_000));
    let parts: Vec<Condition> = (0..100).map(part).collect();
    let any = || Condition::Any { conditions: parts.clone() };
    let wait = |when: &Condition| {
        let (then, otherwise) = (Box::new(Wait::None), Box::new(Wait::None));
        Wait::When { when: when.clone(), then, otherwise }
    };
    let waits = || parts.iter().map(wait).sum::<Wait>();
    let policies = [
        RetryPolicy { when: any(), once: any(), ..RetryPolicy::default() },
        RetryPolicy { when: Condition::Always, wait: waits(), ..RetryPolicy::default() },
    ];
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let plans = policies.map(|policy| RequestPlan::get("x").retry(policy)).into_iter();
    let checked = RequestPlan::get("x").response_check(!any());
    for plan in plans.chain([checked]) {
        let call = Call::new(&hook, plan, 7, NOW);
        let Step::Send { attempt, .. } = call.step(&hook, NOW) else { panic!("it sends") };
        let answer = response(200, &[], &body);
        let begun = Instant::now();
        let _ = attempt.finish(&hook, Ok(answer), NOW);
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
    }
    let polling = Polling::until(any(), Duration::from_secs(60)).wait(waits());
    let mut poll = Poll::new(&hook, RequestPlan::get("x"), polling, 7, NOW);
    let Act::Send(..) = poll.woke(NOW) else { panic!("it sends") };
    let Act::Read(answer, _) = poll.sent(Ok(response(200, &[], &body)), || NOW) else {
        panic!("it reads")
    };
    let begun = Instant::now();
    let _ = poll.read(Ok(answer), NOW);
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
}

/// Says what it is asked of one body.
struct Told(&'static str);

impl http_hook::retry::RetryOutcome for Told {
    fn failed(&self) -> bool {
        false
    }

    fn body(&self) -> Option<&[u8]> {
        Some(self.0.as_bytes())
    }
}

#[test]
fn what_stands_in_many_places_is_what_stands_in_each() {
    const BODY: &str = r#" { "a": {"b": [0, [1, {"c~/\"d": "\u00e4\ud83d\ude00"}], 1e400]},
        "a": {"b": [0, {"c": [], "c": "last", "long": [1, 2, 3, 4]}, 1e400, 18446744073709551615], "": {"": null}},
        "end": "a text that is longer than all that is asked for", "\u0061b": false, "end": 7 , "list": [[1], [1, 2]] } "#;
    let body: Value =
        serde_json::from_str(&BODY.replace("1e400", "1.7976931348623157e308")).expect("it is JSON");
    let pointers = [
        "",
        "/",
        "/a",
        "/a/b",
        "/a/b/0",
        "/a/b/00",
        "/a/b/+1",
        "/a/b/1",
        "/a/b/1/c",
        "/a/b/1/long",
        "/a/b/1/long/3",
        "/a/b/1/long/4",
        "/a/b/2",
        "/a/b/3",
        "/a/b/-",
        "/a//",
        "/a/",
        "/ab",
        "/end",
        "/end/x",
        "/list",
        "/list/1",
        "/list/1/1",
        "/list/1/1/",
        "/c~0~1\"d",
        "/none",
    ];
    let values: Vec<Value> =
        pointers.iter().filter_map(|place| body.pointer(place).cloned()).collect();
    let others = ["last", "las", "", "1"].map(Value::from).into_iter();
    let others = others.chain([
        json!([1, 2, 3]),
        json!({}),
        json!([]),
        json!({"": 1}),
        json!([[1], [1, 2, 3]]),
    ]);
    let values: Vec<Value> = values.into_iter().chain(others).collect();
    for value in &values {
        let conditions = || pointers.iter().map(|place| Condition::json(place, value.clone()));
        for (at, condition) in conditions().enumerate() {
            let expected = body.pointer(pointers[at]) == Some(value);
            assert_eq!(condition.holds(&Told(BODY)), expected, "{value} in {}", pointers[at]);
            // Asked together with all the others, it is the same.
            let all =
                conditions().fold(Condition::Never, |all, one| all | (one & Condition::Never));
            assert_eq!(
                (all | condition).holds(&Told(BODY)),
                expected,
                "{value} in {}",
                pointers[at]
            );
        }
    }
}
