//! A row of the table: where a call stands.

use std::fmt;

use crate::sends::Slot;

/// Where a call stands: the words of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing was sent. A journal has no such rows: what was not begun is in the file of the calls.
    New,
    /// It waits until it is due.
    Waiting,
    /// It may be under way: found at the start, it was broken off.
    Sending,
    /// It has an outcome.
    Done,
    /// It was given up before anything was sent.
    Cancelled,
}

impl State {
    /// Returns its name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::New, Self::Waiting, Self::Sending, Self::Done, Self::Cancelled];
        all.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which call: its id, and where its plan stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The id: each names one call.
    pub id: String,
    /// The line of the file that the plan is made of, from 1.
    pub line: u64,
    /// Tells that line from another one.
    pub digest: u32,
}

/// Where a call stands in the journal; kept by whoever drives the call, from one entry to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which call.
    pub name: Name,
    /// The row, once there is one.
    pub(crate) row: Option<i64>,
    /// Where it is noted that its first request is about to be sent, while it has no row.
    pub(crate) slot: Option<Slot>,
    pub(crate) epoch: i64,
    /// When the row was made, in milliseconds since 1970.
    pub(crate) created: i64,
}

impl Entry {
    /// Begins a call of which the journal knows nothing.
    #[must_use]
    pub const fn new(name: Name) -> Self {
        Self { name, row: None, slot: None, epoch: 0, created: 0 }
    }

    /// Returns when the row was made, in milliseconds since 1970; 0 if there is none.
    #[must_use]
    pub const fn created(&self) -> i64 {
        self.created
    }

    /// Counts the sends that an entry was made before.
    #[must_use]
    pub const fn epoch(&self) -> i64 {
        self.epoch
    }
}

/// A call that has not ended.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// Its entry, to go on with.
    pub entry: Entry,
    /// [`Waiting`](State::Waiting) or [`Sending`](State::Sending).
    pub state: State,
    /// The call as [`Call::store`](http_hook::Call::store) and [`Attempt::store`](http_hook::Attempt::store) write it; `None` if it was
    /// being sent and no more than that was kept.
    pub call: Option<String>,
    /// When it is due, in milliseconds since 1970.
    pub due: Option<i64>,
}

/// Without the call: it holds what is sent.
impl fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfinished")
            .field("entry", &self.entry)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What tells where a plan stands: its line, and the digest of it.
pub(crate) fn plan(name: &Name) -> String {
    format!(r#"{{"line":{},"digest":"{:08x}"}}"#, name.line, name.digest)
}

/// Where a plan stands: its line, and the digest of it.
pub(crate) fn plan_of(text: &str) -> Option<(u64, u32)> {
    let plan: serde_json::Value = serde_json::from_str(text).ok()?;
    let digest = u32::from_str_radix(plan.get("digest")?.as_str()?, 16).ok()?;
    Some((plan.get("line")?.as_u64()?, digest))
}
