//! Hostile redirects: one request, one answer with a Location, and what the machine sends next.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_hook::body::{Payload, Replay};
use http_hook::hook::Defaults;
use http_hook::{Call, Connection, Hook, Options, RequestPlan, Step, Timestamp};
use serde_json::{Value, json};

use super::Judged;
use super::requests::pairs;
use crate::recorded::values::text_bytes;

/// What no other origin may see.
const CREDENTIALS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Follows one redirect.
pub(crate) fn location(input: &Value) -> Judged {
    let request = &input["request"];
    let stored = pairs(&request["connection_headers"]).expect("texts");
    let own = pairs(&request["call_headers"]).expect("texts");
    let Some(answer) = answer(input) else { return not_followed() };
    let first: Uri = request["url"].as_str().and_then(|url| url.parse().ok()).expect("a URL");
    let hook = hook(&first, &stored, input);
    let now = Timestamp::default();
    let step = Call::new(&hook, plan(request, &first, &own), 1, now).step(&hook, now);
    let Step::Send { attempt, .. } = step else { panic!("nothing is sent: {step:?}") };
    let Step::Send { request: next, .. } = attempt.finish(&hook, Ok(answer), now) else {
        return not_followed();
    };
    let carried = |name: &str| next.headers().contains_key(name);
    let mut names: Vec<String> =
        stored.iter().chain(&own).map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    let (keeps, drops): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| carried(name));
    let home = origin(next.uri()) == origin(&first);
    let of_connection = stored.iter().any(|(name, _)| carried(name));
    let safe = home || !of_connection && !CREDENTIALS.iter().any(|name| carried(name));
    let given = own.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let bare = next.uri().authority().is_some_and(|authority| !authority.as_str().contains('@'));
    let clean = next.uri().to_string().bytes().all(|byte| byte > 0x20 && byte != 0x7f);
    Judged::taken(json!({
        "method": next.method().as_str(),
        "url": plain(next.uri()),
        "keeps": keeps,
        "drops": drops,
        "body": if has_body(&next) { "kept" } else { "none" },
    }))
    .unless(safe, "no-credentials-cross-origin")
    .unless(bare && (given || !carried("authorization")), "no-userinfo")
    .unless(clean, "no-control-in-url")
}

fn not_followed() -> Judged {
    Judged { result: Err(vec!["not followed".into()]), broken: Vec::new() }
}

/// The answer; `None` if the type of a header value cannot hold the Location.
fn answer(input: &Value) -> Option<Response<Bytes>> {
    let status = input["status"].as_u64().and_then(|n| u16::try_from(n).ok()).expect("a status");
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    let locations = match &input["location"] {
        Value::Null => Vec::new(),
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    for location in &locations {
        let value = HeaderValue::from_bytes(&text_bytes(location)).ok()?;
        answer.headers_mut().append("location", value);
    }
    Some(answer)
}

/// The connection's origin is the request's. Redirects made before leave as many fewer to follow.
fn hook(first: &Uri, stored: &[(String, String)], input: &Value) -> Hook {
    let members = stored.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let extra = Value::Object(members.collect()).to_string();
    let number =
        |name: &str| input[name].as_u64().and_then(|n| u32::try_from(n).ok()).expect("a count");
    let mut options = Options::default();
    options.max_redirects =
        Some(number("max_redirects").saturating_sub(number("redirects_so_far")));
    let connection = Connection::new().with_host(origin(first)).with_extra(extra);
    let builder = Hook::builder(&connection).defaults(Defaults::airflow()).options(options);
    builder.build().expect("a hook").for_client(http_hook_mock::everything("hostile"))
}

fn plan(request: &Value, first: &Uri, own: &[(String, String)]) -> RequestPlan {
    let method = request["method"].as_str().expect("a method");
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut plan = RequestPlan::new(method, first.path_and_query().expect("a path").as_str());
    for (name, value) in own {
        plan = plan.header(name, value);
    }
    match request["body"].as_str() {
        Some("replayable") => plan.data("body"),
        Some("stream") => plan.external(Some(4), Replay::Once),
        _ => plan,
    }
}

fn has_body(request: &Request<Payload>) -> bool {
    !request.body().is_empty()
}

/// Scheme, host and port, the default port left out.
fn origin(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let usual = if scheme == "https" { 443 } else { 80 };
    match uri.port_u16().filter(|port| *port != usual) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

fn plain(uri: &Uri) -> String {
    format!("{}{}", origin(uri), uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str))
}
