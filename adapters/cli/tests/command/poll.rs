//! Asking until what is waited for has come.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{command, parts, reply, run, serve_by, temporary};

/// A job that is `new` twice, then in this state.
fn job(end: &'static str) -> crate::support::Server {
    serve_by(move |_, number| {
        let state = if number < 2 { "new" } else { end };
        reply(
            "200 OK",
            &["X-State: a"],
            format!("{{\"state\": \"{state}\", \"n\": {number}}}").as_bytes(),
        )
    })
}

#[test]
fn what_is_waited_for_comes_or_does_not() {
    let rows: [(&str, &[&str], i32, usize); 10] = [
        // why                    arguments                                                            code  requests
        ("it comes", &["--until", "/state=done"], 0, 3),
        ("a number", &["--until", "/n=2"], 0, 3),
        ("told exactly", &["--until", "/n:=2"], 0, 3),
        ("one of two", &["--until", "/state=gone", "--until", "/state=done"], 0, 3),
        ("the opposite", &["--until", "!/state=new"], 0, 3),
        ("a header", &["--until", "X-State: a"], 0, 1),
        ("a status", &["--until", "status=2xx"], 0, 1),
        ("it fails", &["--until", "/state=gone", "--fail-if", "/state=done"], 9, 3),
        ("too late", &["--until", "/state=gone", "--deadline", "3s"], 8, 0),
        (
            "too late, longer",
            &["--until", "/state=gone", "--deadline", "3500ms", "--every-max", "1s"],
            8,
            0,
        ),
    ];
    let row = |(why, args, expected, requests): (&str, &[&str], i32, usize)| {
        let server = job("done");
        let url = format!("http://{}/job", server.authority);
        // The time is to run out between two answers, not within one, however slow the machine is.
        let every = if expected == 8 { "800ms" } else { "50ms" };
        let (code, out, err) = run(&[&["poll", "-", &url, "--every", every], args].concat());
        assert_eq!(code, Some(expected), "{why}: {err}");
        assert!(out.starts_with("{\"state\": "), "{why}: what came last goes to stdout: {out}");
        if requests > 0 {
            assert_eq!(server.requests().len(), requests, "{why}");
        } else {
            assert!((2..12).contains(&server.requests().len()), "{why}");
        }
        let server = job("done");
        let url = format!("http://{}/job", server.authority);
        let json = ["poll", "-", &url, "--every", every, "--format", "json"];
        let (_, _, err) = run(&[&json, args].concat());
        assert_eq!(expected != 0, err.contains(&format!("\"exit\":{expected}")), "{why}: {err}");
    };
    // Each waits for most of its time.
    thread::scope(|scope| {
        for own in rows {
            scope.spawn(move || row(own));
        }
    });
}

#[test]
fn statuses_may_be_waited_for() {
    let rows: [(&str, &[&str], i32, usize); 6] = [
        ("there at last", &["--until", "status=200", "--not-yet", "404"], 0, 3),
        ("a class", &["--until", "status=200", "--not-yet", "4xx"], 0, 3),
        ("a failure", &["--until", "status=200"], 4, 1),
        ("one failure is allowed", &["--until", "status=200", "--failures", "3"], 0, 3),
        ("until it is gone", &["--until", "status=404"], 0, 1),
        ("another is a failure", &["--until", "status=410"], 9, 1),
    ];
    for (why, args, expected, requests) in rows {
        let server = serve_by(|_, number| match number {
            0 | 1 => reply("404 Not Found", &[], b"no"),
            _ => reply("200 OK", &[], b"yes"),
        });
        let url = format!("http://{}/file", server.authority);
        let (code, _, err) = run(&[&["poll", "-", &url, "--every", "20ms"], args].concat());
        assert_eq!(code, Some(expected), "{why}: {err}");
        assert_eq!(server.requests().len(), requests, "{why}");
    }
}

#[test]
fn an_operation_is_followed() {
    let server = serve_by(|request, number| match number {
        0 => reply("202 Accepted", &["Operation-Location: /operations/7", "Retry-After: 0"], b""),
        1 => reply("202 Accepted", &["Retry-After: 0"], b"{\"p\": 50}"),
        _ => reply("200 OK", &[], request.split("\r\n").next().unwrap().as_bytes()),
    });
    let url = format!("http://{}/exports", server.authority);
    let (code, out, err) =
        run(&["poll", "-", "POST", &url, "kind=orders", "--operation", "--every", "20ms"]);
    assert_eq!((code, out.as_str()), (Some(0), "GET /operations/7 HTTP/1.1"), "{err}");
    assert!(server.requests()[0].ends_with(r#"{"kind": "orders"}"#));
}

#[test]
fn a_poll_ends_and_says_what_it_waits_for() {
    for args in [
        &[][..],
        &["--until", "done"],
        &["--until", "/state=done", "--deadline", "none"],
        &["--until", "/state=done", "--every", "none"],
        &["--until", "status=200", "--not-yet", "4"],
        &["--operation", "--not-yet", "404"],
        &["--until", "/a~2=b"],
    ] {
        let (code, _, err) = run(&[&["poll", "-", "http://127.0.0.1:9/"], args].concat());
        assert_eq!(code, Some(2), "{args:?}: {err}");
    }
}

#[test]
fn its_waits_are_told() {
    let server = job("done");
    let url = format!("http://{}/job", server.authority);
    let (code, _, err) = run(&["poll", "-", &url, "--every", "50ms", "--until", "/n=2", "-v"]);
    assert_eq!(code, Some(0));
    assert!(err.contains("waiting 0.05 s, not yet: 1 poll in 0."), "{err}");
    assert!(err.contains("not yet: 2 polls in 0.") && err.contains(" of 1h"), "{err}");
}

#[test]
fn the_opposite_of_a_status_is_waited_for() {
    let server = serve_by(|_, number| {
        reply(if number % 2 == 0 { "200 OK" } else { "404 Not Found" }, &[], b"{}")
    });
    let url = format!("http://{}/job", server.authority);
    for condition in ["!status=200", "!status=2xx", "!!status=404"] {
        let (code, _, err) = run(&["poll", "-", &url, "--every", "20ms", "--until", condition]);
        assert_eq!(code, Some(0), "{condition}: {err}");
    }
    let (code, _, err) =
        run(&["poll", "-", &url, "--every", "20ms", "--until", "/a=b", "--fail-if", "!status=200"]);
    assert_eq!(code, Some(9), "{err}");
    assert_eq!(server.requests().len(), 8);
}

#[test]
fn a_place_that_never_came_is_told() {
    let server = job("done");
    let url = format!("http://{}/job", server.authority);
    // The time is over in the first wait, not in an answer.
    let args = ["poll", "-", &url, "--every", "1m", "--deadline", "30s", "--until"];
    let (code, _, err) = run(&[&args[..], &["/sate=done"]].concat());
    assert_eq!(code, Some(8), "{err}");
    assert!(err.contains("what came last has nothing at /sate, which --until names"), "{err}");
    let (code, _, err) = run(&[&args[..], &["!/state=new"]].concat());
    assert!(code == Some(8) && !err.contains("has nothing"), "{err}");
}

#[test]
fn a_poll_is_recorded_and_played() {
    let server = job("done");
    let url = format!("http://{}/job", server.authority);
    let tape = temporary("poll.tape");
    for what in ["record", "replay"] {
        let args =
            [what, tape.to_str().unwrap(), "--", "poll", "-", &url, "--until", "/state=done"];
        let (code, out, err) = run(&[&args[..], &["--every", "50ms"]].concat());
        assert_eq!(code, Some(0), "{what}: {err}");
        assert!(out.contains("done"), "{out}");
    }
    fs::remove_file(tape).unwrap();
}

#[cfg(unix)]
#[test]
fn a_poll_goes_on_in_another_process() {
    let server = serve_by(|_, number| {
        let state = if number < 3 { "new" } else { "done" };
        reply("200 OK", &[], format!("{{\"state\": \"{state}\"}}").as_bytes())
    });
    let stored = format!("http://reader:marker@{}", server.authority);
    let state = temporary("poll.state");
    let path = state.to_str().unwrap();
    let args = [
        "poll",
        "sales",
        "job",
        "--until",
        "/state=done",
        "--every",
        "700ms",
        "--save-state",
        path,
    ];
    let child = command(&args)
        .env("AIRFLOW_CONN_SALES", &stored)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.requests().len() < 2 {
        thread::sleep(Duration::from_millis(10));
    }
    thread::sleep(Duration::from_millis(100));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let (code, _, err) = parts(&child.wait_with_output().unwrap());
    assert_eq!(code, Some(130), "{err}");
    assert!(err.contains(&format!("go on: http-hook resume {path}")), "{err}");
    assert!(!fs::read_to_string(&state).unwrap().contains("marker"));
    let output = command(&["resume", path]).env("AIRFLOW_CONN_SALES", &stored).output().unwrap();
    let (code, out, err) = parts(&output);
    assert_eq!((code, out.as_str()), (Some(0), "{\"state\": \"done\"}"), "{err}");
    assert_eq!(server.requests().len(), 4);
    assert!(!state.exists());
    let _ = fs::remove_file(state.with_extension("state.lock"));
}

#[cfg(feature = "jq")]
#[test]
fn conditions_and_filters_may_be_jq() {
    let server = job("done");
    let url = format!("http://{}/job", server.authority);
    let (code, out, err) =
        run(&["poll", "-", &url, "--every", "50ms", "--until", "jq:.n > 1", "--jq", ".state"]);
    assert_eq!((code, out.as_str()), (Some(0), "\"done\"\n"), "{err}");
    let (code, _, err) = run(&["poll", "-", &url, "--until", "jq:.n >"]);
    assert_eq!(code, Some(2), "{err}");
    let (code, _, _) = run(&["call", "-", &url, "--check", "jq:.state == \"new\""]);
    assert_eq!(code, Some(9));
}

#[cfg(not(feature = "jq"))]
#[test]
fn what_is_not_built_in_is_said() {
    let (code, _, err) = run(&["call", "-", "http://127.0.0.1:9/", "--jq", "."]);
    assert_eq!(code, Some(2));
    assert!(err.contains("built without jq"), "{err}");
}

#[test]
fn a_call_may_be_checked() {
    let server = job("done");
    let url = format!("http://{}/job", server.authority);
    let rows: [(&[&str], i32); 4] = [
        (&["--check", "/state=new"], 0),
        (&["--check", "/state=new", "--check", "X-State: b"], 9),
        (&["--check", "!status=200"], 9),
        (&["--check", "X-State:"], 0),
    ];
    for (args, expected) in rows {
        let (code, out, err) = run(&[&["call", "-", &url], args].concat());
        assert_eq!(code, Some(expected), "{args:?}: {err}");
        assert!(out.starts_with("{\"state\""), "{out}");
        let (_, _, err) = run(&[&["call", "-", &url, "--format", "json"], args].concat());
        assert_eq!(expected != 0, err.contains(r#""code":"check_failed""#), "{err}");
    }
}
