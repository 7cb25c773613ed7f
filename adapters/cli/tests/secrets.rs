//! A secret planted everywhere appears in no output of any scenario.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::{command, parts, serve};

const MARKER: &str = "m4rk&r";

/// The marker as text, escaped for a URL, and in base64, alone and as a password.
fn forms() -> [String; 4] {
    let base64 = |text: &str| STANDARD.encode(text).trim_end_matches('=').to_owned();
    [MARKER.to_owned(), "m4rk%26r".to_owned(), base64(MARKER), base64(&format!("reader:{MARKER}"))]
}

#[test]
fn no_output_shows_a_secret() {
    let server = serve();
    let authority = &server.authority;
    let extra = "x-key=m4rk%26r&__extra__=";
    let endpoints = [
        ("success", "status/204"),
        ("failure", "reason"),
        ("retries", "after/0"),
        ("reset", "reset"),
        ("deadline", "slow"),
        ("too long a wait", "after/9999"),
        ("no valid answer", "status/204\u{7}"),
    ];
    for (why, endpoint) in endpoints {
        for (conn, variable) in [
            (format!("http://reader:m4rk%26r@{authority}/?{extra}"), "password and extra"),
            (format!("http://reader:m4rk%26r@{authority}"), "password"),
            (format!("http://:m4rk%26r@{authority}:m4rk%26r"), "port"),
            (format!("http://reader:m4rk%26r@127.0.0.1:1/?{extra}"), "refused"),
            (
                format!(
                    r#"{{"host": "{authority}", "password": "{MARKER}", "extra": {{"headers": "{MARKER}"}}}}"#
                ),
                "extra",
            ),
            (
                format!(
                    r#"{{"host": "{authority}", "password": "{MARKER}", "extra": "{MARKER}"}}"#
                ),
                "extra",
            ),
            (format!(r#"{{"{MARKER}": 1"#), "broken"),
        ] {
            for format in ["auto", "json"] {
                let output = command(&[
                    "call",
                    "sales",
                    endpoint,
                    "-v",
                    "--deadline=300ms",
                    "--format",
                    format,
                ])
                .args([format!("x-token:{MARKER}"), format!("token=={MARKER}")])
                .env("AIRFLOW_CONN_SALES", conn.as_str())
                .output()
                .unwrap();
                let (code, out, err) = parts(&output);
                assert!(code.is_some_and(|code| code < 12), "{why}, {variable}: {code:?} {err}");
                for form in forms() {
                    assert!(!out.contains(&form), "{why}, {variable}: {form} in {out}");
                    assert!(!err.contains(&form), "{why}, {variable}: {form} in {err}");
                }
            }
        }
    }
    let sent = server.requests().concat();
    assert!(sent.contains(&forms()[3]), "the password was used");
    assert!(sent.contains(MARKER), "the header was sent");
    assert!(sent.contains("token=m4rk%26r"), "the parameter was sent");
}
