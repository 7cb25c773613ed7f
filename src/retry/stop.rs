//! When to give up.

use std::borrow::Cow;
use std::ops::{BitAnd, BitOr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::Quiet;
use crate::response::StopReason;
use crate::response::limit::Limit;
use crate::retry::custom::Custom;
use crate::retry::outcome::ByClass;
use crate::retry::seconds::Seconds;
use crate::retry::state::RetryState;

/// When to give up, as data. In JSON, `type` names the variant in snake case; times are seconds.
///
/// Stops combine with `|` and `&`. They are asked after the wait has been computed, and can see it. None of them ends an attempt that is
/// under way: that does the [deadline](crate::RequestPlan::deadline) of a call, which is the limit for everything.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::retry::Stop;
///
/// let stop = Stop::after_attempt(3) | Stop::before_delay(Duration::from_secs(30));
/// let text = r#"{"type": "any", "stops": [
///     {"type": "after_attempt", "max_attempts": 3}, {"type": "before_delay", "seconds": 30}]}"#;
/// assert_eq!(stop, serde_json::from_str(text)?);
/// assert_eq!(stop.max_attempts(), Some(3));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Stop {
    /// Never by itself. What ends a call then is its [deadline](crate::RequestPlan::deadline), if it has one, and in any case its
    /// 1,000th send, [`Call::MAX_SENDS`](crate::Call::MAX_SENDS).
    Never,
    /// After this many attempts.
    AfterAttempt {
        /// The attempts, the first one counted; 0 is 1.
        max_attempts: u32,
    },
    /// Once this much time has passed from the start to the end of an attempt.
    AfterDelay {
        /// The time.
        seconds: Seconds,
    },
    /// Once the time that has passed and the wait to come make this much.
    BeforeDelay {
        /// The time.
        seconds: Seconds,
    },
    /// Once this many attempts came to an outcome of one class, others not counted.
    AfterOutcomes {
        /// `connect`, `timeout`, `throttled` (429) or `server_error` (5xx).
        class: String,
        /// The attempts; 0 is 1.
        max_attempts: u32,
    },
    /// Once all waits together, that to come included, would make more than this.
    BeforeIdle {
        /// The time.
        seconds: Seconds,
    },
    /// Once an event has happened.
    WhenEventSet {
        /// The event, stored by its name.
        event: Event,
    },
    /// Once one of several says so; of none, never.
    Any {
        /// The stops.
        stops: Vec<Stop>,
    },
    /// Once all of several say so; of none, at once.
    All {
        /// The stops.
        stops: Vec<Stop>,
    },
    /// Code. A policy with it cannot be stored.
    #[serde(skip)]
    Custom(Custom<dyn Fn(&RetryState<'_>) -> bool + Send + Sync>),
}

impl Stop {
    /// Stops after this many attempts, the first one counted.
    #[must_use]
    pub const fn after_attempt(max_attempts: u32) -> Self {
        Self::AfterAttempt { max_attempts }
    }

    /// Stops once `time` has passed at the end of an attempt.
    #[must_use]
    pub fn after_delay(time: Duration) -> Self {
        Self::AfterDelay { seconds: time.into() }
    }

    /// Stops if the next attempt would begin `time` or more after the start.
    #[must_use]
    pub fn before_delay(time: Duration) -> Self {
        Self::BeforeDelay { seconds: time.into() }
    }

    /// Stops after this many attempts that came to an outcome of one class: `connect`, `timeout`, `throttled` (429) or
    /// `server_error` (5xx).
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::retry::Stop;
    ///
    /// let stop = Stop::after_outcomes("connect", 3) | Stop::after_outcomes("throttled", 20);
    /// # let _ = stop;
    /// ```
    #[must_use]
    pub fn after_outcomes(class: &str, max_attempts: u32) -> Self {
        Self::AfterOutcomes { class: class.to_owned(), max_attempts }
    }

    /// Stops if all waits together would make more than `time`.
    #[must_use]
    pub fn before_idle(time: Duration) -> Self {
        Self::BeforeIdle { seconds: time.into() }
    }

    /// Stops once `event` is set.
    #[must_use]
    pub fn when_event_set(event: &Event) -> Self {
        Self::WhenEventSet { event: event.clone() }
    }

    /// Stops when the code says so.
    #[must_use]
    pub fn custom(code: impl Fn(&RetryState<'_>) -> bool + Send + Sync + 'static) -> Self {
        let code = Quiet::new(code);
        let stops = move |state: &RetryState<'_>| code.get().is_none_or(|code| code(state));
        Self::Custom(Custom::new(Arc::new(stops)))
    }

    /// Whether to give up.
    #[must_use]
    pub fn stops(&self, state: &RetryState<'_>) -> bool {
        self.reason(state).is_some()
    }

    /// Tells why to give up, if so: of several reasons the first.
    #[must_use]
    pub fn reason(&self, state: &RetryState<'_>) -> Option<StopReason> {
        self.why(state).map(|(reason, _)| reason)
    }

    /// The same, with the limit that says so.
    pub(crate) fn why(&self, state: &RetryState<'_>) -> Option<(StopReason, Option<Limit>)> {
        let time = |over: bool, limit: fn(Duration) -> Limit, seconds: &Seconds| {
            over.then(|| (StopReason::Deadline, Some(limit(seconds.to_duration()))))
        };
        match self {
            Self::Never => None,
            Self::AfterAttempt { max_attempts } => {
                (state.attempt_number >= *max_attempts).then_some((StopReason::Attempts, None))
            }
            Self::AfterDelay { seconds } => {
                time(state.elapsed.as_secs_f64() >= seconds.get(), Limit::AfterDelay, seconds)
            }
            Self::BeforeDelay { seconds } => {
                let next = state.elapsed.saturating_add(state.upcoming);
                time(next.as_secs_f64() >= seconds.get(), Limit::BeforeDelay, seconds)
            }
            Self::AfterOutcomes { class, max_attempts } => {
                let (count, most) = (state.outcome.attempts_of(class), (*max_attempts).max(1));
                let name = ByClass::NAMES.into_iter().find(|name| name == class);
                let limit = name.map(|name| Limit::Outcomes(name, most));
                (count >= most).then_some((StopReason::Attempts, limit))
            }
            Self::BeforeIdle { seconds } => {
                let idle = state.idle_for.saturating_add(state.upcoming);
                time(idle.as_secs_f64() > seconds.get(), Limit::BeforeIdle, seconds)
            }
            Self::WhenEventSet { event } => event.is_set().then_some((StopReason::Cancelled, None)),
            Self::Any { stops } => stops.iter().find_map(|one| one.why(state)),
            Self::All { stops } => {
                let mut first = None;
                for one in stops {
                    let why = one.why(state)?;
                    first = first.or(Some(why));
                }
                first.or(Some((StopReason::Stopped, None)))
            }
            Self::Custom(code) => code.get()(state).then_some((StopReason::Stopped, None)),
        }
    }

    /// Returns the number of attempts it certainly allows no more than, if there is one.
    #[must_use]
    pub fn max_attempts(&self) -> Option<u32> {
        match self {
            Self::AfterAttempt { max_attempts } => Some((*max_attempts).max(1)),
            Self::Any { stops } => stops.iter().filter_map(Self::max_attempts).min(),
            Self::All { stops } if stops.iter().all(|one| one.max_attempts().is_some()) => {
                stops.iter().filter_map(Self::max_attempts).max()
            }
            _ => None,
        }
    }

    /// Puts `event` in the place of the events of its name, as after reading a policy from JSON.
    pub fn bind(&mut self, event: &Event) {
        match self {
            Self::WhenEventSet { event: own } if own.name == event.name => *own = event.clone(),
            Self::Any { stops } | Self::All { stops } => {
                for one in stops {
                    one.bind(event);
                }
            }
            _ => {}
        }
    }

    /// Tells what is wrong with this part itself.
    pub(crate) fn fault(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::AfterOutcomes { class, .. } if !ByClass::NAMES.contains(&class.as_str()) => {
                Some("stop: a class is connect, timeout, throttled or server_error".into())
            }
            _ => None,
        }
    }

    pub(crate) fn parts(&self) -> &[Self] {
        match self {
            Self::Any { stops } | Self::All { stops } => stops,
            _ => &[],
        }
    }
}

impl BitOr for Stop {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        match self {
            Self::Any { mut stops } => {
                stops.push(other);
                Self::Any { stops }
            }
            first => Self::Any { stops: vec![first, other] },
        }
    }
}

impl BitAnd for Stop {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        match self {
            Self::All { mut stops } => {
                stops.push(other);
                Self::All { stops }
            }
            first => Self::All { stops: vec![first, other] },
        }
    }
}

/// Something that happens once, known by its name: a shutdown, for one. Clones share it.
///
/// JSON holds the name alone: an event that is read is not set, until [`Stop::bind`] puts a living one in its place.
#[derive(Clone, Debug)]
pub struct Event {
    name: Cow<'static, str>,
    set: Arc<AtomicBool>,
}

impl Event {
    /// Makes an event that has not happened.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), set: Arc::default() }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes it happen, for all clones.
    pub fn set(&self) {
        self.set.store(true, Ordering::Relaxed);
    }

    /// Whether it has happened.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::Relaxed)
    }
}

/// Events are equal if their names are.
impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(String::deserialize(deserializer)?))
    }
}
