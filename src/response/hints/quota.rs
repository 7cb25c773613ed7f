//! The field `RateLimit`: a list of quotas, or the dictionary that an earlier draft made of one
//! (structured fields, [RFC 9651](https://www.rfc-editor.org/rfc/rfc9651)).

use std::time::Duration;

use super::field::digits;
use super::reset;
use crate::base::Timestamp;

/// What is said of quotas that are used up.
#[derive(Default)]
pub(super) struct Told {
    pub(super) is_used_up: bool,
    /// The longest time until one of them is filled again.
    pub(super) wait: Option<Duration>,
}

/// Reads all lines; one that is malformed says nothing.
pub(super) fn read<'a>(lines: impl Iterator<Item = &'a str>, now: Timestamp) -> Told {
    let (mut told, mut one) = (Told::default(), Dictionary::default());
    for line in lines {
        if let Some(quotas) = list(line.as_bytes()) {
            told.is_used_up |= quotas.is_used_up;
            told.wait = told.wait.max(quotas.wait);
        } else if let Some(more) = Dictionary::read(line.as_bytes(), now) {
            one = Dictionary { left: more.left.or(one.left), reset: more.reset.or(one.reset) };
        }
    }
    told.is_used_up |= one.left == Some(false);
    told.wait = told.wait.max(one.reset.filter(|_| one.left != Some(true)));
    told
}

/// `limit=100, remaining=0, reset=30`.
#[derive(Default)]
struct Dictionary {
    left: Option<bool>,
    reset: Option<Duration>,
}

impl Dictionary {
    fn read(text: &[u8], now: Timestamp) -> Option<Self> {
        let (mut rest, mut found) = (skip_blanks(text), Self::default());
        loop {
            let (key, after) = split_key(rest)?;
            let value = after.strip_prefix(b"=")?;
            rest = skip_item(value)?;
            let len = value.len().saturating_sub(rest.len());
            let text = value.get(..len).and_then(|text| std::str::from_utf8(text).ok())?;
            match key {
                b"remaining" => found.left = reset::left(text),
                b"reset" => found.reset = reset::moment(text, now),
                _ => {}
            }
            while let Some(after) = rest.strip_prefix(b";") {
                (_, rest) = split_key(skip_blanks(after))?;
                if let Some(value) = rest.strip_prefix(b"=") {
                    rest = skip_item(value)?;
                }
            }
            rest = skip_blanks(rest);
            match rest.strip_prefix(b",") {
                Some(after) => rest = skip_blanks(after),
                None => return rest.is_empty().then_some(found),
            }
        }
    }
}

/// Reads a list of quotas: of those with `r=0` the longest `t`; nothing if it is malformed.
fn list(text: &[u8]) -> Option<Told> {
    let mut rest = skip_blanks(text);
    let mut told = Told::default();
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
            told.is_used_up = true;
            told.wait = told.wait.max(time.map(Duration::from_secs));
        }
        rest = skip_blanks(rest);
        match rest.strip_prefix(b",") {
            Some(after) => rest = skip_blanks(after),
            None => return rest.is_empty().then_some(told),
        }
    }
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    text.get(blanks..).unwrap_or_default()
}

/// A key: what begins with a small letter.
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
