//! A variable that is not UTF-8 is there: it is told of by its name, and its content is not.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::support::{command, parts, serve};

/// Variables, and the commands that read them; what is said names the variable, unless another text is given.
const ROWS: [(&str, &str); 20] = [
    ("HTTP_HOOK_RETRY", "call - URL"),
    ("HTTP_HOOK_TIMEOUT", "call - URL"),
    ("HTTP_HOOK_PROXY", "call - URL"),
    ("HTTP_HOOK_CACERT", "config show"),
    ("HTTP_HOOK_FORMAT", "conn list"),
    ("HTTP_HOOK_COLOR", "plan - URL"),
    ("HTTP_HOOK_SOURCES", "conn list"),
    ("HTTP_HOOK_SOURCES", "call sales v1"),
    ("AIRFLOW_CONN_SALES", "call sales v1"),
    ("AIRFLOW_CONN_SALES", "conn show sales"),
    ("AIRFLOW_CONN_SALES", "policy show sales"),
    ("SOME_PASSWORD", "call - URL -u me --password env:SOME_PASSWORD"),
    ("SOME_TOKEN", "call - URL --bearer env:SOME_TOKEN"),
    ("http_proxy", "call - URL"),
    ("HTTP_PROXY", "plan - URL"),
    ("all_proxy", "call - URL"),
    ("no_proxy", "call - URL"),
    ("NO_PROXY", "call - URL"),
    ("REQUESTS_CA_BUNDLE", "call - URL"),
    ("CURL_CA_BUNDLE", "pages - URL --next link"),
];

#[test]
fn a_variable_that_is_no_text_is_told_of() {
    let server = serve();
    let url = format!("http://{}/orders", server.authority);
    let odd = OsStr::from_bytes(b"c4n4ry\xff");
    let mut bad = Vec::new();
    for (variable, line) in ROWS {
        let line = line.replace("URL", &url);
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = command(&words);
        if variable.eq_ignore_ascii_case("no_proxy") {
            // Without a proxy it decides nothing.
            command.env("all_proxy", "http://127.0.0.1:1");
        }
        let output = command.env(variable, odd).output().unwrap();
        let (code, out, err) = parts(&output);
        let told = err.contains(variable) && err.contains("not UTF-8");
        let secret = format!("{out}{err}").contains("c4n4ry");
        if !code.is_some_and(|code| code != 0 && code < 12) || !told || secret {
            bad.push(format!("{variable}: {words:?}: {code:?} {out}{err}"));
        }
    }
    assert!(bad.is_empty(), "{} of them:\n{}", bad.len(), bad.join("\n"));
    assert_eq!(server.requests(), Vec::<String>::new(), "nothing was sent");
}

/// What no command asks for, or what means the same whatever stands there, does no harm.
#[test]
fn a_variable_that_nobody_reads_may_be_anything() {
    let server = serve();
    let url = format!("http://{}/orders", server.authority);
    let odd = OsStr::from_bytes(b"c4n4ry\xff");
    for variable in ["LESS", "NO_COLOR", "TERM", "AIRFLOW_CONN_OTHER", "HTTPS_PROXY_OF_OTHERS"] {
        let output = command(&["call", "-", &url]).env(variable, odd).output().unwrap();
        let (code, _, err) = parts(&output);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{variable}");
    }
    // A call that does not look at the environment is not kept from being made by it.
    let stored = format!(r#"{{"host": "{url}", "extra": {{"trust_env": false}}}}"#);
    let output = command(&["call", "sales", ""])
        .env("AIRFLOW_CONN_SALES", &stored)
        .env("http_proxy", odd)
        .output()
        .unwrap();
    let (code, _, err) = parts(&output);
    assert_eq!((code, err.as_str()), (Some(0), ""));
}
