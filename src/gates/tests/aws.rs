//! The AWS SDKs' retry vectors, both generations, jitter fixed to 1.

use std::time::Duration;

use crate::RetryPolicy;
use crate::StopReason;
use crate::gates::{Admission, Bucket, BucketSettings, GateSettings, Gates};
use crate::retry::{
    Condition, Decision, HintMode, Hints, HttpOutcome, Progress, Seconds, Stop, Wait,
};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

use super::NOW;

/// The numbers of one generation.
#[derive(Clone, Copy)]
struct Generation {
    prices: BucketSettings,
    base: f64,
    throttled: f64,
}

const OLD: Generation = Generation { prices: BucketSettings::AWS_2_0, base: 1.0, throttled: 1.0 };
const NEW: Generation = Generation { prices: BucketSettings::AWS_2_1, base: 0.05, throttled: 1.0 };

impl Generation {
    fn policy(self, max_attempts: u32, cap: f64) -> RetryPolicy {
        let jitter = |base| Wait::FullJitter { base: Seconds::new(base), cap: Seconds::new(cap) };
        RetryPolicy {
            wait: Wait::When {
                when: Condition::statuses(&[429]),
                then: Box::new(jitter(self.throttled)),
                otherwise: Box::new(jitter(self.base)),
            },
            stop: Stop::after_attempt(max_attempts),
            hints: Hints {
                mode: HintMode::Within { seconds: Seconds::new(5.0) },
                ..Hints::default()
            },
            ..RetryPolicy::default()
        }
    }
}

/// What a call came to: its delays, the tokens after each step, and how it ended.
#[derive(Debug, PartialEq)]
struct Trace {
    delays: Vec<f64>,
    tokens: Vec<u32>,
    ended: Option<StopReason>,
}

fn call(policy: &RetryPolicy, gates: &Gates, bucket: &Bucket, statuses: &[u16]) -> Trace {
    let headers = HeaderMap::new();
    let mut trace = Trace { delays: vec![], tokens: vec![], ended: None };
    let mut paid = 0;
    for (attempt_number, status) in (1..).zip(statuses) {
        let Admission::Go(lease) = gates.admit(paid, Duration::MAX, NOW) else {
            panic!("no gate but the bucket")
        };
        let status = StatusCode::from_u16(*status).unwrap();
        let outcome = HttpOutcome::answered(status, &headers);
        let progress = Progress { attempt_number, ..Progress::default() };
        match policy.decide(&outcome, &progress, NOW, &mut || 1.0) {
            Decision::Stand => lease.success(NOW),
            Decision::Retry { wait, .. } => {
                lease.failure(NOW);
                match gates.retry(outcome.class(), NOW) {
                    Ok(price) => paid = price,
                    Err(reason) => {
                        trace.ended = Some(reason);
                        return trace;
                    }
                }
                trace.delays.push(wait.as_secs_f64());
            }
            Decision::GiveUp { reason, .. } => {
                lease.failure(NOW);
                trace.ended = Some(reason);
            }
        }
        trace.tokens.push(bucket.tokens());
    }
    trace
}

#[test]
#[rustfmt::skip]
fn standard_mode() {
    use StopReason::{Attempts, Budget};
    const ANY: f64 = 20.0;
    type Row<'a> = (&'a str, Generation, u32, u32, f64, &'a [u16], &'a [f64], &'a [u32], Option<StopReason>);
    let rows: &[Row<'_>] = &[
        // case                                max  tokens cap  answers                       delays                tokens left           end
        ("2.0 succeeds at the third",    OLD,  3,  500,  ANY,  &[500, 500, 200],             &[1.0, 2.0],          &[495, 490, 495],     None),
        ("2.1 succeeds at the third",    NEW,  3,  500,  ANY,  &[500, 500, 200],             &[0.05, 0.1],         &[486, 472, 486],     None),
        ("2.0 attempts used up",         OLD,  3,  500,  ANY,  &[500, 500, 500],             &[1.0, 2.0],          &[495, 490, 490],     Some(Attempts)),
        ("2.1 attempts used up",         NEW,  3,  500,  ANY,  &[500, 500, 500],             &[0.05, 0.1],         &[486, 472, 472],     Some(Attempts)),
        ("2.0 quota of one retry",       OLD,  3,  5,    ANY,  &[500, 500],                  &[1.0],               &[0],                 Some(Budget)),
        ("2.1 quota of one retry",       NEW,  3,  14,   ANY,  &[500, 500],                  &[0.05],              &[0],                 Some(Budget)),
        ("2.0 no quota",                 OLD,  3,  0,    ANY,  &[500],                       &[],                  &[],                  Some(Budget)),
        ("2.1 no quota",                 NEW,  3,  0,    ANY,  &[500],                       &[],                  &[],                  Some(Budget)),
        ("2.0 exponential growth",       OLD,  5,  500,  ANY,  &[500, 500, 500, 500, 500],   &[1.0, 2.0, 4.0, 8.0], &[495, 490, 485, 480, 480], Some(Attempts)),
        ("2.1 exponential growth",       NEW,  5,  500,  ANY,  &[500, 500, 500, 500, 500],   &[0.05, 0.1, 0.2, 0.4], &[486, 472, 458, 444, 444], Some(Attempts)),
        ("2.0 cap",                      OLD,  5,  500,  3.0,  &[500, 500, 500, 500, 500],   &[1.0, 2.0, 3.0, 3.0], &[495, 490, 485, 480, 480], Some(Attempts)),
        ("2.1 cap",                      NEW,  5,  500,  0.2,  &[500, 500, 500, 500, 500],   &[0.05, 0.1, 0.2, 0.2], &[486, 472, 458, 444, 444], Some(Attempts)),
        ("2.1 quota runs out midway",    NEW,  5,  20,   ANY,  &[500, 500],                  &[0.05],              &[6],                 Some(Budget)),
        ("2.1 throttled",                NEW,  3,  500,  ANY,  &[429, 200],                  &[1.0],               &[495, 500],          None),
        ("2.0 timed out",                OLD,  3,  500,  ANY,  &[408, 200],                  &[1.0],               &[490, 500],          None),
        ("2.0 first try",                OLD,  3,  499,  ANY,  &[200],                       &[],                  &[500],               None),
        ("2.1 first try, full",          NEW,  3,  500,  ANY,  &[200],                       &[],                  &[500],               None),
    ];
    for (case, generation, max, tokens, cap, statuses, delays, left, ended) in rows {
        let (gates, bucket) = gates(*generation, *tokens);
        let trace = call(&generation.policy(*max, *cap), &gates, &bucket, statuses);
        let expected = Trace { delays: delays.to_vec(), tokens: left.to_vec(), ended: *ended };
        assert_eq!(trace, expected, "{case}");
    }
}

#[test]
fn quota_comes_back_with_successes() {
    let (gates, bucket) = gates(NEW, 30);
    let policy = NEW.policy(5, 20.0);
    assert_eq!(call(&policy, &gates, &bucket, &[500, 500, 200]).tokens, [16, 2, 16]);
    assert_eq!(call(&policy, &gates, &bucket, &[500, 200]).tokens, [2, 16]);
}

#[test]
#[rustfmt::skip]
fn server_delay_against_own_backoff() {
    let rows = [
        // why                              hint (ms is not HTTP: seconds)     draw   seconds
        ("longer than the backoff",         "3",                               1.0,   3.0),
        ("shorter than the backoff",        "0",                               1.0,   0.05),
        ("more than 5 s over the backoff",  "90",                              1.0,   5.05),
        ("as above, by the jittered one",   "90",                              0.0,   5.0),
        ("unreadable is ignored",           "invalid",                         1.0,   0.05),
    ];
    for (why, hint, draw, seconds) in rows {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", hint.parse().unwrap());
        let outcome = HttpOutcome::answered(StatusCode::SERVICE_UNAVAILABLE, &headers);
        let progress = Progress { attempt_number: 1, ..Progress::default() };
        let decision = NEW.policy(3, 20.0).decide(&outcome, &progress, NOW, &mut || draw);
        let Decision::Retry { wait, .. } = decision else { panic!("{why}: {decision:?}") };
        assert!((wait.as_secs_f64() - seconds).abs() < 1e-9, "{why}: {wait:?}");
    }
}

/// Gates with nothing but a bucket that holds this many tokens of the generation's capacity.
fn gates(generation: Generation, tokens: u32) -> (Gates, Arc<Bucket>) {
    let bucket = Arc::new(Bucket::with_tokens(generation.prices, tokens));
    (Gates::with_budget(&GateSettings::none(), bucket.clone()).unwrap(), bucket)
}
