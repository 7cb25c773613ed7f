//! The suite itself: it sees faults, holds limits to be true, and outlives a transport that panics.

use bytes::Bytes;
use http_hook::body::Body;
use http_hook::options::Capabilities;
use http_hook::transport::from_fn;
use http_hook::{Sent, TransportError, TransportErrorKind, blocking};
use http_hook_conformance::check::{self, Limit, Outcome, Report};

const NOTHING: Capabilities = Capabilities::none("nothing");

fn outcome<'a>(report: &'a Report, check: &str) -> &'a Outcome {
    let row = report.rows().iter().find(|row| row.name == check);
    &row.expect("there is such a check").outcome
}

#[test]
fn limits_have_to_be_true() {
    let refusing = from_fn(NOTHING, |_, _| async {
        Err(TransportError::new(TransportErrorKind::Connect, Sent::No))
    });
    let limits = [
        Limit { check: "chunked", reason: "it never connects" },
        Limit { check: "refused", reason: "no longer true" },
        Limit { check: "no-such-check", reason: "" },
    ];
    let report = check::check(&refusing, &limits, |lane| pollster::block_on(lane));
    let fails = |check| matches!(outcome(&report, check), Outcome::Fail(_));
    assert_eq!(*outcome(&report, "chunked"), Outcome::Limit("it never connects"));
    assert_eq!(*outcome(&report, "timeout-head"), Outcome::NotOffered);
    assert!(fails("refused"), "a limit that is no longer true");
    assert!(fails("no-such-check"), "a limit of nothing");
    assert!(fails("status-299"), "no answer where there is one");
    assert!(fails("closed-before-head"), "the wrong kind");
}

#[test]
fn what_is_told_is_compared_with_what_was_seen() {
    let inventing = from_fn(NOTHING, |_, _| async {
        Ok(http::Response::new(Body::from(Bytes::from_static(b"ok"))))
    });
    let report = check::check(&inventing, &[], |lane| pollster::block_on(lane));
    let Outcome::Fail(why) = outcome(&report, "interim-flood") else { panic!("not seen") };
    assert_eq!(why, "an answer to a request that never came");
}

#[test]
fn a_panic_is_a_failure() {
    let panicking = blocking::from_fn(NOTHING, |_, _| panic!("on purpose"));
    let report = check::blocking::check(&panicking, &[]);
    let passed: Vec<_> = report.rows().iter().filter(|row| row.outcome == Outcome::Pass).collect();
    assert!(passed.is_empty(), "{passed:?}");
    assert_eq!(*outcome(&report, "head-cut"), Outcome::Fail("panicked".to_owned()));
}

#[test]
fn the_table_has_to_say_what_is_seen() {
    let refusing = from_fn(NOTHING, |_, _| async {
        Err(TransportError::new(TransportErrorKind::Connect, Sent::No))
    });
    let report = check::check(&refusing, &[], |lane| pollster::block_on(lane));
    let path = std::env::temp_dir().join(format!("http-hook-table-{}.md", std::process::id()));
    let head = "| check | fault | expected | nothing | other |\n| --- | --- | --- | --- | --- |\n";
    let table = |refused: &str| {
        let cell = |row: &check::Row| match (&row.outcome, row.name) {
            (_, "refused") => refused.to_owned(),
            (Outcome::Pass, _) => "pass".to_owned(),
            (Outcome::Fail(why), _) => format!("FAIL: {why}"),
            _ => "not offered".to_owned(),
        };
        let line = |row: &check::Row| format!("| {} | | | {} | pass |\n", row.name, cell(row));
        head.to_owned() + &report.rows().iter().map(line).collect::<String>()
    };
    for (cell, holds) in [("pass", true), ("limit: it never connects", false), ("", false)] {
        std::fs::write(&path, table(cell)).expect("a file");
        let compared = std::panic::catch_unwind(|| report.assert_in_table(&path));
        assert_eq!(compared.is_ok(), holds, "{cell}");
    }
    std::fs::remove_file(&path).expect("the file");
}
