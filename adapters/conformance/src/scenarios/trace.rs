//! What a run did, entry by entry: every decision, what was sent, what the server saw.

use std::fmt;
use std::time::Duration;

use http_hook::{SendCause, Sent, StopReason, WaitReason};

/// How many entries are shown before one that differs.
const SHOWN: usize = 20;

/// What a run of a scenario did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    entries: Vec<Entry>,
}

/// One thing, and when it was, counted from the start of the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The virtual time since the start.
    pub at: Duration,
    /// What it was.
    pub what: What,
}

/// One thing that happened. Addresses are told by name: `home`, `other`, `dead`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A call begins.
    Call {
        /// Its number, from 1.
        number: usize,
    },
    /// The driver tells of a send.
    Send {
        /// Its ordinal in the call, from 1.
        send: u32,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// Why it is sent.
        cause: SendCause,
        /// Method and URL.
        line: String,
    },
    /// The transport is given the request.
    Request {
        /// Method and URL.
        line: String,
        /// Name and value of each header; of a secret value its digest.
        headers: Vec<(String, String)>,
        /// Length and digest of the body.
        body: String,
        /// The limits of time that go along.
        limits: String,
    },
    /// The head of an answer came.
    Answer {
        /// Its status.
        status: u16,
    },
    /// No answer came, or not all of it.
    Error {
        /// The name of its kind.
        kind: &'static str,
        /// Whether the server can have seen the request.
        sent: Sent,
    },
    /// The driver tells of a wait.
    Wait {
        /// How long.
        wait: Duration,
        /// Why.
        reason: WaitReason,
    },
    /// The clock was asked to let time pass.
    Slept {
        /// How long.
        time: Duration,
    },
    /// The call ended with an answer that passes.
    Accepted {
        /// Its status.
        status: u16,
        /// How many requests were sent.
        sends: u32,
    },
    /// The answer as the caller got it.
    Answered {
        /// The redirects that led to it.
        history: String,
        /// Its headers, in order of their names.
        headers: Vec<(String, String)>,
        /// Length and digest of the body.
        body: String,
    },
    /// The body of an accepted answer broke off while the caller read it.
    Broken {
        /// The name of the error's kind.
        kind: &'static str,
        /// Whether the server can have seen the request.
        sent: Sent,
    },
    /// The call was given up.
    GaveUp {
        /// Why.
        reason: StopReason,
        /// What came last.
        cause: String,
        /// How many requests were sent, in how many attempts.
        counts: (u32, u32),
        /// The time spent waiting.
        idle_for: Duration,
        /// What the server asked for last.
        hint: Option<Duration>,
    },
    /// The call was dropped.
    Dropped {
        /// Whether the server can have seen the last request.
        sent: Sent,
    },
    /// The source of a body was opened.
    Opened,
    /// A server saw a request, all calls being over.
    Seen {
        /// Where.
        place: String,
        /// Method and target.
        line: String,
        /// Length and digest of the body.
        body: String,
    },
    /// Something that must never be.
    Wrong {
        /// What.
        why: String,
    },
}

impl Trace {
    /// Gives the entries in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn note(&mut self, at: Duration, what: What) {
        self.entries.push(Entry { at, what });
    }

    /// Tells where this trace leaves `reference`: what came before, then the reference (`-`) and this one (`+`).
    /// `None`: nowhere.
    #[must_use]
    pub fn leaves(&self, reference: &Self) -> Option<String> {
        if self == reference {
            return None;
        }
        let same = self.entries.iter().zip(&reference.entries).take_while(|(a, b)| a == b).count();
        let show = |trace: &Self| match trace.entries.get(same) {
            Some(entry) => entry.to_string(),
            None => "nothing more".to_owned(),
        };
        let before = &self.entries[same.saturating_sub(SHOWN)..same];
        let before: Vec<String> = before.iter().map(|entry| format!("    {entry}\n")).collect();
        Some(format!("{}  - {}\n  + {}\n", before.concat(), show(reference), show(self)))
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8}ms {:?}", self.at.as_millis(), self.what)
    }
}
