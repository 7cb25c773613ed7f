//! What a terminal shows, seen through one that `script` makes.

#![cfg(target_os = "linux")]

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{serve, temporary};

/// The command in a terminal of so many columns; what it shows comes by its stdout.
fn terminal(columns: u32, line: &str) -> Child {
    let hook = env!("CARGO_BIN_EXE_http-hook");
    let line = format!("stty cols {columns} rows 24 -echo; exec {hook} {line}");
    Command::new("script")
        .args(["-qefc", &line, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("util-linux has script")
}

/// All that is shown, and the exit code.
fn shown(child: Child) -> (Option<i32>, String) {
    typing(child, &[])
}

/// The same with keys that are typed, each when the text before it was shown.
fn typing(mut child: Child, answers: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut keys = child.stdin.take().unwrap();
    let mut out = child.stdout.take().unwrap();
    let (mut bytes, mut buffer, mut seen) = (Vec::new(), [0; 4096], 0);
    let mut answers = answers.iter().peekable();
    loop {
        let count = out.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&buffer[..count]);
        if let Some((before, answer)) = answers.peek() {
            let found = bytes[seen..].windows(before.len()).position(|at| at == before.as_bytes());
            if let Some(at) = found {
                seen += at + before.len();
                // Whoever types takes a moment, in which the echo of a password is switched off.
                thread::sleep(Duration::from_millis(300));
                keys.write_all(answer.as_bytes()).unwrap();
                answers.next();
            }
        }
    }
    (child.wait().unwrap().code(), String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
}

#[test]
fn json_is_coloured_unless_nobody_wants_it() {
    let server = serve();
    let url = format!("http://{}/orders", server.authority);
    let (code, text) = shown(terminal(80, &format!("call - {url}")));
    assert_eq!(code, Some(0));
    assert!(text.contains("\u{1b}[34m\"total\"\u{1b}[0m: \u{1b}[36m19.90\u{1b}[0m"), "{text:?}");
    let (_, text) = shown(terminal(80, &format!("call - {url} --color never")));
    assert_eq!(text, "[\n  {\n    \"id\": 1042,\n    \"total\": 19.90\n  }\n]\n");
    let line = format!("/usr/bin/env NO_COLOR=1 {} call - {url}", env!("CARGO_BIN_EXE_http-hook"));
    let child = Command::new("script")
        .args(["-qefc", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(!shown(child).1.contains('\u{1b}'));
}

#[test]
fn bytes_are_not_for_a_terminal() {
    let server = serve();
    let (code, text) = shown(terminal(80, &format!("call - http://{}/binary", server.authority)));
    assert_eq!(code, Some(0));
    assert!(
        text.contains("note: the body is not text and not shown; -o FILE saves it"),
        "{text:?}"
    );
}

#[test]
fn a_wait_counts_down_and_can_be_interrupted() {
    let server = serve();
    let child = terminal(80, &format!("call - http://{}/after/20 --retry 1", server.authority));
    let began = Instant::now();
    let (code, text) = typing(child, &[("as the server asks", "\x03")]);
    assert_eq!(code, Some(130), "{text:?}");
    assert!(began.elapsed() < Duration::from_secs(19), "it does not wait to its end");
    assert!(text.contains("503 Service Unavailable: waiting 2"), "{text:?}");
    assert!(text.contains("goes on in 19.") || text.contains("goes on in 2"), "{text:?}");
    assert!(text.contains("as the server asks"), "{text:?}");
    assert!(text.contains("interrupted after 1 send, in a wait of 2"), "{text:?}");
}

#[test]
fn a_download_shows_how_far_it_is() {
    let server = serve();
    let file = temporary("progress");
    let line = format!("call - http://{}/big/60 -o {}", server.authority, file.display());
    for (columns, wanted) in [(80, "MiB/60.00 MiB ["), (50, "% ")] {
        let (code, text) = shown(terminal(columns, &line));
        assert_eq!(code, Some(0), "{text:?}");
        assert!(text.contains("down ") && text.contains(wanted), "{columns}: {text:?}");
    }
    let (_, text) = shown(terminal(80, &format!("{line} -q")));
    assert_eq!(text, "");
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn lines_fit_and_break_between_words() {
    let server = serve();
    for columns in [44, 60, 80] {
        let line = format!("call - http://{}/status/503 --retry 1 -v --no-fail", server.authority);
        let (_, text) = shown(terminal(columns, &line));
        let told = text.lines().take_while(|line| !line.starts_with("GET"));
        for line in told.filter(|line| !line.starts_with('>')) {
            let plain = strip(line);
            let widest = usize::try_from(columns).unwrap();
            assert!(plain.chars().count() <= widest, "{columns}: {plain:?}");
        }
        for word in ["retry:", "idempotent", "Unavailable", "waiting"] {
            assert!(text.contains(word), "{columns}: {word} is whole: {text:?}");
        }
    }
}

/// A line without what colours it.
pub(crate) fn strip(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(next) = chars.next() {
        if next == '\u{1b}' {
            for end in chars.by_ref() {
                if end.is_ascii_alphabetic() {
                    break;
                }
            }
        } else if !next.is_control() {
            out.push(next);
        }
    }
    out
}

#[test]
fn a_connection_is_asked_for_and_its_password_is_not_shown() {
    let file = temporary("asked.toml");
    let path = file.display();
    let hook = env!("CARGO_BIN_EXE_http-hook");
    let typed = |words: &str, answers: &'static [&'static str]| {
        let child = Command::new("script")
            .args(["-qefc", &format!("exec {hook} conn {words} --conn-file {path}"), "/dev/null"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("util-linux has script");
        let answers: Vec<_> = answers.iter().map(|answer| format!("{answer}\n")).collect();
        let answers: Vec<_> = answers.iter().map(|answer| (": ", answer.as_str())).collect();
        typing(child, &answers)
    };
    let (code, text) = typed("add orders", &["https://api.test/v1", "svc", "open sesame"]);
    assert_eq!(code, Some(0), "{text:?}");
    assert!(text.contains("password (not shown): "), "{text:?}");
    assert!(!text.contains("sesame"), "{text:?}");
    let stored = std::fs::read_to_string(&file).unwrap();
    let all = "url = \"https://api.test/v1\"\nlogin = \"svc\"\npassword = \"open sesame\"\n";
    assert!(stored.contains(all), "{stored}");

    let (code, text) = typed("edit orders", &["", "me", ""]);
    assert_eq!(code, Some(0), "{text:?}");
    assert!(text.contains("URL [https://api.test/***]: "), "{text:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), stored.replace("svc", "me"));

    let (code, text) = typed("show orders --show-secrets", &[]);
    assert_eq!(code, Some(0), "{text:?}");
    assert!(text.contains("password = \"open sesame\""), "somebody looks on: {text:?}");
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_poll_counts_down_to_the_next_answer() {
    let server = serve();
    let url = format!("http://{}/orders", server.authority);
    let line = format!("poll - {url} --until /state=done --every 2s --deadline 3s");
    let (code, text) = shown(terminal(80, &line));
    assert_eq!(code, Some(8), "{text:?}");
    assert!(text.contains("goes on in 1."), "{text:?}");
    assert!(text.contains("not yet: 1 poll in 0."), "{text:?}");
}

/// What a call that was kept waits for came in another process.
#[test]
fn a_wait_that_goes_on_is_told_of_no_answer() {
    let server = serve();
    let state = temporary("waits-on");
    let path = state.to_str().unwrap();
    let url = format!("http://{}/after/30", server.authority);
    let stop = [("goes on in", "\u{3}")];
    let (code, text) = typing(terminal(80, &format!("call - {url} --save-state {path}")), &stop);
    assert_eq!(code, Some(130), "{text}");
    assert!(text.starts_with("503 Service Unavailable: waiting "), "{text}");
    let (code, text) = typing(terminal(80, &format!("resume {path}")), &stop);
    assert_eq!(code, Some(130), "{text}");
    assert!(text.starts_with("waiting "), "{text}");
    std::fs::remove_file(&state).unwrap();
}
