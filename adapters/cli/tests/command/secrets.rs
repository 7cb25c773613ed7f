//! A secret planted everywhere appears in no output of any scenario.

use crate::support::{command, parts, reply, serve, serve_by};
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

#[test]
fn no_output_shows_what_the_token_endpoint_said() {
    let server = serve();
    let file = std::env::temp_dir().join(format!("http-hook-token-{}", std::process::id()));
    let says = [
        ("200/JWT", "the token answer with status 200 is of a type other than bearer"),
        ("200/invalid_client", "the token request was refused with 200: invalid_client"),
        ("400/invalid_grant", "the token request was refused with 400: invalid_grant"),
        ("503/server_error", "the token request was refused with 503: server_error"),
    ];
    for (path, expected) in says {
        let authority = &server.authority;
        let auth = format!(
            r#"{{"scheme": "oauth2_client_credentials", "token_url": "http://{authority}/token/{path}", "allow_http": true, "client_id": "svc", "client_secret": "{MARKER}", "client_auth": "body"}}"#
        );
        let connection = format!(
            r#"{{"host": "http://{authority}", "extra": {{"http_hook": {{"auth": {auth}}}}}}}"#
        );
        for more in
            [&["-v"][..], &["-qq"], &["--format", "json"], &["-v", "-o", file.to_str().unwrap()]]
        {
            let mut command = command(&["call", "sales", "orders", "--deadline=5s"]);
            let output =
                command.args(more).env("AIRFLOW_CONN_SALES", &connection).output().unwrap();
            let (code, out, err) = parts(&output);
            assert_eq!(code, Some(11), "{path} {more:?}: {err}");
            let mut seen = format!("{out}{err}");
            assert!(more == ["-qq"] || seen.contains(expected), "{path} {more:?}: {seen}");
            seen.push_str(&std::fs::read_to_string(&file).unwrap_or_default());
            for form in forms() {
                assert!(!seen.contains(&form), "{path} {more:?}: {seen}");
            }
            assert!(!seen.contains("t0ken"), "{path} {more:?}: {seen}");
        }
    }
    assert!(!file.exists(), "a file was written without a response");
    assert!(server.requests().concat().contains("client_secret=m4rk%26r"), "the secret was sent");
}

#[test]
fn no_output_shows_what_an_answer_repeats_of_the_connection() {
    // A part that is no word, one that is, and one of two letters.
    let echoes = [
        "Link: </links/PATH5ECRET?k=QSECRET&appid=KEYSECRET&page=2>; rel=\"next\"",
        "Link: <http://127.0.0.1/hooks/T0/PATH5ECRET/orders?page=2>; rel=\"last\"",
        "Location: /hooks/T0/PATH%35ECRET/orders?page=2&q=QSECRET",
        "Content-Location: ?appid=%4bEYSECRET&page=2",
        "Refresh: 5; url=/hooks/T0/PATH5ECRET/orders?appid=KEY%2553ECRET&page=2",
        "X-Request: GET /hooks/T0/PATH5ECRET/orders?k=QSECRET&page=2",
        "X-Twice: appid%3DKEYSECRET%26page=2",
    ];
    let server = serve_by(move |_, _| reply("200 OK", &echoes, b"{}"));
    let base = format!("http://{}/hooks/T0/PATH5ECRET?k=QSECRET", server.authority);
    let connection = serde_json::json!({
        "host": base,
        "extra": {"http_hook": {"auth": {
            "scheme": "api_key", "name": "appid", "value": "KEYSECRET", "in": "query",
        }}},
    });
    for args in [
        &["call", "c", "a", "-vv"][..],
        &["call", "c", "a", "--format", "json"],
        &["conn", "test", "c"],
        &["conn", "test", "c", "-vv"],
        &["conn", "test", "c", "--format", "json"],
        &["pages", "c", "a", "-vv", "--next", "url", "--at", "/next"],
        &["poll", "c", "a", "-vv", "--until", "status=200"],
    ] {
        let mut command = command(args);
        let output = command.env("AIRFLOW_CONN_C", connection.to_string()).output().unwrap();
        let (code, out, err) = parts(&output);
        let seen = format!("{out}{err}");
        assert_eq!(code, Some(0), "{args:?}: {seen}");
        for secret in ["ECRET", "T0", "%4b", "%35"] {
            assert!(!seen.contains(secret), "{args:?}: {secret} in {seen}");
        }
        assert!(seen.contains("page=2"), "{args:?}: what is the answer's own is shown: {seen}");
    }
    // Who asks for the head gets it.
    let mut command = command(&["call", "c", "a", "-i"]);
    let output = command.env("AIRFLOW_CONN_C", connection.to_string()).output().unwrap();
    assert!(parts(&output).1.contains("PATH5ECRET"));
}

/// Whatever is wrong with what is typed for a connection and behind it, a password in it is not repeated.
#[test]
fn no_error_repeats_what_is_typed_for_a_connection() {
    const SECRET: &str = "M4rkS3cret";
    let texts = [
        "http://u:PASSWORD@127.0.0.1:1",
        "HTTP://u:PASSWORD@127.0.0.1:1/https",
        "http:u:PASSWORD@127.0.0.1:1",
        "http:/u:PASSWORD@127.0.0.1:1",
        "u:PASSWORD@127.0.0.1:1",
        "u:PASSWORD@[::1",
        "http://u:PASSWORD@127.0.0.1:port",
        "http://u:PASSWORD@[::1",
        r#"{"host": "127.0.0.1:1", "login": "u", "password": "PASSWORD"}"#,
        r#" {"host": "http://127.0.0.1:1", "password": "PASSWORD"}"#,
        r#"{"host": "127.0.0.1:1", "password": "PASSWORD"#,
        r#"{"host": "127.0.0.1:1", "passwort": "PASSWORD"}"#,
        r#"{"host": "127.0.0.1:1", "extra": {"http_hook": {"auth": {"token": "PASSWORD"}}}}"#,
        r#"["PASSWORD"]"#,
        "AIRFLOW_CONN_A=http://u:PASSWORD@127.0.0.1:1",
    ];
    let commands = [
        "call",
        "plan",
        "pages",
        "poll",
        "fetch",
        "run",
        "conn test",
        "conn show",
        "conn origin",
        "conn add",
        "conn rm",
        "conn edit",
    ];
    let behind = [
        "",
        "v1",
        "GET",
        "get a==1",
        "https://127.0.0.1/v1",
        "v1 --save-state x.state",
        "v1 --next link --until status=200",
    ];
    std::thread::scope(|scope| {
        for text in texts.map(|text| text.replace("PASSWORD", SECRET)) {
            scope.spawn(move || {
                for (index, (before, after)) in pairs(&commands, &behind).enumerate() {
                    let format = ["--format=auto", "--format=json"][index % 2];
                    let words: Vec<&str> = before
                        .split(' ')
                        .chain([text.as_str()])
                        .chain(after.split_whitespace())
                        .chain([format])
                        .collect();
                    let (code, out, err) = parts(&command(&words).output().unwrap());
                    let seen = format!("{out}{err}");
                    assert!(!seen.contains(SECRET), "{words:?}: {seen}");
                    assert_ne!(code, Some(101), "{words:?}: {seen}");
                }
            });
        }
    });
}

fn pairs<'a>(
    ones: &'a [&'a str],
    others: &'a [&'a str],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    ones.iter().flat_map(move |one| others.iter().map(move |other| (*one, *other)))
}
