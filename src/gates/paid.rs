//! The price of a retry, from its payment until something is sent.

use std::sync::Arc;
use std::time::Duration;

use crate::base::Timestamp;
use crate::gates::shared::Shared;
use crate::retry::FailureClass;

/// What was paid for a retry. Dropped before anything is sent behind it, it goes back.
#[derive(Default)]
pub(crate) struct Paid {
    to: Option<Arc<Shared>>,
    price: u32,
    at: Timestamp,
    class: FailureClass,
    behind: Behind,
}

/// How much was sent behind a payment.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Behind {
    #[default]
    Nothing,
    One,
    More,
}

impl Paid {
    /// What was just paid.
    pub(super) const fn now(
        to: Option<Arc<Shared>>,
        price: u32,
        class: FailureClass,
        at: Timestamp,
    ) -> Self {
        Self { to, price, at, class, behind: Behind::Nothing }
    }

    /// What was paid by whoever stored the call: something was sent behind it.
    pub(super) const fn before(price: u32, class: FailureClass) -> Self {
        Self { to: None, price, at: Timestamp::new(Duration::ZERO), class, behind: Behind::One }
    }

    /// Nothing yet, for a retry after a failure of this class.
    pub(crate) const fn nothing(class: FailureClass) -> Self {
        let at = Timestamp::new(Duration::ZERO);
        Self { to: None, price: 0, at, class, behind: Behind::Nothing }
    }

    pub(crate) const fn price(&self) -> u32 {
        self.price
    }

    /// What kind of failure the retry is to make good.
    pub(crate) const fn class(&self) -> FailureClass {
        self.class
    }

    /// A request of the retry is sent: what was paid comes back with a success only.
    #[inline]
    pub(crate) fn spend(&mut self) {
        self.behind = match self.behind {
            Behind::Nothing => Behind::One,
            Behind::One | Behind::More => Behind::More,
        };
    }

    /// The last request was not sent after all. What went out before it, such as one for a token, stays paid.
    #[cold]
    pub(crate) fn unspend(&mut self) {
        if self.behind == Behind::One {
            self.behind = Behind::Nothing;
        }
    }

    /// Whether something of the retry was sent, its request for a token at least.
    pub(crate) fn is_spent(&self) -> bool {
        self.behind != Behind::Nothing
    }
}

impl Drop for Paid {
    #[inline]
    fn drop(&mut self) {
        if let Some(shared) = self.to.take().filter(|_| !self.is_spent()) {
            shared.refund(self.price, self.at);
        }
    }
}
