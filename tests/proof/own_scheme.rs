//! A scheme of the caller's own, whatever it adds: at home alone, and in nothing that is shown or stored.

use std::sync::Mutex;
use std::time::Duration;

use http::{HeaderValue, Request};
use http_hook::auth::Credentials;
use http_hook::blocking::{self, Body};
use http_hook::body::Payload;
use http_hook::observe::Event;
use http_hook::{Call, Hook, Options, RequestPlan, RetryPolicy, Run, Timestamp};

use crate::adding::adding;
use crate::invariants::taint::Traces;
use crate::support::{NOW, Scenario, response};

const WORD: &str = "Q7zz9Planted";

/// What is added under each name.
fn credentials(adds: &str) -> Credentials {
    let header = |name: &str| (name.parse().expect("a name"), HeaderValue::from_static(WORD));
    match adds {
        "query" => Credentials::Query("page".to_owned(), WORD.into()),
        "query's name" => Credentials::Query(WORD.to_owned(), "1".into()),
        "two" => Credentials::Headers(vec![header("x-plain"), header("accept-language")]),
        name => {
            let (name, value) = header(name);
            Credentials::Header(name, value)
        }
    }
}

/// Every way to add something; by the hook or by the call.
fn ways() -> Vec<(String, Hook, RequestPlan)> {
    let mut ways = Vec::new();
    let adds = [
        "authorization",
        "x-plain",
        "accept",
        "content-language",
        "user-agent",
        "cookie",
        "query",
        "query's name",
        "two",
    ];
    for (adds, asked) in adds.into_iter().flat_map(|adds| [(adds, false), (adds, true)]) {
        let scheme = || adding(credentials(adds), asked);
        let base = || Hook::builder_to("https://api.test/v1").policy(RetryPolicy::default());
        let plan = RequestPlan::get("orders").param("page", 2);
        let of_hook = base().auth(scheme()).build().expect("a hook");
        let of_call = base().build().expect("a hook");
        let what = format!("{adds}{}", if asked { ", asked" } else { "" });
        ways.push((format!("{what}, of the hook"), of_hook, plan.clone()));
        ways.push((format!("{what}, of the call"), of_call, plan.auth(scheme())));
    }
    ways
}

/// What comes: a challenge where it is `asked`, then a redirect to this place, then the end.
fn answers(what: &str, place: &str, end: u16) -> Vec<http::Response<bytes::Bytes>> {
    let asks = what.contains("asked").then(|| response(401, &[("www-authenticate", "Own")], ""));
    let leads = (!place.is_empty()).then(|| response(307, &[("location", place)], ""));
    asks.into_iter().chain(leads).chain([response(end, &[], "")]).collect()
}

#[test]
fn what_it_adds_is_sent_at_home_alone() {
    let traces = Traces::of([WORD]);
    let told = |request: &Request<Payload>| {
        traces.find(&format!("{}", request.uri())).is_some()
            || request.headers().iter().any(|(name, value)| {
                traces
                    .find(&format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
                    .is_some()
            })
    };
    let elsewhere = [
        "https://other.test/x",
        "https://api.test:8443/x",
        "http://api.test/x",
        "//api.test.other.test/x",
        "https://api.test@other.test/x",
        "https://sub.api.test/",
    ];
    for (what, hook, plan) in ways() {
        for place in elsewhere {
            let mut options = Options::default();
            options.allow_downgrade = Some(true);
            let plan = plan.clone().options(options);
            let answers = answers(&what, place, 200);
            let played = Scenario::new(&hook, plan).run(|number| Ok(answers[number].clone()));
            let sends: Vec<_> = played.sends.into_iter().map(|(request, ..)| request).collect();
            assert_eq!(sends.len(), answers.len(), "{what}, {place}");
            let (away, home) = sends.split_last().expect("a send");
            assert!(home.last().is_some_and(told), "{what}: at home");
            assert!(!told(away), "{what}, {place}: {} {:?}", away.uri(), away.headers());
        }
    }
}

#[test]
fn what_it_adds_is_in_nothing_that_is_shown_or_stored() {
    let traces = Traces::of([WORD]);
    let found = std::cell::RefCell::new(Vec::new());
    for (what, hook, plan) in ways() {
        let hook = hook.for_client(http_hook_mock::everything("test"));
        let look = |where_: &str, text: String| {
            if traces.find(&text).is_some() {
                found.borrow_mut().push(format!("{what}, {where_}: {text}"));
            }
        };
        look("hook", format!("{hook:?} {plan:?}"));
        look(
            "explain",
            hook.explain(&plan).map_or_else(|e| e.to_string(), |it| format!("{it} {it:?}")),
        );
        look("curl", hook.to_curl(&plan).unwrap_or_else(|error| error.to_string()));
        for (place, end) in
            [("", 200), ("", 404), ("", 503), ("/v1/x", 404), ("https://other.test", 404)]
        {
            let answers = Mutex::new(answers(&what, place, end).into_iter());
            let transport = blocking::from_fn(http_hook_mock::everything("test"), |_, _| {
                let next = answers.lock().expect("no panic").next();
                Ok(next.unwrap_or_else(|| response(500, &[], "")).map(Body::from))
            });
            let texts = Mutex::new(Vec::new());
            let observer = |event: &Event<'_>| {
                texts.lock().expect("no panic").push(format!("{event:?}"));
            };
            let call = Call::new(&hook, plan.clone(), 7, NOW);
            look("stored", call.store(&hook).unwrap_or_default());
            let run = Run::new(&hook, call).observer(&observer);
            let clock = Later(Mutex::new(NOW));
            let result = blocking::drive(run, &transport, &clock);
            look("result", format!("{result:?}"));
            if let Err(failure) = &result {
                look("failure", format!("{failure} {:?}", failure.cause()));
            }
            if let Some(history) = result.as_ref().ok().and_then(http_hook::redirect::History::of) {
                look("history", format!("{history:?}"));
            }
            for text in texts.into_inner().expect("no panic") {
                look("event", text);
            }
        }
        // Each step by hand: what is to be sent, what it is stored as.
        let answers = answers(&what, "/v1/x", 503);
        let mut now = NOW;
        let mut step = Call::new(&hook, plan.clone(), 7, now).step(&hook, now);
        for number in 0..6 {
            look("step", format!("{step:?}"));
            step = match step {
                http_hook::Step::Send { options, attempt, .. } => {
                    look("options", format!("{options:?}"));
                    look("stored attempt", attempt.store(&hook).unwrap_or_default());
                    let answer = answers.get(number).cloned();
                    attempt.finish(&hook, Ok(answer.unwrap_or_else(|| response(503, &[], ""))), now)
                }
                http_hook::Step::Wait { call, wait, .. } => {
                    look("stored call", call.store(&hook).unwrap_or_default());
                    now = now.after(wait);
                    call.step(&hook, now)
                }
                http_hook::Step::Done(_) => break,
            };
        }
    }
    let found = found.into_inner();
    assert!(found.is_empty(), "{}:\n{}", found.len(), found[..found.len().min(12)].join("\n"));
}

struct Later(Mutex<Timestamp>);

impl blocking::Clock for Later {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no panic")
    }

    fn sleep(&self, wait: Duration) {
        let mut now = self.0.lock().expect("no panic");
        *now = now.after(wait);
    }
}
