//! What is sent, what is printed where, and the exit code.

use crate::support::{command, parts, reply, run, serve, serve_by};

#[test]
fn each_end_has_its_code() {
    let server = serve();
    let server = |path: &str| format!("http://{}{path}", server.authority);
    let rows: [(&str, &[&str], i32); 33] = [
        // why                       arguments                                              code
        ("success", &["-", &server("/")], 0),
        ("no content", &["-", &server("/status/204")], 0),
        ("a redirect is not followed", &["-", &server("/status/302")], 3),
        ("unless so wished", &["-", &server("/redirect/2"), "-L"], 0),
        ("one too many", &["-", &server("/redirect/3"), "-L", "--max-redirs", "2"], 6),
        ("a loop", &["-", &server("/redirect/99"), "-L"], 6),
        ("to where nobody may go", &["-", &server("/ftp"), "-L"], 6),
        ("not found", &["-", &server("/status/404")], 4),
        ("server error, not worth a retry", &["-", &server("/status/501")], 5),
        ("server error, after a retry", &["-", &server("/status/503"), "--retry", "1"], 5),
        ("a status is no failure if so wished", &["-", &server("/status/404"), "--no-fail"], 0),
        ("nor is a redirect", &["-", &server("/status/302"), "--no-fail"], 0),
        (
            "nor is one that is sent again",
            &["-", &server("/status/503"), "--no-fail", "--retry=1"],
            0,
        ),
        (
            "a check says which status passes",
            &["-", &server("/status/404"), "--check", "status=404"],
            0,
        ),
        (
            "also of those that are sent again",
            &["-", &server("/status/503"), "--check", "status=503", "--retry=1"],
            0,
        ),
        ("and which does not", &["-", &server("/status/200"), "--check", "status=404"], 9),
        (
            "another one keeps its code",
            &["-", &server("/status/503"), "--check", "status=404", "--retry=0"],
            5,
        ),
        (
            "a check of something else says nothing of it",
            &["-", &server("/status/404"), "--check", "Content-Length:"],
            4,
        ),
        ("what is typed for curl", &["-", &server("/status/404"), "-fsSL"], 4),
        ("no connection is one all the same", &["-", "http://127.0.0.1:1/", "--no-fail"], 7),
        ("refused", &["-", "http://127.0.0.1:1/", "--retry", "0"], 7),
        ("reset", &["-", &server("/reset"), "--retry", "0"], 7),
        ("too slow", &["-", &server("/slow"), "--max-time", "100ms", "--retry", "0"], 8),
        ("deadline", &["-", &server("/slow"), "--deadline", "200ms"], 8),
        ("not defined", &["nowhere", "v1"], 10),
        ("no id", &["no\nwhere", "v1"], 2),
        ("no URL", &["-", "v1"], 2),
        ("scheme", &["-", "ftp://127.0.0.1/"], 2),
        ("not an item", &["-", &server("/"), "secret"], 2),
        ("not JSON", &["-", &server("/"), "a:=secret"], 2),
        ("two bodies", &["-", &server("/"), "a=1", "-d", "b"], 2),
        ("no file", &["-", &server("/"), "@/does/not/exist"], 1),
        ("no endpoint", &["-"], 2),
    ];
    for (why, args, code) in rows {
        let (actual, _, err) = run(&[&["call"], args].concat());
        assert_eq!(actual, Some(code), "{why}: {err}");
        assert_eq!(err.is_empty(), code == 0, "{why}: {err:?}");
        assert_eq!(err.starts_with("note: 302 "), code == 3, "{why}: {err:?}");
        assert!(!err.contains("secret"), "{why}: {err}");
    }
}

#[test]
fn items_become_a_request() {
    let file = std::env::temp_dir().join(format!("http-hook-item-{}", std::process::id()));
    std::fs::write(&file, "{\"from\": \"file\"}\n").unwrap();
    let at = |start: &str| format!("{start}{}", file.display());
    let rows: [(&str, &[&str], &str, &str, &str); 23] = [
        // why                         words                           line         header              body
        ("GET without a body", &["v1"], "GET /v1", "", ""),
        ("POST with one", &["v1", "a=1"], "POST /v1", "application/json", r#"{"a": "1"}"#),
        ("method", &["PUT", "v1", "a:=1"], "PUT /v1", "application/json", r#"{"a": 1}"#),
        ("well known in lower case", &["delete", "v1"], "DELETE /v1", "", ""),
        ("an own method in capitals", &["PURGE", "v1"], "PURGE /v1", "", ""),
        ("a method alone is an endpoint", &["get"], "GET /get", "", ""),
        ("an option says the method", &["-X", "put", "v1"], "PUT /v1", "", ""),
        ("and it may be said twice", &["-X", "PUT", "put", "v1"], "PUT /v1", "", ""),
        ("an endpoint is called like one", &["-X", "PUT", "get", "a==1"], "PUT /get?a=1", "", ""),
        ("parameters", &["v1", "a==1 2", "b==x&y"], "GET /v1?a=1+2&b=x%26y", "", ""),
        ("header", &["v1", "X-A:b c"], "GET /v1", "x-a: b c", ""),
        ("header option", &["v1", "-H", "X-A: b"], "GET /v1", "x-a: b", ""),
        ("empty header", &["v1", "X-A;"], "GET /v1", "x-a:", ""),
        ("escaped separator", &["v1", r"a\==1"], "POST /v1", "", r#"{"a=": "1"}"#),
        ("form", &["v1", "--form", "a=1 2", "b=&"], "POST /v1", "form-urlencoded", "a=1+2&b=%26"),
        ("raw", &["v1", "-d", "a=1 2"], "POST /v1", "", "a=1 2"),
        ("JSON", &["v1", "--json", "[1,2]"], "POST /v1", "application/json", "[1, 2]"),
        (
            "numbers as they are written",
            &[
                "v1",
                "a:=18446744073709551617",
                "b:=[0.10000000000000000555, 1e400,-0.0,12345678901234567890123]",
            ],
            "POST /v1",
            "application/json",
            r#"{"a": 18446744073709551617, "b": [0.10000000000000000555, 1e400, -0.0, 12345678901234567890123]}"#,
        ),
        (
            "numbers as they are written, a whole body",
            &["v1", "--json", r#" {"a":{"é\u0041,:\"\\":1e5} , "b" : 123456789012345678901} "#],
            "POST /v1",
            "application/json",
            r#"{"a": {"\u00e9A,:\"\\": 1e5}, "b": 123456789012345678901}"#,
        ),
        (
            "of two fields the last",
            &["v1", "a=1", "b:=[]", "a:=true"],
            "POST /v1",
            "application/json",
            r#"{"a": true, "b": []}"#,
        ),
        ("a file as the body", &["v1", &at("@")], "POST /v1", "", "{\"from\": \"file\"}\n"),
        (
            "a file as a value",
            &["v1", &at("a==@")],
            "GET /v1?a=%7B%22from%22%3A+%22file%22%7D",
            "",
            "",
        ),
        ("a file as JSON", &["v1", &at("a:=@")], "POST /v1", "", r#"{"a": {"from": "file"}}"#),
    ];
    for (why, words, line, header, body) in rows {
        let server = serve();
        let conn = format!("http://{}", server.authority);
        let (code, out, err) = run(&[&["call", &conn], words].concat());
        assert_eq!((code, err.as_str()), (Some(0), ""), "{why}");
        let (head, sent) = out.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("{line} HTTP/1.1\r\n")), "{why}: {head}");
        assert!(head.to_lowercase().contains(header), "{why}: {head}");
        assert_eq!(sent, body, "{why}");
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn connections_come_from_the_environment() {
    let server = serve();
    let authority = &server.authority;
    let (host, port) = authority.split_once(':').unwrap();
    let json = format!(
        r#"{{"conn_type": "http", "host": "{host}", "port": {port}, "extra": {{"x-team": "a"}}}}"#
    );
    let uri = format!("http://{authority}");
    let rows = [
        ("upper case", "sales", "AIRFLOW_CONN_SALES", uri.as_str(), Some(0)),
        ("no other mapping", "my-api", "AIRFLOW_CONN_MY-API", &uri, Some(0)),
        ("JSON", "sales", "AIRFLOW_CONN_SALES", &json, Some(0)),
        ("empty is absent", "sales", "AIRFLOW_CONN_SALES", " ", Some(10)),
        ("neither", "sales", "AIRFLOW_CONN_SALES", "{marker", Some(2)),
    ];
    for (why, id, variable, text, code) in rows {
        let output = command(&["call", id, "v1"]).env(variable, text).output().unwrap();
        let (actual, out, err) = parts(&output);
        assert_eq!(actual, code, "{why}: {err}");
        assert_eq!(out.contains("x-team: a"), why == "JSON", "{why}: {out}");
        assert!(code == Some(0) || err.contains(variable), "{why}: {err}");
        assert!(!err.contains("marker"), "{why}: {err}");
    }
}

#[test]
fn a_post_is_not_sent_twice_unless_allowed() {
    let rows: [(&str, &[&str], usize); 5] = [
        ("GET", &["status/503", "--retry=1"], 2),
        ("POST", &["POST", "status/503", "--retry=1"], 1),
        ("POST that may be repeated", &["POST", "status/503", "--retry=1", "--retry-unsafe"], 2),
        ("POST with a key", &["POST", "status/503", "--retry=1", "--idempotency-key"], 2),
        ("told not to", &["status/503", "--retry=0"], 1),
    ];
    for (why, words, sends) in rows {
        let server = serve();
        let conn = format!("http://{}", server.authority);
        let (code, _, err) = run(&[&["call", &conn], words].concat());
        assert_eq!(code, Some(5), "{why}: {err}");
        assert_eq!(server.requests().len(), sends, "{why}");
    }
}

#[test]
fn a_redirect_is_followed_in_sight() {
    let server = serve();
    let conn = format!("http://reader:marker@{}", server.authority);
    let (code, _, err) = run(&["call", &conn, "redirect/1", "a=1", "-L", "-v"]);
    assert_eq!(code, Some(0));
    snapbox::assert_data_eq!(
        err,
        snapbox::str![[r"
> POST http://127.0.0.1:[..]/redirect/1
  the connection (as given)
  1  302 Found[..] ms  follow: own origin, POST becomes GET
  2  200 OK[..] ms  done: 2 sends, 1 redirect, 0.[..] s

"]]
    );
}

#[test]
fn stdout_is_the_body_and_nothing_else() {
    let server = serve();
    let url = format!("http://{}/status/404", server.authority);
    let (_, out, err) = run(&["call", "-", &url, "-v"]);
    assert_eq!(out, server.requests()[0], "the body of a failure is printed");
    assert!(err.contains("gave up: not worth a retry"), "{err}");
    let file = std::env::temp_dir().join(format!("http-hook-body-{}", std::process::id()));
    let (_, out, _) = run(&["call", "-", &url, "-o", file.to_str().unwrap()]);
    assert_eq!(out, server.requests()[1], "of a failure, too");
    assert!(!file.exists(), "a file is for what was asked for");
    for (quiet, lines) in [("-q", 2), ("-qq", 0)] {
        let (code, _, err) = run(&["call", "-", &url, quiet]);
        assert_eq!((code, err.lines().count()), (Some(4), lines), "{quiet}: {err}");
    }
}

#[test]
fn errors_are_words_or_json() {
    let server = serve();
    let conn = format!("http://reader:marker@{}", server.authority);
    let (_, _, err) = run(&["call", &conn, "after/30", "--deadline", "10s"]);
    snapbox::assert_data_eq!(
        err,
        snapbox::str![[r"
error: 503 [..] from http://127.0.0.1:[..]/after/30
  after: 1 send in 0.[..] s: the server asks for a longer wait
  hint: the server asks to come back in 30.0 s

"]]
    );
    let (code, _, err) = run(&["call", &conn, "status/503", "--retry", "1", "--format", "json"]);
    assert_eq!(code, Some(5));
    snapbox::assert_data_eq!(
        err,
        snapbox::str![[r#"
{"schema":1,"error":{"code":"status","message":"503 Service Unavailable","reason":"attempts","retryable":true,"connection":null,"method":"GET","url":"http://127.0.0.1:[..]/status/503","status":503,"attempts":2,"sends":2,"elapsed_ms":[..],"exit":5,"hint":"raise --retry","body":"GET /status/503 [..]"}}

"#]]
    );
    let (_, _, err) = run(&["call", "nowhere", "v1", "--format", "json"]);
    snapbox::assert_data_eq!(
        err,
        snapbox::str![[r#"
{"schema":1,"error":{"code":"connection_not_found","message":"the connection `nowhere` is not defined","retryable":false,"exit":10,"hint":"set AIRFLOW_CONN_NOWHERE, or store it by `http-hook conn add nowhere`, or give a URI"}}

"#]]
    );
}

#[test]
fn what_a_connection_does_not_mean_is_told() {
    let server = serve();
    let connection = format!("http://{}/?check_response=False&token=s3cret", server.authority);
    let call = |more: &[&str]| {
        let mut command = command(&["call", "sales", "status/204"]);
        parts(&command.args(more).env("AIRFLOW_CONN_SALES", &connection).output().unwrap())
    };
    let (code, _, err) = call(&[]);
    assert_eq!(code, Some(0), "{err}");
    for place in ["check_response", "token"] {
        assert!(err.contains(&format!("warning: connection.extra.{place}: ")), "{err}");
    }
    assert!(!err.contains("s3cret"), "{err}");
    for quiet in [&["-q"][..], &["--format", "json"]] {
        assert!(!call(quiet).2.contains("warning"), "{quiet:?}");
    }
}

#[test]
fn a_server_cannot_steer_the_terminal() {
    let server = serve();
    let url = format!("http://{}/reason", server.authority);
    let (code, out, err) = run(&["call", "-", &url, "-v"]);
    assert_eq!(code, Some(4));
    assert!(!err.contains(|c: char| c.is_control() && c != '\n'), "{err:?}");
    assert_eq!(out, "\u{1b}[31mred\u{7}\n", "a pipe gets every byte");
}

#[test]
fn it_is_told_which_condition_ended_a_call() {
    let server = serve_by(|_, _| {
        let body = b"{\"state\": \"secret-one\", \"n\": 3}";
        reply("200 OK", &["Content-Type: application/json", "X-Done: no"], body)
    });
    let url = format!("http://{}/x", server.authority);
    let check = |words: &[&str]| {
        let words = words.iter().flat_map(|word| ["--check", word]);
        ["call", "-", &url].into_iter().chain(words).map(str::to_owned).collect::<Vec<_>>()
    };
    let poll = |words: &[&str]| {
        let words = words.iter().flat_map(|word| ["--fail-if", word]);
        let begin = ["poll", "-", &url, "--until", "/state=done"];
        begin.into_iter().chain(words).map(str::to_owned).collect::<Vec<_>>()
    };
    let rows = [
        (check(&["/n=4"]), "--check /n does not hold for the answer from http"),
        (check(&["/n=3", "/state=secret-two"]), "--check 2 of 2, /state, does not hold"),
        (check(&["/n=4", "/state=secret-two"]), "--check 1 of 2, /n, does not hold"),
        (check(&["status=200", "!/n:=3", "/n=3"]), "--check 2 of 3, !/n, does not hold"),
        (check(&["/n=3", "X-Done: secret-two"]), "--check 2 of 2, X-Done:, does not hold"),
        (check(&["/n=3", "status=404,5xx"]), "--check 2 of 2, status=404,5xx, does not hold"),
        (poll(&["/n=3"]), "--fail-if /n holds for the answer"),
        (poll(&["/state=secret-two", "/n=3"]), "--fail-if 2 of 2, /n, holds for the answer"),
    ];
    for (args, said) in rows {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (code, _, err) = run(&args);
        assert_eq!(code, Some(9), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
        assert!(!err.contains("secret"), "{args:?}: {err}");
        let (code, _, json) = run(&[&args[..], &["--format", "json"]].concat());
        assert_eq!(code, Some(9), "{args:?}: {json}");
        let error: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
        let message = error["error"]["message"].as_str().unwrap();
        assert!(said.contains(message) || message.contains(said.split(" from").next().unwrap()));
    }
}
