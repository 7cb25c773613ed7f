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
//! let report = pollster::block_on(check::check(&transport(), LIMITS));
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

use std::panic::AssertUnwindSafe;

use http_hook::transport::Transport;

use crate::server::serve;
use probe::{Probe, catch_panics};
use row::Check;

pub(crate) use blocking::InPlace;
pub use report::{Limit, Outcome, Report, Row};

/// Runs every check over an async transport. `limits` are the checks that its client cannot pass, with the reason.
pub async fn check(transport: &dyn Transport, limits: &[Limit]) -> Report {
    run(transport, limits, true, |_| true).await
}

/// Runs these checks only, without limits: for whoever writes a transport.
pub async fn only(transport: &dyn Transport, names: &[&str]) -> Report {
    run(transport, &[], true, |name| names.contains(&name)).await
}

async fn run(
    transport: &dyn Transport,
    limits: &[Limit],
    droppable: bool,
    wanted: impl Fn(&str) -> bool,
) -> Report {
    let mut rows = Vec::new();
    for check in all().into_iter().filter(|check| wanted(check.name)) {
        let limit = limits.iter().find(|limit| limit.check == check.name);
        let server = serve();
        let probe = Probe::new(transport, &server, !droppable);
        let offered = transport.capabilities().missing(check.needs).is_none();
        let outcome = if !offered || check.drops_future && !droppable {
            Outcome::NotOffered
        } else {
            let result = catch_panics(AssertUnwindSafe((check.run)(&probe))).await;
            Outcome::judge(result.unwrap_or_else(|| Err("panicked".to_owned())), limit)
        };
        rows.push(Row { name: check.name, fault: check.fault, expected: check.expected, outcome });
    }
    Report::new(transport.capabilities().client(), rows, limits)
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
