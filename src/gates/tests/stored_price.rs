//! What a call pays is the same wherever it is stored and taken up, and whatever becomes of what was to be sent.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::{AuthScheme, OAuth2};
use crate::gates::{Bucket, BucketSettings, Budget, GateSettings, Gates, RateSettings};
use crate::retry::{FailureClass, Stop, Wait};
use crate::transport::TimeoutPhase;
use crate::{
    Attempt, Call, Connection, Error, ErrorKind, Hook, RequestPlan, RetryPolicy, Secret, SendCause,
    Sent, Step, Timestamp, TransportError, TransportErrorKind, WaitReason,
};
use proptest::prelude::*;

use super::{NOW, cases, response};

const SECOND: Duration = Duration::from_secs(1);
const START: u32 = 5_000;
/// Each its own, so that none is taken for another.
const PRICES: BucketSettings = BucketSettings {
    capacity: 2 * START,
    cost: 5,
    timeout_cost: 11,
    throttled_cost: 17,
    success: 2,
};

const fn price(class: FailureClass) -> u32 {
    match class {
        FailureClass::Error => PRICES.cost,
        FailureClass::Timeout => PRICES.timeout_cost,
        FailureClass::Throttled => PRICES.throttled_cost,
    }
}

/// What comes of a request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Busy,
    Late,
    Throttled,
    /// A 401: another token is fetched; of a token, that there is none.
    Refused,
    /// The process ends while it is under way, and another one takes it up.
    Killed,
    /// It could not be kept, and is not sent.
    Unkept,
    Good,
}

fn fates() -> impl Strategy<Value = Vec<(Fate, bool)>> {
    let fate = prop_oneof![
        3 => Just(Fate::Busy), 2 => Just(Fate::Late), 2 => Just(Fate::Throttled), 3 => Just(Fate::Refused),
        1 => Just(Fate::Killed), 1 => Just(Fate::Unkept), 3 => Just(Fate::Good),
    ];
    prop::collection::vec((fate, any::<bool>()), 1..24)
}

fn hook(bucket: &Arc<Bucket>) -> Hook {
    let rate = Some(RateSettings { per_second: 0.25, burst: 1 });
    let settings = GateSettings { rate, ..GateSettings::none() };
    let gates = Gates::with_budget(&settings, Arc::clone(bucket) as Arc<dyn Budget>).unwrap();
    let own =
        OAuth2::client_credentials("https://id.example.com/token", "app", Secret::new("hidden"));
    let connection = Connection::new().with_host("https://api.example.com");
    let hook = Hook::builder(&connection).gates(gates).auth(AuthScheme::OAuth2(Box::new(own)));
    hook.build().unwrap()
}

fn answered(attempt: Attempt, hook: &Hook, fate: Fate, now: Timestamp) -> Step {
    let is_token = attempt.cause() == SendCause::Token;
    let token = r#"{"access_token": "T1", "token_type": "bearer"}"#;
    let answer = match fate {
        Fate::Late => {
            let late = TransportErrorKind::Timeout(TimeoutPhase::Head);
            Err(TransportError::new(late, Sent::Maybe))
        }
        Fate::Throttled => Ok(response(429, &[], "")),
        Fate::Refused if !is_token => Ok(response(401, &[], "")),
        Fate::Good => Ok(response(200, &[], if is_token { token } else { "" })),
        _ => Ok(response(503, &[], "")),
    };
    attempt.finish(hook, answer, now)
}

/// The ledger of a call: what was paid for the attempt under way, and whether anything was sent behind that.
struct Ledger {
    tokens: u32,
    paid: Option<FailureClass>,
    is_spent: bool,
}

impl Ledger {
    fn pay(&mut self, class: FailureClass) {
        self.tokens -= price(class);
        (self.paid, self.is_spent) = (Some(class), false);
    }
}

fn run(script: &[(Fate, bool)]) -> Result<(), TestCaseError> {
    let bucket = Arc::new(Bucket::with_tokens(PRICES, START));
    let hook = hook(&bucket);
    let policy = RetryPolicy {
        wait: Wait::fixed(SECOND),
        stop: Stop::after_attempt(12),
        ..RetryPolicy::default()
    };
    let (mut now, mut class) = (NOW, FailureClass::Error);
    let mut own = Ledger { tokens: START, paid: None, is_spent: false };
    let mut script = script.iter().copied();
    let (mut stores, mut is_refused) = (false, false);
    let mut step = Call::new(&hook, RequestPlan::get("a").retry(policy), 7, NOW).step(&hook, NOW);
    loop {
        step = match step {
            Step::Send { attempt, .. } => {
                prop_assert_eq!(bucket.tokens(), own.tokens, "when it is sent");
                let (fate, again) = script.next().unwrap_or((Fate::Good, false));
                stores = again;
                let (is_first, is_token) = (!own.is_spent, attempt.cause() == SendCause::Token);
                own.is_spent = true;
                is_refused = !is_token && matches!(fate, Fate::Refused);
                match fate {
                    Fate::Unkept => {
                        let error = Error::new(ErrorKind::NotStorable, "the disk is full");
                        drop(attempt.withdraw(&hook, error));
                        own.tokens += own.paid.filter(|_| is_first).map_or(0, price);
                        break;
                    }
                    Fate::Killed => {
                        let text = attempt.store(&hook).unwrap();
                        drop(attempt);
                        let step = Call::resume(&hook, &text, now).unwrap().step(&hook, now);
                        class = FailureClass::Error;
                        if let (true, Some(paid)) = (is_token, own.paid) {
                            // It begins again, and pays again.
                            own.pay(paid);
                        }
                        step
                    }
                    fate => {
                        class = match fate {
                            Fate::Late => FailureClass::Timeout,
                            Fate::Throttled => FailureClass::Throttled,
                            _ => FailureClass::Error,
                        };
                        answered(attempt, &hook, fate, now)
                    }
                }
            }
            Step::Wait { mut call, wait, reason } => {
                if matches!(reason, WaitReason::Backoff | WaitReason::Hint) {
                    own.pay(class);
                }
                prop_assert_eq!(bucket.tokens(), own.tokens, "while it waits for {:?}", reason);
                if stores {
                    let text = call.store(&hook).unwrap();
                    drop(call);
                    let given_back = own.paid.filter(|_| !own.is_spent).map_or(0, price);
                    prop_assert_eq!(bucket.tokens(), own.tokens + given_back, "while it is stored");
                    call = Call::resume(&hook, &text, now).unwrap();
                }
                now = now.after(wait);
                call.step(&hook, now)
            }
            Step::Done(Ok(_)) => {
                own.tokens += own.paid.map_or(PRICES.success, price);
                break;
            }
            Step::Done(Err(_)) => {
                // To a 401 the server did its work: a retry would bring nothing else.
                if is_refused {
                    own.tokens += own.paid.map_or(PRICES.success, price);
                }
                break;
            }
        };
    }
    prop_assert_eq!(bucket.tokens(), own.tokens, "in the end");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases().cases / 5))]

    #[test]
    fn storing_changes_no_price(script in fates()) {
        run(&script)?;
    }
}
