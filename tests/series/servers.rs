//! Servers that page as GitHub, Shopify, `OData` services and Jira do: every item once, no limit broken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_hook::blocking::{Body, from_fn};
use http_hook::gates::{GateSettings, Gates, RateSettings};
use http_hook::pages::Paging;
use http_hook::{Connection, Hook, RequestPlan, RetryPolicy, Timestamp, blocking};
use http_hook_mock::VirtualClock;
use serde_json::{Value, json};

const ITEMS: u64 = 237;

/// What a server saw, and how often it was asked for more than it allows.
#[derive(Default)]
struct Log {
    sends: Vec<Timestamp>,
    refused: u32,
    /// Broken off, each third time.
    faults: u32,
}

fn query(request: &Request<Body>) -> BTreeMap<String, String> {
    let text = request.uri().query().unwrap_or_default().to_owned();
    form_urlencoded(&text)
}

/// Enough of it for these servers.
fn form_urlencoded(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let plain = |text: &str| text.replace("%24", "$").replace("%3D", "=").replace("%3d", "=");
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

/// Reads all items of such a server, which allows a request each `pause`; returns its log.
fn read(
    answer: impl Fn(&BTreeMap<String, String>, &str) -> (Vec<(&'static str, String)>, Value)
    + Send
    + Sync
    + 'static,
    plan: RequestPlan,
    paging: Paging,
    pause: Duration,
) -> (Vec<u64>, Log) {
    let log = Arc::new(Mutex::new(Log::default()));
    let clock = VirtualClock::new();
    let (own, time) = (Arc::clone(&log), clock.clone());
    let server = from_fn(http_hook_mock::everything("server"), move |request: Request<Body>, _| {
        let now = blocking::Clock::now(&time);
        let mut log = own.lock().expect("one thread");
        assert!(request.headers().contains_key("authorization"));
        let too_soon = log.sends.last().is_some_and(|last| now.since(*last) < pause);
        if too_soon {
            log.refused += 1;
            let response = Response::builder().status(429).header("retry-after", "2");
            return Ok(response.body(Body::default()).expect("a response"));
        }
        log.sends.push(now);
        if log.sends.len() % 3 == 0 {
            log.faults += 1;
            return Ok(Response::builder().status(503).body(Body::default()).expect("a response"));
        }
        let (headers, body) = answer(&query(&request), request.uri().path());
        let mut response = Response::builder();
        for (name, value) in headers {
            response = response.header(name, value);
        }
        Ok(response.body(Bytes::from(body.to_string()).into()).expect("a response"))
    });
    let connection =
        Connection::new().with_host("https://api.example.com").with_login("u").with_password("p");
    let rate = RateSettings { per_second: 1.0 / pause.as_secs_f64(), burst: 1 };
    let gates = Gates::new(&GateSettings { rate: Some(rate), ..GateSettings::default() })
        .expect("settings");
    let hook = Hook::builder(&connection)
        .policy(RetryPolicy::default())
        .gates(gates)
        .build()
        .expect("a connection");
    let api = blocking::HttpHook::new(hook, server, clock).with_seed(7);
    let items = api.pages(plan, paging).items::<Value>();
    let ids = items.map(|item| item.expect("an item")["id"].as_u64().expect("a number")).collect();
    let log = std::mem::take(&mut *log.lock().expect("one thread"));
    (ids, log)
}

fn items(from: u64, count: u64) -> Vec<Value> {
    (from..(from + count).min(ITEMS)).map(|id| json!({"id": id})).collect()
}

fn number(query: &BTreeMap<String, String>, name: &str, otherwise: u64) -> u64 {
    query.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn check(what: &str, (ids, log): (Vec<u64>, Log), pages: usize) {
    assert_eq!(ids, (0..ITEMS).collect::<Vec<_>>(), "{what}: every item once");
    assert_eq!(log.refused, 0, "{what}: no more than it allows");
    assert!(log.faults > 0, "{what}: it failed now and then");
    assert!(log.sends.len() >= pages, "{what}");
}

#[test]
fn like_github() {
    let answer = |query: &BTreeMap<String, String>, path: &str| {
        let (page, size) = (number(query, "page", 1), number(query, "per_page", 30));
        let link = |page: u64, rel: &str| {
            format!("<https://api.example.com{path}?per_page={size}&page={page}>; rel=\"{rel}\"")
        };
        let last = ITEMS.div_ceil(size);
        let links = if page < last {
            format!("{}, {}", link(page + 1, "next"), link(last, "last"))
        } else {
            link(1, "first")
        };
        (vec![("link", links)], Value::from(items((page - 1) * size, size)))
    };
    let plan = RequestPlan::get("repos/a/b/issues").param("per_page", 50);
    check("GitHub", read(answer, plan, Paging::link().items(""), Duration::from_secs(1)), 5);
}

#[test]
fn like_shopify() {
    // Cursors in links: the further pages take no other parameter than the limit.
    let answer = |query: &BTreeMap<String, String>, path: &str| {
        let cursor = query.get("page_info");
        assert!(cursor.is_none() || !query.contains_key("status"), "{query:?}");
        let from = cursor.and_then(|text| text.strip_prefix("c")?.parse().ok()).unwrap_or(0);
        let size = number(query, "limit", 50);
        let next = from + size;
        let mut headers = vec![("x-shopify-shop-api-call-limit", "1/40".to_owned())];
        if next < ITEMS {
            let url = format!("https://api.example.com{path}?limit={size}&page_info=c{next}");
            headers.push(("link", format!("<{url}>; rel=\"next\"")));
        }
        (headers, json!({"orders": items(from, size)}))
    };
    let plan = RequestPlan::get("admin/orders.json").param("limit", 40).param("status", "any");
    let paging = Paging::link().items("/orders");
    check("Shopify", read(answer, plan, paging, Duration::from_millis(500)), 6);
}

#[test]
fn like_odata() {
    let answer = |query: &BTreeMap<String, String>, path: &str| {
        let (from, size) = (number(query, "$skip", 0), 100);
        let mut body = json!({"@odata.context": "x", "value": items(from, size)});
        if from + size < ITEMS {
            // Relative, as some services write it.
            let path = path.trim_start_matches("/odata/");
            body["@odata.nextLink"] = format!("{path}?$skip={}", from + size).into();
        }
        (Vec::new(), body)
    };
    let plan = RequestPlan::get("odata/Orders").param("$filter", "x");
    let paging = Paging::next_url("/@odata.nextLink").items("/value");
    check("OData", read(answer, plan, paging, Duration::from_secs(1)), 3);
}

#[test]
fn like_jira() {
    // It gives no more than 20 at once, whatever is asked for.
    let answer = |query: &BTreeMap<String, String>, _: &str| {
        let (from, size) = (number(query, "startAt", 0), number(query, "maxResults", 50).min(20));
        let body = json!({
            "startAt": from, "maxResults": size, "total": ITEMS, "issues": items(from, size),
        });
        (Vec::new(), body)
    };
    let plan = RequestPlan::get("rest/api/2/search").param("jql", "project");
    let paging = Paging::offset("startAt", "maxResults", 100).items("/issues").total("/total");
    check("Jira", read(answer, plan, paging, Duration::from_millis(200)), 12);
}
