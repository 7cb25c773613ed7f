//! The date of a cookie, by the lenient algorithm of its own ([RFC 6265bis §5.1.1]).
//!
//! [RFC 6265bis §5.1.1]: https://www.rfc-editor.org/rfc/rfc6265#section-5.1.1

use std::time::Duration;

use crate::base::Timestamp;
use crate::base::calendar::{days, month as month_of};

/// Reads a date in any order of its parts; `None` if one is missing or there is no such date.
///
/// The first word of the form of a part is that part, and only then is it tested whether there is such a time or day: a second
/// word does not mend the first. What lies before 1970 is 1970: all that counts is that it is over.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |c: char| matches!(c, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~');
    for word in text.split(is_delimiter).filter(|word| !word.is_empty()) {
        if time.is_none() && clock(word).is_some() {
            time = clock(word);
        } else if day.is_none() && number(word, 1, 2).is_some() {
            day = number(word, 1, 2);
        } else if month.is_none() && month_of(word).is_some() {
            month = month_of(word);
        } else if year.is_none() && number(word, 2, 4).is_some() {
            year = number(word, 2, 4);
        }
    }
    let year = match year? {
        year @ 70..=99 => year.saturating_add(1900),
        year @ 0..=69 => year.saturating_add(2000),
        year => year,
    };
    if year < 1601 {
        return None;
    }
    let [hours, minutes, seconds] = time?;
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let clock = hours.saturating_mul(3600).saturating_add(minutes.saturating_mul(60));
    let seconds = days(year, month?, day?)?
        .saturating_mul(24 * 60 * 60)
        .saturating_add(clock)
        .saturating_add(seconds);
    Some(Timestamp::new(Duration::from_secs(seconds)))
}

/// Reads `h:m:s`, whatever the numbers are; anything that is no digit may follow.
fn clock(word: &str) -> Option<[u64; 3]> {
    let mut parts = word.splitn(3, ':');
    let mut part = |last: bool| {
        let text = parts.next()?;
        let exact = last || text.bytes().all(|byte| byte.is_ascii_digit());
        number(text, 1, 2).filter(|_| exact)
    };
    Some([part(false)?, part(false)?, part(true)?])
}

/// Reads leading digits; there must be at least `least` and at most `most` of them.
fn number(word: &str, least: usize, most: usize) -> Option<u64> {
    let end = word.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(word.len());
    word.get(..end).filter(|_| (least..=most).contains(&end))?.parse().ok()
}
