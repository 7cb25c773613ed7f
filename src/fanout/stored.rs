//! The calls of a fan-out that have not ended, stored; the plans that have not begun are with whoever has their source.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::gauge::Gauge;
use super::limiter::Limiter;
use super::{Fanout, Slot};
use crate::base::chance::digest;
use crate::base::json::at_most_entries;
use crate::base::{Error, Timestamp, size};
use crate::call::Call;
use crate::call::may::{not_storable, stored};
use crate::call::owner::{Owner, Stored};
use crate::drive::{Act, Run};
use crate::hook::Hook;
use crate::request::RequestPlan;
use crate::response::Outcome;

const VERSION: u32 = 2;

const CALLS: Stored =
    Stored { noun: "calls", is_many: true, longest: MAX_STORED, version: VERSION };

/// The longest text, in bytes.
const MAX_STORED: usize = 256 << 20;

/// The most calls, and the most results, of a stored fan-out.
const MOST: usize = 10_000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    /// `None` before version 2.
    #[serde(default)]
    owner: Option<Owner>,
    limit: usize,
    /// The limit that an adaptive fan-out has reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adaptive: Option<usize>,
    in_order: bool,
    /// Sixteen hexadecimal digits.
    seed: String,
    next: u64,
    turn: u64,
    /// As [`Run::store`] writes them, by their slots.
    #[serde(deserialize_with = "at_most_entries::<MOST, _, _, _>")]
    calls: BTreeMap<u64, String>,
    /// Results that nobody has taken yet.
    #[serde(deserialize_with = "at_most_entries::<MOST, _, _, _>")]
    results: BTreeMap<u64, Outcome>,
    digest: String,
}

impl Form {
    /// The slot whose result is handed out next, if the slots can be.
    fn turn(&self) -> Result<u64, Error> {
        let (mut taken, mut least) = (0_u64, self.next);
        for slot in self.calls.keys().chain(self.results.keys()) {
            taken = taken.saturating_add(1);
            least = least.min(*slot);
            if *slot >= self.next {
                return Err(stored("a slot of the stored calls has not begun"));
            }
        }
        let apart = self.calls.keys().all(|slot| !self.results.contains_key(slot));
        // In order, nothing between the first that is left and the next to begin has been handed out.
        let whole =
            !self.in_order || self.turn == least && self.next.checked_sub(self.turn) == Some(taken);
        if !apart || !whole || taken > size(self.limit.max(1)) {
            return Err(stored("the slots of the stored calls cannot be"));
        }
        Ok(self.turn)
    }
}

impl<I: Iterator<Item: Into<RequestPlan>>, B: From<Bytes>> Fanout<'_, I, B> {
    /// The longest text of stored calls, in bytes: 256 MiB.
    pub const MAX_STORED: usize = MAX_STORED;

    /// Writes every call that has not ended as JSON, attempts as under way, and every result that was not taken. Of an
    /// [adaptive](Self::adaptive) fan-out the limit goes along that it has reached, and no more.
    ///
    /// # Errors
    ///
    /// As [`Run::store`]; for a call that is under way [through a hook](crate::HttpHook::fan_out), which has it; and for more than 10,000
    /// calls or [`MAX_STORED`](Self::MAX_STORED) bytes.
    pub fn store(&self) -> Result<String, Error> {
        let mut calls = BTreeMap::new();
        for (slot, state) in &self.slots {
            if let Slot::Due(run) | Slot::Asked(run) = state {
                calls.insert(*slot, run.store()?);
            }
        }
        let mut results = BTreeMap::new();
        for (slot, act) in self.acts.iter().map(|(slot, act)| (slot, act)).chain(&self.held) {
            if let Act::Done(result) = act {
                results.insert(*slot, Outcome::of(result, Call::MAX_STORED));
            }
        }
        let is_away = |(slot, state): (&u64, &Slot<'_, B>)| {
            matches!(state, Slot::Out) && !results.contains_key(slot)
        };
        if self.slots.iter().any(is_away) {
            return Err(not_storable("a call that is under way through the hook"));
        }
        let form = Form {
            version: VERSION,
            owner: Some(Owner::of(&self.hook)),
            limit: self.limit,
            adaptive: self.gauge.as_ref().map(|gauge| gauge.reached()),
            in_order: self.in_order,
            seed: format!("{:016x}", self.seed),
            next: self.next,
            // What was put out and not taken yet is put out again.
            turn: results.keys().next().map_or(self.turn, |least| self.turn.min(*least)),
            calls,
            results,
            digest: String::new(),
        };
        if form.calls.len().max(form.results.len()) > MOST {
            return Err(not_storable("more than 10,000 calls at once"));
        }
        let text = text_of(&Form { digest: digest(&text_of(&form)?), ..form })?;
        if text.len() > Self::MAX_STORED {
            return Err(not_storable("what the calls hold, which is more than 256 MiB,"));
        }
        Ok(text)
    }

    /// Takes stored calls up, at `now`, as [`Call::resume`] takes up a call. `plans` are those that had not [begun](Self::begun).
    ///
    /// # Errors
    ///
    /// As [`Call::resume`].
    pub fn resume(hook: &Hook, text: &str, plans: I, now: Timestamp) -> Result<Self, Error> {
        let mut form: Form = CALLS.read(text, |form: &Form| form.version)?;
        let own = std::mem::take(&mut form.digest);
        if own != digest(&text_of(&form)?) {
            return Err(stored("the stored calls were changed"));
        }
        CALLS.check(form.owner.as_ref(), hook)?;
        let seed =
            u64::from_str_radix(&form.seed, 16).map_err(|_| stored("the seed is not one"))?;
        let mut calls = Self::new(hook, plans, form.limit, seed);
        (calls.in_order, calls.next) = (form.in_order, form.next);
        // Only what was reached: how long the server takes may be another now, and so is what is under way.
        let reached = |limit| Gauge::new(Limiter::reached_before(limit, calls.limit));
        calls.gauge = form.adaptive.map(reached);
        calls.turn = form.turn()?;
        for (slot, text) in &form.calls {
            let run = Run::new(hook, Call::resume(hook, text, now)?);
            calls.slots.insert(*slot, Slot::Due(Box::new(run)));
            calls.due.push_back(*slot);
        }
        for (slot, outcome) in &form.results {
            calls.took(*slot, outcome.result()?);
        }
        Ok(calls)
    }
}

fn text_of(form: &Form) -> Result<String, Error> {
    serde_json::to_string(form).map_err(|_| not_storable("the calls"))
}
