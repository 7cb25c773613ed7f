//! Kinds of faults that were there once.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

#[cfg(unix)]
use crate::support::limited;
use crate::support::{command, header, parts, reply, run, serve_by, temporary};

#[test]
fn a_status_of_no_class_is_no_success() {
    for (status, expected) in [("600 X", 5), ("799 X", 5), ("999 X", 5), ("299 X", 0)] {
        let server = serve_by(move |_, _| reply(status, &[], b"x"));
        let url = format!("http://{}/", server.authority);
        let (code, _, err) = run(&["call", "-", &url]);
        assert_eq!(code, Some(expected), "{status}: {err}");
    }
}

#[test]
fn a_head_that_is_too_large_is_an_answer_that_cannot_be_used() {
    let large = format!("X-Large: {}", "x".repeat(2 << 20));
    let server = serve_by(move |_, _| reply("200 OK", &[&large], b"x"));
    let url = format!("http://{}/", server.authority);
    let (code, _, err) = run(&["call", "-", &url]);
    assert_eq!(code, Some(7), "{err}");
}

#[cfg(unix)]
#[test]
fn two_processes_do_not_go_on_with_one_call() {
    let server = serve_by(|_, number| {
        thread::sleep(Duration::from_millis(400));
        match number {
            0 => reply("503 Busy", &["Retry-After: 1"], b"busy"),
            _ => reply("200 OK", &[], b"done"),
        }
    });
    let url = format!("http://{}/orders", server.authority);
    let state = temporary("once.state");
    let path = state.to_str().unwrap();
    let mut child =
        command(&["call", "-", "POST", &url, "a=1", "--retry-unsafe", "--save-state", path])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    let waits = || fs::read_to_string(&state).is_ok_and(|text| text.contains("waiting"));
    for _ in 0..300 {
        if waits() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let (code, _, err) = run(&["resume", path]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("another process"), "{err}");
    child.kill().unwrap();
    child.wait().unwrap();
    let both: Vec<_> = (0..2)
        .map(|_| {
            command(&["resume", path])
                .stderr(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut codes: Vec<_> =
        both.into_iter().map(|child| parts(&child.wait_with_output().unwrap()).0).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(1)]);
    assert_eq!(server.requests().len(), 2, "the second POST was sent once");
}

#[test]
fn a_call_goes_on_with_the_body_that_it_began_with() {
    let server = serve_by(|_, _| reply("503 Busy", &["Retry-After: 9"], b"busy"));
    let url = format!("http://{}/orders", server.authority);
    let (state, body) = (temporary("body.state"), temporary("body.csv"));
    let (path, at) = (state.to_str().unwrap(), format!("@{}", body.display()));
    fs::write(&body, "a,b\n1,2\n").unwrap();
    let mut child = command(&["call", "-", "PUT", &url, &at, "--save-state", path])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..300 {
        if fs::read_to_string(&state).is_ok_and(|text| text.contains("waiting")) {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(&body, "a,b\n1,3\n").unwrap();
    let (code, _, err) = run(&["resume", path]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("the body is another one by now"), "{err}");
    assert_eq!(server.requests().len(), 1);
    fs::remove_file(&body).unwrap();
    fs::remove_file(&state).unwrap();
}

#[test]
fn an_authorization_that_is_given_counts() {
    let server = serve_by(|_, _| reply("200 OK", &[], b"x"));
    let stored = format!("http://reader:marker@{}", server.authority);
    for (item, expected) in
        [("Authorization:Token t0ken", Some("Token t0ken")), ("Authorization:", None)]
    {
        for args in [&["call", "sales", "v1", item][..], &["call", "sales", "v1", "-H", item]] {
            let output = command(args).env("AIRFLOW_CONN_SALES", &stored).output().unwrap();
            assert_eq!(parts(&output).0, Some(0));
            let request = server.requests().pop().unwrap();
            assert_eq!(header(&request, "authorization"), expected, "{args:?}");
        }
    }
}

#[test]
fn wrong_usage_is_json_where_that_is_wanted() {
    for args in [
        &["call", "--format", "json", "--nonsense"][..],
        &["pages", "--format=json", "sales", "v1", "--next", "x"],
        &["poll", "sales", "v1", "--every", "x", "--format", "json"],
        &["nothing", "--format", "json"],
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(err.starts_with("{\"schema\":1,\"error\":{\"code\":\"usage\""), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    let (code, out, _) = run(&["call", "--help", "--format", "json"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("Usage:"), "help is no error");
}

#[cfg(unix)]
#[test]
fn no_pipe_is_waited_for() {
    let folder = temporary("pipes");
    fs::create_dir_all(folder.join("http-hook")).unwrap();
    let pipe = |path: &std::path::Path| {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let (settings, file) = (folder.join("http-hook/config.toml"), folder.join("conns.toml"));
    pipe(&settings);
    pipe(&file);
    let from = file.to_str().unwrap();
    let to = folder.join("out.json");
    for (args, home) in [
        (&["config", "show"][..], folder.to_str().unwrap()),
        (&["conn", "convert", from, to.to_str().unwrap(), "--from-form", "json"], "/nowhere"),
    ] {
        let mut child = command(args)
            .env("XDG_CONFIG_HOME", home)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..1000 {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let (code, _, err) = parts(&child.wait_with_output().unwrap());
        assert_eq!(code, Some(1), "{args:?}: {err}");
        assert!(err.contains("it is no file"), "{err}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// The commands that keep a state.
#[cfg(unix)]
const KEEPING: [&[&str]; 3] =
    [&["call"], &["pages", "--items", ""], &["poll", "--until", "status=200"]];

#[cfg(unix)]
#[test]
fn a_state_takes_the_place_of_nothing_else() {
    let server = serve_by(|_, _| reply("200 OK", &[], b"[1]"));
    let url = format!("http://{}/x", server.authority);
    let (state, other) = (temporary("own.state"), temporary("own.out"));
    let (path, out) = (state.to_str().unwrap(), other.to_str().unwrap());
    let part = format!("{out}.part");
    let around = format!("{}/./own.out", other.parent().unwrap().display())
        .replace("own.out", other.file_name().unwrap().to_str().unwrap());
    for words in KEEPING {
        let (name, more) = words.split_at(1);
        let keep = |state: &str, output: &[&str]| {
            run(&[name, &["-", &url], more, &["--save-state", state], output].concat())
        };
        for theirs in ["theirs", "{}", "{\"schema\":1}"] {
            fs::write(&state, theirs).unwrap();
            let (code, _, err) = keep(path, &[]);
            assert_eq!(code, Some(2), "{name:?}: {err}");
            assert!(err.contains("not a call that --save-state has kept"), "{err}");
            assert_eq!(fs::read_to_string(&state).unwrap(), theirs, "{name:?}");
        }
        fs::remove_file(&state).unwrap();
        for clash in [out, &part, &around] {
            let (code, _, err) = keep(clash, &["-o", out]);
            assert_eq!(code, Some(2), "{name:?} {clash}: {err}");
            assert!(err.contains("in each other's way"), "{err}");
            assert!(!other.exists());
        }
        assert_eq!(server.requests().len(), 0, "{name:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_state_that_cannot_be_written_is_no_wrong_usage() {
    let server = serve_by(|_, _| reply("200 OK", &[], b"[1]"));
    let url = format!("http://{}/x", server.authority);
    let state = temporary("full.state");
    for words in KEEPING {
        let kept = ["--save-state", state.to_str().unwrap()];
        let args = [&words[..1], &["-", &url], &words[1..], &kept].concat();
        let (code, _, err) = parts(&limited(0, &args).output().unwrap());
        assert_eq!(code, Some(1), "{words:?}: {err}");
        assert!(err.contains("cannot write") && !err.contains("leave --save-state out"), "{err}");
        assert!(!state.exists());
    }
}

#[cfg(unix)]
type Make<'a> = &'a dyn Fn();

#[cfg(unix)]
#[test]
fn pages_go_into_no_part_of_somebody_else() {
    let server = serve_by(|_, _| reply("200 OK", &[], b"[1]"));
    let url = format!("http://{}/x", server.authority);
    let (state, place) = (temporary("theirs.state"), temporary("theirs.out"));
    let (part, other) = (temporary("theirs.out.part"), temporary("theirs.other"));
    let rows: [(&str, Make<'_>); 3] = [
        ("a file", &|| fs::write(&part, "theirs").unwrap()),
        ("a link", &|| std::os::unix::fs::symlink(&other, &part).unwrap()),
        ("another name", &|| fs::hard_link(&other, &part).unwrap()),
    ];
    for (why, make) in rows {
        fs::write(&other, "theirs").unwrap();
        make();
        let (path, out) = (state.to_str().unwrap(), place.to_str().unwrap());
        let (code, _, err) =
            run(&["pages", "-", &url, "--items", "", "--save-state", path, "-o", out]);
        assert_eq!(code, Some(1), "{why}: {err}");
        assert_eq!(fs::read_to_string(&part).unwrap(), "theirs", "{why}");
        assert_eq!(fs::read_to_string(&other).unwrap(), "theirs", "{why}");
        assert!(!place.exists() && !state.exists(), "{why}");
        fs::remove_file(&part).unwrap();
    }
    fs::remove_file(&other).unwrap();
}
