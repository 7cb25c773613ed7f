//! A poll stored between two acts: what is waited for, the plan of the next call, and how far it has come.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Phase, Poll, Polling};
use crate::base::chance::digest;
use crate::base::{Error, Sent, Timestamp};
use crate::call::Call;
use crate::call::follow::Counts;
use crate::call::may::{not_storable, stored};
use crate::call::owner::{Owner, Stored};
use crate::drive::Run;
use crate::hook::Hook;
use crate::options::Options;

const VERSION: u32 = 2;

const POLL: Stored =
    Stored { noun: "poll", is_many: false, longest: Call::MAX_STORED, version: VERSION };

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    /// `None` before version 2.
    #[serde(default)]
    owner: Option<Owner>,
    polling: Polling,
    /// Of the next poll, as [`Call::store_plan`] writes it.
    plan: String,
    deadline: Option<Duration>,
    /// The call under way, as [`Run::store`] writes it.
    call: Option<String>,
    /// Sixteen hexadecimal digits.
    seed: String,
    written: Timestamp,
    due: Timestamp,
    ends: Timestamp,
    polls: u32,
    failed: u32,
    #[serde(default, skip_serializing_if = "is_none")]
    answered: u32,
    /// Of the calls that have ended.
    #[serde(default, skip_serializing_if = "is_none")]
    sends: u32,
    #[serde(default, skip_serializing_if = "is_none")]
    attempts: u32,
    idle_for: Duration,
    digest: String,
}

impl<B: From<Bytes>> Poll<'_, B> {
    /// Writes what is pending, and all that the further polls are made of, as JSON: an attempt as under way, a call as waiting.
    ///
    /// # Errors
    ///
    /// As [`Run::store`]; and for a condition or a wait that is code.
    pub fn store(&self) -> Result<String, Error> {
        let (call, due) = match &self.phase {
            Phase::Sleeping(due) => (None, *due),
            Phase::Polling(run) => (Some(run.store()?), self.latest),
            Phase::Over => return Err(not_storable("nothing is pending")),
        };
        if !self.polling.is_storable() {
            return Err(not_storable("code in what is polled for"));
        }
        let mut plan = self.plan.clone();
        let deadline = plan.rare().deadline;
        let next = Call::new(&self.hook, plan, self.seed, Timestamp::default());
        let form = Form {
            version: VERSION,
            owner: Some(Owner::of(&self.hook)),
            polling: self.polling.clone(),
            plan: next.store_plan(&self.hook)?,
            deadline,
            call,
            seed: format!("{:016x}", self.seed),
            written: self.latest,
            due,
            ends: self.ends,
            polls: self.polls,
            failed: self.failed,
            answered: self.answered,
            sends: self.counts.sends,
            attempts: self.counts.attempts,
            idle_for: self.counts.idle_for,
            digest: String::new(),
        };
        POLL.written(text_of(&Form { digest: digest(&text_of(&form)?), ..form })?)
    }

    /// Takes a stored poll up, at `now`, as [`Call::resume`] takes up a call.
    ///
    /// # Errors
    ///
    /// As [`Call::resume`].
    pub fn resume(hook: &Hook, text: &str, now: Timestamp) -> Result<Self, Error> {
        let mut form: Form = POLL.read(text, |form: &Form| form.version)?;
        let own = std::mem::take(&mut form.digest);
        if own != digest(&text_of(&form)?) {
            return Err(stored("the stored poll was changed"));
        }
        POLL.check(form.owner.as_ref(), hook)?;
        form.polling.validate()?;
        let longest = Options::MAX_TIMEOUT;
        if form.due.since(form.written) > longest || form.idle_for > longest {
            return Err(stored("the times of the stored poll cannot be"));
        }
        let seed =
            u64::from_str_radix(&form.seed, 16).map_err(|_| stored("the seed is not one"))?;
        let mut plan = Call::restore_plan(hook, &form.plan)?;
        plan.rare().deadline = form.deadline;
        // A clock that went back: no time has passed since.
        let moved = |at: Timestamp| {
            if now >= form.written { at } else { now.after(at.since(form.written)) }
        };
        let (phase, place) = match &form.call {
            None => (Phase::Sleeping(moved(form.due)), None),
            Some(text) => {
                let call = Call::resume(hook, text, now)?;
                let place = call.place(hook);
                (Phase::Polling(Box::new(Run::new(hook, call.counted()))), place)
            }
        };
        let ended = form.polls.saturating_sub(u32::from(form.call.is_some()));
        Ok(Self {
            hook: hook.clone(),
            polling: form.polling.clone(),
            plan,
            seed,
            observer: None,
            phase,
            place,
            latest: moved(form.written),
            ends: moved(form.ends),
            polls: form.polls,
            failed: form.failed,
            answered: form.answered,
            seen: if ended > 0 { Sent::Maybe } else { Sent::No },
            counts: Counts { sends: form.sends, attempts: form.attempts, idle_for: form.idle_for },
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_none(count: &u32) -> bool {
    *count == 0
}

fn text_of(form: &Form) -> Result<String, Error> {
    serde_json::to_string(form).map_err(|_| not_storable("the poll"))
}
