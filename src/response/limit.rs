//! What refuses another attempt: the words with which a failure says so, with the figures.

use std::fmt;
use std::time::Duration;

use crate::base::brief;

/// What refuses another attempt, beside the number of attempts, which a failure tells anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// So many attempts that come to one class of outcomes.
    Outcomes(&'static str, u32),
    /// The policy's time for all attempts, which has passed.
    AfterDelay(Duration),
    /// The policy's time for all attempts, which the next wait would outlive.
    BeforeDelay(Duration),
    /// The policy's time for all waits.
    BeforeIdle(Duration),
    /// The longest wait that is granted to a server.
    Cap(Duration),
    /// The deadline of the call, into which this wait does not fit.
    Deadline(Duration),
}

/// The deadline of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// How long after the start of the call it is.
    pub(crate) after: Duration,
    /// What was left of it.
    pub(crate) left: Duration,
}

/// A wait that is not told by its length: no server means it.
const LONG: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Says why there is no time for another attempt.
pub(super) fn no_time(
    f: &mut fmt::Formatter<'_>,
    limit: Option<Limit>,
    ends: Option<Ends>,
) -> fmt::Result {
    match limit {
        Some(Limit::AfterDelay(time)) => {
            write!(f, "; the {:?} that the policy allows have passed", brief(time))
        }
        Some(Limit::BeforeDelay(time)) => {
            write!(f, "; the next would begin after the {:?} that the policy allows", brief(time))
        }
        Some(Limit::BeforeIdle(time)) => {
            write!(
                f,
                "; all waits would make more than the {:?} that the policy allows",
                brief(time)
            )
        }
        _ => {
            f.write_str("; the deadline")?;
            if let Some(ends) = ends {
                write!(f, " of {:?}", brief(ends.after))?;
            }
            f.write_str(" leaves no time for another")?;
            no_room(f, limit, ends)
        }
    }
}

/// Says which wait does not fit into what is left.
pub(super) fn no_room(
    f: &mut fmt::Formatter<'_>,
    limit: Option<Limit>,
    ends: Option<Ends>,
) -> fmt::Result {
    match (limit, ends) {
        (Some(Limit::Deadline(wait)), Some(ends)) if brief(ends.left) > Duration::ZERO => {
            let (wait, left) = (brief(wait), brief(ends.left));
            write!(f, ": it would have to wait {wait:?}, and {left:?} are left")
        }
        _ => Ok(()),
    }
}

/// Says why the wait that a server asks for is too long.
pub(super) fn too_long(
    f: &mut fmt::Formatter<'_>,
    hint: Option<Duration>,
    limit: Option<Limit>,
    ends: Option<Ends>,
) -> fmt::Result {
    f.write_str("; the server asks to wait ")?;
    let told = hint.filter(|hint| *hint < LONG).map(brief);
    if let (Some(Limit::Deadline(_)), Some(Ends { after, left })) = (limit, ends) {
        match told {
            Some(hint) => write!(f, "{hint:?}")?,
            None => f.write_str("very long")?,
        }
        return write!(f, ", and the deadline of {:?} leaves {:?}", brief(after), brief(left));
    }
    match told {
        Some(hint) => write!(f, "{hint:?}, which is more than ")?,
        None => f.write_str("longer than ")?,
    }
    match limit {
        Some(Limit::Cap(cap)) => {
            write!(f, "the {:?} that `hints.cap` of the policy allows", brief(cap))
        }
        _ => f.write_str("is allowed"),
    }
}
