//! A budget as a program may bring it.

use std::sync::atomic::{AtomicU32, Ordering};

use http_hook::Timestamp;
use http_hook::gates::Budget;
use http_hook::retry::FailureClass;

/// A budget of 25: a retry costs 5, a success pays 2, and one of a retry its price.
#[derive(Debug)]
pub(crate) struct Purse(AtomicU32);

impl Purse {
    pub(crate) const FULL: u32 = 25;
    pub(crate) const PRICE: u32 = 5;

    pub(crate) fn tokens(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for Purse {
    fn default() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }
}

impl Budget for Purse {
    fn withdraw(&self, _: FailureClass, _: Timestamp) -> Option<u32> {
        let pay = |tokens: u32| tokens.checked_sub(Self::PRICE);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).ok().map(|_| Self::PRICE)
    }

    fn price(&self, _: FailureClass) -> u32 {
        Self::PRICE
    }

    fn deposit(&self, paid: u32, _: Timestamp) {
        let amount = if paid == 0 { 2 } else { paid };
        let add = |tokens: u32| Some(Self::FULL.min(tokens + amount));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}
