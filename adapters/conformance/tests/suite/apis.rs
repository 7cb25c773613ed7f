//! The servers of four APIs, held to what they say of a client: too fast, too curious, too trusting.

use std::io::{Read, Write};
use std::net::TcpStream;

use http_hook_conformance::apis::{Api, ITEMS};

struct Row {
    api: fn() -> Api,
    list: &'static str,
    circle: &'static str,
    moved: &'static str,
    credentials: &'static str,
}

const BASIC: &str = "Authorization: Basic cmVhZGVyOnNlY3JldA==";

#[rustfmt::skip]
const ROWS: [Row; 4] = [
    Row { api: Api::github, list: "/repos/o/shop/issues", circle: "/repos/o/circle/issues", moved: "/repos/o/moved/issues", credentials: "Authorization: Bearer secret" },
    Row { api: Api::shopify, list: "/admin/orders.json", circle: "/admin/circle.json", moved: "/admin/moved.json", credentials: "X-Shopify-Access-Token: secret" },
    Row { api: Api::odata, list: "/odata/Orders", circle: "/odata/Circle", moved: "/odata/Moved", credentials: BASIC },
    Row { api: Api::jira, list: "/rest/api/3/search/jql?jql=SHOP", circle: "/rest/api/3/search/jql?jql=CIRCLE", moved: "/rest/api/3/search/jql?jql=MOVED", credentials: BASIC },
];

const EARLY: &str = "it was asked again before the wait that it had asked for was over";
const STRANGER: &str = "it was asked without credentials";
const MISSING: &str = "not every item came once, in order";
const CIRCLE: &str = "the list that leads to itself was read on and on, or never";
const GIVEN_AWAY: &str = "another origin was given the credentials";

fn get(base: &str, target: &str, credentials: &str) -> String {
    let mut client = TcpStream::connect(base.trim_start_matches("http://")).expect("it listens");
    let head = format!("GET {target} HTTP/1.1\r\nHost: h\r\n{credentials}\r\n\r\n");
    client.write_all(head.as_bytes()).expect("it reads");
    client.shutdown(std::net::Shutdown::Write).expect("a socket");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("text");
    answer
}

#[test]
fn who_asks_on_and_on_is_refused_and_told() {
    for row in ROWS {
        let api = (row.api)();
        let answers: Vec<_> =
            (0..40).map(|_| get(&api.base(), row.list, row.credentials)).collect();
        let refused = answers.iter().filter(|answer| {
            ["HTTP/1.1 403", "HTTP/1.1 429"].iter().any(|status| answer.starts_with(status))
        });
        assert_eq!(refused.count(), usize::try_from(api.refused()).expect("few"), "{api:?}");
        assert!(api.refused() > 0, "{api:?}");
        assert!(api.faults(1..=ITEMS).contains(&EARLY), "{api:?}");
    }
}

#[test]
fn what_is_not_as_it_has_to_be_is_told() {
    for row in ROWS {
        let api = (row.api)();
        assert!(get(&api.base(), row.list, "").starts_with("HTTP/1.1 401"));
        assert!(api.faults(1..=ITEMS).contains(&STRANGER), "{api:?}");
        assert!(!api.faults(1..=ITEMS).contains(&MISSING), "{api:?}");
        for numbers in [(1..ITEMS).collect::<Vec<_>>(), (1..=ITEMS).chain([1]).collect()] {
            assert!(api.faults(numbers).contains(&MISSING), "{api:?}");
        }
        assert!(api.faults(1..=ITEMS).contains(&CIRCLE), "{api:?}");
        for times in 1..=9 {
            let _ = get(&api.base(), row.circle, row.credentials);
            assert_eq!(api.faults(1..=ITEMS).contains(&CIRCLE), times == 9, "{api:?}");
        }
    }
}

#[test]
fn another_origin_tells_who_gave_it_credentials() {
    for row in ROWS {
        let api = (row.api)();
        let answer = get(&api.base(), row.moved, row.credentials);
        let link = answer.split("http://").nth(1).expect("it leads elsewhere");
        let other = format!("http://{}", link.split('/').next().expect("an authority"));
        assert_ne!(other, api.base());
        assert!(get(&other, row.moved, "").starts_with("HTTP/1.1 200"));
        assert!(!api.faults(1..=ITEMS).contains(&GIVEN_AWAY), "{api:?}");
        let _ = get(&other, row.moved, row.credentials);
        assert!(api.faults(1..=ITEMS).contains(&GIVEN_AWAY), "{api:?}");
    }
}
