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
}

#[async_trait]
impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    async fn sleep(&self, wait: Duration) {
        (**self).sleep(wait).await;
    }
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
    }

    impl<C: Clock + ?Sized> Clock for Arc<C> {
        fn now(&self) -> Timestamp {
            (**self).now()
        }

        fn sleep(&self, wait: Duration) {
            (**self).sleep(wait);
        }
    }
}
