//! The core reads no clock, opens no socket, draws no number: its sources are searched for what would.

use std::fs;
use std::path::{Path, PathBuf};

/// What may not stand in `src`, outside comments.
const FORBIDDEN: &[(&str, &str)] = &[
    // why                                          text
    ("now is an argument", "Instant"),
    ("now is an argument", "SystemTime"),
    ("now is an argument", "::now()"),
    ("waiting belongs to the clock", "thread::sleep"),
    ("no sockets", "std::net"),
    ("no sockets", "std::os"),
    ("no files", "std::fs"),
    ("the environment is passed in as data", "std::env"),
    ("no processes", "std::process"),
    ("no threads", "std::thread"),
    ("no threads", "thread_local"),
    ("its order varies from run to run", "HashMap"),
    ("its order varies from run to run", "HashSet"),
    ("its keys vary from run to run", "RandomState"),
    ("its last bit varies from platform to platform", "powf"),
    ("its last bit varies from platform to platform", "powi"),
    ("its last bit varies from platform to platform", ".exp()"),
    ("its last bit varies from platform to platform", ".ln()"),
    ("no output", "println!"),
    ("no output", "eprintln!"),
    ("no output", "dbg!"),
    ("no unsafe code", "unsafe {"),
    ("no unsafe code", "unsafe fn"),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn offences(source: &str) -> Vec<(usize, &'static str, &'static str)> {
    let code = |line: &str| !line.trim_start().starts_with("//");
    let mut found = Vec::new();
    for (number, line) in source.lines().enumerate().filter(|(_, line)| code(line)) {
        for &(why, text) in FORBIDDEN {
            if line.contains(text) {
                found.push((number + 1, text, why));
            }
        }
    }
    found
}

/// What is no part of the core may count for itself: each test has a thread of its own.
fn may_have(path: &Path, text: &str) -> bool {
    let is_test = path.ends_with("tests.rs") || path.iter().any(|part| part == "tests");
    is_test && text == "thread_local"
}

#[test]
fn the_core_is_pure() {
    let paths = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(paths.len() > 10, "the sources were not found");
    let mut all = Vec::new();
    for path in paths {
        let found = offences(&fs::read_to_string(&path).unwrap());
        for (line, text, why) in found.into_iter().filter(|(_, text, _)| !may_have(&path, text)) {
            all.push(format!("{}:{line}: {text}: {why}", path.display()));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn an_offence_is_seen() {
    for (why, text) in FORBIDDEN {
        assert!(!offences(&format!("    let x = {text};")).is_empty(), "{text}: {why}");
        assert!(offences(&format!("    /// {text}")).is_empty(), "{text} in a comment");
    }
}

#[test]
fn only_tests_count_for_themselves() {
    for (path, text, may) in [
        ("src/base/redact/pieces/tests.rs", "thread_local", true),
        ("src/gates/tests/gates.rs", "thread_local", true),
        ("src/gates/tests/gates.rs", "std::thread", false),
        ("src/base/redact/pieces.rs", "thread_local", false),
    ] {
        assert_eq!(may_have(Path::new(path), text), may, "{path} {text}");
    }
}
