//! The gates of one origin, shared by all its calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{Error, ErrorKind, Quiet, Timestamp, caught};
use crate::gates::breaker::{Breaker, BreakerSettings, LONGEST_LEASE, Pass};
use crate::gates::budget::{Bucket, BucketSettings, Budget};
use crate::gates::paid::Paid;
use crate::gates::rate::{Rate, RateSettings, Taken};
use crate::gates::shared::Shared;
use crate::response::StopReason;
use crate::retry::FailureClass;

/// Which gates there are, as data. The default has a bucket and a breaker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GateSettings {
    /// The retry budget.
    pub bucket: Option<BucketSettings>,
    /// The circuit breaker.
    pub breaker: Option<BreakerSettings>,
    /// The rate limit. None.
    pub rate: Option<RateSettings>,
    /// The seed of the breaker's jitter. 0: let each process have its own.
    pub seed: u64,
}

impl Default for GateSettings {
    fn default() -> Self {
        let (bucket, breaker) = (Some(BucketSettings::default()), Some(BreakerSettings::default()));
        Self { bucket, breaker, rate: None, seed: 0 }
    }
}

impl GateSettings {
    /// No gate at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { bucket: None, breaker: None, rate: None, seed: 0 }
    }

    /// Checks what the types do not say.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Policy`] naming the place.
    pub fn validate(&self) -> Result<(), Error> {
        let breaker = self.breaker.unwrap_or_default();
        let rate = self.rate.unwrap_or_default();
        let rows = [
            (breaker.ratio > 0.0 && breaker.ratio <= 1.0, "breaker.ratio: not over 0 and up to 1"),
            ((0.0..=1.0).contains(&breaker.jitter), "breaker.jitter: not between 0 and 1"),
            (!breaker.window.is_zero(), "breaker.window: nothing"),
            (rate.per_second > 0.0 && rate.per_second.is_finite(), "rate.per_second: not over 0"),
        ];
        match rows.into_iter().find(|(holds, _)| !holds) {
            Some((_, fault)) => Err(Error::new(ErrorKind::Policy, fault)),
            None => Ok(()),
        }
    }
}

/// The gates of one origin. Clones share them.
///
/// Several services can have one rate limit, as below, but not one breaker or bucket: it would close for all of them where one fails. So leave
/// these out: `GateSettings { rate, ..GateSettings::none() }`.
///
/// # Examples
///
/// ```
/// use http_hook::gates::{GateSettings, Gates, RateSettings};
/// use http_hook::Hook;
///
/// let rate = Some(RateSettings { per_second: 5.0, burst: 2 });
/// let gates = Gates::new(&GateSettings { rate, ..GateSettings::none() })?;
/// let hook = |url| Hook::builder_to(url).gates(gates.clone()).build();
/// let (one, other) = (hook("https://api.example.com")?, hook("https://files.example.com")?);
/// # let _ = (one, other);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gates {
    shared: Option<Arc<Shared>>,
}

/// Whether a send may go out now.
#[must_use]
#[derive(Debug)]
pub(crate) enum Admission {
    /// It may: tell the lease how it went.
    Go(Lease),
    /// Not yet: ask again after the wait. The reason is [`StopReason::RateLimit`].
    Wait(Duration, StopReason),
    /// No.
    Refuse(StopReason),
}

impl Default for Gates {
    /// A bucket and a breaker, each with its defaults.
    fn default() -> Self {
        Self::build(&GateSettings::default(), None)
    }
}

impl Gates {
    /// Open gates: everything goes through.
    #[must_use]
    pub const fn none() -> Self {
        Self { shared: None }
    }

    /// Makes the gates.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Policy`] for a ratio, a window or a rate that makes no sense.
    pub fn new(settings: &GateSettings) -> Result<Self, Error> {
        settings.validate()?;
        Ok(Self::build(settings, None))
    }

    /// Makes the gates, with `budget` in the place of the bucket.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn with_budget(settings: &GateSettings, budget: Arc<dyn Budget>) -> Result<Self, Error> {
        let budget = Arc::new(Quiet::new(budget));
        settings.validate()?;
        Ok(Self::build(settings, Some(budget)))
    }

    fn build(settings: &GateSettings, budget: Option<Arc<dyn Budget>>) -> Self {
        let bucket = || Some(Arc::new(Bucket::new(settings.bucket?)));
        let budget = budget.or_else(|| bucket().map(|bucket| -> Arc<dyn Budget> { bucket }));
        let breaker = settings.breaker.map(|breaker| Breaker::new(breaker, settings.seed));
        let rate = settings.rate.map(Rate::new);
        let any = budget.is_some() || breaker.is_some() || rate.is_some();
        Self { shared: any.then(|| Arc::new(Shared { budget, breaker, rate })) }
    }

    /// Asks for a send that ends within `limit`. `paid` is what [`retry`](Self::retry) gave for it, 0 for a first one.
    ///
    /// Those who have to wait are told different times. One who does not come back is waited for until its time, and no
    /// longer; a [`Call`](crate::Call) that ends before gives its time to the next one.
    #[cfg(test)]
    pub(crate) fn admit(&self, paid: u32, limit: Duration, now: Timestamp) -> Admission {
        self.admit_at(None, paid, limit, now)
    }

    #[inline]
    fn admit_at(
        &self,
        turn: Option<Timestamp>,
        paid: u32,
        limit: Duration,
        now: Timestamp,
    ) -> Admission {
        let Some(shared) = &self.shared else {
            return Admission::Go(Lease {
                shared: None,
                paid,
                pass: None,
                taken: Taken::default(),
            });
        };
        if let Some(wait) = shared.rate.as_ref().and_then(|rate| rate.wait(turn, now)) {
            // It hears of a clock that was set back, too.
            let _ = shared.breaker.as_ref().map(|breaker| breaker.refuses(now));
            return Admission::Wait(wait, StopReason::RateLimit);
        }
        let pass = match &shared.breaker {
            None => None,
            Some(breaker) => match breaker.admit(limit.min(LONGEST_LEASE), now) {
                None => return Admission::Refuse(StopReason::Breaker),
                pass => pass,
            },
        };
        let taken = shared.rate.as_ref().map_or_else(Taken::default, |rate| rate.take(now));
        Admission::Go(Lease { shared: Some(Arc::clone(shared)), paid, pass, taken })
    }

    /// Pays for a retry after a failure of this class, and gives the price, to be kept with the call. It stays paid.
    ///
    /// # Errors
    ///
    /// [`StopReason::Breaker`] while the breaker is open (nothing is paid then), [`StopReason::Budget`] if there is
    /// not enough.
    pub(crate) fn retry(&self, class: FailureClass, now: Timestamp) -> Result<u32, StopReason> {
        let Some(shared) = &self.shared else { return Ok(0) };
        if shared.breaker.as_ref().is_some_and(|breaker| breaker.refuses(now)) {
            return Err(StopReason::Breaker);
        }
        match &shared.budget {
            None => Ok(0),
            // Code of the caller's: where it panics nothing is known to be there.
            Some(budget) => {
                caught(|| budget.withdraw(class, now)).flatten().ok_or(StopReason::Budget)
            }
        }
    }

    /// Pays for a retry that is given back unless it is sent.
    ///
    /// # Errors
    ///
    /// As [`retry`](Self::retry).
    pub(crate) fn pay(&self, class: FailureClass, now: Timestamp) -> Result<Paid, StopReason> {
        let price = self.retry(class, now)?;
        Ok(Paid::now(self.shared.clone(), price, class, now))
    }

    /// What is paid for a retry that was taken up from a store: its price is what the budget says, whatever the store does.
    #[cold]
    pub(crate) fn paid_before(&self, class: FailureClass) -> Paid {
        let budget = self.shared.as_ref().and_then(|shared| shared.budget.as_ref());
        let price = budget.and_then(|budget| caught(|| budget.price(class))).unwrap_or_default();
        Paid::before(price, class)
    }
}

impl Gates {
    /// Asks for a send that may yet be found to be none: it is [sent](Unsent::sent), or has never been.
    #[inline]
    pub(crate) fn ask(
        &self,
        turn: Option<Box<Turn>>,
        paid: u32,
        limit: Duration,
        now: Timestamp,
    ) -> Result<Unsent, Denied> {
        match self.admit_at(turn.map(|turn| turn.at), paid, limit, now) {
            Admission::Go(lease) => Ok(Unsent(Some(lease))),
            Admission::Wait(wait, reason) => {
                let turn = Turn { of: self.shared.clone(), at: now.after(wait) };
                Err(Denied::Wait(wait, Box::new(turn), reason))
            }
            Admission::Refuse(reason) => Err(Denied::Refuse(reason)),
        }
    }
}

/// Why there is no send now.
pub(crate) enum Denied {
    /// Not yet: the turn is to be kept as long as somebody waits for it.
    Wait(Duration, Box<Turn>, StopReason),
    /// No.
    Refuse(StopReason),
}

/// The time at which one that waits may send. Dropped before, it is another one's.
pub(crate) struct Turn {
    of: Option<Arc<Shared>>,
    at: Timestamp,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(rate) = self.of.as_ref().and_then(|shared| shared.rate.as_ref()) {
            rate.give_back(self.at);
        }
    }
}

/// The right to one send that is not sent yet. Dropped, it was none.
pub(crate) struct Unsent(Option<Lease>);

impl Unsent {
    /// The request goes out.
    #[inline]
    pub(crate) fn sent(mut self) -> Option<Lease> {
        self.0.take()
    }
}

impl Drop for Unsent {
    #[inline]
    fn drop(&mut self) {
        if let Some(lease) = self.0.take() {
            lease.take_back();
        }
    }
}

/// The right to one send. Dropped without a word it gives its place back; lost, it runs out.
#[must_use]
pub(crate) struct Lease {
    shared: Option<Arc<Shared>>,
    paid: u32,
    pass: Option<Pass>,
    taken: Taken,
}

impl Lease {
    /// Tells that the server did its work: any response that is not worth a retry.
    pub(crate) fn success(self, now: Timestamp) {
        if let Some(budget) = self.shared.as_ref().and_then(|shared| shared.budget.as_ref()) {
            let _ = caught(|| budget.deposit(self.paid, now));
        }
        self.report(false, now);
    }

    /// Tells that nothing was sent: gives room back to the rate limit.
    #[cold]
    pub(crate) fn take_back(self) {
        if let Some(rate) = self.shared.as_ref().and_then(|shared| shared.rate.as_ref()) {
            rate.take_back(self.taken);
        }
    }

    /// Tells that it did not: a response or an error worth a retry, whether or not there will be one.
    pub(crate) fn failure(self, now: Timestamp) {
        self.report(true, now);
    }

    /// Tells the breaker how a send went for which nothing is paid in.
    pub(crate) fn report(mut self, failed: bool, now: Timestamp) {
        let breaker = self.shared.as_ref().and_then(|shared| shared.breaker.as_ref());
        if let (Some(breaker), Some(pass)) = (breaker, self.pass) {
            breaker.report(pass, failed, now);
        }
        self.pass = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let breaker = self.shared.as_ref().and_then(|shared| shared.breaker.as_ref());
        if let (Some(breaker), Some(pass)) = (breaker, self.pass) {
            breaker.release(pass);
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("paid", &self.paid)
            .field("pass", &self.pass)
            .finish_non_exhaustive()
    }
}
