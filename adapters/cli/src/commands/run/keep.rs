//! What is kept of a run: in a journal, where there is one.

use http_hook::Error;

use crate::exit::Problem;

/// A call of the run.
pub(crate) struct Slot {
    pub(crate) id: String,
    pub(crate) line: u64,
    /// Whether something was sent of it that may not be repeated.
    pub(crate) risky: bool,
    #[cfg(feature = "journal")]
    pub(crate) entry: Option<http_hook_journal::Entry>,
}

impl Slot {
    pub(crate) fn new(id: String, line: u64, digest: u32) -> Self {
        #[cfg(not(feature = "journal"))]
        let _ = digest;
        Self {
            #[cfg(feature = "journal")]
            entry: Some(http_hook_journal::Entry::new(http_hook_journal::Name {
                id: id.clone(),
                line,
                digest,
            })),
            id,
            line,
            risky: false,
        }
    }
}

/// What a run that is gone on with has of a call.
pub(crate) enum Known {
    No,
    #[cfg_attr(
        not(feature = "journal"),
        expect(dead_code, reason = "without a journal nothing is known")
    )]
    Yes,
    /// The id is that of another line.
    Other(u64),
}

/// Where entries go.
pub(crate) enum Keep {
    Nowhere,
    #[cfg(feature = "journal")]
    Journal(Box<super::journal::Kept>),
}

impl Keep {
    /// Notes that an attempt is about to be sent that may not be repeated. Of the first one of a call nothing more is kept: broken off,
    /// it is over. Nor is it of one that cannot be stored.
    pub(crate) fn sending(
        &self,
        slot: &mut Slot,
        is_first: bool,
        stored: impl FnOnce() -> Result<String, Error>,
    ) -> Result<(), Problem> {
        match self {
            Self::Nowhere => {
                let _ = (slot, is_first, stored);
                Ok(())
            }
            #[cfg(feature = "journal")]
            Self::Journal(kept) if is_first => kept.sending(slot, None),
            #[cfg(feature = "journal")]
            Self::Journal(kept) => kept.sending(slot, stored().ok()),
        }
    }

    /// Keeps a call that waits until `due`, in milliseconds since 1970. One that cannot be stored stands as it stood: not begun, or
    /// as under way.
    pub(crate) fn waiting(
        &self,
        slot: &mut Slot,
        stored: impl FnOnce() -> Result<String, Error>,
        due: u128,
    ) -> Result<(), Problem> {
        match self {
            Self::Nowhere => {
                let _ = (slot, stored, due);
                Ok(())
            }
            #[cfg(feature = "journal")]
            Self::Journal(kept) => match stored() {
                Ok(stored) => kept.waiting(slot, stored, due),
                Err(_) => Ok(()),
            },
        }
    }

    /// Keeps how a call ended, which is told when it is kept; gives it back where nothing is kept.
    pub(crate) fn done(&self, slot: Slot, outcome: String, mark: u64) -> Option<(Slot, String)> {
        match self {
            Self::Nowhere => {
                let _ = mark;
                Some((slot, outcome))
            }
            #[cfg(feature = "journal")]
            Self::Journal(kept) => kept.done(slot, outcome, mark),
        }
    }

    /// Whether the run that is gone on with has this call already.
    pub(crate) fn knows(&self, slot: &Slot) -> Result<Known, Problem> {
        match self {
            Self::Nowhere => {
                let _ = slot;
                Ok(Known::No)
            }
            #[cfg(feature = "journal")]
            Self::Journal(kept) => kept.knows(slot),
        }
    }

    /// Writes what has gathered.
    pub(crate) fn close(&self) -> Result<(), Problem> {
        match self {
            Self::Nowhere => Ok(()),
            #[cfg(feature = "journal")]
            Self::Journal(kept) => kept.close(),
        }
    }
}
