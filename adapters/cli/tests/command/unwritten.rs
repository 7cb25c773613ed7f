//! A result that cannot be written is an error, whatever it is; a pipe that is closed is none.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};

use crate::narrow::commands;
use crate::support::{command, parts, run, serve, temporary};

/// Why, words, and what the environment has beside them.
type Row = (String, Vec<String>, &'static [(&'static str, &'static str)]);

/// Everything that prints something: the help of each command, and each command that needs no more than a loopback server.
fn rows(authority: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut add = |line: &str| {
        rows.push((line.to_owned(), line.split_whitespace().map(str::to_owned).collect(), &[]));
    };
    for command in commands().iter().filter(|command| !command.ends_with("help")) {
        for help in ["--help", "-h"] {
            add(&format!("{command} {help}"));
        }
    }
    let url = format!("http://{authority}/orders");
    for line in [
        "--version",
        "help",
        "help call",
        "completions bash",
        "completions zsh",
        "man",
        "man call",
        "conn list",
        "conn list --format json",
        "conn show sales",
        "conn origin",
        "conn origin sales",
        "config show",
        "config show --origin",
        "policy show",
        "policy table",
        "policy table --format json",
        "policy check tests/cmd/five.json",
        "plan sales v1/orders --if 503",
        "plan sales v1/orders --format json",
        "call sales v1/orders --curl",
        "sim --experiment a1 --runs 1 --format json",
        "demo",
        "call - URL",
        "call - URL -i",
        "call - URL --format json",
        "call - URL --format pretty",
        "call - URL --print Hh",
        "pages - URL --next link",
        "pages - URL --next link --items /x --format json",
        "poll - URL --until status=200",
        "poll - URL --until status=200 --format json",
    ] {
        add(&line.replace("URL", &url));
    }
    let words = ["--", "http-hook", "ca"].map(str::to_owned).to_vec();
    let asks: &[_] =
        &[("HTTP_HOOK_COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "1"), ("_CLAP_IFS", "\n")];
    rows.push(("a shell that completes".to_owned(), words, asks));
    rows
}

fn ready(words: &[String], environment: &[(&str, &str)]) -> Command {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = command(&words);
    command
        .envs(environment.iter().copied())
        .env("AIRFLOW_CONN_SALES", "http://reader:secret@api.example.com/https");
    command
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let server = serve();
    let mut bad = Vec::new();
    for (why, words, environment) in rows(&server.authority) {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = ready(&words, environment).stdout(full).output().unwrap();
        let (code, _, err) = parts(&output);
        let told = if words.iter().any(|word| word == "json") {
            err.starts_with("{\"schema\":1,\"error\":") && err.contains("No space left")
        } else {
            err.starts_with("error: cannot write ") && err.contains("No space left")
        };
        if code != Some(1) || !told || err.lines().count() != 1 {
            bad.push(format!("{why}: {code:?} {err}"));
        }
    }
    assert!(bad.is_empty(), "{} of them:\n{}", bad.len(), bad.join("\n"));
}

#[test]
fn a_closed_pipe_is_none() {
    let server = serve();
    let mut bad = Vec::new();
    for (why, words, environment) in rows(&server.authority) {
        let expected = ready(&words, environment).output().unwrap();
        let mut child = ready(&words, environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let code = child.wait().unwrap().code();
        let said = parts(&expected).2;
        if code != expected.status.code() || err != said {
            bad.push(format!("{why}: {code:?} {err}"));
        }
    }
    assert!(bad.is_empty(), "{} of them:\n{}", bad.len(), bad.join("\n"));
}

/// What is sent and not written down cannot be sent again to write it down.
#[test]
fn nothing_is_sent_that_cannot_be_recorded() {
    let server = serve();
    let url = format!("http://{}/orders", server.authority);
    for place in ["/no/such/folder/tape.json", "/", "/proc/tape.json"] {
        for what in [&["call", "-", "POST", &url][..], &["pages", "-", &url]] {
            let (code, out, err) = run(&[&["record", place, "--"], what].concat());
            assert_eq!((code, out.as_str()), (Some(1), ""), "{place}: {err}");
            assert!(err.contains("cannot write") && err.contains(place), "{place}: {err}");
        }
    }
    assert_eq!(server.requests().len(), 0);
}

/// A pipe or a device would be gone if a file were put in its place.
#[test]
fn nothing_is_put_in_the_place_of_what_is_no_file() {
    use std::os::unix::fs::FileTypeExt as _;

    let server = serve();
    let url = format!("http://{}/orders", server.authority);
    let (pipe, state) = (temporary("a-pipe"), temporary("beside-a-pipe"));
    let (path, kept) = (pipe.to_str().unwrap(), state.to_str().unwrap());
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let all = temporary("beside-a-pipe.json");
    std::fs::write(&all, r#"{"a": {"conn_type": "http", "host": "h"}}"#).unwrap();
    let rows: [&[&str]; 4] = [
        &["record", path, "--", "call", "-", &url],
        &["pages", "-", &url, "--save-state", kept, "-o", path],
        &["conn", "export", path, "--form", "toml", "--replace"],
        &["conn", "convert", all.to_str().unwrap(), path, "--form", "toml", "--replace"],
    ];
    for words in rows {
        let mut command = command(words);
        command.env("AIRFLOW_CONN_SALES", "http://api.example.com");
        let (code, out, err) = parts(&command.output().unwrap());
        assert_eq!((code, out.as_str()), (Some(1), ""), "{words:?}: {err}");
        assert!(err.contains("it is no file"), "{words:?}: {err}");
        assert!(pipe.metadata().unwrap().file_type().is_fifo(), "{words:?}");
    }
    assert_eq!(server.requests().len(), 0);
    std::fs::remove_file(&all).unwrap();
    std::fs::remove_file(&pipe).unwrap();
}
