//! A secret planted everywhere appears in no output of any scenario.

use crate::support::{command, parts, serve};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const MARKER: &str = "m4rk&r";

/// The marker as text, escaped for a URL, and in base64, alone and as a password.
fn forms() -> [String; 4] {
    let base64 = |text: &str| STANDARD.encode(text).trim_end_matches('=').to_owned();
    [MARKER.to_owned(), "m4rk%26r".to_owned(), base64(MARKER), base64(&format!("reader:{MARKER}"))]
}

/// Connections with the marker in each of their places, some of which cannot be used.
fn connections(authority: &str) -> [(&'static str, String); 7] {
    let extra = "x-key=m4rk%26r&__extra__=";
    let json = |extra: String| {
        format!(r#"{{"host": "{authority}", "password": "{MARKER}", "extra": {extra}}}"#)
    };
    [
        ("password and extra", format!("http://reader:m4rk%26r@{authority}/?{extra}")),
        ("password", format!("http://reader:m4rk%26r@{authority}")),
        ("port", format!("http://:m4rk%26r@{authority}:m4rk%26r")),
        ("refused", format!("http://reader:m4rk%26r@127.0.0.1:1/?{extra}")),
        ("extra", json(format!(r#"{{"headers": "{MARKER}", "timeout": "{MARKER}"}}"#))),
        ("extra that is text", json(format!(r#""{MARKER}""#))),
        ("broken", format!(r#"{{"{MARKER}": 1"#)),
    ]
}

/// Calls `endpoint` with more secrets in header and parameter, and looks for them in what is printed.
fn check(endpoint: &str, place: &str, connection: &str, format: &str) {
    let output =
        command(&["call", "sales", endpoint, "-v", "--deadline=300ms", "--format", format])
            .args([format!("x-token:{MARKER}"), format!("token=={MARKER}")])
            .env("AIRFLOW_CONN_SALES", connection)
            .output()
            .unwrap();
    let (code, out, err) = parts(&output);
    assert!(code.is_some_and(|code| code < 12), "{endpoint}, {place}: {code:?} {err}");
    for form in forms() {
        assert!(!out.contains(&form), "{endpoint}, {place}: {form} in {out}");
        assert!(!err.contains(&form), "{endpoint}, {place}: {form} in {err}");
    }
}

#[test]
fn no_output_shows_a_secret() {
    let server = serve();
    let endpoints = [
        "status/204",
        "reason",
        "after/0",
        "reset",
        "slow",
        "after/9999",
        "ftp",
        "status/204\u{7}",
    ];
    std::thread::scope(|scope| {
        for endpoint in endpoints {
            for (place, connection) in connections(&server.authority) {
                scope.spawn(move || {
                    for format in ["auto", "json"] {
                        check(endpoint, place, &connection, format);
                    }
                });
            }
        }
    });
    let sent = server.requests().concat();
    assert!(sent.contains(&forms()[3]), "the password was used");
    assert!(sent.contains(MARKER), "the header was sent");
    assert!(sent.contains("token=m4rk%26r"), "the parameter was sent");
}
