//! The scripted server, without sockets: what a client would report of its answers.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_hook::response::Reason;
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use serde_json::Value;

use crate::recorded::values::CLOSED_PORT;

/// What a transport gives back.
pub type Exchange = Result<Response<Bytes>, TransportError>;

/// What a server with sockets does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wired {
    /// Writes this and closes.
    Answer(Vec<u8>),
    /// Writes this and goes on: a tunnel is open.
    Tunnel(Vec<u8>),
    /// Closes.
    Close,
    /// Resets the connection.
    Reset,
    /// Waits until the client gives up.
    Hang,
}

/// The answers of a case, in the order in which requests arrive.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    script: VecDeque<Value>,
    default: Value,
}

impl Answers {
    /// Reads `input.server`.
    #[must_use]
    pub fn new(server: &Value) -> Self {
        let script = server.get("script").and_then(Value::as_array);
        let default = server.get("default").cloned();
        let default = default.unwrap_or_else(|| serde_json::json!({"status": 200, "reason": "OK"}));
        Self { script: script.into_iter().flatten().cloned().collect(), default }
    }

    /// Tells what becomes of a connection to this host and port; `None` if the server takes it.
    #[must_use]
    pub fn refusal(host: &str, port: u16, tls: bool) -> Option<TransportError> {
        let (kind, sent) = match host {
            "unresolvable.test" => (Kind::Dns, Sent::No),
            "blackhole.test" => (Kind::Timeout(TimeoutPhase::Connect), Sent::No),
            "refused.test" => (Kind::Connect, Sent::No),
            "selfsigned.test" if tls => (Kind::Tls, Sent::No),
            _ if port == CLOSED_PORT => (Kind::Connect, Sent::No),
            _ => return None,
        };
        Some(TransportError::new(kind, sent))
    }

    fn take(&mut self) -> Value {
        self.script.pop_front().unwrap_or_else(|| self.default.clone())
    }

    /// Gives the next answer as a server writes it.
    ///
    /// # Panics
    ///
    /// If the script holds an unknown fault.
    pub fn wired(&mut self, method: &str) -> Wired {
        let answer = self.take();
        let mut cut = 0;
        match answer.get("fault").and_then(Value::as_str) {
            None => {}
            Some("close") => return Wired::Close,
            Some("reset") => return Wired::Reset,
            Some("hang") => return Wired::Hang,
            Some("truncated_body") => cut = 10,
            Some(other) => panic!("unknown fault {other}"),
        }
        if let Some(raw) = answer.get("raw") {
            return Wired::Answer(body(raw));
        }
        let tunnel = method == "CONNECT" && answer["status"] == 200;
        let mut bytes = written(&answer, method, tunnel);
        bytes.truncate(bytes.len().saturating_sub(cut));
        if tunnel { Wired::Tunnel(bytes) } else { Wired::Answer(bytes) }
    }

    /// Gives the next answer.
    ///
    /// # Errors
    ///
    /// What a client reports of a fault or of an answer that is not HTTP.
    pub fn next(&mut self, method: &Method) -> Exchange {
        let answer = self.take();
        match answer.get("fault").and_then(Value::as_str) {
            Some("close" | "reset") => Err(TransportError::new(Kind::Interrupted, Sent::Maybe)),
            Some("hang") => {
                Err(TransportError::new(Kind::Timeout(TimeoutPhase::Head), Sent::Maybe))
            }
            Some("truncated_body") => Err(TransportError::new(Kind::Body, Sent::Yes)),
            Some(other) => panic!("unknown fault {other}"),
            None => match answer.get("raw") {
                Some(raw) => parse(&body(raw), method),
                None => scripted(&answer, method),
            },
        }
    }
}

/// Reads `{"text": ..}` or `{"base64": ..}`.
pub(crate) fn body(value: &Value) -> Vec<u8> {
    match (value.get("text"), value.get("base64")) {
        (Some(text), _) => text.as_str().unwrap_or_default().as_bytes().to_vec(),
        (_, Some(base64)) => STANDARD.decode(base64.as_str().unwrap_or_default()).expect("base64"),
        _ => Vec::new(),
    }
}

fn scripted(answer: &Value, method: &Method) -> Exchange {
    let status = answer.get("status").and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok());
    let reason = answer.get("reason").and_then(Value::as_str).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for pair in answer.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let part = |i: usize| pair.get(i).and_then(Value::as_str).unwrap_or_default();
        push(&mut headers, part(0), &latin1(part(1)))?;
    }
    let bytes = answer.get("body").map(body).unwrap_or_default();
    if !headers.contains_key("content-length") && !headers.contains_key("transfer-encoding") {
        headers.insert("content-length", HeaderValue::from(bytes.len()));
    }
    response(status.unwrap_or(200), reason, headers, bytes, method)
}

/// Writes an answer with the headers that the server adds; one that opens a tunnel has no body.
fn written(answer: &Value, method: &str, tunnel: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}", answer["status"].as_u64().unwrap_or(200)).into_bytes();
    if let Some(reason) = answer.get("reason").and_then(Value::as_str) {
        head.extend_from_slice(format!(" {reason}").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    let mut has_length = tunnel;
    for pair in answer.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let part = |i: usize| pair.get(i).and_then(Value::as_str).unwrap_or_default();
        has_length |= part(0).eq_ignore_ascii_case("content-length");
        head.extend([part(0).as_bytes(), b": ", &latin1(part(1)), b"\r\n"].concat());
    }
    let bytes = answer.get("body").map(body).unwrap_or_default();
    if !has_length {
        head.extend_from_slice(format!("Content-Length: {}\r\n", bytes.len()).as_bytes());
    }
    let end: &[u8] = if tunnel { b"\r\n" } else { b"Connection: close\r\n\r\n" };
    head.extend_from_slice(end);
    if !(tunnel || method == "HEAD") {
        head.extend(bytes);
    }
    head
}

/// Header values stand as Latin-1 text.
fn latin1(text: &str) -> Vec<u8> {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes.unwrap_or_else(|| text.as_bytes().to_vec())
}

fn push(headers: &mut HeaderMap, name: &str, value: &[u8]) -> Result<(), TransportError> {
    let name = HeaderName::try_from(name).map_err(|_| protocol())?;
    headers.append(name, HeaderValue::from_bytes(value.trim_ascii()).map_err(|_| protocol())?);
    Ok(())
}

fn response(
    status: u16,
    reason: &str,
    headers: HeaderMap,
    mut body: Vec<u8>,
    method: &Method,
) -> Exchange {
    let status = StatusCode::from_u16(status).map_err(|_| protocol())?;
    if *method == Method::HEAD || status == 204 || status == 304 {
        body.clear();
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.extensions_mut().insert(Reason::new(reason.trim()));
    Ok(response)
}

fn protocol() -> TransportError {
    TransportError::new(Kind::Protocol, Sent::Yes)
}

/// Reads a raw answer as leniently as the recorded client does. Interim answers but 101 are passed over.
fn parse(raw: &[u8], method: &Method) -> Exchange {
    let (head, rest) = split(raw);
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default();
    let (version, line) = line.split_once(' ').ok_or_else(protocol)?;
    let (status, reason) = line.split_once(' ').unwrap_or((line, ""));
    if !matches!(version, "HTTP/1.0" | "HTTP/1.1") || status.len() != 3 {
        return Err(protocol());
    }
    let status: u16 = status.parse().map_err(|_| protocol())?;
    if (100..200).contains(&status) && status != 101 && !rest.is_empty() {
        return parse(rest, method);
    }
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        push(&mut headers, name.trim(), &latin1(value))?;
    }
    let coding =
        headers.get("transfer-encoding").map(|value| value.as_bytes().to_ascii_lowercase());
    let chunked = coding.is_some_and(|value| value == b"chunked");
    let body = if chunked { unchunk(rest)? } else { counted(&headers, rest)? };
    response(status, reason, headers, body, method)
}

/// Parts head and body at the first empty line, however lines end.
fn split(raw: &[u8]) -> (String, &[u8]) {
    let find = |end: &[u8]| raw.windows(end.len()).position(|part| part == end);
    let crlf = find(b"\r\n\r\n").map(|at| (at, at + 4));
    let lf = find(b"\n\n").map(|at| (at, at + 2));
    let end = crlf.into_iter().chain(lf).min().unwrap_or((raw.len(), raw.len()));
    (raw[..end.0].iter().map(|byte| char::from(*byte)).collect(), &raw[end.1..])
}

/// A length that is no number is passed over, two different ones are an error.
fn counted(headers: &HeaderMap, rest: &[u8]) -> Result<Vec<u8>, TransportError> {
    let mut lengths = headers.get_all("content-length").iter();
    let first = lengths.next();
    if lengths.any(|other| Some(other) != first) {
        return Err(protocol());
    }
    let length: Option<usize> = first.and_then(|value| value.to_str().ok()?.parse().ok());
    let Some(length) = length else { return Ok(rest.to_vec()) };
    let body = rest.get(..length).map(<[u8]>::to_vec);
    body.ok_or(TransportError::new(Kind::Body, Sent::Yes))
}

fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>, TransportError> {
    let broken = || TransportError::new(Kind::Body, Sent::Yes);
    let mut all = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").ok_or_else(broken)?;
        let line = String::from_utf8_lossy(&rest[..end]);
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16).map_err(|_| broken())?;
        if size == 0 {
            return Ok(all);
        }
        let from = end + 2;
        all.extend_from_slice(rest.get(from..from + size).ok_or_else(broken)?);
        rest = rest.get(from + size + 2..).ok_or_else(broken)?;
    }
}
