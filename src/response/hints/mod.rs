//! What a server says about when to come back.
//!
//! ```text
//! Retry-After (seconds | date), X-(RateLimit-)Retry-After, Retry-After-Ms, X-Ms-Retry-After-Ms     the longest, and it wins
//! RateLimit: "default";r=0;t=30 | limit=100, remaining=0, reset=30                               else, of what is used up
//! RateLimit-Reset, X-RateLimit-Reset(-After), X-Rate-Limit-…, Anthropic-RateLimit-…               else, unless something remains
//! ```
//!
//! | field | what is read |
//! | --- | --- |
//! | all | `30`, `2.5`: no sign, no exponent; too large to count is the longest wait there is |
//! | those that end in `-Ms` | the same in milliseconds |
//! | `Retry-After` and its kin | a date, or what is nearly one: `Mon, 3 Jun 2019 12:00:00 +0200`; no unit, no time of ISO 8601 |
//! | those of a reset | besides `6m0s`, `PT6M`, `2024-05-01T10:00:00Z`, Unix seconds from 10^9, Unix milliseconds from 10^12; not if no clock of today will see it: then a number in `RateLimit` or `RateLimit-Reset` is seconds |
//!
//! What is malformed is absent, also where it would speak against another field: a number of what remains, an age. Dates count
//! from the server's own `Date`, so that a clock that is wrong on one side does no harm; if the clocks are more than a year apart,
//! one of them was never set, and a date counts from the nearer one.

mod clocks;
mod date;
mod field;
mod quota;
mod reset;

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, RETRY_AFTER};

use crate::base::Timestamp;
use clocks::Clocks;
use field::{texts, trim};

pub(crate) use field::UNCOUNTABLE;

/// Reads a `Retry-After` value ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)) as a wait
/// from `now` on.
///
/// The value is a number of seconds, which may have a fraction, or a date, in any of the three forms or nearly so (a day of
/// one digit, a weekday that is wrong or missing, dashes, `UTC`, `+0200` or no zone, a leap second); a date gone by
/// is no wait at all, and a number too large to count is the longest wait there is. A number or a date that a proxy repeats
/// in one line (`120, 120`) is as good as one; different ones in one line say nothing, as in lines of their own the longest counts.
/// `None` if it is none of these: such a value says nothing.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::Timestamp;
/// use http_hook::response::hints::retry_after;
///
/// let now = Timestamp::new(Duration::from_secs(784_111_777)); // 08:49:37 on 6 November 1994
/// assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
/// assert_eq!(retry_after("2.5", now), Some(Duration::from_millis(2_500)));
/// assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:40 GMT", now), Some(Duration::from_secs(3)));
/// assert_eq!(retry_after("soon", now), None);
/// ```
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    wait_of(trim(value), Clocks::of(now))
}

fn wait_of(value: &str, clocks: Clocks) -> Option<Duration> {
    let date = |text: &str| date::http(text).map(|at| at.since(clocks.now(at)));
    let read = |text: &str| field::seconds(text).or_else(|| date(text));
    read(value).or_else(|| field::repeated(value, read))
}

/// Returns the wait that the headers of a response that came at `now` ask for: `Retry-After`, else the rate limit.
///
/// Of several fields that ask for a wait the longest valid one counts, so that none is disobeyed.
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

/// Returns the wait that `Retry-After` asks for, or one of its kin: `X-Retry-After`, `X-RateLimit-Retry-After`,
/// `X-Rate-Limit-Retry-After`, and in milliseconds `Retry-After-Ms` and `X-Ms-Retry-After-Ms`; see [`wait`].
#[must_use]
pub fn after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let clocks = Clocks::read(headers, now);
    let names = [
        RETRY_AFTER.as_str(),
        "x-retry-after",
        "x-ratelimit-retry-after",
        "x-rate-limit-retry-after",
    ];
    let waits = names.into_iter().flat_map(|name| texts(headers, name));
    let in_ms = ["retry-after-ms", "x-ms-retry-after-ms"].into_iter();
    let in_ms = in_ms.flat_map(|name| texts(headers, name)).filter_map(field::milliseconds);
    waits.filter_map(|text| wait_of(text, clocks)).chain(in_ms).max()
}

/// Returns the time until a used-up quota is filled again, of a response with any status.
///
/// Read are `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, and the form of its draft 07), `RateLimit-Reset` (its drafts
/// up to 06), and what servers send under the names of old: `X-RateLimit-Reset-After` (a time from now on), `X-RateLimit-Reset`
/// (seconds, Unix seconds from 10^9 or Unix milliseconds from 10^12, told apart by size, a duration as `6m0s` or `PT6M`, or a time
/// of ISO 8601), `X-RateLimit-Reset-Ms` (the same in milliseconds), the same for requests and tokens (`X-RateLimit-Reset-Requests`,
/// `Anthropic-RateLimit-Requests-Reset`), and the same of `X-Rate-Limit`. A time that is
/// more than 100 years ahead or a year gone by is none. An answer out of a cache (`Age` over 0) says nothing, and neither does
/// a quota of which something is left.
#[must_use]
pub fn rate_limit(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    if is_aged(headers) {
        return None;
    }
    let clocks = Clocks::read(headers, now);
    let told = quota::read(texts(headers, "ratelimit"), clocks);
    told.wait.or_else(|| reset::wait(headers, clocks))
}

/// Whether a response says that nothing remains of a quota.
pub(crate) fn is_used_up(headers: &HeaderMap) -> bool {
    let told =
        || quota::read(texts(headers, "ratelimit"), Clocks::of(Timestamp::default())).is_used_up;
    !is_aged(headers) && (reset::is_used_up(headers) || told())
}

/// Whether it comes out of a cache: what it says was true some time ago.
fn is_aged(headers: &HeaderMap) -> bool {
    let age = |text| field::seconds(text).or_else(|| field::repeated(text, field::seconds));
    texts(headers, AGE.as_str()).filter_map(age).any(|age| !age.is_zero())
}
