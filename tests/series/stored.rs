//! Stored calls, pages and polls: what has too many parts is refused before the rest of it is read.

use std::time::Duration;

use http_hook::fanout::Fanout;
use http_hook::pages::{Pages, Paging};
use http_hook::poll::{Poll, Polling};
use http_hook::retry::{Condition, Wait};
use http_hook::{Act, Call, Connection, Error, ErrorKind, Hook, Options, RequestPlan, Step};

use crate::invariants::series;
use crate::support::{NOW, response};

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

fn calls(hook: &Hook, text: &str) -> Result<(), Error> {
    Fanout::<_, bytes::Bytes>::resume(hook, text, none(), NOW).map(drop)
}

fn none() -> std::iter::Empty<RequestPlan> {
    std::iter::empty()
}

/// Two calls of which the first is under way, and the result of the second waits for it.
fn fanout(hook: &Hook) -> Fanout<'_, std::vec::IntoIter<RequestPlan>, bytes::Bytes> {
    let plans = vec![RequestPlan::get("a"), RequestPlan::get("b")].into_iter();
    let mut calls = Fanout::new(hook, plans, 2, 7).in_order();
    for _ in 0..2 {
        assert!(matches!(calls.next(NOW), Some((_, Act::Send(..)))));
    }
    calls.sent(1, Ok(response(200, &[("x-a", "1")], "")), || NOW);
    if let Some((slot, Act::Read(body, _))) = calls.next(NOW) {
        calls.read(slot, Ok(body), NOW);
    }
    calls
}

/// A text that could be written is read; what is longer is not looked at.
#[test]
fn a_stored_fan_out_has_a_longest_text() {
    let hook = series::hook();
    let longest = Fanout::<std::iter::Empty<RequestPlan>, bytes::Bytes>::MAX_STORED;
    let error = calls(&hook, &" ".repeat(longest + 1)).expect_err("it is too long");
    assert_eq!(error.to_string(), "the stored calls are too long");
    let plans = (0..10_001).map(|_| RequestPlan::get("a"));
    let mut all = Fanout::<_, bytes::Bytes>::new(&hook, plans, 20_000, 7);
    while all.next(NOW).is_some() {}
    assert_eq!(all.outstanding(), 10_001);
    assert_eq!(all.store().expect_err("it is too much").kind(), ErrorKind::NotStorable);
    assert!(calls(&hook, &fanout(&hook).store().expect("calls")).is_ok());
}

/// What is kept and cannot be taken up is lost without a word: it is refused when it is to be kept.
#[test]
fn what_can_be_stored_can_be_taken_up_however_long_it_is() {
    let hook = series::hook();
    let refused = |what: &str, bytes: usize, error: &Error| {
        assert_eq!(error.kind(), ErrorKind::NotStorable, "{what}: {bytes}: {error}");
        assert!(error.to_string().contains("more than 16 MiB"), "{what}: {bytes}: {error}");
        false
    };
    // What stands in a text as it is, and what takes six bytes, twice over where texts hold texts.
    for (filled, bytes) in [("a", 1 << 20), ("a", 17 << 20), ("\u{1}", 3 << 20)] {
        let plan = || RequestPlan::post("a").data(filled.repeat(bytes));
        let one = || Call::new(&hook, plan(), 7, NOW);
        let taken = |what: &str, stored: Result<String, Error>, resume: Resume| match stored {
            Ok(text) => resume(&hook, &text).map(|()| true).expect(what),
            Err(error) => refused(what, bytes, &error),
        };
        let whole = taken("a call", one().store(&hook), call);
        let Step::Send { attempt, .. } = one().step(&hook, NOW) else { panic!("it is sent") };
        assert_eq!(taken("an attempt", attempt.store(&hook), call), whole);
        let paging = Pages::<bytes::Bytes>::new(&hook, plan(), Paging::link(), 7, NOW);
        taken("pages", paging.store(), pages);
        let polling = Polling::until(Condition::status(200..=200), Duration::from_secs(600));
        let polled = Poll::<bytes::Bytes>::new(&hook, plan(), polling, 7, NOW);
        taken("a poll", polled.store(), poll);
        let parts = one().store_plan(&hook).map(|plan| (plan, one().store_progress(&hook)));
        match parts {
            Ok((plan, progress)) => {
                let progress = progress.expect("the plan can be stored");
                let options = Options::default();
                let _ =
                    Call::resume_parts(&hook, &plan, &progress, &options, NOW).expect("its parts");
            }
            Err(error) => assert!(!refused("a plan", bytes, &error)),
        }
        assert_eq!(whole, bytes == 1 << 20, "{filled:?} {bytes}");
    }
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

    let stored_fanout = fanout(&hook).store().expect("calls");
    let part = |name: &str, ends: &str| {
        let rest = stored_fanout.split_once(&format!("\"{name}\":")).expect(name).1;
        rest.split_once(ends).expect(name).0.to_owned()
    };
    let (one, other) = (part("calls", ",\"results\""), part("results", ",\"digest\""));
    let entries = |value: &str| {
        let all: Vec<_> = (0..200_000).map(|slot| format!("\"{slot}\":{value}")).collect();
        format!("{{{}}}", all.join(","))
    };
    let pairs = list(&stored_fanout, "\"headers\":");

    let rows: [(&str, Resume, &str, &str, String); 9] = [
        ("calls of a fan-out", calls, &stored_fanout, &one, entries("\"\"")),
        ("results of a fan-out", calls, &stored_fanout, &other, entries("{}")),
        ("headers of a result", calls, &stored_fanout, pairs, many("[\"a\",\"b\"]")),
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

/// Whatever is stored, whenever, is its hook's: also where no call is under way, of which the mark would be.
#[test]
fn nothing_that_is_stored_is_taken_up_by_another_hook() {
    let connection = |host: &str| Connection::new().with_host(host);
    let hook_of = |connection: &Connection| Hook::new(connection).expect("a hook");
    let own = connection("https://api.example.com/v1");
    let hook = hook_of(&own);
    let of_id = |id: &str| own.clone().with_id(id).expect("an id");
    let others = [
        ("another origin", connection("https://other.example/v1")),
        ("http for https", connection("http://api.example.com/v1")),
        ("another port", connection("https://api.example.com:8443/v1")),
        ("another base", connection("https://api.example.com/v2/payments")),
        ("no base", connection("https://api.example.com")),
        ("another id", of_id("other")),
    ];
    let plan = || RequestPlan::post("transfer").data("1").allow_resend();

    let polling = Polling::until(Condition::statuses(&[200]), Duration::from_secs(600));
    let mut poll_asked = Poll::<bytes::Bytes>::new(&hook, plan(), polling, 7, NOW);
    let poll_new = poll_asked.store().expect("a poll");
    assert!(matches!(poll_asked.woke(NOW), Act::Send(..)));
    let poll_sent = poll_asked.store().expect("a poll");
    let Act::Read(body, _) = poll_asked.sent(Ok(response(202, &[], "")), || NOW) else {
        panic!("a body")
    };
    assert!(matches!(poll_asked.read(Ok(body), NOW), Act::Sleep(_)));
    let poll_asleep = poll_asked.store().expect("a poll");

    let mut read = Pages::<bytes::Bytes>::new(&hook, RequestPlan::get("a"), Paging::link(), 7, NOW);
    let pages_new = read.store().expect("pages");
    assert!(matches!(read.woke(NOW), Act::Send(..)));
    let pages_sent = read.store().expect("pages");
    let page = response(200, &[("link", "</v1/b>; rel=next")], "[]");
    let Act::Read(body, _) = read.sent(Ok(page), || NOW) else { panic!("a body") };
    assert!(matches!(read.read(Ok(body), NOW), Act::Done(Ok(_))));
    let pages_between = read.store().expect("pages");

    let none_begun = Fanout::<_, bytes::Bytes>::new(&hook, vec![plan()].into_iter(), 2, 7);
    let none_begun = none_begun.store().expect("calls");
    let mut one = Fanout::<_, bytes::Bytes>::new(&hook, vec![plan()].into_iter(), 2, 7);
    let Some((slot, Act::Send(..))) = one.next(NOW) else { panic!("a send") };
    let one_sent = one.store().expect("calls");
    one.sent(slot, Ok(response(200, &[], "")), || NOW);
    let Some((slot, Act::Read(body, _))) = one.next(NOW) else { panic!("a body") };
    one.read(slot, Ok(body), NOW);
    let one_done = one.store().expect("calls");

    let waits = Call::new(&hook, plan(), 7, NOW).store(&hook).expect("a call");
    let rows: [(&str, Resume, &str); 10] = [
        ("a call", call, &waits),
        ("a poll before it begins", poll, &poll_new),
        ("a poll under way", poll, &poll_sent),
        ("a poll asleep", poll, &poll_asleep),
        ("pages before the first", pages, &pages_new),
        ("a page under way", pages, &pages_sent),
        ("pages before the second", pages, &pages_between),
        ("calls before the first", calls, &none_begun),
        ("calls under way", calls, &one_sent),
        ("the results of calls", calls, &one_done),
    ];
    for (what, resume, text) in rows {
        resume(&hook_of(&own), text).expect(what);
        for (which, other) in &others {
            let error = resume(&hook_of(other), text).expect_err(&format!("{what}: {which}"));
            assert_eq!(error.kind(), ErrorKind::Stored, "{what}: {which}");
            assert!(error.message().contains("another"), "{what}: {which}: {error}");
        }
        // What was stored before it said whose it is.
        if !std::ptr::fn_addr_eq(resume, call as Resume) {
            let older = text.replacen("\"version\":2", "\"version\":1", 1);
            let (before, rest) = older.split_once("\"owner\":{").expect("an owner");
            let (_, rest) = rest.split_once("},").expect("its end");
            let older = format!("{before}{rest}");
            let error = resume(&hook, &older).expect_err(what);
            assert!(error.message().contains("of an older version"), "{what}: {error}");
        }
    }
}

#[test]
fn a_cursor_that_repeats_what_is_the_connection_s_is_not_stored() {
    let connection = Connection::new().with_host("https://api.example.com/v1?key=k3y-of-9");
    let hook =
        Hook::new(&connection.with_login("svc").with_password("hunter2-9Z")).expect("a hook");
    for (cursor, is_stored) in [("page-2", true), ("hunter2-9Z", false), ("aHVudGVyMi05Wg", false)]
    {
        let plan = RequestPlan::get("items").param("cursor", "of the call");
        let paging = Paging::cursor_header("x-next", "cursor");
        let mut pages = Pages::<bytes::Bytes>::new(&hook, plan, paging, 7, NOW);
        let Some(Act::Send(..)) = Some(pages.woke(NOW)) else { panic!("a page is asked for") };
        assert!(pages.store().is_ok(), "the first page is the call's own");
        let answer = response(200, &[("x-next", cursor)], "{}");
        let Act::Read(body, _) = pages.sent(Ok(answer), || NOW) else { panic!("it is read") };
        assert!(matches!(pages.read(Ok(body), NOW), Act::Done(Ok(_))), "a page");
        let stored = pages.store();
        assert_eq!(stored.is_ok(), is_stored, "{cursor}: {stored:?}");
    }
}
