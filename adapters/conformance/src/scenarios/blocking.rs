//! The same scenarios by the blocking driver.

use http_hook::blocking::Transport;

use super::limit::{Limit, Oddity, spared};
use super::places::Places;
use super::report::Report;
use super::trace::Trace;
use super::world::{Worlds, mock, note_received, note_routes};
use super::{SCENARIOS, expected, is_odd, prepare, run};

/// Runs every scenario over a blocking transport, and compares its traces with those of the mock and the async
/// driver. `limits` are what its client cannot take, with the reason; one that is no longer true is a failure.
pub fn check(transport: &dyn Transport, limits: &[Limit]) -> Report {
    let capable = transport.capabilities();
    let mut report = Report::new(capable.client(), limits);
    let (mut worlds, spared_all) = (Worlds::default(), spared(limits, None));
    for seed in 0..SCENARIOS {
        let trace = trace_on(transport, &mut worlds, seed, &spared_all);
        report.compare(seed, &trace, &expected(seed, &spared_all, capable));
    }
    for limit in limits {
        let (mut worlds, spared) = (Worlds::default(), spared(limits, Some(limit.oddity)));
        let mut odd = (0..SCENARIOS).filter(|seed| is_odd(*seed, limit.oddity));
        let holds = odd.any(|seed| {
            let trace = trace_on(transport, &mut worlds, seed, &spared);
            trace != expected(seed, &spared, capable)
        });
        report.limit(limit, holds);
    }
    report
}

fn trace_on(transport: &dyn Transport, worlds: &mut Worlds, seed: u64, spared: &[Oddity]) -> Trace {
    let world = worlds.of(seed);
    let (mut scenario, journal) = prepare(seed, world.places(), spared);
    let routes = world.open(&scenario);
    run::run_blocking(&mut scenario, transport, &journal);
    note_routes(&journal, &routes);
    journal.into_trace()
}

/// Runs one scenario over the mock.
#[must_use]
pub fn trace(seed: u64) -> Trace {
    let (mut scenario, journal) = prepare(seed, Places::imagined(), &[]);
    let mock = mock(&scenario, journal.places(), http_hook_mock::everything("mock"));
    run::run_blocking(&mut scenario, &mock, &journal);
    note_received(&journal, seed, &mock);
    journal.into_trace()
}
