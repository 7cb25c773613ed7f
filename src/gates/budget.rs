//! The retry budget: retries cost, successes pay.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

use crate::base::{Quiet, Timestamp};
use crate::retry::FailureClass;

/// Where the price of retries is paid from. A shared store can stand behind it.
///
/// One that panics is caught: a withdrawal that does is refused, and what was to be paid in is lost.
pub trait Budget: fmt::Debug + Send + Sync {
    /// Pays for a retry after a failure of this class, and tells the price; `None` if there is not enough.
    fn withdraw(&self, class: FailureClass, now: Timestamp) -> Option<u32>;

    /// Tells the price of a retry after a failure of this class, and takes nothing: what was paid for is sometimes
    /// [stored](crate::Call::store) behind its request for a token, and whoever takes it up learns here what its success gives back. A
    /// store keeps the class alone, as who may write it could name any price. Unless said otherwise it is 0: such a success counts as that of a first attempt.
    fn price(&self, class: FailureClass) -> u32 {
        let _ = class;
        0
    }

    /// Takes note of a success. `paid` is the price of the attempt, 0 for a first one.
    fn deposit(&self, paid: u32, now: Timestamp);

    /// Takes the price of a retry back that was never sent, because its call ended before. As after a success, unless said
    /// otherwise; never called for a price of 0.
    fn refund(&self, paid: u32, now: Timestamp) {
        self.deposit(paid, now);
    }
}

/// The end of one of the caller's may panic.
impl Budget for Quiet<Arc<dyn Budget>> {
    fn withdraw(&self, class: FailureClass, now: Timestamp) -> Option<u32> {
        self.get().and_then(|budget| budget.withdraw(class, now))
    }

    fn price(&self, class: FailureClass) -> u32 {
        self.get().map_or(0, |budget| budget.price(class))
    }

    fn deposit(&self, paid: u32, now: Timestamp) {
        if let Some(budget) = self.get() {
            budget.deposit(paid, now);
        }
    }

    fn refund(&self, paid: u32, now: Timestamp) {
        if let Some(budget) = self.get() {
            budget.refund(paid, now);
        }
    }
}

/// The prices of the bucket that calls pay from, in tokens: the token bucket of the AWS SDKs. In an outage it lets
/// `capacity / cost` retries pass, then one for every `cost / success` successes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BucketSettings {
    /// The most tokens there can be, and those at the start. 100.
    pub capacity: u32,
    /// The price of a retry. 5.
    pub cost: u32,
    /// The price of a retry after a time limit passed. 5.
    pub timeout_cost: u32,
    /// The price of a retry after a 429. 5.
    pub throttled_cost: u32,
    /// What the success of a first attempt pays. 2; the AWS SDKs pay 1, with which the bucket runs dry where
    /// 31 % of the attempts fail, and with 2 where about 40 % do. A retry that succeeds gets its own price back.
    pub success: u32,
}

impl BucketSettings {
    /// The numbers of the AWS SDKs' standard mode, version 2.0.
    pub const AWS_2_0: Self =
        Self { capacity: 500, cost: 5, timeout_cost: 10, throttled_cost: 5, success: 1 };
    /// The numbers of the AWS SDKs' «Retry Behavior 2.1».
    pub const AWS_2_1: Self =
        Self { capacity: 500, cost: 14, timeout_cost: 14, throttled_cost: 5, success: 1 };

    fn price(&self, class: FailureClass) -> u32 {
        match class {
            FailureClass::Error => self.cost,
            FailureClass::Timeout => self.timeout_cost,
            FailureClass::Throttled => self.throttled_cost,
        }
    }
}

impl Default for BucketSettings {
    fn default() -> Self {
        Self { capacity: 100, cost: 5, timeout_cost: 5, throttled_cost: 5, success: 2 }
    }
}

/// The token bucket, shared by the calls of an origin.
#[derive(Debug)]
pub(crate) struct Bucket {
    settings: BucketSettings,
    tokens: AtomicU32,
}

impl Bucket {
    /// Makes a full bucket.
    pub(crate) const fn new(settings: BucketSettings) -> Self {
        Self { settings, tokens: AtomicU32::new(settings.capacity) }
    }

    /// Makes a bucket with this many tokens, at most its capacity.
    #[cfg(test)]
    pub(crate) fn with_tokens(settings: BucketSettings, tokens: u32) -> Self {
        Self { settings, tokens: AtomicU32::new(tokens.min(settings.capacity)) }
    }

    /// Counts the tokens.
    #[cfg(test)]
    pub(crate) fn tokens(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    fn update(&self, change: impl Fn(u32) -> Option<u32>) -> bool {
        self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

impl Budget for Bucket {
    fn withdraw(&self, class: FailureClass, _now: Timestamp) -> Option<u32> {
        let price = self.settings.price(class);
        self.update(|tokens| tokens.checked_sub(price)).then_some(price)
    }

    fn price(&self, class: FailureClass) -> u32 {
        self.settings.price(class)
    }

    fn deposit(&self, paid: u32, _now: Timestamp) {
        let amount = if paid == 0 { self.settings.success } else { paid };
        self.update(|tokens| Some(tokens.saturating_add(amount).min(self.settings.capacity)));
    }
}
