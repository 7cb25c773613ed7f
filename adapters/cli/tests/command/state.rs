//! A call that is kept while it waits, and goes on in another process.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{command, parts, reply, serve, serve_by, temporary};

/// Runs a command with the connection `stored`, interrupts it once what it keeps in `state` waits, and returns what it said then.
fn interrupted(args: &[&str], stored: &str, state: &Path) -> String {
    let child = command(&[args, &["--save-state", state.to_str().unwrap()]].concat())
        .env("AIRFLOW_CONN_SALES", stored)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..500 {
        if fs::read_to_string(state).is_ok_and(|text| text.contains("waiting")) {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    thread::sleep(Duration::from_millis(100));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let (code, _, err) = parts(&child.wait_with_output().unwrap());
    assert_eq!(code, Some(130), "{err}");
    err
}

#[test]
fn an_interrupted_wait_goes_on_elsewhere() {
    let server = serve();
    let stored = format!("http://reader:marker@{}", server.authority);
    let state = temporary("state");
    let path = state.to_str().unwrap();
    let err = interrupted(&["call", "sales", "busy-once"], &stored, &state);
    assert!(err.contains(&format!("go on: http-hook resume {path}")), "{err}");
    let kept = fs::read_to_string(&state).unwrap();
    assert!(!kept.contains("marker"), "no secret of the connection: {kept}");
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let output = command(&["resume", path]).env("AIRFLOW_CONN_SALES", &stored).output().unwrap();
    let (code, out, err) = parts(&output);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("GET /busy-once"), "{out}");
    assert_eq!(server.requests().len(), 2);
    assert!(!state.exists(), "it is over");
}

/// What was sent before is no send of this process.
#[test]
fn a_wait_that_goes_on_is_told_as_what_it_is() {
    let server = serve();
    let stored = format!("http://{}", server.authority);
    let state = temporary("goes-on");
    interrupted(&["call", "sales", "after/30"], &stored, &state);
    let child = command(&["resume", state.to_str().unwrap()])
        .env("AIRFLOW_CONN_SALES", &stored)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_secs(1));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let (code, _, err) = parts(&child.wait_with_output().unwrap());
    assert_eq!(code, Some(130), "{err}");
    assert!(err.starts_with("interrupted in a wait of "), "{err}");
    fs::remove_file(&state).unwrap();
}

#[test]
fn what_goes_on_ends_in_the_file_that_was_named() {
    let until = &["poll", "sales", "x", "--until", "/state=done"][..];
    for (name, args) in [("call-out", &["call", "sales", "x"][..]), ("poll-out", until)] {
        let server = serve_by(|_, number| match number {
            0 => reply("503 Service Unavailable", &["Retry-After: 1"], b""),
            _ => reply("200 OK", &[], b"{\"state\": \"done\"}"),
        });
        let stored = format!("http://reader:marker@{}", server.authority);
        let (state, output) = (temporary(name), temporary(&format!("{name}.json")));
        let (path, place) = (state.to_str().unwrap(), output.to_str().unwrap());
        interrupted(&[args, &["-o", place]].concat(), &stored, &state);
        assert!(!output.exists());
        let resumed = command(&["resume", path]).env("AIRFLOW_CONN_SALES", &stored).output();
        let (code, out, err) = parts(&resumed.unwrap());
        assert_eq!((code, out.as_str()), (Some(0), ""), "{name}: {err}");
        assert_eq!(fs::read_to_string(&output).unwrap(), "{\"state\": \"done\"}");
        let _ = fs::remove_file(output);
    }
}

/// What weakens nothing need not be said again.
#[test]
fn what_is_said_of_redirects_holds_when_it_goes_on() {
    let until = &["poll", "sales", "x", "--until", "/state=done", "-L"][..];
    let call = &["call", "sales", "x", "-L"][..];
    let more = &["--max-redirs", "40"][..];
    let row = |name: &str, args: &[&str]| {
        let server = serve_by(|_, number| match number {
            0 => reply("503 Service Unavailable", &["Retry-After: 1"], b""),
            1 => reply("302 Found", &["Location: /y"], b""),
            _ => reply("200 OK", &[], b"{\"state\": \"done\"}"),
        });
        let stored = format!("http://reader:marker@{}", server.authority);
        let state = temporary(name);
        let path = state.to_str().unwrap();
        interrupted(args, &stored, &state);
        let resumed = command(&["resume", path]).env("AIRFLOW_CONN_SALES", &stored).output();
        let (code, out, err) = parts(&resumed.unwrap());
        assert_eq!(code, Some(0), "{name}: {err}");
        assert!(out.contains("done"), "{name}: {out}");
        assert_eq!(server.requests().len(), 3, "{name}");
    };
    std::thread::scope(|scope| {
        scope.spawn(|| row("call-led", call));
        scope.spawn(|| row("call-led-far", &[call, more].concat()));
        scope.spawn(|| row("poll-led", until));
        scope.spawn(|| row("poll-led-far", &[until, more].concat()));
    });
}

#[test]
fn a_header_that_is_no_secret_is_kept() {
    let server = serve();
    let stored = format!("http://reader:marker@{}", server.authority);
    let state = temporary("storable");
    let path = state.to_str().unwrap();
    let run = |more: &[&str]| {
        let given = ["call", "sales", "busy-once", "X-Trace:seven", "--save-state", path];
        let mut command = command(&[&given[..], more].concat());
        parts(&command.env("AIRFLOW_CONN_SALES", &stored).output().unwrap())
    };
    let (code, _, err) = run(&[]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("header x-trace") && err.contains("--storable x-trace"), "{err}");
    for (more, says) in [
        (&["--storable", "X-Trade"][..], "no header of this name"),
        (&["--storable", "authorization", "Authorization:marker"], "credentials"),
    ] {
        let (code, _, err) = run(more);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains(says) && !err.contains("marker"), "{err}");
    }
    assert_eq!(server.requests().len(), 0);
    let given = ["call", "sales", "busy-once", "X-Trace:seven", "--storable", "x-trace"];
    interrupted(&given, &stored, &state);
    let output = command(&["resume", path]).env("AIRFLOW_CONN_SALES", &stored).output().unwrap();
    let (code, out, err) = parts(&output);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.to_lowercase().contains("x-trace: seven"), "{out}");
}

#[test]
fn what_cannot_be_kept_is_not_sent() {
    let server = serve();
    let stored = format!("http://reader:marker@{}", server.authority);
    let state = temporary("unkept");
    let path = state.to_str().unwrap();
    for more in [
        &["-H", "X-Key: marker"][..],
        &["-u", "a:marker"],
        &["token==marker"],
        &["--proxy", "none"],
    ] {
        let mut command = command(&[&["call", "sales", "v1", "--save-state", path], more].concat());
        let (code, _, err) = parts(&command.env("AIRFLOW_CONN_SALES", &stored).output().unwrap());
        assert_eq!(code, Some(2), "{err}");
        assert!(!err.contains("marker"), "{err}");
        assert!(err.contains("not kept") && !err.contains("not storable"), "{more:?}: {err}");
    }
    assert_eq!(server.requests().len(), 0);
    assert!(!state.exists());
}
