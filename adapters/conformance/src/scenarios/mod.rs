//! The same calls over every transport: seeded scenarios, and the trace of decisions that each of them leaves.
//!
//! ```text
//! seed ──▶ Scenario ─┬─▶ driver ─▶ MockTransport ─────────────▶ Trace, the reference
//!                    └─▶ driver ─▶ a client ─▶ fault servers ─▶ Trace, which has to be equal
//! ```
//!
//! A scenario is a connection with its credentials, policy, gates and options, one to four calls, and what
//! the servers say: any status, hints, redirects, challenges, cookies, bodies and heads that break off. Time is virtual, so that no wait
//! takes any. A trace holds every decision with its time: each request with headers and body, each wait and its reason, each error as it
//! was told, why a call ended, and what the servers saw.
//!
//! What clients tell in more than one way is not in a scenario, but in the suite of [checks](crate::check). An answer that a client cannot
//! take at all can be spared it by a [`Limit`]; an option that it does not offer is refused by the reference, too. A transport's
//! test is this:
//!
//! ```no_run
//! # fn transport() -> impl http_hook::transport::Transport { http_hook::transport::from_fn(http_hook::options::Capabilities::none(""), |_, _| async { todo!() }) }
//! use http_hook_conformance::scenarios;
//!
//! let report = pollster::block_on(scenarios::check(&transport(), &[]));
//! println!("{report}");
//! report.assert_clean();
//! ```

pub mod blocking;
mod call;
mod dice;
mod journal;
mod limit;
mod places;
mod policy;
mod reply;
mod report;
mod run;
mod scenario;
mod script;
mod tap;
mod trace;
mod world;

use http_hook::options::Capabilities;
use http_hook::transport::Transport;

use journal::Journal;
use limit::spared;
use places::Places;
use scenario::Scenario;
use world::{Worlds, mock, note_received, note_routes};

pub use limit::{Limit, Oddity};
pub use report::{Difference, Report};
pub use trace::{Entry, Trace, What};

/// How many scenarios there are: the seeds from 0 on.
pub const SCENARIOS: u64 = 500;

/// Runs every scenario over an async transport, and compares its traces with those of the mock. `limits` are what its
/// client cannot take, with the reason; one that is no longer true is a failure.
pub async fn check(transport: &dyn Transport, limits: &[Limit]) -> Report {
    let mut report = Report::new(transport.capabilities().client(), limits);
    let (mut worlds, spared_all) = (Worlds::default(), spared(limits, None));
    for seed in 0..SCENARIOS {
        let trace = trace_on(transport, &mut worlds, seed, &spared_all).await;
        report.compare(seed, &trace, &expected(seed, &spared_all, transport.capabilities()));
    }
    for limit in limits {
        let (mut worlds, spared) = (Worlds::default(), spared(limits, Some(limit.oddity)));
        let mut holds = false;
        for seed in (0..SCENARIOS).filter(|seed| is_odd(*seed, limit.oddity)) {
            let trace = trace_on(transport, &mut worlds, seed, &spared).await;
            holds = trace != expected(seed, &spared, transport.capabilities());
            if holds {
                break;
            }
        }
        report.limit(limit, holds);
    }
    report
}

async fn trace_on(
    transport: &dyn Transport,
    worlds: &mut Worlds,
    seed: u64,
    spared: &[Oddity],
) -> Trace {
    let world = worlds.of(seed);
    let (mut scenario, journal) = prepare(seed, world.places(), spared);
    let routes = world.open(&scenario);
    run::run(&mut scenario, transport, &journal).await;
    note_routes(&journal, &routes);
    journal.into_trace()
}

/// Runs one scenario over the mock by the async driver: what every other run has to do, too.
///
/// # Examples
///
/// ```
/// use http_hook_conformance::scenarios::{blocking, reference};
///
/// let trace = reference(7);
/// assert_eq!(blocking::trace(7).leaves(&trace), None);
/// assert!(trace.to_string().contains("http://home/s7/"));
/// ```
#[must_use]
pub fn reference(seed: u64) -> Trace {
    expected(seed, &[], http_hook_mock::everything("mock"))
}

fn expected(seed: u64, spared: &[Oddity], capable: Capabilities) -> Trace {
    let (mut scenario, journal) = prepare(seed, Places::imagined(), spared);
    let mock = mock(&scenario, journal.places(), capable);
    pollster::block_on(run::run(&mut scenario, &mock, &journal));
    note_received(&journal, seed, &mock);
    journal.into_trace()
}

fn prepare(seed: u64, places: Places, spared: &[Oddity]) -> (Scenario, Journal) {
    let scenario = Scenario::new(seed, &places, spared);
    let journal = Journal::new(seed, places, scenario.stopper.clone());
    (scenario, journal)
}

fn is_odd(seed: u64, oddity: Oddity) -> bool {
    Scenario::new(seed, &Places::imagined(), &[]).has(oddity)
}
