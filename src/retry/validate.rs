//! What a policy must keep to beyond its types.

use crate::base::{Error, ErrorKind, headers};
use crate::retry::condition::Condition;
use crate::retry::policy::RetryPolicy;
use crate::retry::status;
use crate::retry::stop::Stop;
use crate::retry::wait::Wait;

impl Condition {
    /// Whether it is data alone, and can be stored.
    pub(crate) fn is_storable(&self) -> bool {
        let mut storable = true;
        Part::Condition(self).walk(1, &mut |part, _| {
            storable &= !matches!(part, Part::Condition(Self::Custom(_)));
            true
        });
        storable
    }

    /// Checks a condition that is no part of a policy by the same rules; `place` begins what is said of it.
    pub(crate) fn validate(&self, place: &str) -> Result<(), Error> {
        let when = self.clone();
        RetryPolicy { when, ..RetryPolicy::never() }
            .validate()
            .map_err(|error| Error::new(error.kind(), format!("{place}: {}", error.message())))
    }
}

impl RetryPolicy {
    /// The most parts (conditions, waits and stops) that a policy may have.
    pub const MAX_PARTS: usize = 512;
    /// The deepest that a part of a policy may be nested.
    pub const MAX_DEPTH: usize = 16;

    /// Whether it is data alone, and can be stored.
    #[must_use]
    pub fn is_storable(&self) -> bool {
        let mut storable = true;
        self.walk(&mut |part, _| {
            let code = matches!(
                part,
                Part::Condition(Condition::Custom(_))
                    | Part::Wait(Wait::Custom(_))
                    | Part::Stop(Stop::Custom(_))
            );
            storable &= !code;
            true
        });
        storable
    }

    /// Whether its stop counts outcomes by their class: then the counts are a part of what is stored.
    pub(crate) fn counts(&self) -> bool {
        let mut counts = false;
        Part::Stop(&self.stop).walk(1, &mut |part: Part<'_>, _| {
            counts |= matches!(part, Part::Stop(Stop::AfterOutcomes { .. }));
            true
        });
        counts
    }

    /// Whether no response of 200 to 299 that passes its check is worth another attempt.
    pub(crate) fn lets_success_stand(&self) -> bool {
        !self.when.may_hold_for_success() && !self.once.may_hold_for_success()
    }

    /// Whether any part of it may look at the body of the response.
    pub(crate) fn looks_at_bodies(&self) -> bool {
        self.reads_body() || self.waits_by_body()
    }

    /// Whether the wait or the stop, which are asked once the condition holds, may look at the body of the response.
    pub(crate) fn waits_by_body(&self) -> bool {
        let mut looks = false;
        let mut visit = |part: Part<'_>, _| {
            looks |= match part {
                Part::Condition(one) => one.reads_body(),
                Part::Wait(one) => matches!(one, Wait::Custom(_)),
                Part::Stop(one) => matches!(one, Stop::Custom(_)),
            };
            true
        };
        Part::Wait(&self.wait).walk(1, &mut visit);
        Part::Stop(&self.stop).walk(1, &mut visit);
        looks
    }

    /// Checks what the types do not say: no empty chain, no jitter beyond the wait itself, no name that nothing
    /// has. A policy without end is bounded by the deadline of its call and by 1,000 sends.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Policy`] or [`ErrorKind::Limit`], naming the place.
    pub fn validate(&self) -> Result<(), Error> {
        let (mut parts, mut deepest, mut fault) = (0_usize, 0_usize, None);
        self.walk(&mut |part, depth| {
            parts = parts.saturating_add(1);
            deepest = deepest.max(depth);
            fault = fault.take().or_else(|| match part {
                Part::Condition(condition) => condition.fault(),
                Part::Wait(wait) => wait.fault(),
                Part::Stop(stop) => stop.fault(),
            });
            parts <= Self::MAX_PARTS && depth <= Self::MAX_DEPTH
        });
        if parts > Self::MAX_PARTS {
            Err(Error::new(ErrorKind::Limit, "retry policy: more than 512 parts"))
        } else if deepest > Self::MAX_DEPTH {
            Err(Error::new(ErrorKind::Limit, "retry policy: nested deeper than 16"))
        } else if let Some(fault) = fault {
            Err(Error::new(ErrorKind::Policy, fault))
        } else if !(0.0..=1.0).contains(&self.hints.jitter) {
            Err(Error::new(ErrorKind::Policy, "hints.jitter: not between 0 and 1"))
        } else if !self.hints.statuses.iter().all(status::is_possible) {
            Err(Error::new(ErrorKind::Policy, "hints.statuses: not within 100 to 999"))
        } else if let Some(name) = &self.attempt_header {
            let checked = headers::check_policy_name(name, "attempt_header");
            checked
                .map(|_| ())
                .map_err(|error| Error::new(ErrorKind::Policy, error.message().to_owned()))
        } else {
            Ok(())
        }
    }

    /// Shows every part and its depth, from 1, until `visit` wants no more of a part.
    fn walk(&self, visit: &mut dyn FnMut(Part<'_>, usize) -> bool) {
        Part::Condition(&self.when).walk(1, visit);
        Part::Condition(&self.once).walk(1, visit);
        Part::Wait(&self.wait).walk(1, visit);
        Part::Stop(&self.stop).walk(1, visit);
    }
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Condition(&'a Condition),
    Wait(&'a Wait),
    Stop(&'a Stop),
}

impl Part<'_> {
    fn walk(self, depth: usize, visit: &mut dyn FnMut(Part<'_>, usize) -> bool) {
        if !visit(self, depth) {
            return;
        }
        let below = depth.saturating_add(1);
        match self {
            Self::Condition(one) => {
                one.parts().iter().for_each(|part| Part::Condition(part).walk(below, visit));
            }
            Self::Wait(one) => {
                if let Wait::When { when, .. } = one {
                    Part::Condition(when).walk(below, visit);
                }
                one.parts().into_iter().for_each(|part| Part::Wait(part).walk(below, visit));
            }
            Self::Stop(one) => {
                one.parts().iter().for_each(|part| Part::Stop(part).walk(below, visit));
            }
        }
    }
}
