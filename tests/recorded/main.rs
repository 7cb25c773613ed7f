//! The recorded cases that need no socket, at the level of the machine: see `http_hook_conformance::recorded`.

mod tenacity;

use std::process::ExitCode;

use http_hook_conformance::recorded::{
    Case, Data, Report, Verdict, calls, connections, hostile, run,
};

const FILES: [&str; 2] = ["http_hook.json", "hostile.json"];

/// Categories of `http_hook.json`: each belongs to exactly one test binary.
const CONNECTIONS: [&str; 2] = ["connection_uri", "connection_json"];
const CALLS: [&str; 12] = [
    "base_url",
    "url_encoding",
    "method_body",
    "headers",
    "check_response",
    "state",
    "retry",
    "redirects",
    "auth",
    "options",
    "environment",
    "decoding",
];
const ASYNC: [&str; 1] = ["async"];
const OPERATOR: [&str; 1] = ["operator"];
const SENSOR: [&str; 1] = ["sensor"];
/// Categories of `hostile.json`.
const HOSTILE: [&str; 7] = [
    "connection-uri",
    "connection-json",
    "endpoint",
    "headers",
    "location",
    "retry-after",
    "state",
];

/// A file, its name in the report, categories, and what runs a case of them.
type Group = (&'static str, &'static str, &'static [&'static str], fn(&Case) -> Verdict);

fn main() -> ExitCode {
    let data = Data::open(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"));
    let list = data.deviations();
    let mut report = Report::default();
    report.check_ids(&list, &data.ids(&FILES));
    let groups: [Group; 6] = [
        ("http_hook.json", "http_hook", &CONNECTIONS, connections::run),
        ("http_hook.json", "http_hook", &CALLS, calls::run),
        ("http_hook.json", "http_hook", &ASYNC, calls::run_async),
        ("http_hook.json", "http_hook", &OPERATOR, calls::run_operator),
        ("http_hook.json", "http_hook", &SENSOR, calls::run_sensor),
        ("hostile.json", "hostile", &HOSTILE, hostile::run),
    ];
    for (file, name, categories, one) in groups {
        if let Some(cases) = data.cases(file) {
            run(&mut report, name, &cases, &list, data.is_foreign(), categories, one);
        }
    }
    if let Some(file) = data.value("tenacity.json") {
        let vectors = tenacity::Vectors::read(&file);
        let one = |case: &Case| vectors.run(case);
        run(
            &mut report,
            "tenacity",
            vectors.cases(),
            &list,
            data.is_foreign(),
            &tenacity::KINDS,
            one,
        );
    }
    report.finish()
}
