//! Hostile connections, endpoints and headers: each ends in a request or in an error.

use http::{HeaderName, Method, Request};
use http_hook::body::Payload;
use http_hook::hook::Defaults;
use http_hook::{Call, Connection, Hook, RequestPlan, Secret, Step, Timestamp};
use serde_json::{Value, json};

use super::Judged;
use crate::recorded::values::{text, text_bytes};

/// Reads the connection, then builds a GET of an empty endpoint: two steps that count as one.
pub(crate) fn connection(input: &Value) -> Judged {
    let form = input.get("uri").or(input.get("json_text")).expect("a text");
    let Some(text) = text(form) else { return unheld() };
    let read = if input.get("uri").is_some() {
        Connection::from_uri(&text)
    } else {
        Connection::from_json(&text)
    };
    match read {
        Err(error) => Judged::from(&error),
        Ok(connection) => match built(&connection, RequestPlan::get("")) {
            Err(refused) => refused,
            Ok(_) => Judged::taken(fields(&connection)),
        },
    }
}

/// The fields; an empty text and null are the same.
fn fields(connection: &Connection) -> Value {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    json!({
        "conn_type": text(connection.conn_type()),
        "host": text(connection.host()),
        "login": text(connection.login()),
        "password": text(connection.password().map(Secret::expose)),
        "port": connection.port(),
        "schema": text(connection.schema()),
        "extra": text(connection.extra().map(Secret::expose)),
    })
}

/// Joins an endpoint to a base.
pub(crate) fn endpoint(input: &Value) -> Judged {
    let base = input["base"].as_str().expect("a base");
    let Some(endpoint) = text(&input["endpoint"]) else { return unheld() };
    let connection = Connection::new().with_host(base);
    let request = match built(&connection, RequestPlan::get(endpoint)) {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    let (base, uri): (http::Uri, _) = (base.parse().expect("a base"), request.uri());
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = |uri: &http::Uri| uri.port_u16().unwrap_or(usual);
    let same =
        uri.scheme() == base.scheme() && uri.host() == base.host() && port(uri) == port(&base);
    let url = uri.to_string();
    let clean = url.bytes().all(|byte| byte > 0x20 && byte != 0x7f);
    Judged::taken(json!({"url": url}))
        .unless(same, "same-origin")
        .unless(clean, "no-control-in-url")
}

/// Lays headers of a connection and of a call over each other.
pub(crate) fn headers(input: &Value) -> Judged {
    let (Some(stored), Some(own)) = (pairs(&input["connection"]), pairs(&input["call"])) else {
        return unheld();
    };
    let extra = stored.iter().map(|(name, value)| format!("{}:{}", json!(name), json!(value)));
    let extra = format!("{{{}}}", extra.collect::<Vec<_>>().join(","));
    let connection = Connection::new().with_host("http://data.example.org").with_extra(extra);
    let method = input["method"].as_str().unwrap_or("GET");
    let mut plan = RequestPlan::new(Method::from_bytes(method.as_bytes()).expect("a method"), "");
    if let Some(body) = input.get("body").and_then(text) {
        plan = plan.data(body);
    }
    for (name, value) in &own {
        plan = plan.header(name, value);
    }
    let request = match built(&connection, plan) {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    let headers = request.headers();
    let mut mentioned: Vec<HeaderName> =
        stored.iter().chain(&own).filter_map(|(name, _)| name.parse().ok()).collect();
    mentioned.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    mentioned.dedup();
    let shown = mentioned
        .iter()
        .flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value)));
    let shown: Vec<_> = shown
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let control = |byte: &u8| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f;
    let clean = headers.values().all(|value| !value.as_bytes().iter().any(control));
    let framed = framing(&request);
    Judged::taken(json!({"headers": shown}))
        .unless(clean, "no-control-in-headers")
        .unless(headers.get_all("host").iter().count() <= 1, "single-host")
        .unless(framed, "framing-consistent")
}

/// Never both ways of framing; a length that is told is the body's.
fn framing(request: &Request<Payload>) -> bool {
    let headers = request.headers();
    let (length, coding) = (headers.get("content-length"), headers.get("transfer-encoding"));
    let told = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    length.is_none() || coding.is_none() && told == request.body().len()
}

/// Name and value of each; `None` if one is not text.
pub(crate) fn pairs(list: &Value) -> Option<Vec<(String, String)>> {
    let pair = |pair: &Value, index: usize| {
        let name = text(&pair[0])?.replace("{i}", &index.to_string());
        Some((name, text(&pair[1])?))
    };
    match list.get("$repeat").and_then(Value::as_array).map(Vec::as_slice) {
        Some([one, count]) => {
            let count = usize::try_from(count.as_u64()?).ok()?;
            (0..count).map(|index| pair(one, index)).collect()
        }
        _ => list.as_array()?.iter().enumerate().map(|(index, one)| pair(one, index)).collect(),
    }
}

/// Makes the hook and steps the call up to its first request.
fn built(connection: &Connection, plan: RequestPlan) -> Result<Request<Payload>, Judged> {
    let hook = Hook::builder(connection).defaults(Defaults::airflow()).build();
    let hook = hook.map_err(|error| Judged::from(&error))?;
    let now = Timestamp::default();
    match Call::new(&hook, plan, 1, now).step(&hook, now) {
        Step::Send { request, .. } => Ok(request),
        Step::Done(Err(failure)) => Err(Judged::from(&failure)),
        other => panic!("neither a request nor an error: {other:?}"),
    }
}

/// Bytes that are not text do not fit a type that takes text.
fn unheld() -> Judged {
    Judged::from(String::from_utf8(text_bytes(&json!({"$hex": "ff"}))).expect_err("not text"))
}
