//! Every source of a header keeps to one rule: what is sent is within it, or nothing is.

use http::{HeaderMap, HeaderName, HeaderValue};
use http_hook::auth::{AuthScheme, Credentials, OAuth2};
use http_hook::hook::{HookBuilder, HookError};
use http_hook::{Connection, Hook, RequestPlan, RetryPolicy};
use serde_json::json;

use crate::adding::adding;
use crate::invariants::request::REFUSED;
use crate::support::{Scenario, response};

/// Values, most of which may not be sent as they are.
const VALUES: [&[u8]; 9] = [
    b"plain",
    b" lead",
    b"\tlead",
    b"tail ",
    b"tail\t",
    b"\x80\xff",
    "\u{e9}".as_bytes(),
    b"a\tb",
    b"t\x7f",
];

/// What is sent, if it can be.
type Planned = (Result<Hook, HookError>, RequestPlan);

/// What sets a header of this name and value: `None` where the source cannot give it at all.
type Source = fn(&str, &[u8]) -> Option<Planned>;

fn builder() -> HookBuilder {
    Hook::builder_to("https://api.test")
}

fn get() -> RequestPlan {
    RequestPlan::get("a")
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok()
}

fn scheme(scheme: AuthScheme) -> Planned {
    (builder().auth(scheme).build(), get())
}

fn own(name: &str, value: &[u8], many: bool, asked: bool) -> Option<Planned> {
    let header: (HeaderName, _) = (name.parse().ok()?, HeaderValue::from_bytes(value).ok()?);
    let credentials = if many {
        Credentials::Headers(vec![header])
    } else {
        Credentials::Header(header.0, header.1)
    };
    Some(scheme(adding(credentials, asked)))
}

fn plain(plan: RequestPlan) -> Planned {
    (builder().build(), plan)
}

fn sources() -> Vec<(&'static str, Source)> {
    vec![
        ("connection", |name, value| {
            let extra = json!({ name: text(value)? }).to_string();
            Some((
                Hook::new(&Connection::new().with_host("https://api.test").with_extra(extra)),
                get(),
            ))
        }),
        ("program", |name, value| Some((builder().header(name, text(value)?).build(), get()))),
        ("call", |name, value| Some(plain(get().header(name, text(value)?)))),
        ("secret of the call", |name, value| Some(plain(get().secret_header(name, text(value)?)))),
        ("storable of the call", |name, value| {
            Some(plain(get().storable_header(name, text(value)?)))
        }),
        ("type of a body", |_, value| {
            Some(plain(RequestPlan::post("a").body_with_type("x", text(value)?)))
        }),
        ("bearer of the call", |_, value| Some(plain(get().bearer(text(value)?)))),
        ("bearer", |_, value| Some(scheme(AuthScheme::Bearer { token: text(value)?.into() }))),
        ("key", |name, value| {
            let value = text(value)?.into();
            Some(scheme(AuthScheme::ApiKey { name: name.to_owned(), value }))
        }),
        ("own scheme", |name, value| own(name, value, false, false)),
        ("own scheme, a list", |name, value| own(name, value, true, false)),
        ("own scheme, challenged", |name, value| own(name, value, false, true)),
        ("token", |_, value| {
            let mut auth = OAuth2::client_credentials("https://api.test/t", "c", "s");
            auth.scope = Some(text(value)?.to_owned());
            Some(scheme(auth.into()))
        }),
        ("policy", |name, _| {
            let policy = json!({ "attempt_header": name }).to_string();
            let policy = RetryPolicy::from_json(&policy).ok()?;
            Some((builder().policy(policy).build(), get()))
        }),
        #[cfg(feature = "cookies")]
        ("cookie", |_, value| Some(plain(get().cookie("c", text(value)?)))),
        #[cfg(feature = "cookies")]
        ("cookie's name", |_, value| Some(plain(get().cookie(text(value)?, "v")))),
    ]
}

/// What breaks the rule among the headers of a request.
fn broken(headers: &HeaderMap) -> Option<String> {
    headers.iter().find_map(|(name, value)| {
        let bytes = value.as_bytes();
        let is_visible = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
        let is_blank = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
        let bad = REFUSED.contains(&name.as_str())
            || !bytes.iter().all(is_visible)
            || is_blank(bytes.first())
            || is_blank(bytes.last());
        bad.then(|| format!("{name}: {bytes:?}"))
    })
}

#[test]
fn no_source_of_a_header_gets_past_the_rule() {
    let mut found = Vec::new();
    let mut sent = 0;
    for (whose, source) in sources() {
        let names = REFUSED.iter().chain(&["x-own", "host"]);
        for (name, value) in names.flat_map(|name| VALUES.map(|value| (*name, value))) {
            let Some((Ok(hook), plan)) = source(name, value) else { continue };
            let played = Scenario::new(&hook, plan).run(|number| {
                let token = json!({ "access_token": String::from_utf8_lossy(value) }).to_string();
                let asks = [("www-authenticate", "Own")];
                Ok(match whose {
                    "token" if number == 0 => response(200, &[], &token),
                    "own scheme, challenged" if number == 0 => response(401, &asks, ""),
                    _ => response(200, &[], ""),
                })
            });
            for (request, ..) in &played.sends {
                sent += 1;
                if let Some(broken) = broken(request.headers()) {
                    found.push(format!("{whose}, {name}, {value:?} sends {broken}"));
                }
            }
        }
    }
    assert!(sent > 100, "{sent}");
    assert!(found.is_empty(), "{} of {sent}:\n{}", found.len(), found.join("\n"));
}
