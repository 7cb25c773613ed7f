//! What is wrong with an answer that passed names the call that it is of, and no secret.

use std::io::{self, Read as _};

use bytes::Bytes;
use http_hook::options::{Capabilities, Capability};
use http_hook::pages::Paging;
use http_hook::{Connection, Failure, Hook, HttpHook, RequestPlan, StopReason, blocking};
use http_hook_mock::{MockTransport, Reply, VirtualClock};

/// A base path and a parameter that are nobody's business.
fn hook() -> Hook {
    let connection =
        Connection::parse("http://u:S-pw@https%3A%2F%2Fapi.acme.test%2FS-base").expect("a URI");
    Hook::new(&connection).expect("a hook")
}

fn plan() -> RequestPlan {
    RequestPlan::get("v1/orders?page=2&token=S-token").header("x-key", "S-key")
}

const SHOWN: &str = "GET https://api.acme.test/***/v1/orders?page=2&token=***";

type Api = blocking::HttpHook<MockTransport, VirtualClock>;

fn both(reply: &Reply) -> (Api, HttpHook<MockTransport, VirtualClock>) {
    let server = || MockTransport::new([reply.clone()]);
    let (one, other) = (server(), server());
    let (clock, others) = (one.clock(), other.clock());
    (blocking::HttpHook::new(hook(), one, clock), HttpHook::new(hook(), other, others))
}

#[test]
fn an_answer_that_is_not_what_is_expected_names_its_call() {
    let rows = [
        (
            200,
            Reply::json(200, r#"[1, "S-two"]"#),
            "the answer is not the JSON expected: $[1]: expected u32, found a string",
        ),
        (
            200,
            Reply::status(200).header("content-type", "text/html").body("<S-html>"),
            "the answer is not JSON: line 1 column 1; it came as text/html",
        ),
        (204, Reply::status(204), "the answer is not JSON: its body is empty"),
    ];
    for (status, reply, says) in rows {
        let (one, other) = both(&reply);
        let get = |failure: Result<Vec<u32>, Failure>| failure.expect_err("it is not expected");
        let call = one.get("v1/orders?page=2&token=S-token").header("x-key", "S-key");
        let failure = get(call.read_json());
        let call = other.get("v1/orders?page=2&token=S-token").header("x-key", "S-key");
        let same = get(pollster::block_on(call.read_json()));
        for failure in [failure, same] {
            let (told, begin) = (failure.to_string(), says.split(" line").next().unwrap_or(says));
            assert!(told.starts_with(begin), "{told}");
            assert!(told.ends_with(&format!("; {SHOWN}, 1 attempt")), "{told}");
            assert_eq!((failure.sends(), failure.attempts()), (1, 1));
            assert!(!told.contains("S-") && !format!("{failure:?}").contains("S-"), "{failure:?}");
            assert_eq!(failure.reason(), StopReason::Check);
            assert_eq!(failure.status().map(|status| status.as_u16()), Some(status));
        }
    }
    let (one, other) = both(&Reply::json(200, "[7, 8]"));
    assert_eq!(one.get("a").read_json::<Vec<u32>>().expect("numbers"), [7, 8]);
    let same = pollster::block_on(other.get("a").read_json::<Vec<u32>>());
    assert_eq!(same.expect("numbers"), [7, 8]);
}

#[test]
fn a_failure_that_came_before_is_told_as_by_send() {
    let (one, other) = both(&Reply::status(404));
    let failure = one.get("a").read_json::<u32>().expect_err("there is nothing");
    let same = pollster::block_on(other.get("a").read_json::<u32>()).expect_err("nothing here");
    let says = "404:Not Found; GET https://api.acme.test/***/a, 1 attempt; not worth a retry";
    assert_eq!((failure.to_string(), same.to_string()), (says.to_owned(), says.to_owned()));
}

#[test]
fn a_redirect_that_was_followed_is_named_without_what_it_holds() {
    let server =
        MockTransport::new([Reply::redirect(302, "/S-base/S-there"), Reply::json(200, "{}")]);
    let api = blocking::HttpHook::new(hook(), server.clone(), server.clock());
    let failure = api.get("a").read_json::<u32>().expect_err("no number");
    let told = failure.to_string();
    let says = "; GET https://api.acme.test/***/a, led to https://api.acme.test/***, 1 attempt";
    assert!(told.ends_with(says), "{told}");
    assert_eq!((failure.sends(), failure.attempts()), (2, 1));
}

#[test]
fn a_body_that_breaks_off_while_it_is_streamed_names_its_call() {
    let reply = Reply::status(200).pieces([Bytes::from("one"), Bytes::from("two")]).breaks_off();
    let (one, other) = both(&reply);
    let says = format!("the body of the answer is not whole; {SHOWN}");

    let mut body = one.stream(plan()).expect("a head").into_body();
    let error = body.read_to_end(&mut Vec::new()).expect_err("it breaks off");
    assert_eq!(error.to_string(), says);
    let (again, _) = both(&reply);
    let body = again.stream(plan()).expect("a head").into_body();
    assert_eq!(body.collect(100).expect_err("it breaks off").to_string(), says);

    let mut body = pollster::block_on(other.stream(plan())).expect("a head").into_body();
    let error = pollster::block_on(async {
        loop {
            match body.chunk().await {
                Ok(piece) => assert!(piece.is_some(), "it breaks off"),
                Err(error) => break error,
            }
        }
    });
    assert_eq!(error.to_string(), says);
}

#[test]
fn an_item_that_is_not_what_is_expected_names_its_page() {
    let (one, _) = both(&Reply::json(200, r#"[1, "S-two"]"#));
    let mut items = one.pages(plan(), Paging::link()).items::<u32>();
    assert_eq!(items.next().expect("an item").expect("a number"), 1);
    let failure = items.next().expect("an item").expect_err("no number");
    let says =
        format!("pages: an item is not what is expected: $: expected u32, found a string; {SHOWN}");
    assert_eq!(failure.to_string(), says);
}

#[test]
fn a_time_out_in_a_streamed_body_names_its_limit() {
    struct Late;
    impl io::Read for Late {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::TimedOut.into())
        }
    }
    let can = Capabilities::none("late").with(Capability::StreamResponse);
    let late =
        blocking::from_fn(can, |_, _| Ok(http::Response::new(blocking::Body::reader(None, Late))));
    let api = blocking::HttpHook::new(hook(), late, VirtualClock::new());
    let body = api.stream(plan()).expect("a head").into_body();
    let error = body.collect(100).expect_err("it is late");
    assert_eq!(error.to_string(), format!("the body stalled (idle_timeout: 60s); {SHOWN}"));
    assert!(error.is_timeout());
}
