//! Machines over calls: whatever a server sends, they end, give no credential away, and go on from a store as without one.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_hook::options::SendOptions;
use http_hook::pages::{Pages, Paging, link};
use http_hook::poll::{Poll, Polling};
use http_hook::retry::{Condition, Wait};
use http_hook::{
    Act, Connection, Hook, RequestPlan, Sent, Timestamp, TransportError, TransportErrorKind,
};

use super::Choices;

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// In the requests of a connection whose scheme is its caller's own.
pub(crate) const OWN_SCHEME: &str = "x-scheme";

/// What was asked and waited for, and how it ended.
pub(crate) type Trace = Vec<String>;

/// What comes of a request.
pub(crate) type Answer = Result<Response<Bytes>, TransportError>;

/// A hook with what must not go elsewhere.
pub(crate) fn hook() -> Hook {
    let connection = Connection::new()
        .with_host("https://api.example.com/v1")
        .with_login("svc")
        .with_password("pw-5b0c9e")
        .with_extra(r#"{"x-api-key": "key-5b0c9e"}"#);
    Hook::new(&connection).expect("a connection that can be used")
}

/// Whether a request goes to the origin of the connection: a port that is the usual one may be written.
pub(crate) fn at_home(request: &Request<Bytes>) -> bool {
    let uri = request.uri();
    uri.scheme_str() == Some("https")
        && uri.host() == Some("api.example.com")
        && uri.port_u16().is_none_or(|port| port == 443)
}

fn note(trace: &mut Trace, request: &Request<Bytes>, _: &SendOptions, now: Timestamp) {
    let mut line = format!("{:?} {} {}", now.since(NOW), request.method(), request.uri());
    for (name, value) in request.headers() {
        let _ =
            write!(line, " {name}: {value:?}", value = String::from_utf8_lossy(value.as_bytes()));
    }
    let at_home = at_home(request);
    for secret in ["authorization", "x-api-key", "x-own"] {
        let given = request.headers().contains_key(secret);
        assert!(at_home || !given, "{secret} goes to {}", request.uri());
        let may_lack = secret == "x-own" || request.headers().contains_key(OWN_SCHEME);
        assert!(!at_home || given || may_lack, "{secret} is missing: {line}");
    }
    let _ = write!(line, " {:?}", request.body());
    trace.push(line);
}

fn ended(result: &Result<Response<Bytes>, http_hook::Failure>) -> String {
    match result {
        Ok(response) => format!("{} {:?}", response.status(), response.body()),
        Err(failure) => format!("{:?} {failure}", failure.reason()),
    }
}

/// Reads all pages by hand; `stored`: each time before it goes on, by another process.
pub(crate) fn pages_by_hand(
    hook: &Hook,
    plan: &RequestPlan,
    paging: &Paging,
    stored: bool,
    mut server: impl FnMut(&Request<Bytes>) -> Answer,
) -> Trace {
    let (mut trace, mut now) = (Trace::new(), NOW);
    let mut pages = Pages::<Bytes>::new(hook, plan.clone(), paging.clone(), 7, now);
    while !pages.is_over() {
        let mut act = None;
        let result = loop {
            let next = match act.take() {
                None => {
                    if stored && pages.run().is_some_and(|run| run.call().is_some()) {
                        if let Some(text) = kept(pages.store()) {
                            pages = Pages::resume(hook, &text, now).expect("it can be taken up");
                        }
                    }
                    pages.woke(now)
                }
                Some(Act::Send(request, options)) => {
                    note(&mut trace, &request, &options, now);
                    pages.sent(server(&request), || now)
                }
                Some(Act::Read(body, limit)) => pages.read(Ok(cut(&body, limit)), now),
                Some(Act::Sleep(wait)) => {
                    trace.push(format!("{wait:?}"));
                    now = now.after(wait);
                    continue;
                }
                Some(Act::Done(result)) => break result,
            };
            act = Some(next);
        };
        trace.push(ended(&result));
        assert!(result.is_ok() || pages.is_over(), "a failure is the end");
    }
    trace
}

/// What was stored; a call that cannot be sent, which is told at the next step, cannot be.
fn kept(stored: Result<String, http_hook::Error>) -> Option<String> {
    match stored {
        Ok(text) => {
            assert!(!text.contains("5b0c9e"), "{text}");
            Some(text)
        }
        Err(error) => {
            // A link may hold what is secret.
            let says = error.to_string();
            assert!(
                ["which cannot be sent", "parameter"].iter().any(|why| says.contains(why)),
                "{says}"
            );
            None
        }
    }
}

fn cut(body: &Bytes, limit: u64) -> Bytes {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(body.len());
    body.slice(..limit)
}

/// Polls by hand; `stored`: each time before it goes on, by another process.
pub(crate) fn poll_by_hand(
    hook: &Hook,
    plan: &RequestPlan,
    polling: &Polling,
    stored: bool,
    mut server: impl FnMut(&Request<Bytes>) -> Answer,
) -> Trace {
    let (mut trace, mut now) = (Trace::new(), NOW);
    let mut poll = Poll::<Bytes>::new(hook, plan.clone(), polling.clone(), 7, now);
    let mut act = None;
    loop {
        act = Some(match act.take() {
            None => {
                if stored && poll.run().is_none_or(|run| run.call().is_some()) {
                    if let Some(text) = kept(poll.store()) {
                        poll = Poll::resume(hook, &text, now).expect("it can be taken up");
                    }
                }
                poll.woke(now)
            }
            Some(Act::Send(request, options)) => {
                note(&mut trace, &request, &options, now);
                poll.sent(server(&request), || now)
            }
            Some(Act::Read(body, limit)) => poll.read(Ok(cut(&body, limit)), now),
            Some(Act::Sleep(wait)) => {
                trace.push(format!("{wait:?}"));
                now = now.after(wait);
                continue;
            }
            Some(Act::Done(result)) => {
                trace.push(ended(&result));
                return trace;
            }
        });
    }
}

/// Lines of a `Link` field; and links that are written out, and have to be read as what they are.
pub(crate) fn link_header(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append("link", value);
        }
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    for rel in ["next", "last", ""] {
        if let Some(target) = link(&headers, rel) {
            assert!(text.contains(&target), "{target:?} is not in {text:?}");
            assert!(!target.contains('>'));
        }
    }

    let mut from = Choices(bytes);
    let (mut headers, mut expected) = (HeaderMap::new(), None);
    for _ in 0..=from.byte() % 3 {
        let mut line = String::new();
        for index in 0..=from.byte() % 3 {
            let target =
                from.one_of(&["/a,b;c", "https://x.test/?a=1,2", "?p=\"2\"", "", "..", " /a "]);
            let rel = from.one_of(&["next", "NEXT", "prev", "prev next", "nextx", "\"a\" next"]);
            let quoted = rel.replace('"', "\\\"");
            let rel_param = match from.byte() % 4 {
                0 if !rel.contains([' ', '"']) => format!("rel={rel}"),
                1 => format!("REL = \"{quoted}\""),
                2 => format!("title=\"a, <b>; rel=next\\\"\" ;rel=\"{quoted}\"; rel=last"),
                _ => format!("rel=\"{quoted}\""),
            };
            let anchor = from.one_of(&["", "; anchor=\"#x\"", "; ext", ";"]);
            if index > 0 {
                line.push_str(from.one_of(&[",", ", ", " ,,"]));
            }
            let _ = write!(line, "<{target}>; {rel_param}{anchor}");
            let counts = rel.split(' ').any(|one| one.eq_ignore_ascii_case("next"));
            if counts && !anchor.contains("anchor") && expected.is_none() {
                expected = Some(target.trim().to_owned());
            }
        }
        headers.append("link", line.parse().expect("a value"));
    }
    assert_eq!(link(&headers, "next"), expected, "{headers:?}");
}

/// What a server may answer, by bytes.
fn answer(from: &mut Choices<'_>, body: &str) -> Answer {
    let response = Response::builder();
    match from.byte() {
        0..=9 => {
            return Err(TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe));
        }
        10..=19 => return Ok(status(response.status(503).header("retry-after", "2"))),
        20..=24 => return Ok(status(response.status(404))),
        25..=34 => {
            let to = from.one_of(&["/v1/moved", "https://files.example.net/a", "x"]);
            return Ok(status(response.status(302).header("location", to)));
        }
        _ => {}
    }
    let mut response = Response::builder();
    for _ in 0..from.byte() % 3 {
        let target = from.one_of(&[
            "/v1/orders?page=2",
            "?page=3",
            "orders?page=4",
            "https://api.example.com/v2/x",
            "https://files.example.net/page/2",
            "//files.example.net/page/3",
            "http://api.example.com/v1/orders",
            "https://api.example.com:8443/x",
            "ftp://x/",
            "https://u:p@files.example.net/",
            "",
            "#a",
        ]);
        response = match from.byte() % 3 {
            0 => response.header("link", format!("<{target}>; rel=next")),
            1 => response.header("operation-location", target),
            _ => response.header("location", target),
        };
    }
    if from.byte() % 4 == 0 {
        response = response.status(202).header("retry-after", "1");
    }
    Ok(response.body(Bytes::copy_from_slice(body.as_bytes())).expect("a response"))
}

fn status(response: http::response::Builder) -> Response<Bytes> {
    response.body(Bytes::new()).expect("a response")
}

/// A plan by bytes.
fn plan(from: &mut Choices<'_>) -> RequestPlan {
    let plan = match from.byte() % 4 {
        0 => RequestPlan::post("orders").data("box"),
        1 => RequestPlan::get("orders?page=1#x").param("limit", 5).bearer("own"),
        2 => RequestPlan::get("orders").data("page=0&q=a b"),
        _ => RequestPlan::get("orders").storable_header("x-own", "1").header("accept", "*/*"),
    };
    if from.byte() % 2 == 0 { plan.retries(2) } else { plan }
}

/// A paging, a plan and a server: the pages come to an end, and are the same from a store.
pub(crate) fn pages(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let paging = match from.byte() % 6 {
        0 => Paging::next_url("/next"),
        1 => Paging::cursor("/next", "page").items("/items"),
        2 => Paging::cursor_header("location", "cursor"),
        3 => Paging::page("page", 1).items("/items"),
        4 => Paging::offset("offset", "limit", 2).items("/items").total("/total"),
        _ => Paging::link(),
    };
    let paging = paging.max_pages(40).max_items(60).max_bytes(4_000);
    let plan = plan(&mut from);
    let script = from.0;
    let hook = hook();
    let run = |stored| {
        let mut from = Choices(script);
        pages_by_hand(&hook, &plan, &paging, stored, |_| {
            let body = from.one_of(&[
                r#"{"next": "c1", "items": [1, 2]}"#,
                r#"{"next": 7, "items": [1], "total": 9}"#,
                r#"{"next": "https://files.example.net/p/7", "items": []}"#,
                r#"{"next": null, "items": null}"#,
                r#"{"next": {}, "items": 3}"#,
                r#"{"next": "/v1/orders?page=9", "items": [1, 2, 3]}"#,
                "",
                "[]",
            ]);
            answer(&mut from, body)
        })
    };
    let trace = run(false);
    assert!(trace.len() < 2_000, "{} steps", trace.len());
    if !matches!(store(&hook, &plan, &paging), Err(http_hook::ErrorKind::NotStorable)) {
        assert_eq!(run(true), trace);
    }
}

fn store(hook: &Hook, plan: &RequestPlan, paging: &Paging) -> Result<String, http_hook::ErrorKind> {
    let pages = Pages::<Bytes>::new(hook, plan.clone(), paging.clone(), 7, NOW);
    pages.store().map_err(|error| error.kind())
}

/// A poll, a plan and a server: it comes to an end before its deadline, and is the same from a store.
pub(crate) fn poll(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let deadline = Duration::from_secs(u64::from(from.byte()));
    let polling = match from.byte() % 4 {
        0 => Polling::operation(deadline),
        1 => Polling::sensor(&["404", "5"], deadline),
        2 => Polling::until(Condition::json("/state", "done"), deadline)
            .fail_if(Condition::json("/state", "failed"))
            .failures(3)
            .every(Duration::from_secs(9)),
        _ => Polling::until(Condition::BodyContains { text: "done".to_owned() }, deadline)
            .follow(true)
            .wait(Wait::full_jitter(Duration::from_secs(1), Duration::from_secs(20))),
    };
    let plan = plan(&mut from);
    let script = from.0;
    let hook = hook();
    let run = |stored| {
        let mut from = Choices(script);
        poll_by_hand(&hook, &plan, &polling, stored, |_| {
            let body = from.one_of(&[
                r#"{"state": "running"}"#,
                r#"{"state": "running", "x": 1}"#,
                r#"{"state": "done"}"#,
                r#"{"state": "failed"}"#,
                "",
            ]);
            answer(&mut from, body)
        })
    };
    let trace = run(false);
    let storable = Poll::<Bytes>::new(&hook, plan.clone(), polling.clone(), 7, NOW).store();
    if !matches!(storable, Err(error) if error.kind() == http_hook::ErrorKind::NotStorable) {
        assert_eq!(run(true), trace);
    }
}
