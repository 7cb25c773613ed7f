//! What a driver needs of time: reading it, and letting it pass.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::base::Timestamp;

/// Reads the time and lets it pass, for async drivers.
///
/// A real clock gives wall time at start plus monotonic time since then.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Reads the time.
    fn now(&self) -> Timestamp;

    /// Returns after `wait`.
    async fn sleep(&self, wait: Duration);

    /// Returns what the random choices of a new [`HttpHook`](crate::HttpHook) follow from, idempotency keys among them.
    ///
    /// By default that is made of the time alone, so that what is simulated is the same each time: of two programs that begin in one
    /// instant, each would send the keys of the other. A clock of a real machine returns what no other does.
    fn seed(&self) -> u64 {
        seed_of(self.now())
    }
}

#[async_trait]
impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    async fn sleep(&self, wait: Duration) {
        (**self).sleep(wait).await;
    }

    fn seed(&self) -> u64 {
        (**self).seed()
    }
}

fn seed_of(now: Timestamp) -> u64 {
    let now = now.since_epoch();
    now.as_secs().rotate_left(32) ^ u64::from(now.subsec_nanos())
}

/// The blocking twin.
pub(crate) mod blocking {
    use super::{Arc, Duration, Timestamp};

    /// Reads the time and lets it pass, blocking the thread.
    pub trait Clock: Send + Sync {
        /// Reads the time.
        fn now(&self) -> Timestamp;

        /// Returns after `wait`.
        fn sleep(&self, wait: Duration);

        /// Returns what the random choices of a new [`HttpHook`](crate::blocking::HttpHook) follow from, as that of the [async
        /// clock](crate::transport::Clock::seed).
        fn seed(&self) -> u64 {
            super::seed_of(self.now())
        }
    }

    impl<C: Clock + ?Sized> Clock for Arc<C> {
        fn now(&self) -> Timestamp {
            (**self).now()
        }

        fn sleep(&self, wait: Duration) {
            (**self).sleep(wait);
        }

        fn seed(&self) -> u64 {
            (**self).seed()
        }
    }
}
