//! The result of a call as one line of JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::json;
use crate::connection::id_of;
use crate::live::Told;
use crate::report::{SCHEMA, millis};
use crate::screen;

/// Writes the result: all about the call, and its body, of which numbers stay as they are written; `headers` are as they may be shown.
pub(crate) fn envelope(
    name: &str,
    told: &Told,
    status: u16,
    headers: &Value,
    body: &Content<'_>,
    exit: u8,
) -> String {
    let mut result = json!({
        "connection": id_of(name),
        "method": told.method,
        "url": told.url,
        "status": status,
        "headers": headers,
        "attempts": told.attempts,
        "sends": told.sends,
        "redirects": told.redirects,
        "elapsed_ms": millis(told.elapsed),
        "exit": exit,
    });
    let mut raw = None;
    match body {
        Content::File(path, bytes) => {
            result["output"] = (*path).into();
            result["bytes"] = (*bytes).into();
        }
        Content::Bytes([]) => {}
        Content::Bytes(bytes) => match (json::compact(bytes), std::str::from_utf8(bytes)) {
            (Some(text), _) => raw = Some(text),
            (None, Ok(text)) => result["body"] = text.into(),
            (None, Err(_)) => result["body_base64"] = BASE64_STANDARD.encode(bytes).into(),
        },
    }
    let mut result = result.to_string();
    if let Some(raw) = raw {
        result.truncate(result.len() - 1);
        result.push_str(",\"body\":");
        result.push_str(&raw);
        result.push('}');
    }
    screen::escaped(&format!("{{\"schema\":{SCHEMA},\"result\":{result}}}\n"))
}

/// What became of the body.
pub(crate) enum Content<'a> {
    Bytes(&'a [u8]),
    File(&'a str, u64),
}
