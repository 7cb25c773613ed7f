//! Stored calls, pages and polls: what has too many parts is refused before the rest of it is read.

use std::time::Duration;

use http_hook::pages::{Pages, Paging};
use http_hook::poll::{Poll, Polling};
use http_hook::retry::{Condition, Wait};
use http_hook::{Call, Error, ErrorKind, Hook, RequestPlan};

use crate::invariants::series;
use crate::support::NOW;

type Resume = fn(&Hook, &str) -> Result<(), Error>;

fn call(hook: &Hook, text: &str) -> Result<(), Error> {
    Call::resume(hook, text, NOW).map(drop)
}

fn pages(hook: &Hook, text: &str) -> Result<(), Error> {
    Pages::<bytes::Bytes>::resume(hook, text, NOW).map(drop)
}

fn poll(hook: &Hook, text: &str) -> Result<(), Error> {
    Poll::<bytes::Bytes>::resume(hook, text, NOW).map(drop)
}

/// What stands behind `before`, up to the bracket that ends it.
fn list<'a>(text: &'a str, before: &str) -> &'a str {
    let from = text.find(before).expect(before) + before.len();
    let len = text[from..].find(']').expect("an end") + 1;
    &text[from..from + len]
}

#[test]
fn nothing_that_is_stored_is_read_further_than_it_goes() {
    let hook = series::hook();
    let many = |part: &str| format!("[{}]", vec![part; (4 << 20) / part.len()].join(","));
    let plan = RequestPlan::get("a")
        .header("accept", "text/csv")
        .response_check(Condition::json("/state", "CHECK"));
    let stored_call = Call::new(&hook, plan, 7, NOW).store(&hook).expect("a call");

    let fixed = Wait::fixed(Duration::from_secs(61));
    let polling = Polling::until(Condition::json("/state", "UNTIL"), Duration::from_secs(600))
        .fail_if(Condition::json("/state", "FAIL"))
        .wait(fixed.clone());
    let stored_poll = Poll::<bytes::Bytes>::new(&hook, RequestPlan::get("a"), polling, 7, NOW);
    let stored_poll = stored_poll.store().expect("a poll");
    let fixed = serde_json::to_string(&fixed).expect("a wait");
    let waits = format!("{{\"type\":\"combine\",\"strategies\":{}}}", many("{\"type\":\"none\"}"));

    let read = Pages::<bytes::Bytes>::new(&hook, RequestPlan::get("a"), Paging::link(), 7, NOW);
    let stored_pages = read.store().expect("pages");

    let rows: [(&str, Resume, &str, &str, String); 6] = [
        ("a check", call, &stored_call, "\"CHECK\"", many("0")),
        (
            "headers",
            call,
            &stored_call,
            list(&stored_call, "\"headers\":"),
            many("{\"name\":\"a\"}"),
        ),
        ("what is polled for", poll, &stored_poll, "\"UNTIL\"", many("0")),
        ("what a poll fails by", poll, &stored_poll, "\"FAIL\"", many("0")),
        ("how long a poll waits", poll, &stored_poll, &fixed, waits),
        (
            "pages that are known",
            pages,
            &stored_pages,
            list(&stored_pages, "\"known\":"),
            many("\"a\""),
        ),
    ];
    for (what, resume, text, part, much) in rows {
        resume(&hook, text).expect(what);
        assert_eq!(text.matches(part).count(), 1, "{what}: {text}");
        let error = resume(&hook, &text.replace(part, &much)).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Stored, "{what}");
        let column = error.message().rsplit(' ').next().and_then(|last| last.parse::<usize>().ok());
        assert!(column.is_some_and(|column| column < 1 << 20), "{what}: {error}");
    }
}
