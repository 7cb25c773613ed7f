//! What the call itself asks for and may be secret is told nowhere: by no failure, command, explanation, event, span or stored
//! call, however it is written.

use std::sync::Mutex;

use http_hook::blocking::{Body, drive, from_fn};
use http_hook::observe::{Event, sounds_secret};
use http_hook::{Call, Connection, Hook, RequestPlan, Run};
use http_hook_mock::{MockTransport, Reply, VirtualClock, everything};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::NOW;

const SECRET: &str = "Q7zz9Planted";

/// Names of all sorts: a part, a word, an end of a word.
const NAMES: [&str; 20] = [
    "token",
    "api_key",
    "key",
    "pass",
    "userpass",
    "mypwd",
    "code",
    "sid",
    "pw",
    "sas",
    "pat",
    "csrf",
    "hmac",
    "passcode",
    "X-Amz-Signature",
    "clientSecret",
    "authKey",
    "dbPass",
    "otp",
    "user[password]",
];

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A secret under a name, in every way that a query or a path has.
fn endpoints(name: &str) -> Vec<String> {
    let pair = format!("{name}={SECRET}");
    let (first, rest) = name.split_at(1);
    let odd = format!("%{:02X}{rest}={SECRET}", first.as_bytes()[0]);
    let mut all = Vec::new();
    for pair in [pair.clone(), odd, format!("{name}:{SECRET}"), format!("{name}={SECRET};{SECRET}")]
    {
        for before in ["", "a=1&", "a=1;", "a=1?", "a&", "a=1,"] {
            all.push(format!("x?{before}{pair}&b=2"));
        }
    }
    let nested = [
        format!("https://h.test/x?{pair}"),
        format!("{{\"a\": 1, \"{name}\": \"{SECRET}\"}}"),
        format!("b=1;{pair}"),
        format!("https://reader:{SECRET}@h.test/x"),
        format!("//{SECRET}@h.test"),
        format!("https:/u:{SECRET}@h.test"),
    ];
    for text in &nested {
        all.push(format!("x?next={}", escaped(text)));
        all.push(format!("x?next={}", escaped(&escaped(text))));
        all.push(format!("x?{}", escaped(text)));
        all.push(format!("proxy/{}/x", escaped(text)));
        all.push(format!("proxy/{text}"));
    }
    let quoted = format!("{{'{name}':'{SECRET}'}}");
    let element = format!("<{name}>{SECRET}</{name}>");
    let dots = format!("https:/./u:{SECRET}@h.test");
    let up = format!("https:/a/../u:{SECRET}@h.test");
    for text in
        [quoted, element, pair.replace('=', "\\u003d"), pair.replace('=', "&%2361;"), dots, up]
    {
        all.push(format!("x/{text}"));
    }
    all.extend(nested.iter().filter(|text| text.is_ascii()).map(|text| format!("x?next={text}")));
    all.extend(in_names(name));
    all.push(format!("x;{pair}/y"));
    all.push(format!("x;v=1;{pair};{SECRET}/y"));
    all.push(format!("proxy/https://u:{SECRET}@h.test/x"));
    all
}

/// A secret in what stands before a mark, where some readers look for a name.
fn in_names(name: &str) -> Vec<String> {
    let texts = [
        format!("{{\"{name}\":\"{SECRET}\"}}"),
        format!("{{\"{name}\":\"{SECRET}\",\"q\":\"b=c\"}}"),
        format!("{{\"a\":\"b=c\",\"{name}\":\"{SECRET}\"}}"),
        format!("{{\"value\":\"{SECRET}=1\",\"name\":\"{name}\"}}"),
        format!("https://u:{SECRET}@h.test/"),
        format!("https://u:{SECRET}=1@h.test/"),
        format!("https://u:{SECRET};{name}=1@h.test/"),
        format!("{name}={SECRET}"),
        format!("<{name}>{SECRET}</{name}>"),
        format!("Bearer {SECRET}"),
    ];
    let mut all = Vec::new();
    for text in texts {
        for text in [escaped(&text), escaped(&escaped(&text)), escaped(&text).replace("%3D", "=")] {
            for end in ["=1", "=", ";v=1"] {
                all.push(format!("x?{text}{end}"));
                // In a path a name alone tells nothing.
                if !text.starts_with("Bearer") {
                    all.push(format!("x/{text}{end}"));
                }
            }
        }
    }
    all
}

/// Values of headers that may be shown, and that tell something.
fn values(name: &str) -> [String; 6] {
    [
        format!("app/1 ({name}: {SECRET})"),
        format!("text/plain; note=\"{name}: {SECRET}\""),
        format!("a; {name}={SECRET}"),
        format!("a, {name}=\"{SECRET}\""),
        format!("(+https://u:{SECRET}@h.test/)"),
        format!("{{\"{name}\": \"{SECRET}\"}}"),
    ]
}

fn told(hook: &Hook, plan: &RequestPlan) -> Vec<(&'static str, String)> {
    let mut told = vec![("debug", format!("{plan:?}"))];
    let events = Mutex::new(String::new());
    let observer = |event: &Event<'_>| {
        if let Event::Send { url, .. } = event {
            let texts = [url.to_string(), format!("{url:?}"), format!("{event:?}")];
            events.lock().expect("no panic").extend(texts);
        }
    };
    let server = MockTransport::new([Reply::status(404)]);
    let run = Run::new(hook, Call::new(hook, plan.clone(), 7, NOW)).observer(&observer);
    let failure = drive(run, &server, &server.clock()).expect_err("404");
    told.push(("failure", format!("{failure} {failure:?}")));
    told.push(("event", events.lock().expect("no panic").clone()));
    told.push(("curl", hook.to_curl(plan).expect("a command")));
    told.push(("explain", hook.explain(plan).expect("a plan").to_string()));
    told.push((
        "store",
        match Call::new(hook, plan.clone(), 7, NOW).store(hook) {
            Ok(stored) => stored,
            Err(error) => format!("{error} {error:?}"),
        },
    ));
    #[cfg(feature = "tracing")]
    {
        let host = Connection::new().with_host("https://api.example.com");
        let spans = super::spans::run(&host, plan.clone(), vec![Reply::status(404)]);
        told.push(("span", format!("{spans:?}")));
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_may_be_secret_is_told_nowhere(name in select(&NAMES[..]), which in any::<prop::sample::Index>()) {
        let hook = Hook::to("https://api.example.com").expect("a hook");
        let endpoints = endpoints(name);
        let plan = RequestPlan::get(which.get(&endpoints).as_str());
        for (output, text) in told(&hook, &plan) {
            prop_assert!(!text.contains(SECRET), "{} in {output}: {text}", which.get(&endpoints));
        }
        prop_assert!(Call::new(&hook, plan, 7, NOW).store(&hook).is_err(), "{}", which.get(&endpoints));
    }

    #[test]
    fn no_header_that_is_shown_tells_it(
        name in select(&NAMES[..]),
        header in select(&["user-agent", "prefer", "accept", "cache-control", "if-match"][..]),
        which in 0..4_usize,
    ) {
        let value = values(name)[which].clone();
        let connection = Connection::new().with_host("https://api.example.com");
        let by_program = Hook::builder(&connection).header(header, value.as_str()).build().expect("a hook");
        let hook = Hook::new(&connection).expect("a hook");
        let plan = RequestPlan::get("x");
        for (hook, plan) in [(&hook, plan.clone().header(header, &value)), (&by_program, plan)] {
            for (output, text) in told(hook, &plan) {
                prop_assert!(!text.contains(SECRET), "{header}: {value} in {output}: {text}");
            }
        }
    }
}

#[test]
fn each_name_sounds_secret() {
    for name in NAMES {
        assert!(sounds_secret(name), "{name}");
    }
}

#[test]
fn a_fragment_is_never_sent_and_not_stored() {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    for endpoint in ["x?a=1#token=", "x#", "#?token=", "x?a=1#a#"] {
        let plan = RequestPlan::get(format!("{endpoint}{SECRET}")).param("b", "2");
        let stored = Call::new(&hook, plan, 7, NOW).store(&hook).expect("nothing that is secret");
        assert!(!stored.contains(SECRET), "{stored}");
        let sent = Mutex::new(Vec::new());
        let server = from_fn(everything("test"), |request, _| {
            sent.lock().expect("no panic").push(request.uri().to_string());
            Ok(http::Response::new(Body::default()))
        });
        let call = Call::resume(&hook, &stored, NOW).expect("what was stored");
        let clock = VirtualClock::new();
        drive(Run::new(&hook, call), &server, &clock).expect("200");
        let plan = RequestPlan::get(format!("{endpoint}{SECRET}")).param("b", "2");
        drive(Run::new(&hook, Call::new(&hook, plan, 7, NOW)), &server, &clock).expect("200");
        let sent = sent.lock().expect("no panic");
        assert_eq!(sent[0], sent[1], "{endpoint}");
    }
}
