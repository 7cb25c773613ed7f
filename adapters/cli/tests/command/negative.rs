//! A value that begins with a sign is a value: what may stand in its place is told.

use crate::support::{command, parts};

/// Options, what is typed behind them, and what is told.
const ROWS: [(&str, &str, &str); 26] = [
    ("call - http://h/ --retry", "-1", "a whole number from 0 to 999"),
    ("call - http://h/ --retry", "1000", "a whole number from 0 to 999"),
    ("call - http://h/ --retry", "many", "a whole number from 0 to 999"),
    ("call - http://h/ --max-redirs", "-1", "a whole number from 0 to 4294967295"),
    ("call - http://h/ --max-redirs", "-0.5", "a whole number from 0 to 4294967295"),
    ("call - http://h/ --seed", "-7", "a whole number from 0 to 18446744073709551615"),
    ("call - http://h/ --timeout", "-1", "a number of seconds"),
    ("call - http://h/ --timeout", "-1s", "a number of seconds"),
    ("call - http://h/ --connect-timeout", "-.5", "a number of seconds"),
    ("call - http://h/ --deadline", "-5m", "a number of seconds"),
    ("run x.jsonl - --jobs", "-1", "a whole number from 0 to 1024"),
    ("run x.jsonl - -j", "-1", "a whole number from 0 to 1024"),
    ("run x.jsonl - --rate", "-2", "a number above 0"),
    ("run x.jsonl - --rate", "nan", "a number above 0"),
    ("run x.jsonl - --rate 1 --burst", "-2", "a whole number from 1 to 4294967295"),
    ("run x.jsonl - --budget", "-2", "a whole number from 0 to 4294967295"),
    ("run x.jsonl - --max-body", "-2", "a whole number from 0 to 18446744073709551615"),
    (
        "pages - http://h/ --next page --first",
        "-1",
        "a whole number from 0 to 18446744073709551615",
    ),
    (
        "pages - http://h/ --next offset --limit",
        "-1",
        "a whole number from 1 to 18446744073709551615",
    ),
    (
        "pages - http://h/ --next link --max-pages",
        "-1",
        "a whole number from 0 to 18446744073709551615",
    ),
    (
        "pages - http://h/ --next link --max-items",
        "-1",
        "a whole number from 0 to 18446744073709551615",
    ),
    ("pages - http://h/ --next link --max-bytes", "-1k", "a number of bytes: 500k, 20M, 1G"),
    ("poll - http://h/ --until status=200 --every", "-1", "a number of seconds"),
    ("poll - http://h/ --until status=200 --failures", "-1", "a whole number from 1 to 4294967295"),
    ("sim --seed", "-1", "a whole number from 0 to 18446744073709551615"),
    ("sim --runs", "-1", "a whole number from 1 to 100"),
];

#[test]
fn what_may_stand_for_a_number_is_told() {
    let mut bad = Vec::new();
    for (before, value, says) in ROWS {
        let option = before.rsplit(' ').next().unwrap();
        // As a word of its own, joined, and behind a recording.
        let words: Vec<&str> = before.split(' ').chain([value]).collect();
        let joined = if option.starts_with("--") {
            format!("{before}={value}")
        } else {
            format!("{before}{value}")
        };
        let joined: Vec<&str> = joined.split(' ').collect();
        let mut ways = vec![words.clone(), joined];
        if ["call", "pages", "poll"].contains(&words[0]) {
            ways.push([&["record", "x.json"][..], &words].concat());
        }
        for words in ways {
            for json in [false, true] {
                let mut command = command(&words);
                if json {
                    command.env("HTTP_HOOK_FORMAT", "json");
                }
                let (code, out, err) = parts(&command.output().unwrap());
                let told = err.contains(says) && err.contains(value) && !err.contains("'-- ");
                if code != Some(2) || !out.is_empty() || !told {
                    bad.push(format!("{words:?}: {code:?} {out}{err}"));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{} of them:\n{}", bad.len(), bad.join("\n"));
}

#[test]
fn what_is_no_number_may_begin_so() {
    // A body, and an option that takes none.
    let (code, out, err) = parts(
        &command(&["call", "-", "http://h.test/v1", "--data", "-1", "--curl"]).output().unwrap(),
    );
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("-1"), "{out}");
    let (code, _, err) =
        parts(&command(&["call", "-", "http://h.test/v1", "--head", "-1"]).output().unwrap());
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("'-1'"), "{err}");
}
