//! Netrc files as Python's `netrc` reads them.

use serde_json::Value;

use crate::auth::Netrc;
use crate::base::{Origin, Secret};

/// Texts, and what the module `netrc` of Python 3.11 has for three hosts: `[login or account, password]`, null for nothing;
/// null in place of the three for an error. Left out are texts that it would read otherwise if its comments always reached to
/// the end of their line: behind an empty line, and glued to `#`, they do not.
const TABLE: &str = include_str!("netrc.json");

fn found(netrc: &Netrc, host: &str) -> Value {
    let origin: Origin = format!("https://{host}").parse().expect("an origin");
    let found = netrc.find(&origin).and_then(|found| found.into_secret_at(&origin));
    found.map_or(Value::Null, |(login, password)| {
        serde_json::json!([login, Secret::expose(&password)])
    })
}

#[test]
fn a_netrc_is_read_as_python_reads_it() {
    let rows: Vec<(String, Value)> = serde_json::from_str(TABLE).expect("the table");
    for (text, expected) in rows {
        match (Netrc::parse(&text), expected.as_array()) {
            (Ok(netrc), Some(expected)) => {
                let hosts = ["a.test", "b.test", "c.test"];
                let got = hosts.map(|host| found(&netrc, host));
                assert_eq!(got.as_slice(), expected.as_slice(), "{text:?}");
            }
            (Err(_), None) => {}
            (Ok(_), None) => panic!("{text:?} is none"),
            (Err(error), Some(_)) => panic!("{text:?}: {error}"),
        }
    }
}
