//! Cases of kind `lookup`: which source an id is found in.

use std::fs;
use std::path::Path;

use http_hook_conformance::recorded::{Case, Verdict, connections, difference};
use http_hook_sources::blocking::Sources;
use http_hook_sources::{ConnectionFile, Env, SourceError, SourceErrorKind};
use serde_json::{Value, json};

/// Runs one case: as it is here, and going on over failing sources as the original does, where that differs.
pub(crate) fn run(case: &Case) -> Verdict {
    let folder = tempfile::tempdir().expect("a directory");
    let strict = chain(&case.input, folder.path());
    let going_on = chain(&case.input, folder.path()).going_on();
    let id = case.input["conn_id"].as_str().expect("an id");
    let as_here = judge(&case.expected, id, &strict);
    if as_here == Verdict::Passed {
        return as_here;
    }
    match judge(&case.expected, id, &going_on) {
        Verdict::Differs { expected, got } if !case.quirk => {
            Verdict::differs(expected, format!("{got}, though it goes on"))
        }
        _ => as_here,
    }
}

fn chain(input: &Value, folder: &Path) -> Sources {
    for (name, content) in input["files"].as_object().into_iter().flatten() {
        fs::write(folder.join(name), content.as_str().expect("a text")).expect("a file");
    }
    let mut sources = Sources::new();
    if let Some(name) = input["file_backend"].as_str() {
        sources = sources.with(ConnectionFile::new(folder.join(name)));
    }
    let env = input["env"].as_object().into_iter().flatten();
    sources =
        sources.with(Env::of(env.map(|(name, value)| (name, value.as_str().expect("a text")))));
    // The table is proven elsewhere: here it is whatever else comes last.
    let mut table = serde_json::Map::new();
    for row in input["table"].as_array().into_iter().flatten() {
        table.insert(row["conn_id"].as_str().expect("an id").to_owned(), row.clone());
    }
    let path = folder.join("the table.json");
    fs::write(&path, Value::Object(table).to_string()).expect("a file");
    sources.with(ConnectionFile::new(path))
}

fn judge(expected: &Value, id: &str, sources: &Sources) -> Verdict {
    let expected_error = expected.get("error");
    match (sources.get(id), expected_error) {
        (Err(error), Some(_)) if error.kind() == SourceErrorKind::NotDefined => Verdict::Passed,
        (Err(error), _) => Verdict::differs(expected.to_string(), shown(&error)),
        (Ok(found), None) => {
            let got = json!({"fields": connections::fields(found.connection())});
            difference(expected, &got).unwrap_or(Verdict::Passed)
        }
        (Ok(_), Some(error)) => Verdict::differs(error.to_string(), "a connection"),
    }
}

fn shown(error: &SourceError) -> String {
    format!("error {:?}: {error}", error.kind())
}
