//! What a server says about when to come back.
//!
//! ```text
//! Retry-After (seconds | date)                     wins
//! RateLimit: "default";r=0;t=30                    else, of what is used up
//! RateLimit-Reset, X-RateLimit-Reset: 30 | Unix s | Unix ms      else, unless something remains
//! ```
//!
//! What is malformed is absent. Dates count from the server's own `Date`, so that a clock that is wrong on one side does no harm.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{AGE, DATE, RETRY_AFTER};
use thiserror::Error;

use crate::base::Timestamp;

/// A `Retry-After` value that is neither a number of seconds nor a date. Treat it as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("neither a number of seconds nor a date")]
pub struct InvalidRetryAfter;

/// Reads a `Retry-After` value ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)) as a wait
/// from `now` on.
///
/// The value is a number of seconds or a date, in any of the three forms; a date gone by is no wait at all,
/// and a number too large to count is the longest wait there is.
///
/// # Errors
///
/// [`InvalidRetryAfter`] if it is neither. Such a value says nothing: treat it as absent.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::Timestamp;
/// use http_hook::response::hints::retry_after;
///
/// let now = Timestamp::new(Duration::from_secs(784_111_777)); // 08:49:37 on 6 November 1994
/// assert_eq!(retry_after("120", now)?, Duration::from_secs(120));
/// assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:40 GMT", now)?, Duration::from_secs(3));
/// # Ok::<(), http_hook::response::hints::InvalidRetryAfter>(())
/// ```
pub fn retry_after(value: &str, now: Timestamp) -> Result<Duration, InvalidRetryAfter> {
    let value = trim(value);
    let wait = digits(value).map(Duration::from_secs).or_else(|| Some(date(value)?.since(now)));
    wait.ok_or(InvalidRetryAfter)
}

/// Returns the wait that the headers of a response that came at `now` ask for: `Retry-After`, else the rate limit.
///
/// Of several `Retry-After` fields the longest valid one counts, so that none is disobeyed.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http::HeaderMap;
/// use http_hook::Timestamp;
/// use http_hook::response::hints;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("retry-after", "soon".parse()?);
/// assert_eq!(hints::wait(&headers, Timestamp::default()), None);
/// headers.insert("ratelimit", r#""burst";r=3;t=1, "daily";r=0;t=30"#.parse()?);
/// assert_eq!(hints::wait(&headers, Timestamp::default()), Some(Duration::from_secs(30)));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[must_use]
pub fn wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    after(headers, now).or_else(|| rate_limit(headers, now))
}

/// Returns the wait that `Retry-After` asks for; see [`wait`].
#[must_use]
pub fn after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let now = server_now(headers, now);
    texts(headers, RETRY_AFTER.as_str()).filter_map(|text| retry_after(text, now).ok()).max()
}

/// Returns the time until a used-up quota is filled again, of a response with any status.
///
/// Read are `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), `RateLimit-Reset` (its drafts up to 07) and
/// `X-RateLimit-Reset` (seconds, Unix seconds from 10^9 or Unix milliseconds from 10^12, told apart by size). An
/// answer out of a cache (`Age` over 0) says nothing, and neither does a quota of which something is left.
#[must_use]
pub fn rate_limit(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let aged =
        texts(headers, AGE.as_str()).any(|text| digits(trim(text)).is_none_or(|age| age > 0));
    if aged {
        return None;
    }
    let now = server_now(headers, now);
    let parts = texts(headers, "ratelimit");
    let used_up = parts.filter_map(|text| used_up(text.as_bytes())).max();
    used_up
        .or_else(|| reset(headers, "ratelimit-reset", "ratelimit-remaining", now))
        .or_else(|| reset(headers, "x-ratelimit-reset", "x-ratelimit-remaining", now))
}

fn reset(headers: &HeaderMap, name: &str, remaining: &str, now: Timestamp) -> Option<Duration> {
    if texts(headers, remaining).any(|text| digits(trim(text)) != Some(0)) {
        return None;
    }
    let waits = texts(headers, name).filter_map(|text| {
        let number = digits(trim(text))?;
        Some(match number {
            0..=1_000_000_000 => Duration::from_secs(number),
            1_000_000_001..=1_000_000_000_000 => {
                Timestamp::new(Duration::from_secs(number)).since(now)
            }
            _ => Timestamp::new(Duration::from_millis(number)).since(now),
        })
    });
    waits.max()
}

/// The server's clock, where it tells it.
fn server_now(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    texts(headers, DATE.as_str()).next().and_then(|text| date(trim(text))).unwrap_or(now)
}

fn texts<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// `1*DIGIT`; what is too large is the largest there is.
fn digits(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = char::from(byte).to_digit(10)?;
        Some(number.saturating_mul(10).saturating_add(digit.into()))
    })
}

fn date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text).ok()?;
    date.duration_since(UNIX_EPOCH).ok().map(Timestamp::new)
}

/// Reads a list of quotas (a structured field, RFC 9651): the longest `t` of those with `r=0`; none if it is malformed.
fn used_up(text: &[u8]) -> Option<Duration> {
    let mut rest = skip_blanks(text);
    let mut longest = None;
    loop {
        rest = skip_item(rest)?;
        let (mut left, mut time) = (None, None);
        while let Some(after) = rest.strip_prefix(b";") {
            let (key, after) = split_key(skip_blanks(after))?;
            rest = after;
            if let Some(value) = after.strip_prefix(b"=") {
                let number = integer(value);
                rest = skip_item(value)?;
                match key {
                    b"r" => left = Some(number?),
                    b"t" => time = Some(number?),
                    _ => {}
                }
            } else if matches!(key, b"r" | b"t") {
                return None;
            }
        }
        if left? == 0 {
            longest = longest.max(time.map(Duration::from_secs));
        }
        rest = skip_blanks(rest);
        match rest.strip_prefix(b",") {
            Some(after) => rest = skip_blanks(after),
            None => return longest.filter(|_| rest.is_empty()),
        }
    }
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    text.get(blanks..).unwrap_or_default()
}

/// A key: what begins with a small letter, for us `r`, `t` and what we skip.
fn split_key(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_key = |byte: &u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'_' | b'-' | b'.' | b'*')
    };
    text.first().filter(|byte| byte.is_ascii_lowercase() || **byte == b'*')?;
    text.split_at_checked(text.iter().take_while(|byte| is_key(byte)).count())
}

fn integer(text: &[u8]) -> Option<u64> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // Fifteen digits are the most a structured field may have; `12.5` and `12a` are no integers.
    let (number, rest) = text.split_at_checked(count)?;
    let ends = rest.first().is_none_or(|byte| matches!(byte, b' ' | b'\t' | b',' | b';'));
    if count > 15 || !ends {
        return None;
    }
    digits(std::str::from_utf8(number).ok()?)
}

/// A string, or anything without quotes: a token, a number, a boolean, bytes between colons.
fn skip_item(text: &[u8]) -> Option<&[u8]> {
    let Some(mut rest) = text.strip_prefix(b"\"") else {
        let is_bare =
            |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b';' | b'"' | b'=');
        let bytes = text.strip_prefix(b":").and_then(|rest| {
            let end = rest.iter().position(|byte| *byte == b':')?;
            rest.get(end..)?.get(1..)
        });
        let count = text.iter().take_while(|byte| is_bare(byte)).count();
        return bytes.or_else(|| text.get(count..).filter(|_| count > 0));
    };
    loop {
        let (first, after) = rest.split_first()?;
        rest = match first {
            b'"' => return Some(after),
            b'\\' => after.split_first().filter(|(next, _)| matches!(next, b'"' | b'\\'))?.1,
            0x20..=0x7e => after,
            _ => return None,
        };
    }
}
