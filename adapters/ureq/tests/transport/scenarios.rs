//! ureq under the scenarios of all transports, and what becomes of a client that cannot take all of them.

use std::thread;

use http_hook::blocking::{Transport as _, from_fn};
use http_hook::{Sent, TransportError, TransportErrorKind};
use http_hook_conformance::scenarios::{Limit, Oddity, blocking};
use http_hook_ureq::UreqTransport;

#[test]
fn decides_as_all_do() {
    let report = blocking::check(&UreqTransport::default(), &[]);
    println!("{report}");
    report.assert_clean();
}

#[test]
fn a_limit_spares_a_client_what_it_cannot_take_and_has_to_be_true() {
    const LIMIT: Limit = Limit { oddity: Oddity::UnlistedStatus, reason: "it knows no others" };
    let ureq = UreqTransport::default();
    let picky = from_fn(ureq.capabilities(), |request, options| {
        let response = ureq.send(request, options)?;
        match response.status().as_u16() {
            299 | 499 | 520 | 599 => Err(TransportError::new(TransportErrorKind::Bug, Sent::Maybe)),
            _ => Ok(response),
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| assert!(!blocking::check(&picky, &[]).differences().is_empty()));
        scope.spawn(|| blocking::check(&picky, &[LIMIT]).assert_clean());
        scope.spawn(|| assert_eq!(blocking::check(&ureq, &[LIMIT]).stale(), [LIMIT]));
    });
}
