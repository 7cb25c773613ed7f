//! The experiments with a server that fails, by name.

use std::ops::Range;

use http_hook::Error;

use crate::figures::Figures;
use crate::outage::{self, Outage};
use crate::overload;
use crate::strategy::Strategy;

/// An experiment with a server that fails for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Experiment {
    /// A server that fails for a minute, wholly or in part.
    Outage(Outage),
    /// A server that is nearly full and stalls for 10 s.
    Overload,
}

impl Experiment {
    /// A total outage, seen by one client.
    pub const A1: Self = Self::Outage(Outage { clients: 1, fail: 1.0, otherwise: 0.0 });
    /// A total outage, seen by 20 clients that know nothing of each other.
    pub const A2: Self = Self::Outage(Outage { clients: 20, fail: 1.0, otherwise: 0.0 });
    /// A partial outage: 30 % of the attempts fail, and one in a thousand before and after.
    pub const A3: Self = Self::partial(0.3);
    /// An overload that can outlive its cause.
    pub const B: Self = Self::Overload;

    /// Returns a partial outage, as A3 is, with this share of failing attempts.
    #[must_use]
    pub const fn partial(fail: f64) -> Self {
        Self::Outage(Outage { clients: 1, fail, otherwise: 0.001 })
    }

    /// Lets all of it happen. The seed decides arrivals, faults and every client's chance.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Policy`](http_hook::ErrorKind::Policy) if the gates make no sense.
    pub fn run(self, strategy: &Strategy, seed: u64) -> Result<Figures, Error> {
        match self {
            Self::Outage(outage) => outage.run(strategy, seed),
            Self::Overload => overload::run(strategy, seed),
        }
    }

    /// Tells in which seconds of the run the server is at fault.
    #[must_use]
    pub const fn fault(self) -> Range<u32> {
        match self {
            Self::Outage(_) => outage::FROM..outage::UNTIL,
            Self::Overload => overload::FROM..overload::UNTIL,
        }
    }

    /// Tells how many requests come in a second, of all clients together.
    #[must_use]
    pub fn load(self) -> f64 {
        match self {
            Self::Outage(_) => outage::LOAD,
            Self::Overload => f64::from(overload::LOAD),
        }
    }
}
