//! Cassettes: any text is one or an error, and no secret is written that a recording has taught.

use std::fmt::Write as _;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderValue, Request, Response};
use http_hook::blocking::{self, Transport};
use http_hook::options::{Capabilities, ClientOptions, SendOptions, Timeouts};
use http_hook_mock::cassette::{Cassette, Recorder};
use serde_json::{Value, json};

use super::{Choices, MARKER};

/// The bytes as a cassette, and as what stands around a secret in the places of an exchange.
pub(crate) fn cassette(bytes: &[u8]) {
    if let Ok(Ok(cassette)) = std::str::from_utf8(bytes).map(Cassette::from_json) {
        let json = cassette.to_json();
        assert!(Cassette::from_json(&json).expect("what was written") == cassette);
        let (strict, lenient) = (cassette.strict(), cassette.lenient());
        assert_eq!(strict.verify().is_ok(), cassette.is_empty());
        assert_eq!(lenient.verify().is_ok(), cassette.is_empty());
    }
    record(bytes);
}

/// A secret in one place that teaches it, and in others that echo it, in some form.
fn record(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let lesson = from.byte() % 8;
    let form = form(&mut from);
    let split = usize::from(from.byte()).min(from.0.len());
    let (before, after) = from.0.split_at(split);
    let echo = [before, form.as_bytes(), after].concat();

    let percent = percent(MARKER, false);
    let query = if lesson == 0 { format!("?a=1&x-own={percent}") } else { String::new() };
    let mut request = Request::get(format!("http://h.test/a{query}"));
    let (mut headers, mut body) = (Vec::new(), echo.clone());
    match lesson {
        0 => {}
        1 => request = request.header("authorization", format!("Bearer {MARKER}")),
        2 => request = request.header("x-own", MARKER),
        3 => headers.push(("set-cookie", format!("sid={MARKER}; Path=/"))),
        4 => headers.push(("location", format!("https://u:{percent}@o.test/a"))),
        5 => headers.push(("location", format!("/a#access_token={percent}&x=1"))),
        6 => body.extend(json!({"a": [{"password": {"b": MARKER}}]}).to_string().into_bytes()),
        _ => headers.push(("refresh", format!("5; url=/a?code={percent}"))),
    }
    if let Ok(value) = HeaderValue::from_bytes(&echo) {
        headers.push(("server", String::from_utf8_lossy(value.as_bytes()).into_owned()));
    }
    let answer = Mutex::new(Some((headers, body)));
    let server = blocking::from_fn(Capabilities::none("scripted"), move |_, _: &SendOptions| {
        let (headers, body) = answer.lock().expect("no panic").take().expect("one request");
        let mut response = Response::new(blocking::Body::Bytes(body.into()));
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                response.headers_mut().append(name, value);
            }
        }
        Ok(response)
    });
    let recorder = Recorder::new(server);
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let request = request.body(blocking::Body::default()).expect("a request");
    recorder.send(request, &options).expect("a response");
    let json = recorder.cassette().to_json();
    Cassette::from_json(&json).expect("what was recorded is a cassette");
    let written: Value = serde_json::from_str(&json).expect("JSON");
    no_secret(&written, &[&form, MARKER, &percent]);
}

fn no_secret(written: &Value, forms: &[&str]) {
    let within = |text: &str| forms.iter().any(|form| text.contains(form));
    match written {
        Value::String(text) => assert!(!within(text), "a secret in {text:?}"),
        Value::Array(members) => members.iter().for_each(|member| no_secret(member, forms)),
        Value::Object(members) => {
            if let Some(body) = members.get("base64").and_then(Value::as_str) {
                let bytes = base64::engine::general_purpose::STANDARD.decode(body).expect("base64");
                assert!(!within(&String::from_utf8_lossy(&bytes)), "a secret in a body");
            }
            members.values().for_each(|member| no_secret(member, forms));
        }
        _ => {}
    }
}

/// The secret in one of its written forms.
fn form(from: &mut Choices<'_>) -> String {
    match from.byte() % 8 {
        0 => MARKER.to_owned(),
        1 => percent(MARKER, false),
        2 => percent(MARKER, true),
        3 => MARKER.bytes().fold(String::new(), |all, byte| format!("{all}\\u{byte:04x}")),
        4 => MARKER.bytes().fold(String::new(), |all, byte| format!("{all}&#{byte};")),
        // At each of the three places of a group, with the digits that hold a part of what is beside.
        skipped @ 5..=7 => {
            let beside = usize::from(skipped) - 5;
            let digits = STANDARD_NO_PAD.encode(format!("{}{MARKER}", &"ab"[..beside]));
            digits[beside * 8 / 6..].to_owned()
        }
        _ => unreachable!("a remainder of eight"),
    }
}

fn percent(text: &str, small: bool) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = if small { write!(all, "%{byte:02x}") } else { write!(all, "%{byte:02X}") };
        all
    })
}
