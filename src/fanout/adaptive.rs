//! How many calls may be under way: as many as allowed, or as many as the server can serve.

use super::Fanout;
use super::gauge::Gauge;
use super::limiter::Limiter;
use crate::drive::Act;

impl<I, B> Fanout<'_, I, B> {
    /// Finds out how many calls the server can serve at once, and [allows](Self::allowed) no more; the limit is the most that there may be.
    ///
    /// It begins with one call, and allows more as long as answers take no longer than they do without a queue: twice as many each
    /// time at first. Once they take longer, as many are allowed as leave a queue of about 6 %; how long an answer takes without one
    /// is measured again now and then, under fewer calls. A 429, 503 or 504 and a time limit that was passed lower the limit by a fifth,
    /// at most once for the calls that were under way together. What counts is the time from a send to the head of its answer, so that many
    /// calls to one origin that do about the same are told best. A call that waits to be sent again is one of those that are allowed.
    ///
    /// # Examples
    ///
    /// A server that works on four calls at once, for 100 ms each:
    ///
    /// ```
    /// use std::collections::VecDeque;
    /// use std::time::Duration;
    ///
    /// use bytes::Bytes;
    /// use http_hook::fanout::Fanout;
    /// use http_hook::{Act, Hook, RequestPlan, Timestamp};
    ///
    /// let hook = Hook::to("https://api.example.com")?;
    /// let plans = (0..1000).map(|id| RequestPlan::get(format!("v1/orders/{id}")));
    /// let mut calls = Fanout::<_, Bytes>::new(&hook, plans, 64, 7).adaptive();
    ///
    /// let mut now = Timestamp::default();
    /// let mut ends = [now; 4]; // of what each worker of the server does
    /// let mut under_way = VecDeque::new();
    /// while !calls.is_over() {
    ///     match calls.next(now) {
    ///         Some((slot, Act::Send(..))) => {
    ///             let first = ends.iter_mut().min().expect("a worker");
    ///             *first = now.max(*first).after(Duration::from_millis(100));
    ///             under_way.push_back((slot, *first));
    ///         }
    ///         Some((slot, Act::Read(body, _limit))) => calls.read(slot, Ok(body), now),
    ///         Some((slot, Act::Sleep(_wait))) => calls.woke(slot, now),
    ///         Some((_slot, Act::Done(result))) => drop(result?),
    ///         None => {
    ///             let (slot, end) = under_way.pop_front().expect("something is asked for");
    ///             now = end;
    ///             calls.sent(slot, Ok(http::Response::new(Bytes::new())), || now);
    ///         }
    ///     }
    /// }
    /// assert!((3..=5).contains(&calls.allowed()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn adaptive(mut self) -> Self {
        self.gauge.get_or_insert_with(|| Gauge::new(Limiter::new(self.limit)));
        self
    }

    /// Returns how many calls may be under way now: the limit, or what an [adaptive](Self::adaptive) fan-out has found out. Calls that
    /// have begun go on where that falls.
    #[must_use]
    pub fn allowed(&self) -> usize {
        self.gauge.as_ref().map_or(self.limit, |gauge| gauge.allowed().min(self.limit))
    }

    /// Whether a call may begin.
    pub(super) fn may_begin(&self) -> bool {
        if !self.due.is_empty() {
            return self.running() < self.allowed();
        }
        self.ahead.is_some() && self.slots.len() < self.allowed()
    }

    /// Counts the calls that have begun here and not ended.
    fn running(&self) -> usize {
        let is_done = |(_, act): &&(u64, Act<B>)| matches!(act, Act::Done(_));
        let done = self.acts.iter().filter(is_done).count().saturating_add(self.held.len());
        self.slots.len().saturating_sub(self.due.len()).saturating_sub(done)
    }
}
