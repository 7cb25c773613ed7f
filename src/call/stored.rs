//! The stored form of a call: plain data that another machine takes up later, in two parts.
//!
//! | part | holds |
//! | --- | --- |
//! | plan | method, endpoint and query of the call, its headers, body, options and policy; never changes |
//! | progress | counts, times, seed; names the plan, the connection and its base by digests; holds no URL, header or body |
//!
//! Neither holds anything of the connection but its id: it is looked up again, and the base is that of the hook at hand. What a
//! reader gets is checked as hostile input, by the same checks as a fresh call. A digest over all fields finds accidents; it
//! is no protection against somebody who may write the store, who could as well store another call.
//!
//! ```text
//! Call ──store──▶ "waiting"      ──resume──▶ Call: the wait that is left, then the next attempt
//! Attempt ─store─▶ "interrupted" ──resume──▶ Call: the outcome is unknown, the policy decides
//! ```

use std::time::Duration;

use serde::Deserialize;

use super::build::Ready;
use super::form::{
    Form, Moment, PlanForm, ProgressForm, VERSION, both, check_plan, plan_form, progress_form,
    text_of,
};
use super::may::{not_storable, stored};
use super::owner::{Owner, Stored};
use super::state::{Phase, State};
use super::{Attempt, Call};
use crate::base::chance::digest;
use crate::base::{Error, ErrorKind, Sent, Timestamp};
use crate::hook::Hook;
use crate::options::in_force::{MAX_REDIRECTS, MAX_RESPONSE_BYTES};
use crate::options::{Options, Setting};
use crate::request::RequestPlan;

const CALL: Stored =
    Stored { noun: "call", is_many: false, longest: Call::MAX_STORED, version: VERSION };

impl Call {
    /// The longest text that is read, in bytes.
    pub const MAX_STORED: usize = 16 << 20;

    /// Writes the call as JSON, to be [resumed](Call::resume) later or elsewhere.
    ///
    /// # Errors
    ///
    /// Kind [`NotStorable`](ErrorKind::NotStorable), naming the part that cannot be stored: a header that is neither one of the open
    /// ones of HTTP nor [marked](crate::RequestPlan::storable_header), a parameter whose name sounds secret, a closure in its policy, a
    /// source that can be read once only, proxies, cookies or a scheme of the call's own, a link that repeats what is the connection's;
    /// for a text longer than [`MAX_STORED`](Call::MAX_STORED), which nobody could take up; and for a call that cannot be sent.
    pub fn store(&self, hook: &Hook) -> Result<String, Error> {
        let state = self.storable()?;
        CALL.written(both(state, hook, self.moment())?)
    }

    /// Writes the plan alone: it stays the same as long as the call goes on.
    ///
    /// # Errors
    ///
    /// As [`store`](Self::store).
    pub fn store_plan(&self, hook: &Hook) -> Result<String, Error> {
        CALL.written(text_of(&plan_form(self.storable()?, hook)?)?)
    }

    /// Writes the progress alone, without URL, headers and body.
    ///
    /// # Errors
    ///
    /// As [`store`](Self::store).
    pub fn store_progress(&self, hook: &Hook) -> Result<String, Error> {
        let state = self.storable()?;
        text_of(&progress_form(state, hook, self.moment(), &plan_form(state, hook)?)?)
    }

    /// Takes a stored call up, at `now`.
    ///
    /// The connection may have another password by now; its id, its origin and its base must be the same. An attempt that
    /// was stored under way counts as broken off, and may have acted. Leave to send again is that of the call as it was stored,
    /// never the hook's. A wait is never longer than the one stored, wherever the clock stands.
    ///
    /// A stored `verify`, `cert`, `allow_downgrade` or `trust_env` is taken only if the hook says the same, `allow_redirects`,
    /// `max_redirects` and `max_response_bytes` only up to what holds for the hook: whoever may write the store does not
    /// get to weaken a connection. See [`resume_under`](Self::resume_under).
    ///
    /// # Errors
    ///
    /// Kind [`Stored`](ErrorKind::Stored) if the text is not a stored call of this connection, else that of a plan which cannot
    /// be sent.
    pub fn resume(hook: &Hook, text: &str, now: Timestamp) -> Result<Self, Error> {
        Self::resume_under(hook, text, &Options::default(), now)
    }

    /// The same, where the caller names further options of this kind that a stored call may have.
    ///
    /// # Errors
    ///
    /// As [`resume`](Self::resume).
    pub fn resume_under(
        hook: &Hook,
        text: &str,
        allowed: &Options,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let form: Form = read(text)?;
        restore(hook, form.plan, form.progress, allowed, now)
    }

    /// Takes up a call whose parts were stored apart.
    ///
    /// # Errors
    ///
    /// As [`resume`](Self::resume), and if the two do not belong together.
    pub fn resume_parts(
        hook: &Hook,
        plan: &str,
        progress: &str,
        allowed: &Options,
        now: Timestamp,
    ) -> Result<Self, Error> {
        restore(hook, read(plan)?, read(progress)?, allowed, now)
    }

    /// Tells whether the call can be stored, for who will only need it later. A plan that cannot be sent says so itself at its first step.
    pub(crate) fn may_be_stored(&self, hook: &Hook) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |state| check_plan(state, hook))
    }

    fn storable(&self) -> Result<&State, Error> {
        match &self.0 {
            Ok(state) => Ok(state),
            Err(unsendable) => {
                let why = &unsendable.fault;
                Err(not_storable(&format!("the plan, which cannot be sent: {why}")))
            }
        }
    }

    /// Reads a plan that was [stored alone](Self::store_plan), by the checks of a stored call.
    ///
    /// # Errors
    ///
    /// As [`resume`](Self::resume).
    pub(crate) fn restore_plan(hook: &Hook, text: &str) -> Result<RequestPlan, Error> {
        let plan: PlanForm = read(text)?;
        if let Some(options) = &plan.options {
            check_options(hook, options, &Options::default())?;
        }
        plan.restore(hook)
    }

    fn moment(&self) -> Moment {
        // What waits for a token behind a redirect has sent the planned request.
        match &self.0 {
            Ok(state) if matches!(state.phase, Phase::Interrupted) || state.is_redirected() => {
                Moment::Interrupted
            }
            _ => Moment::Waiting,
        }
    }
}

impl Attempt {
    /// Writes the attempt as JSON, to be kept *before* its request is sent: whoever [resumes](Call::resume) it
    /// takes the request for broken off.
    ///
    /// # Errors
    ///
    /// As [`Call::store`].
    pub fn store(&self, hook: &Hook) -> Result<String, Error> {
        CALL.written(both(&self.0, hook, Moment::Interrupted)?)
    }

    /// Writes the progress alone, without URL, headers and body.
    ///
    /// # Errors
    ///
    /// As [`Call::store`].
    pub fn store_progress(&self, hook: &Hook) -> Result<String, Error> {
        text_of(&progress_form(&self.0, hook, Moment::Interrupted, &plan_form(&self.0, hook)?)?)
    }
}

/// Reads one text, the version first: that of a later one may look otherwise.
fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    CALL.read(text, |read: &Versioned| read.version)?;
    CALL.read(text, |_: &T| VERSION)
}

fn restore(
    hook: &Hook,
    plan: PlanForm,
    mut progress: ProgressForm,
    allowed: &Options,
    now: Timestamp,
) -> Result<Call, Error> {
    let own = std::mem::take(&mut progress.digest);
    let parts_fit = progress.plan == digest(&text_of(&plan)?);
    if own != digest(&text_of(&progress)?) || !parts_fit {
        return Err(stored("the stored call was changed"));
    }
    let (connection, base) = (progress.connection.take(), std::mem::take(&mut progress.base));
    CALL.check(Some(&Owner { connection, base }), hook)?;
    let begun = progress.attempt_number > 0 || progress.state == Moment::Waiting;
    let counts = progress.sends <= Call::MAX_SENDS && progress.attempt_number <= progress.sends;
    if !begun || !counts {
        return Err(stored("the counts of the stored call cannot be"));
    }
    check_times(&progress)?;
    if let Some(options) = &plan.options {
        check_options(hook, options, allowed)?;
    }
    let seed =
        u64::from_str_radix(&progress.seed, 16).map_err(|_| stored("the seed is not one"))?;
    let ready = Ready::new(hook, plan.restore(hook)?, seed).map_err(|unready| unready.fault)?;
    let mut state = State::new(ready, seed, None, now);
    progress.restore(&mut state, hook, now);
    // What must not be sent twice waits only because it was certainly not seen.
    if state.attempt_number > 0 && state.is_repeatable() {
        state.seen = Sent::Maybe;
    }
    #[cfg(feature = "cookies")]
    {
        state.cookies = hook.cookies().clone();
    }
    Ok(Call(Ok(Box::new(state))))
}

/// What weakens a connection holds only if the hook, or whoever takes the call up, says the same.
fn check_options(hook: &Hook, stored_ones: &Options, allowed: &Options) -> Result<(), Error> {
    fn fits<T: PartialEq>(own: &Setting<T>, hook: &Setting<T>, allowed: &Setting<T>) -> bool {
        *own == Setting::Inherit || own == hook || own == allowed
    }
    // At most as much as the hook has, or as is allowed.
    fn up_to<T: Copy + PartialOrd>(own: Option<T>, hook: T, allowed: Option<T>) -> bool {
        own.is_none_or(|own| own <= hook || allowed.is_some_and(|allowed| own <= allowed))
    }
    let own = hook.options();
    let below = hook.defaults().options.trust_env;
    let trusts = own.trust_env.or(below).unwrap_or(true);
    let in_force = own.clone().over(hook.defaults().options.clone());
    let follows = in_force.allow_redirects.unwrap_or(true);
    let rows = [
        (fits(&stored_ones.verify, &own.verify, &allowed.verify), "verify"),
        (fits(&stored_ones.cert, &own.cert, &allowed.cert), "cert"),
        (
            stored_ones.allow_downgrade.is_none_or(|own| !own)
                || stored_ones.allow_downgrade == own.allow_downgrade
                || stored_ones.allow_downgrade == allowed.allow_downgrade,
            "allow_downgrade",
        ),
        (
            stored_ones.trust_env.is_none_or(|own| own == trusts)
                || stored_ones.trust_env == allowed.trust_env,
            "trust_env",
        ),
        (up_to(stored_ones.allow_redirects, follows, allowed.allow_redirects), "allow_redirects"),
        (
            up_to(
                stored_ones.max_redirects,
                in_force.max_redirects.unwrap_or(MAX_REDIRECTS),
                allowed.max_redirects,
            ),
            "max_redirects",
        ),
        (
            up_to(
                stored_ones.max_response_bytes,
                in_force.max_response_bytes.unwrap_or(MAX_RESPONSE_BYTES),
                allowed.max_response_bytes,
            ),
            "max_response_bytes",
        ),
    ];
    if let Some((_, name)) = rows.into_iter().find(|(fits, _)| !fits) {
        let message = format!("the stored call has an option {name} that the hook does not have");
        return Err(Error::new(ErrorKind::Stored, message));
    }
    let limits = [stored_ones.connect_timeout, stored_ones.head_timeout, stored_ones.idle_timeout];
    let is_sound = |limit: &Setting<Duration>| match limit {
        Setting::Set(limit) => !limit.is_zero() && *limit <= Options::MAX_TIMEOUT,
        Setting::Inherit | Setting::Unset => true,
    };
    let pauses = match &stored_ones.keep_alive {
        Setting::Set(own) => [Setting::Set(own.idle), Setting::Set(own.interval)],
        Setting::Inherit | Setting::Unset => [Setting::Inherit, Setting::Inherit],
    };
    if !limits.iter().chain(&pauses).all(is_sound) {
        return Err(stored("a time limit of the stored call is out of range"));
    }
    Ok(())
}

fn check_times(progress: &ProgressForm) -> Result<(), Error> {
    let waits = [progress.previous_wait, progress.idle_for];
    let ordered = progress.started <= progress.written;
    let longest = Options::MAX_TIMEOUT;
    if !ordered
        || progress.due.since(progress.written) > longest
        || waits.iter().any(|wait| *wait > longest)
    {
        return Err(stored("the times of the stored call cannot be"));
    }
    Ok(())
}
