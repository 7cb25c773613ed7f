//! What the suite is for: a client that does one thing wrong fails the check for it, which it passes else.

use std::collections::BTreeSet;
use std::thread;

use bytes::Bytes;
use http_hook::body::Body;
use http_hook::transport::{Transport, from_fn};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use http_hook_conformance::check::{self, Report};

fn failed(report: &Report) -> BTreeSet<&'static str> {
    report.failures().map(|row| row.name).collect()
}

/// Nothing of the suite holds for every transport: each check fails for one of three that do not even try.
#[test]
fn each_check_fails_for_one_that_does_not_try() {
    let all = http_hook_mock::everything("none");
    let refusing = from_fn(all, |_, _| async { Err(TransportError::new(Kind::Connect, Sent::No)) });
    let vague = from_fn(all, |_, _| async { Err(TransportError::new(Kind::Bug, Sent::Maybe)) });
    let inventing =
        from_fn(all, |_, _| async { Ok(http::Response::new(Body::from(Bytes::from("ok")))) });
    let transports: [&dyn Transport; 3] = [&refusing, &vague, &inventing];
    let reports = thread::scope(|scope| {
        let run = |transport| {
            scope.spawn(move || check::check(transport, &[], |lane| pollster::block_on(lane)))
        };
        transports.map(run).map(|running| running.join().expect("no panic"))
    });
    let failed: BTreeSet<_> = reports.iter().flat_map(failed).collect();
    let never: Vec<_> = reports[0]
        .rows()
        .iter()
        .map(|row| row.name)
        .filter(|name| !failed.contains(name))
        .collect();
    assert!(never.is_empty(), "these hold whatever is done: {never:?}");
}

#[cfg(feature = "tls")]
#[test]
fn each_mistake_is_seen() {
    use crate::naive::{Mistake::*, Naive};
    use check::Outcome;
    #[rustfmt::skip]
    let rows = [
        // what is wrong         where it is seen
        (AddsHeader,             "request-adds-nothing"),
        (AsksProxyTwice,         "proxy-407"),
        (AsksProxyTwice,         "proxy-407-again"),
        (ConfusesCalls,          "load-64-at-once"),
        (EndIsWhole,             "body-cut"),
        (EndIsWhole,             "chunk-cut"),
        (EndIsWhole,             "chunks-without-end"),
        (FirstLengthCounts,      "lengths-differ"),
        (FollowsRedirects,       "redirect-handed-back"),
        (HeadWithoutLimit,       "head-without-end"),
        (HeadWithoutLimit,       "headers-without-end"),
        (IgnoresTime,            "timeout-total-in-head"),
        (InterimIsAnswer,        "interim-103"),
        (KeepsClosing,           "close-announced"),
        (KeepsRest,              "kept-rest-not-next"),
        (OneValueEach,           "header-repeated"),
        (ProxyAnswersForTarget,  "proxy-407"),
        (ProxyWithoutLimit,      "proxy-slow"),
        (ReadsBodyAlways,        "status-204-with-body"),
        (ReadsBodyAlways,        "head-with-body"),
        (ReadsUtf8,              "header-bytes"),
        (ReadsUtf8,              "header-latin1"),
        (SaysSent,               "closed-before-head"),
        (SaysUnsent,             "closed-before-head"),
        (SaysUnsent,             "load-deaths"),
        (SaysUnsent,             "load-history"),
        (SendsAgain,             "kept-closed-post"),
        (SendsAgain,             "load-deaths"),
        (SendsAgain,             "load-history"),
        (SharesConnections,      "tls-verify-not-shared"),
        (SharesConnections,      "client-cert-not-shared"),
        (SharesConnections,      "client-cert-asked-of-many"),
        (SharesConnections,      "tls-two-origins"),
        (TrustsAll,              "tls-unknown-authority"),
        (TrustsAll,              "tls-other-authority"),
        (TrustsAll,              "tls-self-signed"),
        (TrustsAll,              "tls-expired"),
        (TrustsAll,              "tls-not-yet-valid"),
        (TrustsHosts,            "tls-wrong-host"),
        (TrustsHosts,            "proxy-https-wrong-host"),
        (UnescapesTarget,        "targets"),
    ];
    thread::scope(|scope| {
        for (mistake, name) in rows {
            scope.spawn(move || {
                let outcome = |mistake| {
                    let report = check::blocking::only(&Naive::new(mistake), &[name]);
                    report.rows().first().map(|row| row.outcome.clone())
                };
                let right = outcome(None);
                assert_eq!(right, Some(Outcome::Pass), "{name} by one that does it right");
                let wrong = outcome(Some(mistake));
                assert!(matches!(wrong, Some(Outcome::Fail(_))), "{mistake:?}: {name}: {wrong:?}");
            });
        }
    });
}

/// With futures that are dropped: one client that goes on with the exchange, one that confuses the answers, too.
#[cfg(feature = "tls")]
#[test]
fn each_mistake_with_a_dropped_future_is_seen() {
    let rows = [
        // confuses, where, fails
        (false, "drop-closes", true),
        (false, "next-after-drop", false),
        (false, "load-drops", false),
        (false, "drop-in-each-state", false),
        (true, "next-after-drop", true),
        (true, "load-drops", true),
        (true, "stream-down-dropped", false),
    ];
    thread::scope(|scope| {
        for (confuses, name, fails) in rows {
            scope.spawn(move || {
                let transport = crate::naive::Detached::new(confuses);
                let report = pollster::block_on(check::only(&transport, &[name]));
                let failed = report.failures().map(ToString::to_string).collect::<Vec<_>>();
                assert_eq!(!failed.is_empty(), fails, "{confuses}: {name}: {failed:?}");
            });
        }
    });
}
