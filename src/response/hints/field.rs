//! The texts of fields, and numbers as servers write them: digits, maybe a point and more digits; no sign, no exponent.

use std::time::Duration;

use http::HeaderMap;

/// What a number of seconds stands for that is too large to count.
pub(crate) const UNCOUNTABLE: Duration = Duration::from_secs(u64::MAX);

/// More than so many values in one line are read as none.
const MOST_REPEATED: usize = 64;

/// The values of a field, without the blanks around them; one that is no text is one that cannot be read.
pub(super) fn texts<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .map(|value| std::str::from_utf8(value.as_bytes()).map_or("?", trim))
}

pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// `1*DIGIT`; what is too large is the largest there is.
pub(super) fn digits(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = char::from(byte).to_digit(10)?;
        Some(number.saturating_mul(10).saturating_add(digit.into()))
    })
}

/// `1*DIGIT [ "." 1*DIGIT ]` seconds, rounded up to the nanosecond: who waits is never early.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let Some((whole, fraction)) = text.split_once('.') else {
        return digits(text).map(Duration::from_secs);
    };
    let (whole, nanos) = (digits(whole)?, nanos(fraction)?);
    Some(Duration::from_secs(whole).saturating_add(nanos))
}

/// What each of some lines of one field says, joined to one by whoever handed them on: `120, 120` or `120,120`
/// ([RFC 9110 §5.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1)), or the same date. Of different ones nobody knows which is meant.
pub(super) fn repeated(text: &str, read: impl Fn(&str) -> Option<Duration>) -> Option<Duration> {
    let parts: Vec<&str> = text.split(',').take(MOST_REPEATED.saturating_add(1)).collect();
    if parts.len() < 2 || parts.len() > MOST_REPEATED {
        return None;
    }
    let number = |text: &str| seconds(trim(text));
    if let Some(first) = parts.first().filter(|first| number(first).is_some()) {
        let is_same = parts.iter().all(|next| number(next) == number(first));
        return read(trim(first)).filter(|_| is_same);
    }
    // A date may hold a comma of its own.
    let halves = |len: usize| {
        let of_date: usize = parts.iter().take(len).map(|part| part.len().saturating_add(1)).sum();
        let (first, _) = text.split_at_checked(of_date.saturating_sub(1))?;
        let same =
            |next: &[&str]| parts.iter().zip(next).take(len).all(|(a, b)| trim(a) == trim(b));
        let is_same = parts.chunks(len).all(|next| next.len() == len && same(next));
        read(trim(first)).filter(|_| is_same)
    };
    halves(1).or_else(|| halves(2))
}

/// The digits behind a point.
pub(super) fn nanos(fraction: &str) -> Option<Duration> {
    digits(fraction)?;
    let (first, rest) = fraction.split_at(fraction.len().min(9));
    let missing = u32::try_from(9_usize.saturating_sub(first.len())).unwrap_or_default();
    let counted = digits(first)?.saturating_mul(10_u64.saturating_pow(missing));
    let beyond = rest.bytes().any(|digit| digit != b'0');
    Some(Duration::from_nanos(counted.saturating_add(u64::from(beyond))))
}

/// The same number of milliseconds.
pub(super) fn milliseconds(text: &str) -> Option<Duration> {
    seconds(text).map(|number| divided(number, 1_000))
}

/// The number divided, unless it is too large to count.
pub(super) fn divided(number: Duration, by: u32) -> Duration {
    if number >= UNCOUNTABLE {
        return UNCOUNTABLE;
    }
    number.checked_div(by).unwrap_or(number)
}
