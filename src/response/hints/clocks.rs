//! Which clock a date counts from.

use std::time::Duration;

use http::HeaderMap;
use http::header::DATE;

use super::date;
use super::field::texts;
use crate::base::Timestamp;

/// Clocks that differ by more: one of them was never set.
const MOST_APART: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What two clocks show at the same time.
#[derive(Clone, Copy)]
pub(super) struct Clocks {
    server: Timestamp,
    own: Timestamp,
}

impl Clocks {
    /// The server's clock where it tells it.
    pub(super) fn read(headers: &HeaderMap, own: Timestamp) -> Self {
        let told = texts(headers, DATE.as_str()).next().and_then(date::http);
        Self { server: told.unwrap_or(own), own }
    }

    pub(super) const fn of(own: Timestamp) -> Self {
        Self { server: own, own }
    }

    /// The server's time, and that of the clock that is nearer to `at` where one of them was never set.
    pub(super) fn now(self, at: Timestamp) -> Timestamp {
        let apart = |one: Timestamp, other: Timestamp| one.since(other).max(other.since(one));
        let is_off = apart(self.server, self.own) > MOST_APART;
        if is_off && apart(at, self.own) < apart(at, self.server) { self.own } else { self.server }
    }
}
