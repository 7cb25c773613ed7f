//! The recorded cases of where connections are stored: see `http_hook_conformance::recorded`.

mod fernet;
mod files;
mod lookup;
mod mask;

use std::process::ExitCode;

use http_hook_conformance::recorded::{Case, Data, Report, Verdict, run};

const FILE: &str = "http_hook.json";

/// A category, and what runs a case of it.
type Category = (&'static str, fn(&Case) -> Verdict);

/// Categories of `http_hook.json`: each belongs to exactly one test binary.
const CATEGORIES: [Category; 4] = [
    ("lookup", lookup::run),
    ("connection_file", files::run),
    ("fernet", fernet::run),
    ("mask", mask::run),
];

fn main() -> ExitCode {
    let data = Data::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data"));
    let list = data.deviations();
    let mut report = Report::default();
    if let Some(cases) = data.cases(FILE) {
        for (category, one) in CATEGORIES {
            run(&mut report, "http_hook", &cases, &list, data.is_foreign(), &[category], one);
        }
    }
    report.finish()
}
