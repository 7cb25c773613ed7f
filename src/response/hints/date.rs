//! Dates as servers write them.

use std::time::{Duration, UNIX_EPOCH};

use super::field::nanos;
use crate::base::Timestamp;
use crate::base::calendar::{days, month};

/// Reads a date of HTTP in any of its three forms ([RFC 9110 §5.6.7]), or what is nearly one: the day of one digit, a weekday
/// that is wrong or missing, dashes, a zone in numbers, `UTC` or none for `GMT`, a leap second.
///
/// [RFC 9110 §5.6.7]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
pub(super) fn http(text: &str) -> Option<Timestamp> {
    match httpdate::parse_http_date(text) {
        Ok(date) => date.duration_since(UNIX_EPOCH).ok().map(Timestamp::new),
        Err(_) => nearly_http(text),
    }
}

fn nearly_http(text: &str) -> Option<Timestamp> {
    let mut words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    let mut first = words.next()?;
    if is_weekday(first) {
        first = words.next()?;
    }
    let (day, name, year, time);
    if let Some((digits, rest)) = first.split_once('-') {
        (day, (name, year), time) = (digits, rest.split_once('-')?, words.next()?);
    } else if first.starts_with(|first: char| first.is_ascii_digit()) {
        (day, name, year, time) = (first, words.next()?, words.next()?, words.next()?);
    } else {
        name = first;
        (day, time, year) = (words.next()?, words.next()?, words.next()?);
    }
    let zone = words.next().map_or(Some(Zone::UTC), Zone::read)?;
    if words.next().is_some() || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let year = match (fixed(year, 2..=4)?, year.len()) {
        (year @ 70.., 2) => year.saturating_add(1900),
        (year, 2) => year.saturating_add(2000),
        (_, 3) => return None,
        (year, _) => year,
    };
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (fixed(time.next()?, 1..=2)?, fixed(time.next()?, 2..=2)?);
    let clock = clock(hour, minute, fixed(time.next()?, 2..=2)?)?;
    zone.at(year, month(name)?, fixed(day, 1..=2)?, clock)
}

/// Reads a time of ISO 8601, extended or basic, and with blanks as Ruby prints one; without a zone it is UTC.
pub(super) fn iso(text: &str) -> Option<Timestamp> {
    let mut rest = Rest(text);
    let year = rest.digits(4)?;
    let dashed = rest.eat(&['-']);
    let month = rest.digits(2)?.checked_sub(1)?;
    if dashed && !rest.eat(&['-']) {
        return None;
    }
    let day = rest.digits(2)?;
    let has_blank = rest.0.starts_with(' ');
    if !rest.eat(&['T', 't', ' ']) {
        return None;
    }
    let hour = rest.digits(2)?;
    let with_colons = rest.eat(&[':']);
    let minute = rest.digits(2)?;
    let begins_with_digit = rest.0.starts_with(|first: char| first.is_ascii_digit());
    let has_seconds = if with_colons { rest.eat(&[':']) } else { begins_with_digit };
    let second = if has_seconds { rest.digits(2)? } else { 0 };
    let mut part = Duration::ZERO;
    if rest.eat(&['.', ',']) {
        let end = rest.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.0.len());
        let (fraction, after) = rest.0.split_at_checked(end)?;
        (part, rest.0) = (nanos(fraction)?, after);
    }
    // Ruby writes a blank before the zone.
    let zone = rest.0.strip_prefix(' ').filter(|_| has_blank).unwrap_or(rest.0);
    let zone = if rest.0.is_empty() { Zone::UTC } else { Zone::read(zone)? };
    let month = usize::try_from(month).ok()?;
    Some(zone.at(year, month, day, clock(hour, minute, second)?)?.after(part))
}

/// How far a clock is ahead of UTC, or behind.
struct Zone {
    is_behind: bool,
    seconds: u64,
}

impl Zone {
    const UTC: Self = Self { is_behind: false, seconds: 0 };

    /// A name for UTC, or `+hhmm`, `+hh:mm`, `+hh`. No other names: several zones share one.
    fn read(text: &str) -> Option<Self> {
        if ["GMT", "UTC", "UT", "Z"].iter().any(|name| name.eq_ignore_ascii_case(text)) {
            return Some(Self::UTC);
        }
        let is_behind = text.starts_with('-');
        let mut rest = Rest(text.strip_prefix(['+', '-'])?);
        let hours = rest.digits(2)?;
        let minutes = match (rest.eat(&[':']), rest.0.is_empty()) {
            (false, true) => 0,
            _ => rest.digits(2)?,
        };
        (rest.0.is_empty()).then_some(())?;
        Some(Self { is_behind, seconds: clock(hours, minutes, 0)? })
    }

    /// The point in time that such a clock shows; none before 1970.
    fn at(&self, year: u64, month: usize, day: u64, clock: u64) -> Option<Timestamp> {
        if year < 1970 {
            return None;
        }
        let shown = days(year, month, day)?.saturating_mul(24 * 60 * 60).saturating_add(clock);
        let seconds = if self.is_behind {
            shown.checked_add(self.seconds)
        } else {
            shown.checked_sub(self.seconds)
        };
        Some(Timestamp::new(Duration::from_secs(seconds?)))
    }
}

/// A time of day in seconds; the sixtieth second is a leap second.
fn clock(hour: u64, minute: u64, second: u64) -> Option<u64> {
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let minutes = hour.saturating_mul(60).saturating_add(minute);
    Some(minutes.saturating_mul(60).saturating_add(second))
}

fn is_weekday(word: &str) -> bool {
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    names.iter().any(|name| {
        name.eq_ignore_ascii_case(word)
            || name.get(..3).is_some_and(|short| short.eq_ignore_ascii_case(word))
    })
}

/// A number of so many digits.
fn fixed(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u64> {
    if !lengths.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn digits(&mut self, count: usize) -> Option<u64> {
        let (digits, after) = self.0.split_at_checked(count)?;
        self.0 = after;
        fixed(digits, count..=count)
    }

    fn eat(&mut self, one_of: &[char]) -> bool {
        let after = self.0.strip_prefix(one_of);
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }
}
