//! The default policy and the default gates in an outage, a partial outage and an overload: the bars they must keep.
//!
//! A small model of its own, with the decisions alone; the simulation runs the same through the whole machine.
//! `cargo test --test retry outage -- --nocapture` prints the figures.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::RetryPolicy;
use crate::gates::{Admission, GateSettings, Gates, Lease};
use crate::retry::{Decision, HttpOutcome, Progress, Random};
use crate::transport::TimeoutPhase;
use crate::{Sent, Timestamp, TransportError, TransportErrorKind};
use http::{HeaderMap, StatusCode};

/// One call: how far it has come, and whose it is.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Caller {
    gates: u32,
    seed: u64,
    attempt: u32,
    paid: u32,
}

/// What is due, by time, then by age.
struct Agenda<T> {
    heap: BinaryHeap<Reverse<(Duration, u64, T)>>,
    count: u64,
}

impl<T: Ord> Agenda<T> {
    fn new() -> Self {
        Self { heap: BinaryHeap::new(), count: 0 }
    }

    fn add(&mut self, at: Duration, what: T) {
        self.count += 1;
        self.heap.push(Reverse((at, self.count, what)));
    }

    fn next(&mut self) -> Option<(Duration, T)> {
        self.heap.pop().map(|Reverse((at, _, what))| (at, what))
    }
}

/// Gives the natural logarithm of a number of (0, 1], good enough for arrivals: halving until the series is short.
fn minus_ln(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 0.5 {
        x *= 2.0;
        sum += std::f64::consts::LN_2;
    }
    let y = (1.0 - x) / (1.0 + x);
    let (mut power, mut series) = (y, 0.0);
    for n in 1..20 {
        series += power / f64::from(2 * n - 1);
        power *= y * y;
    }
    sum + 2.0 * series
}

/// Ends an attempt: gives the wait and the price of the next one, if there is one.
fn settle(
    caller: Caller,
    gates: &Gates,
    lease: Lease,
    answer: Result<u16, ()>,
    now: Duration,
) -> Option<(Duration, u32)> {
    let now = Timestamp::new(now);
    let headers = HeaderMap::new();
    let error = TransportError::new(TransportErrorKind::Timeout(TimeoutPhase::Total), Sent::Maybe);
    let outcome = match answer {
        Ok(status) => HttpOutcome::answered(StatusCode::from_u16(status).unwrap(), &headers),
        Err(()) => HttpOutcome::lost(&error),
    };
    let progress = Progress { attempt_number: caller.attempt, ..Progress::default() };
    let mut random = Random::new(caller.seed, caller.attempt);
    match RetryPolicy::default().decide(&outcome, &progress, now, &mut || random.draw()) {
        Decision::Stand => {
            lease.success(now);
            None
        }
        Decision::GiveUp { .. } => {
            lease.failure(now);
            None
        }
        Decision::Retry { wait, .. } => {
            lease.failure(now);
            gates.retry(outcome.class(), now).ok().map(|paid| (wait, paid))
        }
    }
}

fn default_gates(seed: u64) -> Gates {
    Gates::new(&GateSettings { seed, ..GateSettings::default() }).unwrap()
}

/// A load of 100/s for 240 s, in which attempts fail with probability `fail` between 60 and 120 s: the attempts a
/// request in that time, and the share of requests that succeed.
fn outage(clients: u32, fail: f64, base: f64, seed: u64) -> (f64, f64) {
    let minute = |time: Duration| (60..120).contains(&time.as_secs());
    let gates: Vec<Gates> =
        (0..clients).map(|client| default_gates(seed + u64::from(client))).collect();
    let mut random = Random::new(seed, 1);
    let mut agenda = Agenda::new();
    for client in 0..clients {
        let (rate, mut time) = (100.0 / f64::from(clients), 0.0);
        loop {
            time += minus_ln(1.0 - random.draw()) / rate;
            if time >= 240.0 {
                break;
            }
            let caller = Caller { gates: client, seed: random.bits(), attempt: 1, paid: 0 };
            agenda.add(Duration::from_secs_f64(time), caller);
        }
    }
    let (mut requests, mut hit, mut attempts, mut good) = (0.0, 0.0, 0.0, 0.0);
    while let Some((now, mut caller)) = agenda.next() {
        if caller.attempt == 1 {
            requests += 1.0;
            hit += f64::from(u8::from(minute(now)));
        }
        let gates = &gates[usize::try_from(caller.gates).unwrap()];
        let admission = gates.admit(caller.paid, Duration::from_secs(1), Timestamp::new(now));
        let Admission::Go(lease) = admission else { continue };
        attempts += f64::from(u8::from(minute(now)));
        let fine = random.draw() >= if minute(now) { fail } else { base };
        good += f64::from(u8::from(fine));
        let answer = if fine { 200 } else { 503 };
        if let Some((wait, paid)) = settle(caller, gates, lease, Ok(answer), now) {
            (caller.attempt, caller.paid) = (caller.attempt + 1, paid);
            agenda.add(now + wait, caller);
        }
    }
    (attempts / hit, good / requests)
}

/// 280/s on a server of 300/s that serves in order, stalls from 60 to 70 s, and goes on with work nobody waits for
/// after 1 s: seconds after the stall until 10 s in a row are good again.
fn overload(seed: u64) -> Option<usize> {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Due {
        Send(Caller),
        End(usize),
    }
    let second = Duration::from_secs(1);
    let stall = (60 * second)..(70 * second);
    let gates = default_gates(seed);
    let mut random = Random::new(seed, 1);
    let mut agenda = Agenda::new();
    for number in 0..280 * 600 {
        let caller = Caller { seed: random.bits(), attempt: 1, ..Caller::default() };
        agenda.add(second * number / 280, Due::Send(caller));
    }
    let mut under_way: Vec<Option<(Caller, Lease, bool)>> = Vec::new();
    let mut free = Duration::ZERO;
    let mut good = vec![0_u32; 700];
    while let Some((now, due)) = agenda.next() {
        match due {
            Due::Send(caller) => {
                let admission = gates.admit(caller.paid, second, Timestamp::new(now));
                let Admission::Go(lease) = admission else { continue };
                let start = now.max(free);
                free = if stall.contains(&start) { stall.end } else { start } + second / 300;
                let served = free <= now + second;
                agenda.add(if served { free } else { now + second }, Due::End(under_way.len()));
                under_way.push(Some((caller, lease, served)));
            }
            Due::End(number) => {
                let (mut caller, lease, served) = under_way[number].take().unwrap();
                good[usize::try_from(now.as_secs()).unwrap()] += u32::from(served);
                let answer = if served { Ok(200) } else { Err(()) };
                if let Some((wait, paid)) = settle(caller, &gates, lease, answer, now) {
                    (caller.attempt, caller.paid) = (caller.attempt + 1, paid);
                    agenda.add(now + wait, Due::Send(caller));
                }
            }
        }
    }
    (70..590)
        .find(|from| good[*from..from + 10].iter().all(|count| *count >= 266))
        .map(|from| from - 70)
}

#[test]
fn an_outage_is_not_made_worse() {
    for seed in 1..=10 {
        let (amp, good) = outage(1, 1.0, 0.0, seed);
        assert!(
            amp <= 0.10 && good >= 0.70,
            "A1, seed {seed}: {amp:.3} a request, {good:.3} succeed"
        );
        let (amp, good) = outage(20, 1.0, 0.0, seed * 100);
        assert!(
            amp <= 0.20 && good >= 0.70,
            "A2, seed {seed}: {amp:.3} a request, {good:.3} succeed"
        );
    }
}

#[test]
fn partial_failures_are_made_good() {
    let worst = |fail| (1..=10).map(|seed| outage(1, fail, 0.001, seed).1).fold(1.0, f64::min);
    let third = worst(0.3);
    assert!(third >= 0.99, "{third:.4}");
}

#[test]
fn an_overload_is_left_behind() {
    for seed in 1..=3 {
        let recovered = overload(seed);
        assert!(recovered.is_some_and(|seconds| seconds <= 10), "B, seed {seed}: {recovered:?} s");
    }
}
