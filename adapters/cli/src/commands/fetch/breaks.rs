//! How often a download may break off, and how long it waits then.

use std::time::Duration;

use http_hook::{
    Attempt, Call, Connection, Hook, RequestPlan, Sent, Step, Timestamp, TransportError,
    TransportErrorKind as Kind,
};

use super::super::Context;
use crate::args::CallArgs;
use crate::exit::Problem;
use crate::request::limited;

/// How often a download may break off without a further byte, and how long it waits then: as the policy says of a call that is
/// interrupted. A call of its own that is never sent is asked for that.
pub(super) struct Breaks {
    hook: Hook,
    plan: RequestPlan,
    seed: u64,
    attempt: Option<Attempt>,
    /// The most that was there.
    most: u64,
}

impl Breaks {
    pub(super) fn new(
        call: &CallArgs,
        hook: &Hook,
        context: &Context,
        seed: u64,
    ) -> Result<Self, Problem> {
        let nowhere = Connection::new().with_host("http://localhost");
        let policy = hook.policy().clone();
        let own = Hook::builder(&nowhere).policy(policy).build();
        let own = own.map_err(|error| Problem::of_hook(&error))?;
        let plan = limited(&call.limits, &context.settings, RequestPlan::get(""))?;
        Ok(Self { hook: own, plan, seed, attempt: None, most: 0 })
    }

    /// Forgets what broke off before.
    pub(super) fn begin(&mut self) {
        self.attempt = None;
    }

    /// Tells how long to wait; `None`: it is given up.
    pub(super) fn after(&mut self, have: u64, kind: Kind, now: Timestamp) -> Option<Duration> {
        if have > self.most {
            self.most = have;
            self.begin();
        }
        let first = |own: &Self| match Call::new(&own.hook, own.plan.clone(), own.seed, now)
            .step(&own.hook, now)
        {
            Step::Send { attempt, .. } => Some(attempt),
            _ => None,
        };
        let attempt = self.attempt.take().or_else(|| first(self))?;
        // A body that is not whole is an exchange that broke off.
        let kind = if matches!(kind, Kind::Timeout(_)) { kind } else { Kind::Interrupted };
        let error = TransportError::new(kind, Sent::Yes);
        let Step::Wait { call, wait, .. } = attempt.finish(&self.hook, Err(error), now) else {
            return None;
        };
        if let Step::Send { attempt, .. } = call.step(&self.hook, now.after(wait)) {
            self.attempt = Some(attempt);
        }
        Some(wait)
    }
}
