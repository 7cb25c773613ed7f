//! What a server sends: cookies, codings, waits and challenges, whatever they hold.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_hook::auth::{AuthScheme, Challenge};
use http_hook::cookies::Jar;
use http_hook::response::decode::decode;
use http_hook::response::hints;
use http_hook::{
    Call, Connection, Hook, Origin, RequestPlan, Secret, Step, Timestamp, TransportErrorKind,
};

use super::{Choices, MARKER};

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// The first byte chooses origin and scope, the second another origin; each line is a `Set-Cookie`.
pub(crate) fn cookie(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let origins = [
        "https://api.example.com",
        "http://api.example.com",
        "https://api.example.com:8443",
        "https://example.com",
        "https://notexample.com",
        "http://[::1]",
        "http://10.0.0.1",
    ];
    let origins = origins.map(|text| text.parse::<Origin>().expect("an origin"));
    let setter = from.one_of(&origins);
    let by_domain = from.one_of(&[false, true]);
    let mut jar = if by_domain { Jar::for_domains() } else { Jar::default() };
    let mut taken = 0;
    for line in from.0.split(|byte| *byte == b'\n') {
        taken += usize::from(jar.set(&setter, "/v1/orders", line, NOW));
        assert!(jar.len() <= taken && jar.len() <= 3_000);
    }
    for other in &origins {
        for path in ["/", "/v1", "/v1/orders", "/v1x"] {
            let Some(value) = jar.header(other, path, NOW) else { continue };
            assert!(value.is_sensitive() && value.len() <= 16 * 1024);
            assert!(value.as_bytes().iter().all(|byte| !byte.is_ascii_control() || *byte == b'\t'));
            let same_site =
                other.host().ends_with("example.com") && other.host() != "notexample.com";
            let may = if by_domain {
                other.host() == setter.host() || same_site
            } else {
                *other == setter
            };
            assert!(may, "a cookie of {setter} goes to {other}");
        }
    }
    let later = NOW.after(Duration::from_secs(u64::from(u32::MAX) * 100));
    let _ = jar.header(&setter, "/", later);
}

/// The first byte is a limit, the first line the codings, the rest a body.
pub(crate) fn decoded(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let limit = usize::from(from.byte()) * 64;
    let Some(end) = from.0.iter().position(|byte| *byte == b'\n') else { return };
    let (codings, body) = from.0.split_at(end);
    let Ok(codings) = HeaderValue::from_bytes(codings) else { return };
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", codings);
    let body = Bytes::copy_from_slice(&body[1..]);
    match decode(&headers, body.clone(), limit) {
        Ok(decoded) => assert!(decoded.is_none_or(|body| body.len() <= limit), "past the limit"),
        Err(error) => {
            let kinds = [TransportErrorKind::Limit, TransportErrorKind::Body];
            assert!(kinds.contains(&error.kind()), "{error:?}");
        }
    }
}

/// Whether a text is one number, written more than once.
fn is_repeated(text: &str) -> bool {
    let mut parts = text.split(',').map(|part| part.trim_matches([' ', '\t']));
    let is_number = |part: &str| {
        decimal(part).is_some()
            || !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.contains(',') && parts.all(is_number)
}

/// Text as any header that asks for a wait.
pub(crate) fn retry_after(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = hints::retry_after(text, NOW);
    let digits = text.trim_matches([' ', '\t']);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Read digit by digit, as slow and plain as can be.
        let slow = digits.bytes().fold(0_u64, |sum, digit| {
            sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        });
        let wait = read.expect("a number of seconds");
        assert!(
            wait == Duration::from_secs(slow)
                || (wait < Duration::from_secs(slow) && slow > 1 << 40)
        );
    } else if let Some((whole, fraction)) = decimal(digits) {
        let wait = read.expect("a number of seconds with a fraction");
        let least = hints::retry_after(whole, NOW).expect("a number of seconds");
        let is_zero = fraction.bytes().all(|digit| digit == b'0');
        assert!(wait >= least && wait <= least.saturating_add(Duration::from_secs(1)));
        assert!(is_zero == (wait == least), "{text:?}: never early, and no later than asked");
    } else if let Some(wait) = read {
        if is_repeated(digits) {
            let first = digits.split(',').next().unwrap_or_default();
            assert_eq!(Some(wait), hints::retry_after(first, NOW), "{text:?}");
            return;
        }
        assert!(digits.contains(':'), "a date has a time: {text:?}");
        let early = hints::retry_after(text, NOW.before(Duration::from_secs(60)));
        let early = early.expect("the same date");
        assert!(early >= wait && early.saturating_sub(wait) <= Duration::from_secs(60));
    }
    let Ok(value) = HeaderValue::from_str(text) else { return };
    let mut all = HeaderMap::new();
    for name in HINTS {
        let mut one = HeaderMap::new();
        one.insert(name, value.clone());
        all.insert(name, value.clone());
        let (after, limit) = (hints::after(&one, NOW), hints::rate_limit(&one, NOW));
        assert!(after.is_none() || limit.is_none(), "{name} says one thing");
        assert_eq!(hints::wait(&one, NOW), after.or(limit));
        one.insert("age", HeaderValue::from_static("1"));
        assert_eq!(hints::wait(&one, NOW), after, "what comes out of a cache limits nothing");
        let mut left = HeaderMap::new();
        left.insert("x-ratelimit-reset", HeaderValue::from_static("25"));
        left.insert("x-ratelimit-remaining", value.clone());
        let is_number = decimal(digits).is_some()
            || !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        assert!(hints::wait(&left, NOW).is_some() || is_number, "{text:?} speaks against nothing");
    }
    all.insert("date", value);
    let _ = (hints::wait(&all, NOW), hints::after(&all, NOW), hints::rate_limit(&all, NOW));
}

/// Every field that asks for a wait.
const HINTS: [&str; 14] = [
    "retry-after",
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "x-ratelimit-retry-after",
    "x-rate-limit-retry-after",
    "ratelimit",
    "ratelimit-reset",
    "x-ratelimit-reset",
    "x-ratelimit-reset-after",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-rate-limit-reset",
    "x-rate-limit-reset-after",
    "x-ratelimit-remaining",
];

/// Digits, a point, digits.
fn decimal(text: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = text.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(whole) && is_number(fraction)).then_some((whole, fraction))
}

/// Lines as challenges: of a call that is challenged, of its answer, and of what a server says after it.
pub(crate) fn digest(bytes: &[u8]) {
    let login = "us\"er".to_owned();
    let scheme = AuthScheme::Digest { login, password: Secret::new(MARKER) };
    let connection = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&connection).auth(scheme).build().expect("a hook");
    let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    for lines in lines.chunks(3) {
        let plan = RequestPlan::put("a?b").data("body");
        let mut step = Call::new(&hook, plan, 7, NOW).step(&hook, NOW);
        let mut lines = lines.iter();
        while let Step::Send { request, attempt, .. } = step {
            if let Some(value) = request.headers().get("authorization") {
                assert!(value.is_sensitive() && value.as_bytes().starts_with(b"Digest username"));
                let text = String::from_utf8_lossy(value.as_bytes());
                let is_clean = |character: char| character == '\t' || !character.is_control();
                assert!(!text.contains(MARKER) && text.chars().all(is_clean), "{text:?}");
                // What was sent can be read by the same reader.
                assert!(Challenge::parse(value.as_bytes()).is_ok(), "{text:?}");
            }
            let line = lines.next().and_then(|line| HeaderValue::from_bytes(line).ok());
            let mut response = Response::new(Bytes::new());
            if let Some(line) = line {
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                response.headers_mut().insert("www-authenticate", line.clone());
                response.headers_mut().insert("authentication-info", line);
            }
            step = attempt.finish(&hook, Ok(response), NOW);
        }
        assert!(!format!("{step:?}").contains(MARKER));
    }
}
