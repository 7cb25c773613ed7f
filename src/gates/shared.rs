//! What the gates of one origin share.

use std::sync::Arc;

use crate::base::{Timestamp, caught};
use crate::gates::breaker::Breaker;
use crate::gates::budget::Budget;
use crate::gates::rate::Rate;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) budget: Option<Arc<dyn Budget>>,
    pub(super) breaker: Option<Breaker>,
    pub(super) rate: Option<Rate>,
}

impl Shared {
    #[cold]
    pub(super) fn refund(&self, price: u32, at: Timestamp) {
        if let (Some(budget), 1..) = (&self.budget, price) {
            let _ = caught(|| budget.refund(price, at));
        }
    }
}
