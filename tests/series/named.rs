//! Pages end only where no further one is named, and what is named is sent as it was written.

use bytes::Bytes;
use http_hook::pages::{Pages, Paging};
use http_hook::request::Filter;
use http_hook::{ErrorKind, Failure, Hook, Options, RequestPlan, StopReason, blocking};
use http_hook_mock::{MockTransport, Reply};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::NOW;

/// Reads all pages from `host`, and gives what was asked for, and what was the end.
fn read(host: &str, replies: Vec<Reply>, paging: Paging) -> (Vec<String>, Option<Failure>) {
    let server = MockTransport::new(replies);
    let hook = Hook::to(host).expect("a hook");
    let api = blocking::HttpHook::new(hook, server.clone(), server.clock()).with_seed(7);
    let mut end = None;
    for page in api.pages(RequestPlan::get("p"), paging) {
        end = page.err();
    }
    (server.received().iter().map(|one| one.uri.to_string()).collect(), end)
}

const HOME: &str = "https://api.example.com";

#[test]
fn a_link_that_is_named_is_followed_or_fails() {
    let long = format!("<{}>; rel=prev, </p2>; rel=next", "/a".repeat(40_000));
    let rows: Vec<(&str, Option<&str>, bool)> = vec![
        ("junk, </p2>; rel=next", Some("/p2"), false),
        ("junk; a=b, </p2>; rel=next", Some("/p2"), false),
        (&long, Some("/p2"), false),
        ("</p2>; rel=\"next", Some("/p2"), false),
        ("</a; title=b, </p2>; rel=next", Some("/p2"), false),
        ("/p2; rel=next, </p3>; rel=next", Some("/p3"), false),
        ("/p2; rel=next", None, true),
        ("</p2; rel=next", None, true),
        ("</p2; rel=next, </p1>; rel=prev", None, true),
        ("</p2> rel=next", None, true),
        ("</p2> ; ; rel=next", Some("/p2"), false),
        ("\"/p2\"; REL=\"last NEXT\"", None, true),
        ("junk", None, false),
        ("/p2; rel=prev, <", None, false),
        ("</p1>; rel=prev", None, false),
        ("</p2>; rel=next; anchor=\"#a\"", None, false),
        ("", None, false),
    ];
    for (link, leads, fails) in rows {
        let first = Reply::json(200, "[1]").header("link", link);
        let (asked, end) = read(HOME, vec![first, Reply::json(200, "[2]")], Paging::link());
        let why = link.get(..60).unwrap_or(link);
        assert_eq!(asked.get(1).map(|uri| uri.trim_start_matches(HOME)), leads, "{why}");
        assert_eq!(end.is_some(), fails, "{why}: {end:?}");
    }
}

#[test]
fn what_a_page_says_of_further_ones_is_read_or_fails() {
    let more = || Paging::page("page", 1).items("/items").more("/more");
    let total = || Paging::page("page", 1).items("/items").total("/total");
    let page = |name: &str, value: &str| format!(r#"{{"items": [1], "{name}": {value}}}"#);
    // How many pages are asked for, and whether that fails.
    let rows = [
        (more(), "more", "true", 2, false),
        (more(), "more", "\"true\"", 2, false),
        (more(), "more", "\"True\"", 2, false),
        (more(), "more", "1", 2, false),
        (more(), "more", "\"false\"", 1, false),
        (more(), "more", "0", 1, false),
        (more(), "more", "null", 1, false),
        (more(), "more", "\"yes, there is\"", 1, true),
        (more(), "more", "7", 1, true),
        (more(), "more", "[]", 1, true),
        (total(), "total", "1", 1, false),
        (total(), "total", "1.0", 1, false),
        (total(), "total", "0.1e1", 1, false),
        (total(), "total", "\"1\"", 1, false),
        (total(), "total", "2.0", 2, false),
        (total(), "total", "1e300", 2, false),
        (total(), "total", "null", 2, false),
        (total(), "total", "1.5", 1, true),
        (total(), "total", "-1", 1, true),
        (total(), "total", "\"many\"", 1, true),
        (total(), "total", "{}", 1, true),
    ];
    for (paging, name, value, pages, fails) in rows {
        let replies = vec![
            Reply::json(200, page(name, value)),
            Reply::json(200, r#"{"items": [], "more": false}"#),
        ];
        let (asked, end) = read(HOME, replies, paging);
        assert_eq!(asked.len(), pages, "{name}: {value}");
        assert_eq!(end.is_some(), fails, "{name}: {value}: {end:?}");
    }
}

#[test]
fn a_place_that_nothing_has_is_refused_before_anything_is_sent() {
    let paging = [
        Paging::cursor("next", "after"),
        Paging::next_url("next"),
        Paging::next_url("/a~2"),
        Paging::link().items("items"),
        Paging::page("page", 1).more("more"),
        Paging::page("page", 1).total("total"),
        Paging::cursor_header("no token", "after"),
        Paging::cursor_header("", "after"),
    ];
    let hook = Hook::to(HOME).expect("a hook");
    for paging in paging {
        let (asked, end) = read(HOME, vec![], paging.clone());
        let failure = end.expect("it is refused");
        assert!(asked.is_empty() && failure.reason() == StopReason::Invalid, "{paging:?}");
        let pages = Pages::<Bytes>::new(&hook, RequestPlan::get("p"), paging, 7, NOW);
        assert_eq!(pages.store().expect_err("it cannot be sent").kind(), ErrorKind::NotStorable);
    }
    for filter in [Filter::json("id"), Filter::json("/~"), Filter::header("no token")] {
        let server = MockTransport::new([]);
        let api = http_hook_mock::blocking::connect(HOME, &server).expect("a hook");
        let plan = RequestPlan::post("pay").data("1").response_filter(filter);
        let failure = api.run(plan).expect_err("it is refused");
        assert_eq!((failure.reason(), failure.sends()), (StopReason::Invalid, 0), "{failure}");
        assert!(failure.to_string().ends_with("; POST https://api.example.com/pay, 0 attempts"));
    }
}

#[test]
fn a_header_that_leads_on_is_sent_or_fails() {
    let paging = || Paging::cursor_header("x-next", "after");
    for (value, leads) in [("c1", true), ("é", true), ("", false)] {
        let first = Reply::json(200, "1").header("x-next", value);
        let (asked, end) = read(HOME, vec![first, Reply::json(200, "2")], paging());
        assert!(end.is_none() && (asked.len() == 2) == leads, "{value}: {asked:?}");
    }
}

#[test]
fn no_page_and_no_poll_leads_from_https_to_http() {
    let to = |link: &str| Reply::json(200, "[1]").header("link", &format!("<{link}>; rel=next"));
    let chain = |home: &str, allowed: bool| {
        let server = MockTransport::new([
            to("https://cdn.test/p1"),
            to("http://cdn.test/p2"),
            Reply::json(200, "[2]"),
        ]);
        let hook = Hook::to(home).expect("a hook");
        let api = blocking::HttpHook::new(hook, server.clone(), server.clock());
        let mut options = Options::default();
        options.allow_downgrade = Some(allowed);
        let plan = RequestPlan::get("p").options(options);
        let end = api.pages(plan, Paging::link()).find_map(Result::err);
        (server.received().len(), end.map(|failure| failure.cause().to_string()))
    };
    let says = Some("link: from https to http, which `allow_downgrade` does not allow".to_owned());
    for home in ["http://api.test", "https://api.test"] {
        assert_eq!(chain(home, false), (2, says.clone()), "{home}");
        assert_eq!(chain(home, true), (3, None), "{home}");
    }

    // Back to the home of the connection, and from a store.
    let server = MockTransport::new([to("https://cdn.test/p1"), to("http://api.test/p2")]);
    let hook = Hook::to("http://api.test").expect("a hook");
    let api = blocking::HttpHook::new(hook, server.clone(), server.clock());
    let mut pages = api.pages(RequestPlan::get("p"), Paging::link());
    pages.next().expect("a page").expect("it comes");
    let text = pages.pages().store().expect("it can be stored");
    let mut pages = api.resume_pages(&text).expect("it can be taken up");
    pages.next().expect("a page").expect("it comes");
    assert!(pages.next().expect("it is told").is_err() && server.received().len() == 2);

    let accepted = |to: &str| Reply::status(202).header("location", to);
    let server =
        MockTransport::new([accepted("https://ops.test/1"), accepted("http://ops.test/2")]);
    let api = http_hook_mock::blocking::connect("http://api.test", &server).expect("a hook");
    let polling = http_hook::poll::Polling::operation(std::time::Duration::from_secs(60));
    let failure = api.poll(RequestPlan::post("jobs"), polling).expect_err("it is refused");
    assert_eq!(Some(failure.cause().to_string()), says);
    assert_eq!(server.received().len(), 2);
}

const NUMBERS: [&str; 9] = [
    "18446744073709551617",
    "-9223372036854775809",
    "1e400",
    "1.10",
    "1E2",
    "-0",
    "0.1",
    "123456789012345678901234567890",
    "7",
];

#[test]
fn a_number_is_sent_and_kept_as_it_is_written() {
    let marked = NUMBERS.iter().flat_map(|number| [("", *number), ("\u{feff}", *number)]);
    for (mark, number) in marked {
        let page = format!(r#"{mark}{{"a": [{{"next": 1}}, {{"x": "]}}", "next" : {number} }}]}}"#);
        let replies = vec![Reply::json(200, page), Reply::json(200, "{}")];
        let (asked, end) = read(HOME, replies, Paging::cursor("/a/1/next", "after"));
        assert!(end.is_none(), "{number}: {end:?}");
        assert_eq!(asked[1], format!("{HOME}/p?after={number}"));

        let body =
            format!(r#"{mark} {{"id": {number}, "b/c": {{"~" : [1, {number} ,"a, \" b"] }} }} "#);
        let rows = [
            ("/id", number.to_owned()),
            ("/b~1c/~0/1", number.to_owned()),
            ("/b~1c", format!(r#"{{"~":[1,{number},"a, \" b"]}}"#)),
        ];
        for (pointer, expected) in rows {
            let server = MockTransport::new([Reply::json(200, body.clone())]);
            let api = http_hook_mock::blocking::connect(HOME, &server).expect("a hook");
            let plan = RequestPlan::get("a").response_filter(Filter::json(pointer));
            assert_eq!(api.run(plan).expect("it is there").body(), &expected, "{pointer}");
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a\"\\\\/~{}\\[\\],: é]{0,4}".prop_map(Value::from),
    ];
    let name = "[a\"\\\\/~:,0é]{0,2}";
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every place of a value, and some that it has not.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.extend([at.to_owned(), format!("{at}/00"), format!("{at}/+0"), format!("{at}/9")]);
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), all);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{at}/{name}"), all);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_place_is_found_as_it_is_read(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let mut all = Vec::new();
        places(&value, "", &mut all);
        for pointer in all {
            let server = MockTransport::new([Reply::json(200, text.clone())]);
            let api = http_hook_mock::blocking::connect(HOME, &server).expect("a hook");
            let plan = RequestPlan::get("a").response_filter(Filter::json(&*pointer));
            let got = api.run(plan).ok().map(|response| {
                serde_json::from_slice::<Value>(response.body()).unwrap_or(json!("no JSON"))
            });
            prop_assert_eq!(got.as_ref(), value.pointer(&pointer), "{} in {}", pointer, text);
        }
    }
}
