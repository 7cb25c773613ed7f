//! Any reply, made of choices: what the strategies and the fuzzer's values have in common.

use std::time::Duration;

use bytes::Bytes;
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportErrorKind as Kind};

use crate::Reply;

/// Whoever chooses: each call gives a byte. Where there are none left it gives zeros, and 0 is the plainest choice.
pub(crate) struct Choices<'a>(pub(crate) &'a mut dyn FnMut() -> u8);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        (self.0)()
    }

    fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Whether one of so many comes about; a choice of 0 never does.
    fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let count = self.below(most + 1);
        (0..count).map(|_| self.byte()).collect()
    }
}

const PHASES: [TimeoutPhase; 4] =
    [TimeoutPhase::Head, TimeoutPhase::Total, TimeoutPhase::Connect, TimeoutPhase::Body];

const KINDS: [Kind; 11] = [
    Kind::Interrupted,
    Kind::Connect,
    Kind::Dns,
    Kind::Tls,
    Kind::Proxy,
    Kind::Protocol,
    Kind::Body,
    Kind::Limit,
    Kind::InvalidRequest,
    Kind::Cancelled,
    Kind::Bug,
];

const SUCCESS: [u16; 6] = [200, 201, 202, 203, 204, 206];
const REDIRECTS: [u16; 8] = [307, 308, 301, 302, 303, 300, 304, 305];
const OF_THE_CLIENT: [u16; 10] = [404, 400, 401, 403, 405, 409, 410, 412, 415, 422];
const FOR_NOW: [u16; 8] = [503, 429, 500, 502, 504, 408, 425, 529];

const LOCATIONS: [&str; 10] = [
    "/elsewhere",
    "elsewhere?page=2",
    "",
    "?",
    "//other.example/a",
    "https://other.example/a",
    "http://127.0.0.1:8080/a",
    "https://reader:secret@other.example/a",
    "ftp://other.example/a",
    "http://[::1",
];

const HINTS: [&str; 10] = [
    "0",
    "1",
    "120",
    "86400",
    "99999999999999999999999",
    "-1",
    "1.5",
    "soon",
    "Tue, 01 Jan 2030 00:00:30 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
];

const CHALLENGES: [&str; 6] = [
    "Basic realm=\"orders\"",
    "Bearer error=\"invalid_token\"",
    "Digest realm=\"a\", nonce=\"b\", qop=\"auth\", algorithm=SHA-256",
    "Negotiate",
    "",
    "=\",,\"",
];

const HEADERS: [(&str, &str); 12] = [
    ("set-cookie", "session=1; Path=/; Secure"),
    ("set-cookie", "=; Domain=.com; Max-Age=99999999999"),
    ("etag", "\"a\""),
    ("etag", "W/"),
    ("link", "</v1/orders?page=2>; rel=\"next\""),
    ("link", "<"),
    ("ratelimit", "\"default\";r=0;t=30"),
    ("x-ratelimit-reset", "1893456030"),
    ("date", "Tue, 01 Jan 2030 00:00:00 GMT"),
    ("date", "yesterday"),
    ("content-disposition", "attachment; filename=\"../../a\""),
    ("x-note", "caf\u{e9}"),
];

const TYPES: [&str; 8] = [
    "application/json",
    "application/problem+json",
    "application/json; charset=iso-8859-1",
    "text/html; charset=utf-8",
    "text/plain",
    "application/octet-stream",
    "application/x-ndjson",
    ";",
];

const TEXTS: [&str; 20] = [
    "{}",
    "[]",
    "[1, 2, 3]",
    "{\"id\": 7}",
    "[{\"id\": 7, \"name\": \"box\"}]",
    "null",
    "\"text\"",
    "{\"error\": \"unavailable\"}",
    "{\"type\": \"about:blank\", \"title\": \"Not Found\", \"status\": 404}",
    "{\"access_token\": \"t\", \"token_type\": \"Bearer\", \"expires_in\": 60}",
    "[1, 2",
    "{\"id\": 7}}",
    "{\"id\": 7, \"id\": 8}",
    "{\"id\": -9223372036854775809}",
    "[1e999]",
    "\"\\ud800\"",
    "NaN",
    "\u{feff}{}",
    "<!DOCTYPE html><title>502 Bad Gateway</title>",
    "{\"id\": 1}\n{\"id\": 2}\n",
];

const TIMES: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(1),
    Duration::from_millis(250),
    Duration::from_secs(3),
    Duration::from_secs(90),
    Duration::from_secs(7_200),
];

/// Anything a server may do.
pub(crate) fn reply(choices: &mut Choices<'_>) -> Reply {
    let mut reply = match choices.byte() {
        0..=199 => response(choices),
        200..=239 => error(choices),
        _ => Reply::hang(),
    };
    if choices.once_in(4) {
        reply = reply.takes(choices.pick(&TIMES));
    }
    if choices.once_in(8) {
        reply = reply.times(1 + u32::from(choices.byte() % 3));
    }
    reply
}

/// Any response, well-formed or not.
pub(crate) fn response(choices: &mut Choices<'_>) -> Reply {
    let mut reply = match choices.byte() {
        0..=95 => Reply::status(choices.pick(&SUCCESS)),
        96..=130 => Reply::redirect(choices.pick(&REDIRECTS), choices.pick(&LOCATIONS)),
        131..=150 => {
            let challenge = choices.pick(&CHALLENGES);
            Reply::status(401).header("www-authenticate", challenge)
        }
        151..=195 => {
            let reply = Reply::status(choices.pick(&FOR_NOW));
            if choices.once_in(2) {
                reply.header("retry-after", choices.pick(&HINTS))
            } else {
                reply
            }
        }
        196..=240 => Reply::status(choices.pick(&OF_THE_CLIENT)),
        _ => Reply::status(100 + u16::from_le_bytes([choices.byte(), choices.byte()]) % 900),
    };
    while choices.once_in(4) {
        let (name, value) = choices.pick(&HEADERS);
        reply = reply.header(name, value);
    }
    body(reply, choices)
}

fn body(reply: Reply, choices: &mut Choices<'_>) -> Reply {
    let body = match choices.byte() {
        0..=29 => Bytes::new(),
        30..=199 => Bytes::from_static(choices.pick(&TEXTS).as_bytes()),
        200..=239 => Bytes::from(choices.bytes(24)),
        240..=247 => Bytes::from(vec![b'['; 4_096]),
        _ => Bytes::from(vec![b' '; 100_000]),
    };
    let mut reply = match choices.byte() {
        0..=39 => reply,
        40..=179 => reply.header("content-type", TYPES[0]),
        _ => reply.header("content-type", choices.pick(&TYPES)),
    };
    if choices.once_in(24) {
        reply = reply.header("content-encoding", choices.pick(&["gzip", "identity", "br", "?"]));
    }
    reply = if choices.once_in(6) {
        let length = choices.below(8) + 1 + body.len() / 16;
        let pieces = body.chunks(length).map(Bytes::copy_from_slice);
        reply.pieces(pieces.collect::<Vec<_>>())
    } else if body.is_empty() {
        reply
    } else {
        reply.body(body)
    };
    if choices.once_in(12) { reply.breaks_off() } else { reply }
}

/// Any error that a transport can tell. Of those that come before a connection, and of those only, it is sure that nothing was
/// sent; it is sure that the request was sent where a body broke off.
pub(crate) fn error(choices: &mut Choices<'_>) -> Reply {
    if choices.once_in(3) {
        return Reply::timeout(choices.pick(&PHASES));
    }
    let kind = choices.pick(&KINDS);
    let sent = match kind {
        Kind::Connect | Kind::Dns | Kind::Tls | Kind::Proxy => {
            // An open connection, too, can be refused.
            if choices.once_in(4) { Sent::Maybe } else { Sent::No }
        }
        Kind::InvalidRequest => Sent::No,
        Kind::Body => Sent::Yes,
        _ => Sent::Maybe,
    };
    Reply::error(kind, sent)
}

/// At most four turns of trouble that a sound server or network makes; then one response for good.
pub(crate) fn conversation(choices: &mut Choices<'_>) -> Vec<Reply> {
    let turns = choices.below(5);
    let mut script: Vec<_> = (0..turns).map(|_| turn(choices)).collect();
    let last = match choices.byte() {
        0..=179 => {
            let reply = Reply::status(choices.pick(&SUCCESS[..3]));
            let text = choices.pick(&TEXTS[..5]);
            reply.header("content-type", TYPES[0]).body(text)
        }
        180..=219 => Reply::status(choices.pick(&OF_THE_CLIENT)),
        _ => Reply::status(choices.pick(&FOR_NOW)),
    };
    script.push(last.always());
    script
}

fn turn(choices: &mut Choices<'_>) -> Reply {
    let reply = match choices.byte() {
        0..=79 => Reply::busy(u32::from(choices.byte() % 61)),
        80..=119 => Reply::status(choices.pick(&FOR_NOW)),
        120..=149 => Reply::redirect(choices.pick(&REDIRECTS[..5]), choices.pick(&LOCATIONS[..2])),
        150..=169 => {
            let challenge = choices.pick(&CHALLENGES[..3]);
            Reply::status(401).header("www-authenticate", challenge)
        }
        170..=189 => Reply::json(200, "[1, 2").breaks_off(),
        190..=209 => Reply::interrupted(),
        210..=219 => Reply::refused(),
        220..=229 => Reply::unresolved(),
        230..=239 => Reply::timeout(choices.pick(&PHASES)),
        _ => return Reply::hang(),
    };
    reply.takes(choices.pick(&TIMES[..5]))
}
