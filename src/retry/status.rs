//! Ranges of statuses, as a policy writes them.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Whether there are such statuses.
pub(super) fn is_possible(range: &RangeInclusive<u16>) -> bool {
    StatusRange::of(range).is_possible()
}

/// Writes ranges as a policy has them.
pub(super) fn serialize<S: Serializer>(
    ranges: &[RangeInclusive<u16>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ranges.iter().map(StatusRange::of))
}

/// Reads ranges as a policy has them.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<RangeInclusive<u16>>, D::Error> {
    let ranges = Vec::<StatusRange>::deserialize(deserializer)?;
    Ok(ranges.into_iter().map(|range| range.from..=range.to).collect())
}

/// Statuses from one number to another, both included, as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StatusRange {
    from: u16,
    to: u16,
}

impl StatusRange {
    pub(super) const fn of(range: &RangeInclusive<u16>) -> Self {
        Self { from: *range.start(), to: *range.end() }
    }

    const fn is_possible(self) -> bool {
        100 <= self.from && self.from <= self.to && self.to <= 999
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(class) = text.strip_suffix("xx") {
            let from = number(class)?.checked_mul(100)?;
            return (class.len() == 1 && from >= 100)
                .then(|| Self { from, to: from.saturating_add(99) });
        }
        match text.split_once('-') {
            Some((from, to)) => Self::checked(number(from)?, number(to)?),
            None => Self::checked(number(text)?, number(text)?),
        }
    }

    const fn checked(from: u16, to: u16) -> Option<Self> {
        let range = Self { from, to };
        if range.is_possible() { Some(range) } else { None }
    }
}

fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl fmt::Display for StatusRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl Serialize for StatusRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.from == self.to {
            return serializer.serialize_u16(self.from);
        }
        let class = self.from.checked_div(100).filter(|class| {
            self.from.checked_rem(100) == Some(0)
                && self.from.checked_add(99) == Some(self.to)
                && *class < 10
        });
        match class {
            Some(class) => serializer.collect_str(&format_args!("{class}xx")),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for StatusRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let range = match Value::deserialize(deserializer)? {
            Value::Number(one) => one
                .as_u64()
                .and_then(|one| u16::try_from(one).ok())
                .and_then(|one| Self::checked(one, one)),
            Value::String(text) => Self::parse(&text),
            _ => None,
        };
        range.ok_or_else(|| D::Error::custom("a status is 100 to 999, `5xx` or `500-599`"))
    }
}
