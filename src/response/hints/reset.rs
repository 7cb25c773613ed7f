//! When a quota is filled again, in fields that hold nothing else.

use std::time::Duration;

use http::HeaderMap;

use super::clocks::Clocks;
use super::date;
use super::field::{divided, milliseconds, repeated, seconds, texts};
use crate::base::Timestamp;

/// Numbers up to this one are seconds from now on; those above it are a time.
const LARGEST_DELTA: Duration = Duration::from_secs(1_000_000_000);
/// Numbers up to this one are Unix seconds; those above it are Unix milliseconds.
const LARGEST_SECONDS: Duration = Duration::from_secs(1_000_000_000_000);
/// A time that lies further ahead is none that a clock of today will see: a number of another unit, or a word for never.
const LATEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
/// A time that is gone by longer is none that a server would tell.
const EARLIEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Fields that tell when, each with the one that tells how much is left until then. Of a group the longest time counts,
/// and the first group that tells one.
const GROUPS: [&[(&str, &str)]; 6] = [
    &[("ratelimit-reset", "ratelimit-remaining")],
    &[("x-ratelimit-reset-after", "x-ratelimit-remaining")],
    &[
        ("x-ratelimit-reset", "x-ratelimit-remaining"),
        ("x-ratelimit-reset-ms", "x-ratelimit-remaining"),
        ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
        ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    ],
    &[("x-rate-limit-reset-after", "x-rate-limit-remaining")],
    &[("x-rate-limit-reset", "x-rate-limit-remaining")],
    &[
        ("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
        ("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
        ("anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"),
        ("anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"),
    ],
];

/// Returns the time until a used-up quota is filled again.
pub(super) fn wait(headers: &HeaderMap, clocks: Clocks) -> Option<Duration> {
    GROUPS.iter().find_map(|group| {
        let used_up = group.iter().filter(|(_, left)| is_left(headers, left) != Some(true));
        used_up.filter_map(|(name, _)| longest(headers, name, clocks)).max()
    })
}

/// Whether a field says that nothing remains.
pub(super) fn is_used_up(headers: &HeaderMap) -> bool {
    GROUPS.iter().copied().flatten().any(|(_, left)| is_left(headers, left) == Some(false))
}

/// Whether something is left: at least one. What cannot be read says nothing.
fn is_left(headers: &HeaderMap, name: &str) -> Option<bool> {
    texts(headers, name).filter_map(left).max()
}

pub(super) fn left(text: &str) -> Option<bool> {
    let number = seconds(text).or_else(|| repeated(text, seconds));
    number.map(|number| number >= Duration::from_secs(1))
}

fn longest(headers: &HeaderMap, name: &str, clocks: Clocks) -> Option<Duration> {
    let read = |text: &str| match name {
        "ratelimit-reset" => by_draft(text, clocks),
        name if name.ends_with("-after") => delta(text),
        name if name.ends_with("-ms") => at(milliseconds(text)?, clocks),
        _ => moment(text, clocks),
    };
    texts(headers, name).filter_map(|text| read(text).or_else(|| repeated(text, read))).max()
}

/// Reads a time from now on: seconds or a duration.
fn delta(text: &str) -> Option<Duration> {
    seconds(text).or_else(|| duration(text))
}

/// Reads what a draft says are seconds, and some servers write as a time: a number that is no time of today is seconds.
pub(super) fn by_draft(text: &str, clocks: Clocks) -> Option<Duration> {
    moment(text, clocks).or_else(|| seconds(text))
}

/// Reads a time from now on, or a point in time: a number, told apart by its size, or a date.
fn moment(text: &str, clocks: Clocks) -> Option<Duration> {
    if let Some(number) = seconds(text) {
        return at(number, clocks);
    }
    let date = || until(date::iso(text).or_else(|| date::http(text))?, clocks);
    duration(text).or_else(date)
}

/// Takes a number for a time from now on or a point in time, by its size.
fn at(number: Duration, clocks: Clocks) -> Option<Duration> {
    if number <= LARGEST_DELTA {
        Some(number)
    } else if number <= LARGEST_SECONDS {
        until(Timestamp::new(number), clocks)
    } else {
        until(Timestamp::new(divided(number, 1_000)), clocks)
    }
}

/// The wait until then, if a server of today can mean it.
fn until(at: Timestamp, clocks: Clocks) -> Option<Duration> {
    let now = clocks.now(at);
    let wait = at.since(now);
    (wait <= LATEST && now.since(at) <= EARLIEST).then_some(wait)
}

/// Reads a duration as Go prints it: `6m0s`, `1h30m`, `1.5s`, `20ms`; larger units first, each once. And as ISO 8601 writes it, without
/// months and years: `PT6M`, `P1DT2H`.
fn duration(text: &str) -> Option<Duration> {
    let Some(iso) = text.strip_prefix('P') else { return in_units(text) };
    let (days, time) = iso.split_once('T').map_or((iso, None), |(days, time)| (days, Some(time)));
    let has_units = |text: &str, units: &str| {
        let is_unit = |c: char| c.is_ascii_alphabetic();
        let mut parts = text.split_inclusive(is_unit);
        parts.all(|part| part.len() > 1 && part.ends_with(|unit| units.contains(unit)))
    };
    if !has_units(days, "D") || !time.is_none_or(|time| !time.is_empty() && has_units(time, "HMS"))
    {
        return None;
    }
    in_units(&format!("{days}{}", time.unwrap_or_default()).to_ascii_lowercase())
}

fn in_units(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u32, u32); 7] = [
        ("d", 24 * 60 * 60, 1),
        ("h", 60 * 60, 1),
        ("m", 60, 1),
        ("s", 1, 1),
        ("ms", 1, 1_000),
        ("us", 1, 1_000_000),
        ("ns", 1, 1_000_000_000),
    ];
    let (mut units, mut rest, mut sum) = (UNITS.iter(), text, Duration::ZERO);
    while !rest.is_empty() {
        let (number, after) =
            rest.split_at_checked(rest.find(|c: char| c.is_ascii_alphabetic())?)?;
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let (_, times, parts) = units.find(|(name, ..)| *name == unit)?;
        let part = divided(seconds(number)?.saturating_mul(*times), *parts);
        (sum, rest) = (sum.saturating_add(part), after);
    }
    (!text.is_empty()).then_some(sum)
}
