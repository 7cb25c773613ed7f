//! The suite that every transport passes: faults on a socket, and what a caller has to be told.
//!
//! Each [`Row`] is a fault, what is expected, and what came of it. Each runs over connections of its own. What the server saw is compared with what
//! the caller was told: an answer means that the request came, `Sent::No` that it did not, and no send
//! comes twice.
//!
//! ```no_run
//! # fn transport() -> impl http_hook::transport::Transport { http_hook::transport::from_fn(http_hook::options::Capabilities::none(""), |_, _| async { todo!() }) }
//! use http_hook_conformance::check::{self, Limit};
//!
//! const LIMITS: &[Limit] = &[Limit { check: "head-cut", reason: "the client takes half a head for a head" }];
//!
//! let report = check::check(&transport(), LIMITS, |lane| pollster::block_on(lane));
//! println!("{report}");
//! report.assert_clean();
//! ```

mod alone;
mod answers;
pub mod blocking;
mod bodies;
mod broken;
mod kept;
mod load;
mod options;
mod probe;
mod report;
mod requests;
mod row;
mod table;
mod times;
#[cfg(feature = "tls")]
mod tls;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use http_hook::transport::Transport;

use crate::server::serve;
use probe::{Probe, catch_panics, in_time};
use row::Check;

pub(crate) use blocking::InPlace;
pub use report::{Limit, Outcome, Report, Row};

/// Some of the checks, one after the other.
pub type Lane<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What came of each check, by its place.
type Rows = Mutex<BTreeMap<usize, Row>>;

/// How many checks run at a time. They wait for most of their time: on two busy cores, so many keep their limits of time.
const LANES: usize = 4;

/// Runs every check over an async transport, four at a time, each by `block_on` of the executor that its client needs.
/// `limits` are the checks that its client cannot pass, with the reason.
pub fn check(
    transport: &dyn Transport,
    limits: &[Limit],
    block_on: impl Fn(Lane<'_>) + Sync,
) -> Report {
    side_by_side(&Suite { transport, limits, droppable: true }, block_on)
}

/// Runs these checks only, without limits: for whoever writes a transport.
pub async fn only(transport: &dyn Transport, names: &[&str]) -> Report {
    Suite { transport, limits: &[], droppable: true }.only(names).await
}

/// What is tried.
struct Suite<'a> {
    transport: &'a dyn Transport,
    limits: &'a [Limit],
    /// Whether dropping a future ends a send.
    droppable: bool,
}

fn side_by_side(suite: &Suite<'_>, block_on: impl Fn(Lane<'_>) + Sync) -> Report {
    let (rows, next) = (Rows::default(), AtomicUsize::new(0));
    let lane = || {
        let checks = all();
        block_on(Box::pin(suite.lane(&checks, &next, &rows)));
    };
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(lane);
        }
    });
    suite.report(rows)
}

impl Suite<'_> {
    async fn only(&self, names: &[&str]) -> Report {
        let (rows, next) = (Rows::default(), AtomicUsize::new(0));
        let wanted: Vec<_> = all().into_iter().filter(|own| names.contains(&own.name)).collect();
        self.lane(&wanted, &next, &rows).await;
        self.report(rows)
    }

    /// Runs those of the checks that no other lane has taken.
    async fn lane(&self, checks: &[Check], next: &AtomicUsize, rows: &Rows) {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(check) = checks.get(place) else { return };
            let row = self.row(check).await;
            rows.lock().expect("no panic").insert(place, row);
        }
    }

    async fn row(&self, check: &Check) -> Row {
        let limit = self.limits.iter().find(|limit| limit.check == check.name);
        let server = serve();
        let probe = Probe::new(self.transport, &server, !self.droppable);
        let offered = self.transport.capabilities().missing(check.needs).is_none();
        let outcome = if !offered || check.drops_future && !self.droppable {
            Outcome::NotOffered
        } else {
            let result = catch_panics(AssertUnwindSafe(in_time((check.run)(&probe)))).await;
            let result = result.ok_or("panicked").and_then(|ended| ended.ok_or("no end"));
            Outcome::judge(result.unwrap_or_else(|why| Err(why.to_owned())), limit)
        };
        Row { name: check.name, fault: check.fault, expected: check.expected, outcome }
    }

    fn report(&self, rows: Rows) -> Report {
        let rows = rows.into_inner().expect("no panic").into_values().collect();
        Report::new(self.transport.capabilities().client(), rows, self.limits)
    }
}

fn all() -> Vec<Check> {
    [
        answers::checks(),
        alone::checks(),
        broken::checks(),
        bodies::checks(),
        kept::checks(),
        load::checks(),
        options::checks(),
        requests::checks(),
        times::checks(),
        #[cfg(feature = "tls")]
        tls::checks(),
    ]
    .concat()
}
