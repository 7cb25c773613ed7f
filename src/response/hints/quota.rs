//! The field `RateLimit`: a list of quotas, or the dictionary that an earlier draft made of one
//! (structured fields, [RFC 9651](https://www.rfc-editor.org/rfc/rfc9651)).
//!
//! Read is what can be, part by part: one that is malformed says nothing, and takes nothing from the others.

use std::time::Duration;

use super::clocks::Clocks;
use super::field::{seconds, trim};
use super::reset;

/// What is said of quotas that are used up.
#[derive(Default)]
pub(super) struct Told {
    pub(super) is_used_up: bool,
    /// The longest time until one of them is filled again.
    pub(super) wait: Option<Duration>,
}

/// What is said of one quota: whether something is left, and when it is filled again.
#[derive(Default)]
struct Quota {
    left: Option<bool>,
    reset: Option<Duration>,
}

/// Reads all lines: of the quotas with `r=0` the longest `t`, and `remaining=0, reset=30`, which may be parted by semicolons.
pub(super) fn read<'a>(lines: impl Iterator<Item = &'a str>, clocks: Clocks) -> Told {
    let (mut told, mut one) = (Told::default(), Quota::default());
    for member in lines.flat_map(|line| split(line, ',')) {
        let mut quota = Quota::default();
        for part in split(member, ';') {
            let Some((key, value)) = part.split_once('=') else { continue };
            let value = trim(value);
            match trim(key) {
                "r" => quota.left = reset::left(value).or(quota.left),
                "t" => quota.reset = seconds(value).or(quota.reset),
                "remaining" => one.left = reset::left(value).or(one.left),
                "reset" => one.reset = reset::by_draft(value, clocks).or(one.reset),
                _ => {}
            }
        }
        if quota.left == Some(false) {
            told.is_used_up = true;
            told.wait = told.wait.max(quota.reset);
        }
    }
    told.is_used_up |= one.left == Some(false);
    told.wait = told.wait.max(one.reset.filter(|_| one.left != Some(true)));
    told
}

/// The parts between separators that stand in no string. A string that is not closed goes on to the end.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let (mut is_string, mut is_escaped) = (false, false);
        let end = text.find(|next: char| {
            if is_escaped {
                is_escaped = false;
            } else if is_string && next == '\\' {
                is_escaped = true;
            } else if next == '"' {
                is_string = !is_string;
            } else {
                return next == separator && !is_string;
            }
            false
        });
        let Some((part, after)) = end.and_then(|end| text.split_at_checked(end)) else {
            return Some(text);
        };
        rest = after.get(1..);
        Some(part)
    })
}
