//! Cases of kind `fernet`: what a row of the metastore holds, some of it encrypted.

use http_hook::Secret;
use http_hook_conformance::recorded::{Case, Verdict, difference};
use http_hook_sources::metastore::Row;
use http_hook_sources::{Fernet, SourceError, SourceErrorKind as Kind};
use serde_json::{Value, json};

/// Runs one case.
pub(crate) fn run(case: &Case) -> Verdict {
    let row = &case.input["row"];
    let text = |name: &str| row[name].as_str().map(Secret::from);
    let read = Row {
        password: text("password"),
        is_encrypted: row["is_encrypted"] == true,
        extra: text("extra"),
        is_extra_encrypted: row["is_extra_encrypted"] == true,
        ..Row::default()
    };
    // The original makes its keys when it needs them, so that the error is that of what needs them.
    let keys = case.input["fernet_key"].as_str().filter(|keys| !keys.is_empty()).map(Fernet::new);
    let keys = keys.transpose();
    let opened = |open: fn(&Row, Option<&Fernet>) -> Result<Option<Secret>, SourceError>,
                  stored: &Option<Secret>| {
        if stored.as_ref().is_none_or(|stored| stored.expose().is_empty()) {
            return shown(open(&read, None));
        }
        match &keys {
            Ok(keys) => shown(open(&read, keys.as_ref())),
            Err(error) => shown(Err(error.clone())),
        }
    };
    let got = json!({
        "password": opened(Row::open_password, &read.password),
        "extra": opened(Row::open_extra, &read.extra),
    });
    let mut expected = case.expected.clone();
    for (_, value) in expected.as_object_mut().into_iter().flatten() {
        if let Some(error) = value.get_mut("error") {
            *error = json!({"kind": error["kind"]});
        }
    }
    difference(&expected, &got).unwrap_or(Verdict::Passed)
}

fn shown(opened: Result<Option<Secret>, SourceError>) -> Value {
    match opened {
        Ok(text) => json!(text.as_ref().map(Secret::expose)),
        Err(error) => {
            let kind = match error.kind() {
                Kind::Token => "invalid_token",
                Kind::Key => "airflow_error",
                Kind::Malformed => "value_error",
                other => panic!("{other:?}"),
            };
            json!({"error": {"kind": kind}})
        }
    }
}
