//! How long to wait before the next attempt: tenacity's strategies and the three jitters of AWS.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Error, ErrorKind, Quiet};
use crate::retry::backoff::{clip, grown, stepped, uniform};
use crate::retry::condition::Condition;
use crate::retry::custom::Custom;
use crate::retry::names;
use crate::retry::places::{Asks, Places};
use crate::retry::seconds::Seconds;
use crate::retry::state::RetryState;

/// How long to wait, as data. In JSON, `type` names the variant in snake case; times are seconds.
///
/// The names and defaults are tenacity's, n is the number of the attempt that has just ended, from 1, and
/// `uniform(a, b)` takes one draw. Waits add up with `+`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::retry::Wait;
///
/// let wait = Wait::fixed(Duration::from_secs(1)) + Wait::full_jitter(Duration::from_secs(2), Duration::from_secs(60));
/// assert_eq!(wait.after(3, &mut || 0.25), Duration::from_secs(3)); // 1 + 8 * 0.25
///
/// let wait: Wait = serde_json::from_str(r#"{"type": "exponential", "multiplier": 0.5, "max": 10}"#)?;
/// assert_eq!(wait.after(4, &mut || 0.0), Duration::from_secs(4));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Wait {
    /// No wait.
    None,
    /// Always the same.
    Fixed {
        /// The wait.
        seconds: Seconds,
    },
    /// `start + increment * (n - 1)`, at most `max`, at least nothing.
    Incrementing {
        /// The first wait, 0.
        #[serde(default)]
        start: Seconds,
        /// The step, 100 s.
        #[serde(default = "hundred")]
        increment: Seconds,
        /// The longest wait, 2^62 s.
        #[serde(default = "longest")]
        max: Seconds,
    },
    /// `multiplier * exp_base^(n - 1)`, at most `max`, at least `min` (which wins).
    Exponential {
        /// The first wait, 1 s.
        #[serde(default = "one")]
        multiplier: Seconds,
        /// The factor from wait to wait, 2.
        #[serde(default = "two")]
        exp_base: f64,
        /// The shortest wait, 0.
        #[serde(default)]
        min: Seconds,
        /// The longest wait, 2^62 s.
        #[serde(default = "longest")]
        max: Seconds,
    },
    /// `uniform(min, max)`.
    Random {
        /// One end, 0.
        #[serde(default)]
        min: Seconds,
        /// The other end, 1 s.
        #[serde(default = "one")]
        max: Seconds,
    },
    /// `uniform(min, h)`, h being [`Exponential`](Self::Exponential) with the same parameters.
    RandomExponential {
        /// The first upper bound, 1 s.
        #[serde(default = "one")]
        multiplier: Seconds,
        /// The factor from bound to bound, 2.
        #[serde(default = "two")]
        exp_base: f64,
        /// The lower bound, 0.
        #[serde(default)]
        min: Seconds,
        /// The largest upper bound, 2^62 s.
        #[serde(default = "longest")]
        max: Seconds,
    },
    /// `multiplier * exp_base^(n - 1) + uniform(0, jitter)`, at most `max`, at least `min` (which wins).
    ///
    /// Once `max` is reached there is no jitter left: all clients come back together. Prefer
    /// [`FullJitter`](Self::FullJitter).
    ExponentialJitter {
        /// The first wait, 1 s; `initial` is its old name.
        #[serde(default = "one", alias = "initial")]
        multiplier: Seconds,
        /// The factor from wait to wait, 2.
        #[serde(default = "two")]
        exp_base: f64,
        /// The most that is added, 1 s.
        #[serde(default = "one")]
        jitter: Seconds,
        /// The shortest wait, 0.
        #[serde(default)]
        min: Seconds,
        /// The longest wait, 2^62 s.
        #[serde(default = "longest")]
        max: Seconds,
    },
    /// The n-th strategy, the last one for every later n; each is given the same n.
    Chain {
        /// The strategies, at least one.
        strategies: Vec<Wait>,
    },
    /// The sum of several; they take their draws from left to right.
    Combine {
        /// The strategies.
        strategies: Vec<Wait>,
    },
    /// By the exact kind of the error.
    ByError {
        /// The wait for each kind, as [`TransportErrorKind::name`](crate::TransportErrorKind::name) writes it.
        table: BTreeMap<String, Seconds>,
        /// The wait for any other outcome, 0.
        #[serde(default)]
        default: Seconds,
    },
    /// `uniform(0, min(cap, base * 2^(n - 1)))`: the least work for the server.
    FullJitter {
        /// The first upper bound.
        base: Seconds,
        /// The longest wait.
        cap: Seconds,
    },
    /// Half of `min(cap, base * 2^(n - 1))`, and up to the other half by chance.
    EqualJitter {
        /// Twice the shortest first wait.
        base: Seconds,
        /// The longest wait.
        cap: Seconds,
    },
    /// `uniform(base, min(cap, 3 * previous wait))`, the first time as if the previous one was `base`.
    ///
    /// The cap bounds the draw, not its result, so that there is jitter at the cap as well.
    DecorrelatedJitter {
        /// The shortest wait.
        base: Seconds,
        /// The longest wait.
        cap: Seconds,
    },
    /// One of two, by the outcome.
    When {
        /// Which outcomes the first wait is for.
        when: Condition,
        /// The wait if the condition holds.
        then: Box<Wait>,
        /// The wait if not.
        otherwise: Box<Wait>,
    },
    /// Code. A policy with it cannot be stored.
    #[serde(skip)]
    Custom(Custom<Waits>),
}

type Waits = dyn Fn(&RetryState<'_>, &mut dyn FnMut() -> f64) -> Duration + Send + Sync;

impl Wait {
    /// Waits always the same.
    #[must_use]
    pub fn fixed(wait: Duration) -> Self {
        Self::Fixed { seconds: wait.into() }
    }

    /// Waits `first`, then twice as long each time, at most `max`.
    #[must_use]
    pub fn exponential(first: Duration, max: Duration) -> Self {
        let (multiplier, max) = (first.into(), max.into());
        Self::Exponential { multiplier, exp_base: 2.0, min: Seconds::ZERO, max }
    }

    /// Waits by chance up to `base`, then up to twice as long each time, at most `cap`.
    #[must_use]
    pub fn full_jitter(base: Duration, cap: Duration) -> Self {
        Self::FullJitter { base: base.into(), cap: cap.into() }
    }

    /// Waits by the n-th strategy, by the last one ever after.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Policy`] if there is no strategy.
    pub fn chain(strategies: Vec<Self>) -> Result<Self, Error> {
        if strategies.is_empty() {
            return Err(Error::new(ErrorKind::Policy, "wait: a chain needs a strategy"));
        }
        Ok(Self::Chain { strategies })
    }

    /// Waits as long as the code says; each call of its second argument gives a number of [0, 1).
    #[must_use]
    pub fn custom(
        code: impl Fn(&RetryState<'_>, &mut dyn FnMut() -> f64) -> Duration + Send + Sync + 'static,
    ) -> Self {
        let code = Quiet::new(code);
        let waits = move |state: &RetryState<'_>, draw: &mut dyn FnMut() -> f64| {
            code.get().map_or(Duration::ZERO, |code| code(state, draw))
        };
        Self::Custom(Custom::new(Arc::new(waits)))
    }

    /// Returns the wait after attempt `attempt_number` (from 1) that failed with an error nobody knows.
    pub fn after(&self, attempt_number: u32, draw: &mut dyn FnMut() -> f64) -> Duration {
        let state = RetryState { attempt_number, ..RetryState::new(&Unknown) };
        self.duration(&state, draw)
    }

    /// Returns the wait, between nothing and the longest there is.
    pub fn duration(&self, state: &RetryState<'_>, draw: &mut dyn FnMut() -> f64) -> Duration {
        match self {
            Self::Custom(code) => code.get()(state, draw),
            _ => self.seconds(state, draw).to_duration(),
        }
    }

    /// Returns the wait before it is made to fit a [`Duration`]: infinite where it is too large for a number.
    pub fn seconds(&self, state: &RetryState<'_>, draw: &mut dyn FnMut() -> f64) -> Seconds {
        let places = Places::new(state.outcome, self);
        Seconds::new(self.number(state, &places, draw))
    }

    /// The same; a body is read as JSON once for all the conditions.
    fn number(
        &self,
        state: &RetryState<'_>,
        places: &Places<'_>,
        draw: &mut dyn FnMut() -> f64,
    ) -> f64 {
        let n = state.attempt_number;
        match self {
            Self::None => 0.0,
            Self::Fixed { seconds } => seconds.get(),
            Self::Incrementing { start, increment, max } => {
                clip(stepped(*start, *increment, n.saturating_sub(1)), Seconds::ZERO, *max)
            }
            Self::Exponential { multiplier, exp_base, min, max } => {
                clip(grown(*multiplier, *exp_base, n), *min, *max)
            }
            Self::Random { min, max } => uniform(min.get(), max.get(), draw),
            Self::RandomExponential { multiplier, exp_base, min, max } => {
                uniform(min.get(), clip(grown(*multiplier, *exp_base, n), *min, *max), draw)
            }
            Self::ExponentialJitter { multiplier, exp_base, jitter, min, max } => {
                let added = uniform(0.0, jitter.get(), draw);
                clip(grown(*multiplier, *exp_base, n) + added, *min, *max)
            }
            Self::Chain { strategies } => {
                nth(strategies, n).map_or(0.0, |one| one.number(state, places, draw))
            }
            Self::Combine { strategies } => {
                strategies.iter().fold(0.0, |sum, one| sum + one.number(state, places, draw))
            }
            Self::ByError { table, default } => {
                state.outcome.kind().and_then(|kind| table.get(kind)).unwrap_or(default).get()
            }
            Self::FullJitter { base, cap } => {
                uniform(0.0, clip(grown(*base, 2.0, n), Seconds::ZERO, *cap), draw)
            }
            Self::EqualJitter { base, cap } => {
                let whole = clip(grown(*base, 2.0, n), Seconds::ZERO, *cap);
                uniform(whole / 2.0, whole, draw)
            }
            Self::DecorrelatedJitter { base, cap } => {
                let previous = state.previous_wait.as_secs_f64().max(base.get());
                let low = base.get().min(cap.get());
                uniform(low, (previous * 3.0).min(cap.get()), draw)
            }
            Self::When { when, then, otherwise } => {
                let chosen = if when.holds_for(places) { then } else { otherwise };
                chosen.number(state, places, draw)
            }
            Self::Custom(code) => code.get()(state, draw).as_secs_f64(),
        }
    }

    pub(crate) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Chain { strategies } | Self::Combine { strategies } => {
                strategies.iter().collect()
            }
            Self::When { then, otherwise, .. } => vec![then, otherwise],
            _ => Vec::new(),
        }
    }

    /// Tells what is wrong with this part itself.
    pub(crate) fn fault(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Chain { strategies } if strategies.is_empty() => {
                Some("wait: a chain needs a strategy".into())
            }
            Self::ByError { table, .. } => {
                table.keys().find_map(|kind| names::fault_of_exact_kind(kind))
            }
            Self::Exponential { exp_base, .. }
            | Self::RandomExponential { exp_base, .. }
            | Self::ExponentialJitter { exp_base, .. }
                if !exp_base.is_finite() =>
            {
                Some("wait: exp_base is not finite".into())
            }
            _ => None,
        }
    }
}

impl Asks for Wait {
    fn ask<'a>(&'a self, note: &mut dyn FnMut(&'a str, &'a Value)) {
        if let Self::When { when, .. } = self {
            when.ask(note);
        }
        self.parts().into_iter().for_each(|part| part.ask(note));
    }
}

fn nth(strategies: &[Wait], n: u32) -> Option<&Wait> {
    let index = usize::try_from(n.saturating_sub(1)).unwrap_or(usize::MAX);
    strategies.get(index).or(strategies.last())
}

impl Add for Wait {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        match self {
            Self::Combine { mut strategies } => {
                strategies.push(other);
                Self::Combine { strategies }
            }
            first => Self::Combine { strategies: vec![first, other] },
        }
    }
}

impl std::iter::Sum for Wait {
    fn sum<I: Iterator<Item = Self>>(waits: I) -> Self {
        Self::Combine { strategies: waits.collect() }
    }
}

struct Unknown;

impl crate::retry::outcome::RetryOutcome for Unknown {
    fn failed(&self) -> bool {
        true
    }
}

fn one() -> Seconds {
    Seconds::ONE
}

fn two() -> f64 {
    2.0
}

fn hundred() -> Seconds {
    Seconds::new(100.0)
}

fn longest() -> Seconds {
    Seconds::LONGEST
}
