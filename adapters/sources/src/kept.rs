//! What was found, or that nothing was, kept for a time.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::chain::Answer;

/// The most ids that are kept, of those before the last ones and of the last ones.
const MAX_KEPT: usize = 1 << 15;

/// Answers, and until when they hold; `None`: as long as the process runs.
type Answers = HashMap<String, (Option<Instant>, Answer)>;

/// What was found, or that nothing was, and until when that holds.
pub(crate) struct Kept {
    time: Duration,
    answers: RwLock<Ages>,
}

/// Whoever asks for ever new ids fills the memory no further: when there are enough of the last ones, those before them go at once.
#[derive(Default)]
struct Ages {
    last: Answers,
    before: Answers,
    /// How often everything was forgotten.
    turn: u64,
}

impl Kept {
    pub(crate) fn new(time: Duration) -> Self {
        Self { time, answers: RwLock::default() }
    }

    /// Returns what is kept, if it still holds.
    pub(crate) fn get(&self, id: &str) -> Option<Answer> {
        let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        let (until, found) = answers.last.get(id).or_else(|| answers.before.get(id))?;
        until.is_none_or(|until| Instant::now() < until).then(|| found.clone())
    }

    /// Tells what a look-up that begins now may be kept for: until everything is forgotten again.
    pub(crate) fn turn(&self) -> u64 {
        self.answers.read().unwrap_or_else(PoisonError::into_inner).turn
    }

    pub(crate) fn put(&self, turn: u64, id: &str, new: Answer) {
        let until = Instant::now().checked_add(self.time);
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        if answers.turn != turn {
            return;
        }
        answers.last.insert(id.to_owned(), (until, new));
        if answers.last.len() >= MAX_KEPT {
            let last = std::mem::take(&mut answers.last);
            let gone = std::mem::replace(&mut answers.before, last);
            // Nobody waits until they are dropped.
            drop(answers);
            drop(gone);
        }
    }

    pub(crate) fn forget(&self) {
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        *answers = Ages { turn: answers.turn.wrapping_add(1), ..Ages::default() };
    }
}
