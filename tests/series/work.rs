//! What pages take of a server that says much takes time in proportion to it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_hook::pages::{Pages, Paging, link};
use http_hook::{Act, Hook, RequestPlan};

use crate::support::{NOW, response};

/// Where each link is looked for to the end of the field, this many bytes take ten seconds and more.
const LONGEST: Duration = Duration::from_secs(2);
const SIZE: usize = 600_000;

#[test]
fn a_long_field_of_links_is_read_once() {
    let units = [
        "<,",
        "<",
        "<;,",
        "<a>;a=\"b,",
        "<a>;a=\"\\\",",
        "<a>b;",
        "<\u{fffd},",
        "<a>;a=\\\"",
        ";\"",
        ", ;rel",
    ];
    for unit in units {
        for end in ["", ",\">,<z>;rel=next"] {
            let text = unit.repeat(SIZE / unit.len()) + end;
            let mut headers = HeaderMap::new();
            headers.insert("link", HeaderValue::from_bytes(text.as_bytes()).expect("a value"));
            let begun = Instant::now();
            let _ = link(&headers, "next");
            assert!(begun.elapsed() < LONGEST, "{unit} {end} {:?}", begun.elapsed());
        }
    }
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let plan = RequestPlan::get("items");
    let mut pages: Pages<'_, Bytes> = Pages::new(&hook, plan, Paging::link(), 7, NOW);
    let Act::Send(..) = pages.woke(NOW) else { panic!("it sends") };
    let long = "<,".repeat(SIZE / 2);
    let answer = response(200, &[("link", &long)], "");
    let Act::Read(answer, _) = pages.sent(Ok(answer), || NOW) else { panic!("it reads") };
    let begun = Instant::now();
    let Act::Done(Ok(_)) = pages.read(Ok(answer), NOW) else { panic!("it is the last page") };
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
}
