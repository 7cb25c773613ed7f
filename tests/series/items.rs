//! Items that are read one by one, stopped anywhere, and gone on with in another process.

use bytes::Bytes;
use http_hook::blocking::HttpHook;
use http_hook::pages::Paging;
use http_hook::{Connection, ErrorKind, Hook};
use http_hook_mock::blocking::{connect, from_hook};
use http_hook_mock::{MockTransport, Reply, VirtualClock};
use proptest::prelude::*;

type Api = HttpHook<MockTransport, VirtualClock>;

/// Pages of so many items each, numbered from 0 on.
fn api(pages: &[usize]) -> (Api, Vec<u64>) {
    let (mut replies, mut all) = (Vec::new(), Vec::new());
    for (at, count) in pages.iter().enumerate() {
        let first = all.len() as u64;
        let items: Vec<_> = (first..first + *count as u64).collect();
        let next = (at + 1 < pages.len()).then(|| format!("c{at}"));
        replies.push(Reply::json(200, serde_json::json!({"ids": items, "next": next}).to_string()));
        all.extend(items);
    }
    (connect("https://api.example.test", MockTransport::new(replies)).expect("a hook"), all)
}

fn paging() -> Paging {
    Paging::cursor("/next", "cursor").items("/ids")
}

proptest! {
    /// Wherever it is stopped, and however often, each item is read once.
    #[test]
    fn no_item_is_lost_or_read_twice(
        pages in prop::collection::vec(0..4_usize, 1..5),
        stops in prop::collection::vec(0..4_usize, 0..5),
    ) {
        let (api, all) = api(&pages);
        let mut items = api.pages(api.get("v1/orders"), paging()).items::<u64>();
        let mut read = Vec::new();
        for stop in stops {
            read.extend(items.by_ref().take(stop).map(|item| item.expect("an item")));
            let Ok(text) = items.store() else {
                prop_assert!(items.next().is_none(), "what is not stored is over");
                break;
            };
            drop(items);
            let resumed = api.resume_pages(&text).expect("it is taken up");
            prop_assert!(!resumed.pages().is_over());
            prop_assert_eq!(resumed.pages().store().expect("again"), text);
            items = resumed.items();
        }
        read.extend(items.map(|item| item.expect("an item")));
        prop_assert_eq!(read, all);
    }
}

#[test]
fn whoever_reads_pages_does_not_leave_out_the_items_that_were_stored_with_them() {
    for count in [&[3][..], &[3, 3]] {
        let (api, _) = api(count);
        let mut items = api.pages(api.get("v1/orders"), paging()).items::<u64>();
        items.next().expect("an item").expect("which is read");
        let mut pages = api.resume_pages(&items.store().expect("a text")).expect("pages");
        let failure = pages.next().expect("not the end").expect_err("two items are left");
        assert!(failure.to_string().contains("`items` gives"), "{failure}");
        assert!(pages.next().is_none(), "after a failure there is nothing");
    }
}

#[test]
fn items_that_are_left_are_as_they_were_written_or_nothing_is_taken_up() {
    let body = r#"{"ids": [1, 18446744073709551616123, {"a" : "\u00e9é"}], "next": "c"}"#;
    let api = connect("https://api.example.test", [Reply::json(200, body)]).expect("a hook");
    let mut items = api.pages(api.get("v1/orders"), paging()).items::<serde_json::Value>();
    items.next().expect("an item").expect("which is read");
    let text = items.store().expect("a text");
    assert!(text.contains(r#"[18446744073709551616123,{\"a\" : \"\\u00e9é\"}]"#), "{text}");
    let changed = text.replace("18446744073709551616123", "2");
    assert_eq!(api.resume_pages(&changed).expect_err("another item").kind(), ErrorKind::Stored);
}

#[test]
fn an_item_that_repeats_what_is_the_connection_s_is_not_stored() {
    let connection = Connection::new().with_host("https://api.example.test");
    let hook =
        Hook::new(&connection.with_login("svc").with_password("hunter2-9Z")).expect("a hook");
    let body = r#"{"ids": ["a", "hunter2-9Z", "c"]}"#;
    let api = from_hook(hook, [Reply::json(200, Bytes::from(body))]);
    let mut items = api.pages(api.get("v1/orders"), paging()).items::<String>();
    items.next().expect("an item").expect("which is read");
    assert_eq!(items.store().expect_err("a secret").kind(), ErrorKind::NotStorable);
    items.next().expect("an item").expect("which is read");
    assert!(items.store().is_ok(), "it was taken");
}
