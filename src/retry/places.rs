//! What conditions ask of a body that is JSON: it is looked through once for all of them.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::json::{json_text, size_of, value_up_to, written_all};
use crate::retry::outcome::RetryOutcome;

/// What asks for values in places.
pub(super) trait Asks {
    /// Tells all of them, each with its place.
    fn ask<'a>(&'a self, note: &mut dyn FnMut(&'a str, &'a Value));
}

/// The places of a body that the conditions of a policy ask for, which are looked for where the first of them asks. No more of the body
/// is read than that: read whole, it would take many times its size.
pub(super) struct Places<'a> {
    outcome: &'a dyn RetryOutcome,
    asks: &'a dyn Asks,
    read: OnceCell<Option<Read<'a>>>,
}

struct Read<'a> {
    found: BTreeMap<&'a str, (&'a str, OnceCell<Option<Value>>)>,
    /// The size of the largest value that is asked for.
    largest: usize,
}

impl<'a> Places<'a> {
    pub(super) const fn new(outcome: &'a dyn RetryOutcome, asks: &'a dyn Asks) -> Self {
        Self { outcome, asks, read: OnceCell::new() }
    }

    pub(super) const fn outcome(&self) -> &'a dyn RetryOutcome {
        self.outcome
    }

    /// Whether this value stands in this place.
    pub(super) fn hold(&self, pointer: &str, value: &Value) -> bool {
        let Some(read) = self.read.get_or_init(|| self.read()) else { return false };
        let Some((text, own)) = read.found.get(pointer) else { return false };
        own.get_or_init(|| value_up_to(text, read.largest)).as_ref() == Some(value)
    }

    #[cold]
    fn read(&self) -> Option<Read<'a>> {
        let text = json_text(self.outcome.body()?)?;
        let (mut pointers, mut largest) = (Vec::new(), 0);
        self.asks.ask(&mut |pointer, value| {
            pointers.push(pointer);
            largest = largest.max(size_of(value));
        });
        pointers.sort_unstable();
        pointers.dedup();
        let found = written_all(text, pointers.into_iter()).into_iter();
        let found = found.map(|(pointer, text)| (pointer, (text, OnceCell::new()))).collect();
        Some(Read { found, largest })
    }
}
