//! Gates within a fan-out: what calls of one origin share holds over all of them, through two hooks, and from a store; another origin
//! is not disturbed.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::fanout::Fanout;
use http_hook::gates::{BreakerSettings, BucketSettings, GateSettings, Gates, RateSettings};
use http_hook::{
    Act, Connection, Hook, RequestPlan, Sent, StopReason, Timestamp, TransportError,
    TransportErrorKind,
};
use proptest::prelude::*;

use crate::support::{NOW, response};

type Answer = Result<Response<Bytes>, TransportError>;
type Plans = Box<dyn Iterator<Item = RequestPlan>>;

/// One fan-out: through which hook, of how many calls, at most how many at once, and before which of its events it is stored.
#[derive(Clone, Debug)]
struct Lane {
    hook: Hook,
    count: u64,
    limit: usize,
    in_order: bool,
    stores: Vec<usize>,
}

/// A request that was sent.
#[derive(Clone, Debug, PartialEq)]
struct Send {
    at: Timestamp,
    slot: u64,
    /// How often this slot was sent, from 1.
    number: u32,
    came: Came,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Came {
    /// It is not known what came: it was stored meanwhile.
    Nothing,
    Passed,
    Failed,
}

/// What became of a lane.
#[derive(Debug, Default, PartialEq)]
struct Run {
    sends: Vec<Send>,
    ended: Vec<(u64, Option<StopReason>, Timestamp)>,
}

enum Open {
    Sent(usize, Box<Answer>),
    Asleep,
}

/// What the server of a lane answers to the nth send of a slot, and how long it takes.
type Server<'a> = &'a dyn Fn(usize, u64, u32) -> (Duration, Answer);

fn plans(count: u64) -> Plans {
    Box::new((0..count).map(|id| RequestPlan::get(format!("orders/{id}")).retries(12)))
}

/// Runs all lanes in one time, in which each answer and each sleep has its moment.
fn run(lanes: &[Lane], server: Server<'_>) -> Vec<Run> {
    let mut runs: Vec<Run> = lanes.iter().map(|_| Run::default()).collect();
    let first = |lane: &Lane| {
        let calls = Fanout::<Plans, Bytes>::new(&lane.hook, plans(lane.count), lane.limit, 7);
        if lane.in_order { calls.in_order() } else { calls }
    };
    let mut all: Vec<_> = lanes.iter().map(first).collect();
    let mut open: BTreeMap<(Timestamp, usize, u64), Open> = BTreeMap::new();
    let mut events = vec![0; lanes.len()];
    let mut now = NOW;
    loop {
        for (index, calls) in all.iter_mut().enumerate() {
            let run = &mut runs[index];
            while let Some((slot, act)) = calls.next(now) {
                match act {
                    Act::Send(..) => {
                        let before = run.sends.iter().filter(|send| send.slot == slot).count();
                        let number = u32::try_from(before).expect("few") + 1;
                        let (takes, answer) = server(index, slot, number);
                        let sent = Open::Sent(run.sends.len(), Box::new(answer));
                        run.sends.push(Send { at: now, slot, number, came: Came::Nothing });
                        open.insert((now.after(takes), index, slot), sent);
                    }
                    Act::Read(body, _) => calls.read(slot, Ok(body), now),
                    Act::Sleep(wait) => {
                        open.insert((now.after(wait), index, slot), Open::Asleep);
                    }
                    Act::Done(result) => {
                        run.ended.push((slot, result.err().map(|failure| failure.reason()), now));
                    }
                }
                assert!(calls.outstanding() <= lanes[index].limit.max(1));
            }
        }
        let Some(((at, index, slot), what)) = open.pop_first() else { break };
        now = at;
        events[index] += 1;
        let (lane, calls) = (&lanes[index], &mut all[index]);
        if lane.stores.contains(&events[index]) {
            let text = calls.store().expect("it can be stored");
            let begun = usize::try_from(calls.begun()).expect("few");
            // What is under way is lost with the process, which is gone before another one goes on.
            open.retain(|(_, other, _), _| *other != index);
            let rest: Plans = Box::new(plans(lane.count).skip(begun));
            *calls = first(&Lane { count: 0, ..lane.clone() });
            *calls = Fanout::resume(&lane.hook, &text, rest, now).expect("taken up");
            continue;
        }
        match what {
            Open::Sent(number, answer) => {
                runs[index].sends[number].came = match &*answer {
                    Ok(response) if response.status().is_success() => Came::Passed,
                    _ => Came::Failed,
                };
                calls.sent(slot, *answer, || now);
            }
            Open::Asleep => calls.woke(slot, now),
        }
    }
    for (lane, (run, calls)) in lanes.iter().zip(runs.iter().zip(&all)) {
        assert!(calls.is_over(), "it stands still: {calls:?}");
        let mut slots: Vec<u64> = run.ended.iter().map(|(slot, ..)| *slot).collect();
        assert!(!lane.in_order || slots.is_sorted(), "{slots:?}");
        slots.sort_unstable();
        assert_eq!(slots, (0..lane.count).collect::<Vec<_>>(), "each ends once");
    }
    runs
}

fn hook(base: &str, gates: &Gates) -> Hook {
    let connection = Connection::new().with_host(base);
    Hook::builder(&connection).gates(gates.clone()).build().expect("a hook")
}

/// What was sent to one origin, whoever sent it, in the order of time.
fn together(runs: &[Run]) -> Vec<&Send> {
    let mut sends: Vec<_> = runs.iter().flat_map(|run| &run.sends).collect();
    sends.sort_by_key(|send| send.at);
    sends
}

/// Of any sends in a row, however many, no more than the burst came before their time.
fn keep_to(rate: RateSettings, sends: &[&Send]) {
    for (first, from) in sends.iter().enumerate() {
        for (further, to) in (0_u32..).zip(&sends[first..]) {
            let due = f64::from(further) + 1.0 - f64::from(rate.burst.max(1));
            let passed = to.at.since(from.at).as_secs_f64();
            assert!(
                passed >= due / rate.per_second - 1e-6,
                "{} sends in {passed} s at {rate:?}: {sends:#?}",
                further + 1,
            );
        }
    }
}

/// No retry is sent that was not paid for out of the one bucket.
fn keep_within(bucket: BucketSettings, sends: &[&Send]) {
    let count = |passed: bool, retried: bool| {
        let those = sends.iter().filter(|send| (send.number > 1) == retried);
        those.filter(|send| !passed || send.came == Came::Passed).count() as u64
    };
    let cost = u64::from(bucket.cost);
    let paid_in = count(true, false) * u64::from(bucket.success) + count(true, true) * cost;
    let paid = count(false, true) * cost;
    assert!(paid <= u64::from(bucket.capacity) + paid_in, "{paid} of {paid_in}: {sends:#?}");
}

/// Answers by numbers: a pass, mostly, at once or after a while.
fn answers(faults: &[u8], lane: usize, slot: u64, number: u32) -> (Duration, Answer) {
    let place = slot.wrapping_mul(7) + u64::from(number) * 3 + lane as u64 * 11;
    let choice = faults[usize::try_from(place).expect("small") % faults.len()];
    let answer = match choice % 9 {
        0 => Ok(response(503, &[], "")),
        1 => Ok(response(429, &[("retry-after", "2")], "")),
        2 => Err(TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe)),
        3 => Err(TransportError::new(TransportErrorKind::Connect, Sent::No)),
        _ => Ok(response(200, &[], "")),
    };
    let takes = [0, 10, 40, 150, 700, 3000][usize::from(choice / 9 % 6)];
    (Duration::from_millis(takes), answer)
}

/// How many calls, at most how many at once, whether in order, before which events stored.
type Shape = (u64, usize, bool, Vec<usize>);

fn shape() -> impl Strategy<Value = Shape> {
    (0_u64..25, 1_usize..9, any::<bool>(), prop::collection::vec(1_usize..40, 0..3))
}

proptest! {
    /// Two fan-outs of one origin, through hooks of their own, and one of another: what is shared holds over the first two together,
    /// and the third one goes as it goes alone, to the moment.
    #[test]
    fn gates_hold_over_all_fan_outs_of_their_origin_and_no_other(
        (per_second, burst, capacity) in (1_u32..40, 0_u32..6, 0_u32..60),
        faults in prop::collection::vec(any::<u8>(), 1..64),
        shapes in [shape(), shape(), shape()],
    ) {
        let rate = RateSettings { per_second: f64::from(per_second) / 4.0, burst };
        let bucket = BucketSettings { capacity, ..BucketSettings::default() };
        let settings =
            GateSettings { bucket: Some(bucket), rate: Some(rate), ..GateSettings::none() };
        let lanes = || -> Vec<Lane> {
            let [here, there] = [(); 2].map(|()| Gates::new(&settings).expect("gates"));
            let hooks = [
                hook("https://api.example.com/v1", &here),
                hook("https://api.example.com/v2", &here),
                hook("https://api.example.org", &there),
            ];
            let lane = |(shape, hook): (Shape, Hook)| {
                let (count, limit, in_order, stores) = shape;
                Lane { hook, count, limit, in_order, stores }
            };
            shapes.clone().into_iter().zip(hooks).map(lane).collect()
        };
        let runs = run(&lanes(), &|lane, slot, number| answers(&faults, lane, slot, number));
        for sends in [together(&runs[..2]), together(&runs[2..])] {
            keep_to(rate, &sends);
            keep_within(bucket, &sends);
        }
        let alone = run(&lanes()[2..], &|_, slot, number| answers(&faults, 2, slot, number));
        assert_eq!(&alone[0], &runs[2], "the other origin goes as it goes alone");
    }
}

fn lanes(gates: [&Gates; 2], count: u64, stores: &[usize]) -> [Lane; 3] {
    let bases =
        ["https://api.example.com/v1", "https://api.example.com/v2", "https://api.example.org"];
    let [here, there] = gates;
    let lane = |(base, gates)| {
        let (hook, stores) = (hook(base, gates), stores.to_vec());
        Lane { hook, count, limit: 4, in_order: false, stores }
    };
    [(bases[0], here), (bases[1], here), (bases[2], there)].map(lane)
}

/// One origin is down: once its breaker is open nothing more is sent to it, by whichever hook, and everything to the other one.
#[test]
fn a_breaker_ends_the_fan_outs_of_its_origin_and_no_other() {
    const HOUR: Duration = Duration::from_secs(3600);
    let breaker =
        BreakerSettings { min_calls: 5, ratio: 0.5, window: HOUR, open: HOUR, jitter: 0.0 };
    let settings = GateSettings { breaker: Some(breaker), ..GateSettings::none() };
    let server = |lane: usize, slot: u64, _| {
        let takes = Duration::from_millis(10 + slot * 3 + lane as u64);
        (takes, Ok(response(if lane < 2 { 503 } else { 200 }, &[], "")))
    };
    for stores in [&[][..], &[3], &[2, 5, 9]] {
        let gates = [(); 2].map(|()| Gates::new(&settings).expect("gates"));
        let runs = run(&lanes([&gates[0], &gates[1]], 30, stores), &server);
        let ends = runs[..2].iter().flat_map(|run| &run.ended);
        let open = ends.filter(|(_, reason, _)| *reason == Some(StopReason::Breaker));
        let since = open.map(|(.., at)| *at).min().expect("it is open");
        let sends = together(&runs[..2]);
        assert!(sends.iter().all(|send| send.at <= since), "{stores:?}: {sends:#?}");
        // Those that open it, and those under way meanwhile, again for each store.
        assert!((5..=5 + 8 * (1 + stores.len())).contains(&sends.len()), "{stores:?}: {sends:#?}");
        assert!(runs[2].ended.iter().all(|(_, reason, _)| reason.is_none()), "{:?}", runs[2]);
    }
}

/// What two fan-outs share is used to the full: neither loses time that the other one could have had, nor does a store.
#[test]
fn no_permit_of_a_shared_rate_is_lost() {
    let server = |_, _, _| (Duration::from_millis(30), Ok(response(200, &[], "")));
    for (burst, stores) in
        [1, 5].iter().flat_map(|burst| [&[][..], &[7], &[2, 20, 40]].map(|stores| (*burst, stores)))
    {
        let rate = RateSettings { per_second: 10.0, burst };
        let settings = GateSettings { rate: Some(rate), ..GateSettings::none() };
        let gates = [(); 2].map(|()| Gates::new(&settings).expect("gates"));
        let runs = run(&lanes([&gates[0], &gates[1]], 50, stores), &server);
        for sends in [together(&runs[..2]), together(&runs[2..])] {
            keep_to(rate, &sends);
            let last = sends.last().expect("some").at.since(NOW);
            let due =
                Duration::from_millis(100) * (u32::try_from(sends.len()).expect("few") - burst);
            assert_eq!(last, due, "{stores:?}, {burst} at once");
        }
    }
}
