//! The recorded cases that need sockets, over isahc and a scripted server on loopback.

mod certificates;
mod server;
mod world;

use std::process::ExitCode;

use http_hook_conformance::recorded::{Case, Data, Report, calls, run};

use world::World;

/// Categories of `http_hook.json`: no other test binary has them.
const CATEGORIES: [&str; 2] = ["tls", "transport"];

fn main() -> ExitCode {
    let data = Data::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data"));
    let list = data.deviations();
    let mut report = Report::default();
    if let Some(cases) = data.cases("http_hook.json") {
        let world = World::new();
        let one = |case: &Case| calls::run_over(case, &world);
        run(&mut report, "http_hook", &cases, &list, data.is_foreign(), &CATEGORIES, one);
    }
    report.finish()
}
