//! What only somebody who knows the digest can write: a stored call that cannot be.

use std::time::Duration;

use super::form::{Moment, ProgressForm, plan_form, progress_form, text_of};
use super::{Call, Step};
use crate::base::chance::digest;
use crate::base::{Error, Timestamp};
use crate::hook::Hook;
use crate::options::Options;
use crate::request::RequestPlan;

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// Takes up a call whose progress was changed by somebody who worked the digest out anew.
fn changed(change: impl FnOnce(&mut ProgressForm)) -> Result<Call, Error> {
    let hook = Hook::to("https://api.example.com").expect("a hook");
    let Step::Send { attempt, .. } =
        Call::new(&hook, RequestPlan::get("a"), 7, NOW).step(&hook, NOW)
    else {
        panic!("it begins");
    };
    let plan = plan_form(&attempt.0, &hook).expect("a plan");
    let mut progress =
        progress_form(&attempt.0, &hook, Moment::Interrupted, &plan).expect("its progress");
    change(&mut progress);
    progress.digest = String::new();
    progress.digest = digest(&text_of(&progress).expect("a text"));
    let (plan, progress) = (text_of(&plan).expect("a text"), text_of(&progress).expect("a text"));
    Call::resume_parts(&hook, &plan, &progress, &Options::default(), NOW)
}

#[test]
fn counts_that_cannot_be_are_refused() {
    let rows = [
        // sends, attempts, whether that can be
        (1, 1, true),
        (2, 1, true),
        (7, 7, true),
        (Call::MAX_SENDS, 1, true),
        (0, 0, false),
        (1, 0, false),
        (1, 2, false),
        (6, 7, false),
        (0, 1, false),
        (Call::MAX_SENDS, Call::MAX_SENDS + 1, false),
        (Call::MAX_SENDS + 1, 1, false),
        (u32::MAX, u32::MAX, false),
    ];
    for (sends, attempts, can_be) in rows {
        let call = changed(|progress| {
            progress.sends = sends;
            progress.attempt_number = attempts;
        });
        assert_eq!(call.is_ok(), can_be, "{sends} sends, {attempts} attempts");
    }
}
