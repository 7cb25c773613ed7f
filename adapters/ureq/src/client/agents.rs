//! One agent, or several, of which each thread has one. An agent compares all connections that it keeps with each other whenever one is
//! taken or given back, while nobody else can have one: among 64, that takes longer than the request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ureq::Agent;

/// How many threads share an agent.
const SHARE: usize = 4;
/// How many agents there are at most: each reads the authorities that it trusts by itself.
const MOST: usize = 16;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Which of those that had to choose one.
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// Agents with the same settings.
#[derive(Clone, Debug)]
pub(crate) enum Agents {
    One(Agent),
    Several(Arc<[Agent]>),
}

impl Agents {
    /// Makes as many as so many threads need. `make` is told how many connections an agent has to keep: twice as many as threads share
    /// it, since these may have come unevenly, or call two servers.
    pub(crate) fn for_threads(threads: usize, make: impl Fn(usize) -> Agent) -> Self {
        let count = threads.div_ceil(SHARE).clamp(1, MOST);
        let each = threads.div_ceil(count).max(1).saturating_mul(2);
        if count == 1 {
            return Self::One(make(each));
        }
        Self::Several((0..count).map(|_| make(each)).collect())
    }

    /// The one of this thread.
    pub(crate) fn own(&self) -> &Agent {
        match self {
            Self::One(agent) => agent,
            Self::Several(agents) => {
                // A thread whose locals are gone has the first.
                let thread = THREAD.try_with(|thread| *thread).unwrap_or_default();
                &agents[thread % agents.len()]
            }
        }
    }
}
