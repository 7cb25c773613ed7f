//! Pages: each way to the next one, the origin rule, the limits, and that every driver reads the same.

use std::time::Duration;

use bytes::Bytes;
use http_hook::pages::{Pages, Paging};
use http_hook::{
    Connection, ErrorKind, Failure, Hook, HttpHook, RequestPlan, StopReason, blocking,
};
use http_hook_mock::{MockTransport, Reply, VirtualClock};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::invariants::series::{self, pages_by_hand};
use crate::support::{NOW, response};

fn page(link: &str, body: &str) -> Reply {
    let reply = Reply::json(200, body.to_owned());
    if link.is_empty() { reply } else { reply.header("link", link) }
}

fn api(server: &MockTransport) -> blocking::HttpHook<MockTransport, VirtualClock> {
    blocking::HttpHook::new(series::hook(), server.clone(), server.clock()).with_seed(7)
}

fn targets(server: &MockTransport) -> Vec<String> {
    server.received().iter().map(|one| one.uri.to_string()).collect()
}

/// Reads all pages, and gives their targets without scheme and host, and what was the end.
fn read(
    server: &MockTransport,
    plan: RequestPlan,
    paging: Paging,
) -> (Vec<String>, Option<Failure>) {
    let mut end = None;
    for page in api(server).pages(plan, paging) {
        assert!(end.is_none(), "nothing comes behind a failure");
        end = page.err();
    }
    let home = "https://api.example.com";
    (targets(server).iter().map(|uri| uri.trim_start_matches(home).to_owned()).collect(), end)
}

#[test]
fn each_way_leads_to_the_next_page() {
    let get = || RequestPlan::get("orders").param("state", "open").param("page", 9);
    let first = "/v1/orders?state=open&page=9";
    let rows: Vec<(&str, Paging, Vec<Reply>, Vec<&str>)> = vec![
        (
            "a relative link, several fields and links",
            Paging::link(),
            vec![
                page("</a>; rel=prev, <orders?page=2>; title=\"a, b\"; rel=\"next last\"", "1"),
                page("<?page=3>; rel=next", "2").header("link", "<?page=7>; rel=\"next\""),
                page("<https://api.example.com/v2/x>; rel=next", "3"),
                page("</a>; rel=prev", "4"),
            ],
            vec![first, "/v1/orders?page=2", "/v1/orders?page=3", "/v2/x"],
        ),
        (
            "a URL in the body",
            Paging::next_url("/@odata.nextLink"),
            vec![
                page("", r#"{"@odata.nextLink": "https://api.example.com/v1/orders?$skip=2"}"#),
                page("", r#"{"value": []}"#),
            ],
            vec![first, "/v1/orders?$skip=2"],
        ),
        (
            "a cursor in the body, in the place of the parameter",
            Paging::cursor("/meta/next", "page"),
            vec![
                page("", r#"{"meta": {"next": "a b&c"}}"#),
                page("", r#"{"meta": {"next": 12}}"#),
                page("", r#"{"meta": {"next": ""}}"#),
            ],
            vec![first, "/v1/orders?state=open&page=a+b%26c", "/v1/orders?state=open&page=12"],
        ),
        (
            "a cursor in a header",
            Paging::cursor_header("x-next", "cursor"),
            vec![page("", "1").header("x-next", "c1"), page("", "2")],
            vec![first, "/v1/orders?state=open&page=9&cursor=c1"],
        ),
        (
            "a cursor in a header of several lines",
            Paging::cursor_header("x-next", "cursor"),
            vec![
                page("", "1").header("x-next", "").header("x-next", "c1").header("x-next", "c1"),
                page("", "2").header("x-next", "").header("x-next", ""),
            ],
            vec![first, "/v1/orders?state=open&page=9&cursor=c1"],
        ),
        (
            "the number of the page",
            Paging::page("page", 1),
            vec![page("", "[1, 2]"), page("", "[3]"), page("", "[]")],
            vec![
                "/v1/orders?state=open&page=1",
                "/v1/orders?state=open&page=2",
                "/v1/orders?state=open&page=3",
            ],
        ),
        (
            "the number of the page, until there is no more",
            Paging::page("page", 0).items("/items").more("/more"),
            vec![
                page("", r#"{"items": [1], "more": true}"#),
                page("", r#"{"items": [2], "more": false}"#),
            ],
            vec!["/v1/orders?state=open&page=0", "/v1/orders?state=open&page=1"],
        ),
        (
            "offset and limit, of a server that gives fewer",
            Paging::offset("startAt", "maxResults", 50).items("/issues").total("/total"),
            vec![
                page("", r#"{"issues": [1, 2], "total": 3}"#),
                page("", r#"{"issues": [3], "total": 3}"#),
            ],
            vec![
                "/v1/orders?state=open&page=9&startAt=0&maxResults=50",
                "/v1/orders?state=open&page=9&startAt=2&maxResults=50",
            ],
        ),
        (
            "code",
            Paging::custom(|response, first| {
                let last = response.body().as_ref() == b"2";
                Ok((!last).then(|| first.param("n", 2)))
            }),
            vec![page("", "1"), page("", "2")],
            vec![first, "/v1/orders?state=open&page=9&n=2"],
        ),
    ];
    for (why, paging, replies, expected) in rows {
        let server = MockTransport::new(replies);
        let (targets, end) = read(&server, get(), paging);
        assert!(end.is_none(), "{why}: {end:?}");
        assert_eq!(targets, expected, "{why}");
        server.assert_done();
    }
}

#[test]
fn a_link_takes_nothing_of_the_connection_to_another_origin() {
    let link = "<https://files.example.net/p2?a=1>; rel=next";
    let back = "<https://api.example.com/v1/orders?page=3>; rel=next";
    let server = MockTransport::new([
        page(link, "1"),
        Reply::status(503),
        Reply::redirect(302, "/p2/b"),
        page("<?page=x>; rel=next", "2"),
        page(back, "3"),
        page("", "4"),
    ]);
    let plan = RequestPlan::get("orders")
        .header("accept", "text/csv")
        .header("x-team", "sales")
        .bearer("own-5b0c9e")
        .retries(2);
    let (_, end) = read(&server, plan, Paging::link());
    assert!(end.is_none(), "{end:?}");
    let seen: Vec<_> = server
        .received()
        .iter()
        .map(|one| {
            let proof = one.header("authorization").is_some();
            let own = one.header("x-api-key").is_some() || one.header("x-team").is_some();
            assert_eq!(one.header("accept"), Some("text/csv"));
            (one.uri.to_string(), proof, own)
        })
        .collect();
    let foreign = |target: &str| (format!("https://files.example.net/{target}"), false, false);
    let home = |target: &str| (format!("https://api.example.com/v1/{target}"), true, true);
    assert_eq!(
        seen,
        [
            home("orders"),
            foreign("p2?a=1"),
            foreign("p2?a=1"),
            foreign("p2/b"),
            foreign("p2/b?page=x"),
            home("orders?page=3"),
        ]
    );
}

#[test]
fn a_link_that_must_not_be_followed_is_the_end() {
    let rows = [
        (
            "http://api.example.com/v1/orders",
            ErrorKind::Redirect,
            "link: from https to http, which `allow_downgrade` does not allow",
        ),
        ("ftp://api.example.com/", ErrorKind::UnsupportedScheme, ""),
        ("https://", ErrorKind::Url, ""),
        ("?page=2", ErrorKind::Limit, "pages: what leads on leads to a page that was read before"),
    ];
    for (target, kind, says) in rows {
        let link = format!("<{target}>; rel=next");
        let server = MockTransport::matching([page(&link, "1").always()]);
        let (targets, end) = read(&server, RequestPlan::get("orders"), Paging::link());
        let failure = end.expect(target);
        let http_hook::Cause::Request(error) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(error.kind(), kind, "{target}: {error}");
        assert!(error.to_string().contains(says), "{target}: {error}");
        assert!(targets.len() <= 2, "{targets:?}");
    }
}

/// To another origin goes what nobody there could act on: also where the way there was a redirect, or the link is in the body.
#[test]
fn a_header_that_leads_on_to_two_pages_is_an_error() {
    let replies = vec![page("", "1").header("x-next", "c1").header("x-next", "c2")];
    let server = MockTransport::new(replies);
    let paging = Paging::cursor_header("x-next", "cursor");
    let (targets, end) = read(&server, RequestPlan::get("orders"), paging);
    assert_eq!(targets.len(), 1);
    assert_eq!(end.expect("an error").to_string(), "pages: the header that leads on differs");
}

#[test]
fn only_a_get_or_head_without_a_body_follows_a_link_to_another_origin() {
    let query = serde_json::json!({"q": 1});
    let plans = [
        ("GET", RequestPlan::get("search"), true),
        ("GET with parameters", RequestPlan::get("search").data("q=1"), true),
        ("HEAD", RequestPlan::head("search"), true),
        ("GET with a body", RequestPlan::get("search").json(&query), false),
        ("HEAD with a body", RequestPlan::head("search").json(&query), false),
        ("POST", RequestPlan::post("search"), false),
        ("POST with a body", RequestPlan::post("search").data("q"), false),
        ("PUT", RequestPlan::put("search"), false),
        ("DELETE", RequestPlan::delete("search"), false),
        ("OPTIONS", RequestPlan::new(http::Method::OPTIONS, "search"), false),
    ];
    let (home, other) = ("https://api.example.com/v1/p2", "https://files.example.net/p2");
    for (what, plan, may_leave) in plans {
        for (target, leaves) in [(home, false), (other, true)] {
            let by_link = || page(&format!("<{target}>; rel=next"), "1");
            let in_body = || page("", &format!("{{\"next\": \"{target}\"}}"));
            let ways = [
                (Paging::link(), vec![by_link(), page("", "2")]),
                (Paging::next_url("/next"), vec![in_body(), page("", "{}")]),
                (Paging::link(), vec![Reply::redirect(307, "/v1/moved"), by_link(), page("", "2")]),
            ];
            for (paging, replies) in ways {
                let sends = replies.len();
                let server = MockTransport::new(replies);
                let (targets, end) = read(&server, plan.clone(), paging);
                if !leaves || may_leave {
                    assert!(end.is_none(), "{what} {target}: {end:?}");
                    let last = target.trim_start_matches("https://api.example.com");
                    assert!(targets.len() == sends && targets[sends - 1] == last, "{targets:?}");
                } else {
                    let says = "link: to another origin only a GET or HEAD without a body goes";
                    assert_eq!(end.expect(what).cause().to_string(), says, "{what}");
                    assert_eq!(targets.len(), sends - 1, "{what}: {targets:?}");
                }
            }
        }
        // A redirect takes the call there, as redirects do; what is named there is still another origin's.
        let server = MockTransport::new([
            Reply::redirect(307, "https://files.example.net/p1"),
            page("<?page=2>; rel=next", "1"),
            page("", "2"),
        ]);
        let (targets, end) = read(&server, plan, Paging::link());
        assert_eq!(end.is_none(), may_leave, "{what}: {end:?}");
        assert_eq!(targets.len(), if may_leave { 3 } else { 2 }, "{what}: {targets:?}");
    }
}

#[test]
fn a_circle_of_any_length_ends() {
    for length in [1_u64, 2, 3, 7, 1500] {
        let mut n = 0_u64;
        let trace = pages_by_hand(
            &series::hook(),
            &RequestPlan::get("orders"),
            &Paging::link(),
            false,
            |_| {
                n += 1;
                let link = format!("<?page={}>; rel=next", n % length);
                let response = http::Response::builder().header("link", link);
                Ok(response.body(Bytes::new()).expect("a response"))
            },
        );
        assert!(trace.last().expect("an end").contains("read before"), "{length}");
        assert!(n <= 4 * length + 2, "{length}: {n} pages");
    }
}

#[test]
fn limits_end_before_the_page_that_is_too_much() {
    let rows = [
        (Paging::page("page", 1).max_pages(3), "pages: more than max_pages", 3),
        (Paging::page("page", 1).max_items(4), "pages: more than max_items", 2),
        (Paging::page("page", 1).max_bytes(7), "pages: more than max_bytes", 2),
    ];
    for (paging, says, pages) in rows {
        let server = MockTransport::matching([page("", "[1,2]").always()]);
        let (targets, end) = read(&server, RequestPlan::get("orders"), paging);
        let failure = end.expect(says);
        assert_eq!(
            (failure.reason(), failure.cause().to_string()),
            (StopReason::Stopped, says.to_owned())
        );
        assert_eq!(targets.len(), pages, "{says}");
    }
}

#[test]
fn each_page_is_retried_on_its_own() {
    let server = MockTransport::new([
        Reply::status(503),
        page("<?page=2>; rel=next", "1"),
        Reply::status(503),
        Reply::interrupted(),
        page("<?page=3>; rel=next", "2"),
        Reply::status(503).times(3),
    ]);
    let (targets, end) = read(&server, RequestPlan::get("orders").retries(2), Paging::link());
    let failure = end.expect("the third page does not come");
    assert_eq!((failure.reason(), failure.attempts()), (StopReason::Attempts, 3));
    assert_eq!(targets.len(), 8);
}

#[test]
fn items_come_one_by_one() {
    let replies = || {
        [
            page("", r#"{"items": [1, 2], "next": "a"}"#),
            page("", r#"{"items": [], "next": "b"}"#),
            page("", r#"{"items": [3], "next": null}"#),
        ]
    };
    let paging = || Paging::cursor("/next", "after").items("/items");
    let server = MockTransport::new(replies());
    let own = api(&server);
    let items = own.pages(RequestPlan::get("a"), paging()).items::<u32>();
    assert_eq!(items.collect::<Result<Vec<_>, _>>().expect("numbers"), [1, 2, 3]);

    let server = MockTransport::new(replies());
    let api_async = HttpHook::new(series::hook(), server.clone(), server.clock()).with_seed(7);
    let mut items = api_async.pages(RequestPlan::get("a"), paging()).items::<u32>();
    pollster::block_on(async {
        assert_eq!(items.next().await.expect("an item").expect("a number"), 1);
        assert_eq!(items.collect().await.expect("numbers"), [2, 3], "those that are left");
    });

    let server = MockTransport::new(replies().into_iter().take(1));
    let api_async = HttpHook::new(series::hook(), server.clone(), server.clock()).with_seed(7);
    let items = api_async.pages(RequestPlan::get("a"), paging()).items::<u32>();
    pollster::block_on(items.collect())
        .expect_err("a page that fails leaves no list that looks whole");

    let server = MockTransport::new(replies());
    let own = api(&server);
    let mut items = own.pages(RequestPlan::get("a"), paging()).items::<String>();
    let failure = items.next().expect("an item").expect_err("a number is no text");
    assert_eq!(
        failure.cause().to_string(),
        "pages: an item is not what is expected: $: expected a string, found an integer"
    );
    assert!(items.next().is_none() && targets(&server).len() == 1);
}

/// A number keeps its digits where what is read has room for them, however it is written.
#[test]
fn items_keep_their_digits() {
    #[derive(serde::Deserialize)]
    struct Order {
        id: u128,
    }
    let body = r#"{"items": [ 18446744073709551617 , {"id":340282366920938463463374607431768211455},
        [1.10, "a, ]"], 1e400, 7 ]}"#;
    let paging = || Paging::cursor("/next", "after").items("/items");
    let page = || page("", body);
    let plan = || RequestPlan::get("a");

    let server = MockTransport::new([page()]);
    let own = api(&server);
    let first = own.pages(plan(), paging()).items::<u128>().next().expect("an item");
    assert_eq!(first.expect("a number"), 18_446_744_073_709_551_617);
    let server =
        MockTransport::new([Reply::json(200, body.replace("18446744073709551617", "{\"id\":1}"))]);
    let own = api(&server);
    let orders: Vec<_> = own.pages(plan(), paging()).items::<Order>().take(2).collect();
    let ids: Vec<_> = orders.into_iter().map(|order| order.expect("an order").id).collect();
    assert_eq!(ids, [1, u128::MAX]);

    let server =
        MockTransport::new([Reply::json(200, format!("\u{feff}{body}").replace("1e400", "3"))]);
    let own = api(&server);
    let items: Vec<Value> =
        own.pages(plan(), paging()).items().collect::<Result<_, _>>().expect("items");
    assert_eq!(items.len(), 5);
    assert_eq!(items[2..], [json!([1.1, "a, ]"]), json!(3), json!(7)]);

    let server = MockTransport::new([page()]);
    let own = api(&server);
    let items: Vec<_> = own.pages(plan(), paging()).items::<Value>().collect();
    assert_eq!(items.len(), 4, "what cannot be read is the end");
    assert!(items[3].is_err(), "no number becomes another");
}

#[test]
fn the_three_drivers_read_the_same() {
    let replies = || {
        vec![
            Reply::busy(2),
            page("<?page=2>; rel=next", "1"),
            Reply::redirect(302, "/v1/moved"),
            page("<?page=3>; rel=next", "2"),
            Reply::interrupted(),
            page("", "3"),
        ]
    };
    let plan = || RequestPlan::get("orders").retries(3);
    let seen = |server: &MockTransport| -> Vec<String> {
        let all = server.received().into_iter();
        all.map(|one| format!("{} {:?} {:?}", one.uri, one.headers, one.at)).collect()
    };
    let by_blocking = MockTransport::new(replies());
    let own = api(&by_blocking);
    let pages: Vec<Bytes> =
        own.pages(plan(), Paging::link()).map(|page| page.expect("a page").into_body()).collect();
    assert_eq!(pages, ["1", "2", "3"]);

    let by_async = MockTransport::new(replies());
    let own = HttpHook::new(series::hook(), by_async.clone(), by_async.clock()).with_seed(7);
    let mut read = own.pages(plan(), Paging::link());
    pollster::block_on(async { while read.next().await.is_some() {} });
    assert_eq!(seen(&by_async), seen(&by_blocking));

    // Between two pages in another process each time.
    let in_legs = MockTransport::new(replies());
    let mut stored: Option<String> = None;
    loop {
        let own = api(&in_legs);
        let mut read = match &stored {
            None => own.pages(plan(), Paging::link()),
            Some(text) => own.resume_pages(text).expect("it can be taken up"),
        };
        read.next().expect("a page").expect("it comes");
        if read.pages().is_over() {
            break;
        }
        stored = Some(read.pages().store().expect("it can be stored"));
    }
    assert_eq!(seen(&in_legs), seen(&by_blocking));
    let clock = by_blocking.clock();
    assert_eq!(clock.sleeps(), in_legs.clock().sleeps());
}

#[test]
fn a_stored_page_that_was_under_way_is_taken_up_as_any_call() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let plan = RequestPlan::get("orders").retries(3);
    let mut pages = Pages::<Bytes>::new(&hook, plan, Paging::link(), 7, NOW);
    let http_hook::Act::Send(..) = pages.woke(NOW) else { panic!("it is sent") };
    let text = pages.store().expect("it can be stored");
    let mut again = Pages::<Bytes>::resume(&hook, &text, NOW).expect("it can be taken up");
    let http_hook::Act::Sleep(wait) = again.woke(NOW) else { panic!("it may have been seen") };
    assert!(wait > Duration::ZERO);

    let other = Hook::new(&Connection::new().with_host("https://other.example")).expect("a hook");
    for (hook, text) in [
        (&other, text.clone()),
        (&hook, text.replace("orders", "secret")),
        (&hook, "{}".to_owned()),
    ] {
        let error = Pages::<Bytes>::resume(hook, &text, NOW).map(|_| ()).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Stored);
    }
    let code =
        Pages::<Bytes>::new(&hook, RequestPlan::get("a"), Paging::custom(|_, _| Ok(None)), 7, NOW);
    assert_eq!(code.store().expect_err("code").kind(), ErrorKind::NotStorable);
}

proptest! {
    #[test]
    fn any_link_header_is_read(bytes in prop::collection::vec(any::<u8>(), 0..128)) {
        series::link_header(&bytes);
    }

    #[test]
    fn any_pages_come_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        series::pages(&bytes);
    }
}

#[test]
fn items_that_are_no_array_are_told_with_their_place() {
    let rows = [
        (
            Paging::link(),
            "pages: the page is no array, and nothing else is named as the place of its items",
        ),
        (Paging::link().items("/meta"), "pages: the items are no array, at /meta"),
    ];
    for (paging, says) in rows {
        let page = response(200, &[], r#"{"items": [1], "meta": {"next": 2}}"#);
        assert_eq!(paging.items_of(&page).expect_err("no array").to_string(), says);
    }
}
