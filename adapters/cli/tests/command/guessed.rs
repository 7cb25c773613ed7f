//! What is guessed by who knows the command little, and what is said then.

use std::fs;

use crate::support::{reply, run, serve_by, temporary};

#[test]
fn pages_that_end_too_early_or_never_are_told() {
    let named = |request: &str| {
        let next = if request.contains("nothing") {
            r#""text": "a", "next": """#
        } else {
            r#""next": "2""#
        };
        let end = request.contains("after=2");
        let body = if end {
            r#"{"items": [3]}"#.to_owned()
        } else {
            format!(r#"{{"items": [1, 2], "meta": {{{next}}}}}"#)
        };
        reply("200 OK", &["Content-Type: application/json"], body.as_bytes())
    };
    let server = serve_by(move |request, _| named(request));
    let url = |path: &str| format!("http://{}/{path}", server.authority);
    let cursor = |at| ["--next", "cursor", "--param", "after", "--at", at];
    let counted = ["--next", "page", "--param", "p", "--max-pages", "2"];
    let rows: [(&str, &[&str], Option<&str>); 6] = [
        (
            "list",
            &[],
            Some(
                "page 1 has no header Link, but something at /meta/next: --next url or cursor, --at /meta/next",
            ),
        ),
        ("nothing", &[], None),
        (
            "list",
            &cursor("/meta/nxt"),
            Some("page 1 has nothing at /meta/nxt, which --at names, but something at /meta/next"),
        ),
        ("list", &cursor("/meta/next"), None),
        ("nothing", &cursor("/meta/next"), None), // the last page
        ("list", &counted, Some("page 2 is page 1 again: does the server know p?")),
    ];
    for (path, args, told) in rows {
        let own = url(path);
        let all = [&["pages", "-", &own, "--items", "/items"], args].concat();
        let (_, _, err) = run(&all);
        match told {
            Some(told) => assert!(err.starts_with(&format!("warning: {told}")), "{all:?}: {err}"),
            None => assert_eq!(err, "", "{all:?}"),
        }
        let (_, _, err) = run(&[&all[..], &["-q"]].concat());
        assert!(!err.contains("warning"), "{err}");
        let (_, _, err) = run(&[&all[..], &["-v"]].concat());
        let times = usize::from(args.is_empty());
        assert_eq!(err.matches("no header Link").count(), times, "said once: {err}");
    }
}

#[test]
fn a_poll_that_fails_at_once_is_told_how_it_waits() {
    let server = serve_by(|request, _| {
        let status = request.split(['/', ' ']).nth(2).unwrap();
        reply(&format!("{status} Status"), &[], b"")
    });
    let hint = |status| format!("a poll goes on after it by --not-yet {status}");
    let rows: [(&str, &[&str], bool); 6] = [
        ("404", &[], true),
        ("409", &[], true),
        ("403", &[], false),
        ("500", &[], false),
        ("404", &["--not-yet", "409"], false),
        ("404", &["--fail-if", "status=404"], false),
    ];
    for (status, args, told) in rows {
        let url = format!("http://{}/{status}", server.authority);
        let all = [&["poll", "-", &url, "--until", "status=200", "--retry", "0"], args].concat();
        for all in [all.clone(), [&all[..], &["--format", "json"]].concat()] {
            let (_, _, err) = run(&all);
            assert_eq!(err.contains(&hint(status)), told, "{all:?}: {err}");
        }
    }
    let url = format!("http://{}/404", server.authority);
    assert!(!run(&["call", "-", &url]).2.contains("--not-yet"));
}

#[test]
fn a_hint_names_no_command_that_was_not_typed() {
    for what in ["pages", "poll", "fetch", "plan", "call", "conn test"] {
        let what: Vec<&str> = what.split(' ').collect();
        for words in
            [&["sales"][..], &["-"], &["https://api.example.com/v1"], &["sales", "POST", "a=b"]]
        {
            let (_, _, err) = run(&[&what[..], words].concat());
            assert!(!err.contains("http-hook call"), "{what:?} {words:?}: {err}");
        }
    }
}

#[test]
fn a_table_that_is_no_calls_is_told_once() {
    let file = temporary("guessed.csv");
    let rows = [
        ("order,amount\n1,2\n3,4\n", "unknown column order"),
        ("id,json\n1,2\n", "no column endpoint"),
        ("endpoint,json,endpoint\na,1,b\n", "two columns endpoint"),
    ];
    for (text, says) in rows {
        fs::write(&file, text).unwrap();
        let (code, out, err) = run(&["run", file.to_str().unwrap(), "http://127.0.0.1:9"]);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains(says) && err.contains("ENDPOINT with {column}"), "{err}");
    }
}

/// Which of two columns of one name is meant nobody knows; two that no field names do no harm.
#[test]
fn a_field_names_one_column() {
    let file = temporary("columns.csv");
    fs::write(&file, "order,note,order,note\n1,a,2,b\n").unwrap();
    for (field, says) in [("{order}", "there are two columns order"), ("x", "0 ok, 1 failed")] {
        let url = format!("http://127.0.0.1:1/{field}");
        let (code, out, err) = run(&["run", file.to_str().unwrap(), "-", &url, "--retry", "0"]);
        assert_eq!(code, Some(if field == "x" { 13 } else { 2 }), "{out}{err}");
        assert!(err.contains(says), "{field}: {err}");
    }
    fs::remove_file(&file).unwrap();
}
