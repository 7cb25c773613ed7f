//! Seconds as a policy writes them: fractions, negative steps, no end.

use std::fmt;
use std::time::Duration;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of seconds in a policy: never "not a number", but maybe negative or infinite.
///
/// In JSON it is a number, or `"inf"` for no limit. Where a wait is made of it, it saturates.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::retry::Seconds;
///
/// assert_eq!(Seconds::new(0.5).to_duration(), Duration::from_millis(500));
/// assert_eq!(Seconds::new(-3.0).to_duration(), Duration::ZERO);
/// assert_eq!(Seconds::INFINITE.to_duration(), Duration::MAX);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Seconds(f64);

impl Seconds {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);
    /// One second.
    pub const ONE: Self = Self(1.0);
    /// No limit.
    pub const INFINITE: Self = Self(f64::INFINITY);
    /// The largest wait of tenacity, 2^62 s: its default where no maximum is given.
    pub const LONGEST: Self = Self(4_611_686_018_427_387_904.0);

    /// Makes a number of seconds; what is not a number is nothing.
    #[must_use]
    pub const fn new(seconds: f64) -> Self {
        if seconds.is_nan() { Self::ZERO } else { Self(seconds) }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Returns the time, between nothing and the longest there is, to the nearest nanosecond.
    #[must_use]
    pub fn to_duration(self) -> Duration {
        if self.0 <= 0.0 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(self.0).unwrap_or(Duration::MAX)
    }
}

impl From<Duration> for Seconds {
    fn from(time: Duration) -> Self {
        Self(time.as_secs_f64())
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_infinite() {
            return serializer.serialize_str(if self.0.is_sign_positive() {
                "inf"
            } else {
                "-inf"
            });
        }
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds or \"inf\"")
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Seconds, E> {
        if value.is_nan() { Err(E::custom("not a number")) } else { Ok(Seconds(value)) }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Seconds, E> {
        Ok(Seconds(Duration::from_secs(value).as_secs_f64()))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Seconds, E> {
        let size = Duration::from_secs(value.unsigned_abs()).as_secs_f64();
        Ok(Seconds(if value.is_negative() { -size } else { size }))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Seconds, E> {
        match value {
            "inf" => Ok(Seconds::INFINITE),
            "-inf" => Ok(Seconds(f64::NEG_INFINITY)),
            _ => Err(E::custom("not a number of seconds")),
        }
    }
}

/// Serde for a [`Duration`] as [`Seconds`] that must be neither negative nor infinite.
pub(crate) mod duration {
    use super::{Duration, Seconds};
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        Seconds::from(*time).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = Seconds::deserialize(from)?.get();
        Duration::try_from_secs_f64(seconds).map_err(|_| D::Error::custom("seconds out of range"))
    }
}
