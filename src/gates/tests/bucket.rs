//! One gate by itself.

use std::time::Duration;

use crate::base::Timestamp;
use crate::gates::{Admission, Bucket, BucketSettings, Budget, Gates};
use crate::response::StopReason;
use crate::retry::FailureClass::Error;

const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn a_breaker_that_is_open_lets_no_retry_be_paid() {
    let (gates, now) = (Gates::default(), Timestamp::default());
    for _ in 0..20 {
        let Admission::Go(lease) = gates.admit(0, LIMIT, now) else { panic!("it is closed") };
        lease.failure(now);
    }
    let refused = gates.admit(0, LIMIT, now);
    assert!(matches!(refused, Admission::Refuse(StopReason::Breaker)));
    assert_eq!(gates.retry(Error, now), Err(StopReason::Breaker));
}

#[test]
fn a_bucket_pays_until_it_is_empty() {
    let now = Timestamp::default();
    let bucket = Bucket::new(BucketSettings { capacity: 10, ..BucketSettings::default() });
    let paid = [(); 3].map(|()| bucket.withdraw(Error, now));
    assert_eq!(paid, [Some(5), Some(5), None]);
    bucket.deposit(5, now);
    assert_eq!(bucket.tokens(), 5, "the second retry has succeeded");
}

#[test]
fn a_lease_shows_what_was_paid() {
    let Admission::Go(lease) = Gates::default().admit(5, LIMIT, Timestamp::default()) else {
        panic!("the gates are open")
    };
    let shown = format!("{lease:?}");
    assert!(shown.contains("Lease {") && shown.contains("paid: 5"), "{shown}");
}
