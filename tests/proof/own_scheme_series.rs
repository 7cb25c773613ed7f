//! Pages and polls with a scheme of the caller's own, on servers that lie: what is signed is what is sent, at home alone, nothing is
//! sent twice that must not be, and all is the same from a store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_hook::auth::{AuthScheme, Authenticate, Challenge, Credentials};
use http_hook::body::Payload;
use http_hook::pages::{Pages, Paging};
use http_hook::poll::{Poll, Polling};
use http_hook::retry::Condition;
use http_hook::{
    Connection, Error, ErrorKind, Hook, RequestPlan, Sent, Timestamp, TransportError,
    TransportErrorKind,
};
use proptest::prelude::*;

use crate::cases::cases;
use crate::invariants::Choices;
use crate::invariants::series::{Answer, OWN_SCHEME, Trace, at_home, pages_by_hand, poll_by_hand};
use crate::support::NOW;

const WORD: &str = "Q7zz9Planted";
const PAIR: &str = "own-sig";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Header,
    Query,
    Asked,
}

/// Signs method, URL and body. Some places it fails at, at others it panics.
#[derive(Debug)]
struct Signing(Way);

fn signature(method: &http::Method, uri: &str, body: &[u8]) -> String {
    let text = format!("{method} {uri} ");
    let sum = text.bytes().chain(body.iter().copied()).fold(7_u64, |sum, byte| {
        sum.wrapping_mul(1_099_511_628_211).wrapping_add(u64::from(byte) + 1)
    });
    format!("{WORD}{sum:016x}")
}

impl Signing {
    fn sign(&self, request: &Request<Payload>) -> Result<Credentials, Error> {
        let uri = request.uri().to_string();
        assert!(!uri.contains("panics"), "code of the caller's");
        if uri.contains("fails") {
            return Err(Error::new(ErrorKind::Auth, "auth: no key for this"));
        }
        let bare = uri.replacen(".com:443/", ".com/", 1);
        assert!(bare.starts_with("https://api.example.com/"), "it is asked for {uri}");
        let body = match request.body() {
            Payload::Bytes(bytes) => bytes.clone(),
            _ => Bytes::new(),
        };
        let proof = signature(request.method(), &uri, &body);
        Ok(match self.0 {
            Way::Query => Credentials::Query(PAIR.to_owned(), proof.as_str().into()),
            Way::Header | Way::Asked => {
                let value = HeaderValue::from_str(&proof).expect("a value");
                Credentials::Header(HeaderName::from_static("authorization"), value)
            }
        })
    }
}

impl Authenticate for Signing {
    fn authorize(
        &self,
        request: &Request<Payload>,
        _: u64,
        _: Timestamp,
    ) -> Result<Credentials, Error> {
        if self.0 == Way::Asked { Ok(Credentials::Nothing) } else { self.sign(request) }
    }

    fn answer(
        &self,
        request: &Request<Payload>,
        _: &[Challenge],
        _: u64,
        _: Timestamp,
    ) -> Result<Option<Credentials>, Error> {
        if self.0 == Way::Asked { self.sign(request).map(Some) } else { Ok(None) }
    }
}

fn hook(way: Way) -> Hook {
    let extra = format!(r#"{{"x-api-key": "key-5b0c9e", "{OWN_SCHEME}": "1"}}"#);
    let connection = Connection::new().with_host("https://api.example.com/v1").with_extra(extra);
    let scheme = AuthScheme::Custom(Arc::new(Signing(way)));
    Hook::builder(&connection).auth(scheme).build().expect("a connection that can be used")
}

fn plan(from: &mut Choices<'_>) -> RequestPlan {
    let plan = from.one_of(&[
        RequestPlan::get("orders?page=1").param("limit", 5),
        RequestPlan::post("orders").data("box"),
        RequestPlan::get("orders").data("page=0&q=a b"),
        RequestPlan::post("orders").data("box").idempotency_key(),
    ]);
    if from.flag() { plan.retries(2) } else { plan }
}

/// Where a server says that it goes on.
fn target(from: &mut Choices<'_>) -> String {
    let far = "a/".repeat(4_000);
    let number = from.byte();
    let fixed = [
        format!("/v1/orders?page={number}"),
        format!("?page={number}&x=%2F"),
        format!("HTTPS://API.Example.COM:443/v1/orders?page={number}"),
        format!("https://api.example.com./v1/orders?page={number}"),
        format!("https://files.example.net/{number}"),
        "https://api.example.com:8443/v1/orders".to_owned(),
        "http://api.example.com/v1/orders".to_owned(),
        "https://api.example.com@files.example.net/a".to_owned(),
        "https://files.example.net\\@api.example.com/a".to_owned(),
        "/\\files.example.net/a".to_owned(),
        "///files.example.net/a".to_owned(),
        "https:/files.example.net/a".to_owned(),
        "https:files.example.net/a".to_owned(),
        "javascript:alert(1)".to_owned(),
        "file:///etc/hosts".to_owned(),
        "https://api.example.com".to_owned(),
        "https://[::1".to_owned(),
        "/v1/%2e%2e/%2e%2e/fails".to_owned(),
        "/v1/panics".to_owned(),
        format!("/v1/{far}{number}"),
        format!("/v1/orders?{PAIR}=1&page={number}"),
        "#a".to_owned(),
        "\u{e4}?page=\u{fc}".to_owned(),
    ];
    from.one_of(&fixed)
}

/// One that says anything but the truth; what it is sent has to be right.
struct Server<'a> {
    from: Choices<'a>,
    way: Way,
    /// What must not be sent again was seen, or may have been.
    spoilt: bool,
    /// Whether a 401 was just given.
    asked: bool,
}

impl Server<'_> {
    fn check(&self, request: &Request<Bytes>) {
        let (uri, headers) = (request.uri().to_string(), request.headers());
        let at_home = at_home(request);
        let shown = format!("{uri} {:?}", headers.values().map(HeaderValue::as_bytes));
        if !at_home {
            let told = headers.values().any(|value| {
                value.as_bytes().windows(WORD.len()).any(|part| part == WORD.as_bytes())
            });
            assert!(!told && !uri.contains(WORD), "a proof goes away: {shown}");
            return;
        }
        let body = request.body();
        if self.way == Way::Query {
            let at = uri.rfind(PAIR).expect("a proof");
            let (bare, pair) = uri.split_at(at);
            let bare = bare.trim_end_matches(['?', '&']);
            assert_eq!(pair, format!("{PAIR}={}", signature(request.method(), bare, body)));
        } else if self.way == Way::Header || headers.contains_key("authorization") {
            let given = headers.get("authorization").map(HeaderValue::as_bytes);
            let proof = signature(request.method(), &uri, body);
            assert_eq!(given, Some(proof.as_bytes()), "{shown}");
        }
    }

    fn answer(&mut self, request: &Request<Bytes>) -> Answer {
        self.check(request);
        assert!(!self.spoilt, "sent again for harm: {} {}", request.method(), request.uri());
        let asked = std::mem::take(&mut self.asked);
        let at_home = at_home(request);
        let harmless =
            request.method() != "POST" || request.headers().contains_key("idempotency-key");
        let from = &mut self.from;
        let response = Response::builder();
        let empty = |response: http::response::Builder| {
            Ok(response.body(Bytes::new()).expect("a response"))
        };
        if self.way == Way::Asked && at_home && !asked && from.byte() % 4 != 0 {
            self.asked = true;
            return empty(response.status(401).header("www-authenticate", "Own"));
        }
        match from.byte() % 16 {
            0 => {
                self.spoilt = !harmless;
                return Err(TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe));
            }
            1 => {
                self.spoilt = !harmless;
                let after = from.one_of(&[
                    "1",
                    "99999999999999999999",
                    "Fri, 31 Dec 9999 23:59:59 GMT",
                    "-1",
                ]);
                return empty(response.status(503).header("retry-after", after));
            }
            2 => {
                let to = HeaderValue::from_bytes(target(from).as_bytes()).expect("a value");
                let status = from.one_of(&[302, 303, 307, 308]);
                return empty(response.status(status).header("location", to));
            }
            _ => {}
        }
        let (to, status) = (target(from), from.one_of(&[202, 200, 202, 206]));
        let value = HeaderValue::from_bytes(to.as_bytes()).expect("a value");
        let link = HeaderValue::from_bytes(format!("<{to}>; rel=next").as_bytes());
        let response = response
            .status(status)
            .header("link", link.expect("a value"))
            .header(from.one_of(&["location", "operation-location"]), value)
            .header("content-range", from.one_of(&["bytes 0-1/2", "bytes */0", "items 9-1/x"]))
            .header("retry-after", from.one_of(&["0", "2", "86400", "18446744073709551616"]));
        let state = from.one_of(&["running", "running", "done"]);
        let body = format!(r#"{{"state": "{state}", "next": {}, "items": [1]}}"#, json(&to));
        Ok(response.body(body.into()).expect("a response"))
    }
}

fn json(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\"))
}

fn twice(
    way: Way,
    script: &[u8],
    storable: bool,
    run: impl Fn(bool, &mut dyn FnMut(&Request<Bytes>) -> Answer) -> Trace,
) {
    let run = |stored| {
        let mut server = Server { from: Choices(script), way, spoilt: false, asked: false };
        run(stored, &mut |request| server.answer(request))
    };
    let trace = run(false);
    assert!(trace.len() < 1_000, "{} steps", trace.len());
    if storable {
        assert_eq!(run(true), trace);
    }
}

fn pages(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let way = from.one_of(&[Way::Header, Way::Query, Way::Asked]);
    let paging = match from.byte() % 5 {
        0 => Paging::next_url("/next"),
        1 => Paging::cursor("/next", "page").items("/items"),
        2 => Paging::cursor_header("location", "cursor"),
        3 => Paging::page("page", 1).items("/items").max_pages(5),
        _ => Paging::link(),
    };
    let (paging, plan, hook) = (paging.max_pages(20), plan(&mut from), hook(way));
    let first = Pages::<Bytes>::new(&hook, plan.clone(), paging.clone(), 7, NOW);
    let storable = !matches!(first.store(), Err(error) if error.kind() == ErrorKind::NotStorable);
    twice(way, from.0, storable, |stored, server| {
        pages_by_hand(&hook, &plan, &paging, stored, server)
    });
}

fn poll(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let way = from.one_of(&[Way::Header, Way::Query, Way::Asked]);
    let deadline = Duration::from_secs(u64::from(from.byte()));
    let polling = match from.byte() % 3 {
        0 => Polling::operation(deadline),
        1 => Polling::sensor(&["404", "5"], deadline).failures(3),
        _ => Polling::until(Condition::json("/state", "done"), deadline)
            .follow(true)
            .failures(3)
            .every(Duration::from_secs(9)),
    };
    let (plan, hook) = (plan(&mut from), hook(way));
    let first = Poll::<Bytes>::new(&hook, plan.clone(), polling.clone(), 7, NOW);
    let storable = !matches!(first.store(), Err(error) if error.kind() == ErrorKind::NotStorable);
    twice(way, from.0, storable, |stored, server| {
        poll_by_hand(&hook, &plan, &polling, stored, server)
    });
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn pages_of_a_server_that_lies(bytes in prop::collection::vec(any::<u8>(), 0..128)) {
        pages(&bytes);
    }

    #[test]
    fn a_poll_of_a_server_that_lies(bytes in prop::collection::vec(any::<u8>(), 0..128)) {
        poll(&bytes);
    }
}
