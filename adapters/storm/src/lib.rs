//! What an engine has to stand: [`Server`] counts requests by the id of their call, [`Workers`] are killed and frozen, and
//! [`judge`] says whether each POST reached the server at most once and each call has one outcome that fits.
//!
//! Everything is of the standard library, so that it costs no engine's tests anything.

mod judge;
mod server;
mod workers;

pub use judge::{Ended, Report, judge};
pub use server::Server;
pub use workers::Workers;

/// What a call of the storm does; a quarter of the calls each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A POST that takes the server a while.
    Slow,
    /// A GET that takes as long.
    Get,
    /// A GET that is told twice to come again in a second.
    Busy,
    /// A POST that is answered at once.
    Fast,
}

impl Kind {
    /// Returns what the `number`th call is.
    #[must_use]
    pub const fn of(number: usize) -> Self {
        match number % 4 {
            0 => Self::Slow,
            1 => Self::Get,
            2 => Self::Busy,
            _ => Self::Fast,
        }
    }

    /// Whether the call must not reach the server twice.
    #[must_use]
    pub const fn is_post(self) -> bool {
        matches!(self, Self::Slow | Self::Fast)
    }

    /// Returns the first part of its path.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Get => "get",
            Self::Busy => "busy",
            Self::Fast => "fast",
        }
    }
}

/// Returns the id of the `number`th call. Its endpoint is [its kind's name](Kind::name), a slash and this.
#[must_use]
pub fn id(number: usize) -> String {
    format!("call-{number}")
}
