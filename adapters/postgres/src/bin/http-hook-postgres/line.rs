//! A line that is a call, read as `http-hook run` reads it.

use std::collections::BTreeMap;

use http::Method;
use http_hook_reqwest::RequestPlan;
use http_hook_reqwest::observe::sounds_secret;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The methods that may be written in small letters, too; others are told apart by their case.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

type Values = BTreeMap<String, Box<RawValue>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Option<Box<RawValue>>,
    method: Option<String>,
    endpoint: String,
    query: Option<Box<RawValue>>,
    headers: Option<BTreeMap<String, Option<String>>>,
    json: Option<Box<RawValue>>,
    body: Option<String>,
    form: Option<Values>,
    idempotency_key: Option<String>,
}

/// Reads the id of a line, if it says one, and its plan.
pub(crate) fn read(line: &str) -> Result<(Option<String>, RequestPlan), String> {
    let line: Line = serde_json::from_str(line)
        .map_err(|error| format!("not a call, at column {}", error.column()))?;
    let id = match line.id.as_deref().map(|id| text_of(id).filter(|id| !id.is_empty())) {
        Some(None) => return Err("the id is no text or number".to_owned()),
        id => id.flatten(),
    };
    let bodies = [line.json.is_some(), line.body.is_some(), line.form.is_some()];
    if bodies.iter().filter(|is| **is).count() > 1 {
        return Err("there is more than one body".to_owned());
    }
    let usual = if bodies.contains(&true) { "POST" } else { "GET" };
    let method = method_of(line.method.as_deref().unwrap_or(usual))?;
    let mut plan = RequestPlan::new(method, line.endpoint);
    if let Some(query) = line.query {
        plan = with_query(plan, &query)?;
    }
    for (name, value) in line.headers.unwrap_or_default() {
        plan = match value {
            Some(value) => with_header(plan, &name, &value),
            None => plan.without_header(&name),
        };
    }
    if let Some(json) = line.json {
        plan = plan.json_text(json.get().to_owned());
    } else if let Some(body) = line.body {
        plan = plan.data(body);
    } else if let Some(form) = line.form {
        let pairs = form.into_iter().map(|(name, value)| {
            let value = text_of(&value).ok_or_else(|| format!("the field {name} is no text"))?;
            Ok((name, value))
        });
        plan = plan.form(pairs.collect::<Result<Vec<_>, String>>()?);
    }
    if let Some(key) = line.idempotency_key {
        plan = plan.storable_header("idempotency-key", &key).idempotency_key();
    }
    Ok((id, plan))
}

fn with_query(mut plan: RequestPlan, query: &RawValue) -> Result<RequestPlan, String> {
    if query.get().starts_with('"') {
        return Ok(plan.params_text(&text_of(query).unwrap_or_default()));
    }
    let pairs: Values = serde_json::from_str(query.get())
        .map_err(|_| "query is neither an object nor a text".to_owned())?;
    for (name, value) in pairs {
        let wrong = || format!("the parameter {name} is no text");
        if value.get().starts_with('[') {
            let members: Vec<Box<RawValue>> =
                serde_json::from_str(value.get()).map_err(|_| wrong())?;
            for member in members {
                plan = plan.param(&name, text_of(&member).ok_or_else(wrong)?);
            }
        } else {
            plan = plan.param(&name, text_of(&value).ok_or_else(wrong)?);
        }
    }
    Ok(plan)
}

/// A value as a text: what is a text, a number as it is written, true or false.
fn text_of(value: &RawValue) -> Option<String> {
    let raw = value.get();
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(raw.to_owned()),
    }
}

/// Reads a method, wherever somebody has written it.
pub(crate) fn method_of(text: &str) -> Result<Method, String> {
    let upper = text.to_ascii_uppercase();
    let method = if METHODS.contains(&upper.as_str()) { &upper } else { text };
    method.parse().map_err(|_| "the method is not a token".to_owned())
}

/// Adds a header. No secret is kept: one that sounds so is refused where it would be.
pub(crate) fn with_header(plan: RequestPlan, name: &str, value: &str) -> RequestPlan {
    if sounds_secret(name) { plan.header(name, value) } else { plan.storable_header(name, value) }
}

/// Tells a line from another one, as the journal of a run does: FNV-1a.
pub(crate) fn digest(line: &str) -> String {
    let mix = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let hash = line.trim_ascii_end().as_bytes().iter().fold(0x811c_9dc5, mix);
    format!("{hash:08x}")
}
