//! What people type who know curl, `HTTPie` and xh.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{command, header, parts, reply, run, serve, serve_by};

#[test]
fn words_of_other_tools_are_told_in_ours() {
    for (words, expected) in [
        (&["call", "-", "http://h/", "--follow"][..], "-L follows redirects"),
        (&["call", "-", "http://h/", "--pretty=all"], "--format pretty"),
        (&["call", "-", "http://h/", "--ignore-stdin"], "leave it out"),
        (&["call", "-", "http://h/", "--verify=no"], "-k for `--verify=no`"),
        (&["call", "-", "http://h/", "--session=x"], "--cookies FILE"),
        (&["call", "-", "http://h/", "-b", "a=1"], "--cookies FILE"),
        (&["call", "-", "http://h/", "-T", "x"], "PUT ENDPOINT @FILE"),
        (&["call", "-", "http://h/", "-A", "x"], "User-Agent:NAME"),
        (&["call", "-", "http://h/", "-a", "x:y"], "-u LOGIN[:PASSWORD]"),
        (&["call", "-", "http://h/", "-m", "3"], "--max-time TIME"),
        (&["call", "-", "http://h/", "--offline"], "--dry-run"),
        (&["fetch", "-", "http://h/", "-C", "-"], "`http-hook fetch` goes on"),
        (&["version"], "http-hook --version"),
        (&["conn", "delete", "x"], "http-hook conn rm ID"),
        (&["conn", "get", "x"], "http-hook conn show ID"),
        (&["get", "http://h/"], "`http-hook call - URL`"),
        (&["post", "http://h/", "a=1"], "`http-hook call - METHOD URL`"),
        (&["delete", "http://h/"], "`http-hook call CONN DELETE ENDPOINT`"),
        (&["call", "-", "http://h/", "--unix-socket", "x"], "nothing of the kind"),
        (&["call", "-", "http://h/", "-4"], "nothing of the kind"),
        (&["call", "-", "http://h/", "--socks5", "h:1"], "http and https only"),
    ] {
        let (code, out, err) = run(words);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{words:?}");
        assert!(err.contains("\n  hint: ") && err.contains(expected), "{words:?}: {err}");
        assert!(!err.contains("tip:"), "{err}");
    }
}

#[test]
fn a_url_without_a_scheme_is_told_with_one() {
    for (typed, hint) in [
        ("localhost:8901/get", "hint: http://localhost:8901/get\n"),
        (":8901/get", "hint: http://localhost:8901/get\n"),
        ("127.0.0.1:1", "hint: http://127.0.0.1:1\n"),
        ("api.example.com/v1", "hint: https://api.example.com/v1\n"),
        ("me:pw@api.example.com", "hint: https://HOST/PATH\n"),
    ] {
        let (code, _, err) = run(&["call", "-", typed]);
        assert_eq!(code, Some(2));
        assert!(err.ends_with(hint), "{typed}: {err}");
    }
    let (_, _, err) = run(&["call", "sales", "POST", "name=box"]);
    assert!(err.contains("the endpoint is missing"), "{err}");
    assert!(err.contains("CONN POST ENDPOINT ITEM"), "{err}");
}

#[test]
fn a_server_that_asks_for_digest_is_understood() {
    let server = serve_by(|request, _| match header(request, "authorization") {
        Some(given) if given.starts_with("Digest ") => reply("200 OK", &[], b"in\n"),
        _ => reply(
            "401 No",
            &["WWW-Authenticate: Digest realm=\"box\", qop=\"auth\", nonce=\"n0nce\""],
            b"out\n",
        ),
    });
    let url = format!("http://{}/", server.authority);
    let (code, _, err) = run(&["call", "-", &url, "-u", "joe:pw", "-vv"]);
    assert_eq!(code, Some(4));
    assert!(err.contains("hint: the server asks for Digest: --digest"), "{err}");
    // What is asked for is shown, and no more of it.
    assert!(
        err.contains("www-authenticate: Digest realm=\"box\", qop=\"auth\", nonce=***"),
        "{err}"
    );
    let (code, out, err) = run(&["call", "-", &url, "-u", "joe:pw", "--digest", "-v"]);
    assert_eq!((code, out.as_str()), (Some(0), "in\n"));
    let lines: Vec<_> =
        err.lines().filter(|line| line.starts_with("  1  ") || line.starts_with("  2  ")).collect();
    assert!(lines[0].contains("401") && lines[0].ends_with("answer the challenge"), "{err}");
    assert!(lines[1].contains("done: 2 sends, 0.") && !err.contains("retry"), "{err}");
}

/// A program takes a name for an id.
#[test]
fn what_is_no_connection_has_no_id() {
    let server = serve();
    let url = format!("http://{}/orders", server.authority);
    let conn = format!("http://{}", server.authority);
    for (args, place) in [
        (vec!["call", "-", &url], "result"),
        (vec!["call", &conn, "orders"], "result"),
        (vec!["call", "-", &url, "--check", "status=201"], "error"),
        (vec!["plan", "-", &url], "plan"),
    ] {
        let (_, out, err) = run(&[&args[..], &["--format", "json"]].concat());
        let line = if place == "error" { err } else { out };
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let told = value[place].as_object().unwrap().get("connection");
        assert_eq!(told, Some(&serde_json::Value::Null), "{args:?}: {line}");
    }
}

#[test]
fn input_that_nobody_asked_for_is_told_of() {
    let server = serve();
    let url = format!("http://{}/count", server.authority);
    for (args, told) in [
        (&["POST", &url][..], true),
        (&["PUT", &url, "X-A:b"], true),
        (&["POST", &url, "@-"], false),
        (&["POST", &url, "a=1"], false),
        (&["GET", &url], false),
        (&["POST", &url, "-q"], false),
    ] {
        let mut child = command(&[&["call", "-"], args].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(b"hello");
        let (code, out, err) = parts(&child.wait_with_output().unwrap());
        assert_eq!(code, Some(0), "{err}");
        assert_eq!(out == "5\n", args.contains(&"@-"), "{args:?}: {out}");
        assert_eq!(err.contains("the item `@-` sends standard input"), told, "{args:?}: {err}");
    }
}

#[test]
fn who_types_a_header_may_see_it() {
    let server = serve();
    let url = format!("http://{}/", server.authority);
    let args =
        ["call", "-", &url, "X-Foo:bar", "X-Api-Key:k3y", "-H", "X-Empty;", "--print", "H", "-vv"];
    let (code, out, err) = run(&args);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("\nx-foo: bar\n") && out.contains("\nx-api-key: ***\n"), "{out}");
    assert!(out.contains("\nx-empty: \n"), "{out}");
    assert!(err.contains("> x-foo: ***"), "a log is another matter: {err}");
    // What repeats the connection is the connection's.
    let conn = format!("http://joe:hunter22@{}", server.authority);
    let (_, out, _) = run(&["call", &conn, "/", "X-Foo:hunter22", "--print", "H"]);
    assert!(!out.contains("hunter22"), "{out}");
}

#[test]
fn text_of_western_europe_is_text() {
    let kind = "Content-Type: text/plain; charset=iso-8859-1";
    let server = serve_by(move |_, _| reply("200 OK", &[kind], b"f\xfcr 5 \x80\n"));
    let url = format!("http://{}/", server.authority);
    let (_, out, _) = run(&["call", "-", &url, "--format", "json"]);
    assert!(out.contains("\"body\":\"f\u{fc}r 5 \u{20ac}\\n\""), "{out}");
    let output = command(&["call", "-", &url]).output().unwrap();
    assert_eq!(output.stdout, b"f\xfcr 5 \x80\n", "a pipe gets every byte");
}

#[test]
fn limits_are_called_what_was_typed() {
    let server = serve();
    let url = format!("http://{}/slow", server.authority);
    let (code, _, err) =
        run(&["call", "-", "POST", &url, "a=1", "--timeout", "0.2s", "--retry", "1"]);
    assert_eq!(code, Some(8));
    assert!(
        err.starts_with("error: the answer took too long (--timeout 200ms) at http://"),
        "{err}"
    );
    assert!(err.contains("hint: raise --timeout; --idempotency-key"), "{err}");
    let (_, out, _) =
        run(&["plan", "-", "http://h/", "--timeout", "5s", "-L", "--max-redirs", "3"]);
    assert!(!out.contains("_timeout") && !out.contains("_redirects"), "{out}");
    let (_, _, err) = run(&["call", "-", &url, "--timeout", "abc"]);
    assert!(err.contains("a time is a number of seconds"), "{err}");
}

#[test]
fn a_file_of_a_form_has_the_type_that_is_said() {
    let server = serve();
    let url = format!("http://{}/", server.authority);
    let file = crate::support::temporary("typed.bin");
    std::fs::write(&file, "a,b\n").unwrap();
    for (end, expected) in [(";type=text/csv", "text/csv"), ("", "application/octet-stream")] {
        let part = format!("f=@{}{end}", file.display());
        let (code, out, err) = run(&["call", "-", &url, "-F", &part]);
        assert_eq!(code, Some(0), "{err}");
        assert!(out.to_lowercase().contains(&format!("content-type: {expected}\r\n")), "{out}");
    }
    std::fs::remove_file(&file).unwrap();
    let (_, _, err) = run(&["call", "-", &url, "-d", "x", "a=1"]);
    assert!(err.contains("more than one body: -d and the fields"), "{err}");
}
