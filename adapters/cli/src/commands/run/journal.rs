//! The journal of a run: begun, or gone on with.

use std::path::Path;
use std::sync::Arc;

use http_hook::response::Outcome;
use http_hook::{Act, Call, Hook, Options, RequestPlan, Timestamp};
use http_hook_journal::{Durability, Entry, Journal, JournalError, Keeper, Name, Run, State};

use super::keep::{Keep, Known, Slot};
use super::lines::{Taken, default_id, is_default_id};
use super::results::{Results, Verdict, mark, unmark};
use crate::args::RunArgs;
use crate::exit::Problem;
use crate::screen;

/// A journal that calls are kept in.
pub(crate) struct Kept {
    keeper: Keeper,
    /// The last line of which the journal knew something when it was opened.
    last: u64,
    /// The lines, in order, that the journal has under an id of their own.
    named: Vec<u32>,
}

/// What a journal gives a run to go on with.
pub(crate) struct Begun {
    pub(crate) keep: Keep,
    pub(crate) seed: u64,
    pub(crate) calls: Vec<(Slot, Call)>,
    /// How many calls cannot be taken up.
    pub(crate) unreadable: u64,
    /// The ids that the journal has.
    pub(crate) taken: Taken,
}

/// Begins the journal, or opens it and prints what it has.
pub(crate) fn begin(
    path: &Path,
    args: &RunArgs,
    run: Run,
    (hook, allowed, now): (&Hook, &Options, Timestamp),
    results: &Arc<Results>,
) -> Result<Begun, Problem> {
    let durability = if args.sync { Durability::Machine } else { Durability::Process };
    let journal = if args.resume {
        Journal::open(path, run, durability)
    } else {
        Journal::create(path, run, durability)
    };
    let journal = journal.map_err(of)?;
    results.open(args.output.as_deref())?;
    let (mut last, mut unreadable, mut calls) = (0, 0, Vec::new());
    let mut broken_off = Vec::new();
    let mut taken = Taken::default();
    let mut named = Vec::new();
    let mut take = |name: &Name| {
        if name.id != default_id(name.line) {
            named.push(u32::try_from(name.line).unwrap_or(u32::MAX));
        }
        if !is_default_id(&name.id) {
            taken.take(&name.id, name.line);
        }
    };
    let mut tell = |error: &dyn std::fmt::Display| {
        unreadable += 1;
        screen::error(&screen::error_text(&error.to_string(), None));
    };
    let each = |read: Result<(Entry, &str), JournalError>| {
        if let Ok((entry, _)) = &read {
            take(&entry.name);
        }
        match read.map(|(entry, text)| (serde_json::from_str::<Outcome>(text), entry, text)) {
            Ok((Ok(outcome), entry, text)) => {
                let verdict = Verdict::of(&outcome, entry.epoch() > 0);
                last = last.max(entry.name.line);
                let name = (entry.name.id.as_str(), entry.name.line);
                results.put(name, verdict, outcome.status(), ("outcome", text));
            }
            Ok((Err(_), entry, _)) => {
                last = last.max(entry.name.line);
                let id = &entry.name.id;
                tell(&format!("{}: call {id:?}: its outcome is none", path.display()));
            }
            Err(error) => tell(&error),
        }
        !results.is_closed()
    };
    journal.ended(each).map_err(of)?;
    for one in journal.unfinished().map_err(of)? {
        let one = match one {
            Ok(one) => one,
            Err(error) => {
                tell(&error);
                continue;
            }
        };
        let (id, line) = (one.entry.name.id.clone(), one.entry.name.line);
        last = last.max(line);
        take(&one.entry.name);
        let Some(call) = &one.call else {
            broken_off.push(one.entry);
            continue;
        };
        let is_sending = one.state == State::Sending;
        match Call::resume_under(hook, call, allowed, now) {
            // Nobody knows which of the two holds.
            Ok(call) if is_sending && !call.was_interrupted() => tell(&format!(
                "{}: call {id:?}: it is under way, but what is stored of it waits; it may have been sent",
                path.display()
            )),
            Ok(call) => {
                let slot = Slot { id, line, risky: is_sending, entry: Some(one.entry) };
                calls.push((slot, call));
            }
            Err(error) => {
                let may = if is_sending { "; it may have been sent" } else { "" };
                tell(&format!("{}: call {id:?}: {error}{may}", path.display()));
            }
        }
    }
    let seed = journal.run().seed;
    let own = Arc::clone(results);
    let keeper = journal.begin(move |told| {
        let (verdict, status) = unmark(told.mark);
        let name = (told.entry.name.id.as_str(), told.entry.name.line);
        own.put(name, verdict, status, ("outcome", told.outcome));
    });
    // A row that cannot be read has its line, too: none is passed over without a look.
    let last = if unreadable > 0 { u64::MAX } else { last };
    if !broken_off.is_empty() {
        let outcome = interrupted(now)?;
        let own = mark(Verdict::of(&outcome, true), outcome.status());
        let text = serde_json::to_string(&outcome).unwrap_or_default();
        for entry in broken_off {
            keeper.done(entry, text.clone(), own).map_err(|(error, _)| of(error))?;
        }
    }
    named.sort_unstable();
    let keep = Keep::Journal(Box::new(Kept { keeper, last, named }));
    Ok(Begun { keep, seed, calls, unreadable, taken })
}

/// What becomes of a first attempt that may not be repeated and was broken off: what the machine says of any such.
fn interrupted(now: Timestamp) -> Result<Outcome, Problem> {
    let of = |error: http_hook::Error| Problem::of_error(&error);
    let hook = Hook::to("http://call.invalid").map_err(|error| Problem::of_hook(&error))?;
    let call = Call::new(&hook, RequestPlan::post("").retries(1), 0, now);
    let mut run = http_hook::Run::<bytes::Bytes>::new(&hook, call);
    let _sent = run.woke(now);
    let call = Call::resume(&hook, &run.store().map_err(of)?, now).map_err(of)?;
    let Act::Done(ended) = http_hook::Run::<bytes::Bytes>::new(&hook, call).woke(now) else {
        return Err(Problem::local("a POST that was broken off is not over"));
    };
    // Read back, it has no URL: that one is nobody's.
    let ended = Outcome::of(&ended, 0).result().map_err(of)?;
    Ok(Outcome::of(&ended, 0))
}

impl Kept {
    pub(crate) fn sending(&self, slot: &mut Slot, stored: Option<String>) -> Result<(), Problem> {
        let Some(entry) = &mut slot.entry else { return Ok(()) };
        self.keeper.sending(entry, stored).map_err(of)
    }

    pub(crate) fn waiting(
        &self,
        slot: &mut Slot,
        stored: String,
        due: u128,
    ) -> Result<(), Problem> {
        let Some(entry) = &mut slot.entry else { return Ok(()) };
        let due = i64::try_from(due).unwrap_or(i64::MAX);
        self.keeper.waiting(entry, stored, due).map_err(of)
    }

    pub(crate) fn done(
        &self,
        mut slot: Slot,
        outcome: String,
        mark: u64,
    ) -> Option<(Slot, String)> {
        let entry = slot.entry.take()?;
        // What is known is printed, kept or not: that the journal is broken is told at the end.
        match self.keeper.done(entry, outcome, mark) {
            Ok(()) => None,
            Err((_, outcome)) => Some((slot, outcome)),
        }
    }

    pub(crate) fn knows(&self, slot: &Slot) -> Result<Known, Problem> {
        let Some(entry) = slot.entry.as_ref().filter(|_| slot.line <= self.last) else {
            return Ok(Known::No);
        };
        match self.keeper.known(vec![entry.name.clone()]) {
            Ok(known) if known.first() == Some(&true) => Ok(Known::Yes),
            Ok(_) if self.has_under_another_id(&entry.name)? => {
                let (id, line) = (slot.id.clone(), slot.line);
                Err(of(JournalError::Changed { id, line }))
            }
            Ok(_) => Ok(Known::No),
            Err(JournalError::Twice { first, .. }) => Ok(Known::Other(first)),
            // It was told when the journal was read.
            Err(JournalError::Row { .. }) => Ok(Known::Yes),
            Err(error) => Err(of(error)),
        }
    }

    /// Tells whether the line was begun, and had another id then: in the file, or in the row.
    fn has_under_another_id(&self, name: &Name) -> Result<bool, Problem> {
        let line = u32::try_from(name.line).unwrap_or(u32::MAX);
        if self.named.binary_search(&line).is_ok() {
            return Ok(true);
        }
        let usual = Name { id: default_id(name.line), ..*name };
        if usual == *name {
            return Ok(false);
        }
        match self.keeper.known(vec![usual]) {
            Ok(known) => Ok(known.first() == Some(&true)),
            Err(JournalError::Changed { .. }) => Ok(true),
            Err(JournalError::Twice { .. } | JournalError::Row { .. }) => Ok(false),
            Err(error) => Err(of(error)),
        }
    }

    pub(crate) fn close(&self) -> Result<(), Problem> {
        self.keeper.close().map_err(of)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands on")]
fn of(error: JournalError) -> Problem {
    let text = error.to_string();
    match error {
        JournalError::Exists(_) => Problem::usage(text)
            .with_hint("--resume goes on with it; for another run, name another file"),
        JournalError::Absent(_) => Problem::local(text)
            .with_hint("without --resume a new one is begun, and every call is made"),
        JournalError::InUse(_) | JournalError::Storage { .. } | JournalError::Row { .. } => {
            Problem::local(text)
        }
        _ => Problem::usage(text),
    }
}
