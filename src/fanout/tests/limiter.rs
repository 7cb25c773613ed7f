//! What the limiter makes of answers.

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;

use super::super::limiter::{Begun, Came, Limiter};

const WORK: Duration = Duration::from_millis(100);

/// Sends under way, of which the first to begin is the first to end.
struct Sends {
    limiter: Limiter,
    open: VecDeque<Begun>,
}

impl Sends {
    fn new(most: usize) -> Self {
        Self { limiter: Limiter::new(most), open: VecDeque::new() }
    }

    /// Begins as many as may be under way, but no more than `want`.
    fn fill(&mut self, want: usize) {
        while self.open.len() < self.limiter.allowed().min(want) {
            self.open.push_back(self.limiter.begin());
        }
    }

    /// Lets so many sends end, while a server works on `at_once` of them.
    fn run(&mut self, count: usize, at_once: u32, want: usize) {
        for _ in 0..count {
            self.fill(want);
            let under_way = u32::try_from(self.open.len()).expect("few").max(at_once);
            self.end(Came::After(WORK * under_way / at_once));
        }
    }

    fn end(&mut self, came: Came) {
        let begun = self.open.pop_front().expect("one is under way");
        self.limiter.end(begun, came);
    }
}

#[test]
fn without_a_queue_it_grows_to_the_most() {
    let mut sends = Sends::new(500);
    let mut last = 1;
    for _ in 0..3_000 {
        sends.run(1, 10_000, usize::MAX);
        assert!(sends.limiter.allowed() >= last, "it falls, without a reason");
        last = sends.limiter.allowed();
    }
    assert_eq!(last, 500);
}

#[test]
fn it_settles_at_what_the_server_can_do() {
    for at_once in [1, 2, 3, 5, 8, 16, 100, 900] {
        let mut sends = Sends::new(1_000);
        sends.run(40_000, at_once, usize::MAX);
        let reached = u32::try_from(sends.limiter.reached()).expect("few");
        let room = (at_once / 5).max(1);
        assert!((at_once..=at_once + room).contains(&reached), "{at_once}: {reached}");
    }
}

#[test]
fn it_follows_a_server_that_becomes_smaller_larger_and_slower() {
    let mut sends = Sends::new(1_000);
    for at_once in [40, 20, 80, 5, 40] {
        sends.run(20_000, at_once, usize::MAX);
        let reached = u32::try_from(sends.limiter.reached()).expect("few");
        assert!((at_once..=at_once * 6 / 5).contains(&reached), "{at_once}: {reached}");
    }
    for _ in 0..20_000 {
        sends.fill(usize::MAX);
        let under_way = u32::try_from(sends.open.len()).expect("few").max(40);
        sends.end(Came::After(5 * WORK * under_way / 40));
    }
    let reached = sends.limiter.reached();
    assert!((40..=48).contains(&reached), "each takes five times as long: {reached}");
}

#[test]
fn what_was_under_way_together_counts_once() {
    let mut sends = Sends::new(64);
    sends.run(3_000, 1_000, usize::MAX);
    sends.fill(usize::MAX);
    assert_eq!((sends.limiter.allowed(), sends.open.len()), (64, 64));
    for _ in 0..64 {
        sends.end(Came::Overload);
        assert_eq!(sends.limiter.allowed(), 32, "it had grown fast: half is left");
    }
    sends.fill(usize::MAX);
    sends.end(Came::Overload);
    assert_eq!(sends.limiter.allowed(), 25, "then four fifths");
}

#[test]
fn near_what_was_too_much_it_goes_slowly() {
    let mut sends = Sends::new(1_000);
    sends.run(1_200, 10_000, usize::MAX);
    let ceiling = sends.limiter.allowed();
    sends.fill(usize::MAX);
    sends.end(Came::Overload);
    while sends.limiter.allowed() < ceiling * 9 / 10 {
        sends.run(1, 10_000, usize::MAX);
    }
    let near = sends.limiter.allowed();
    sends.run(4 * near, 10_000, usize::MAX);
    let growth = sends.limiter.allowed() - near;
    assert!(
        (1..=near / 20).contains(&growth),
        "{growth} more than {near}, which is near {ceiling}"
    );
    sends.run(40 * near, 10_000, usize::MAX);
    assert_eq!(sends.limiter.allowed(), 1_000, "it was no ceiling any more");
}

#[test]
fn a_limit_that_nobody_uses_does_not_grow() {
    for want in [1, 4, 20] {
        let mut sends = Sends::new(1_000);
        sends.run(20_000, 10_000, want);
        let reached = sends.limiter.allowed();
        assert!((want..=want * 8 / 3 + 1).contains(&reached), "{want}: {reached}");
    }
}

#[test]
fn what_says_nothing_moves_nothing() {
    let mut sends = Sends::new(1_000);
    sends.run(500, 10_000, usize::MAX);
    let mut allowed = Vec::new();
    for _ in 0..10_000 {
        sends.fill(usize::MAX);
        sends.end(Came::Nothing);
        allowed.push(sends.limiter.allowed());
    }
    allowed.dedup();
    assert!(allowed.len() <= 2, "what had come before may move it once: {allowed:?}");
}

#[test]
fn one_that_never_ends_holds_nothing_up() {
    let mut sends = Sends::new(1_000);
    sends.run(500, 10_000, usize::MAX);
    let stuck = sends.open.pop_front().expect("one is under way");
    sends.run(5_000, 10_000, usize::MAX);
    assert!(sends.limiter.allowed() >= 999, "{}", sends.limiter.allowed());
    sends.limiter.end(stuck, Came::After(60 * WORK));
    assert!(sends.limiter.allowed() >= 999);
}

#[test]
fn it_goes_on_from_what_was_reached() {
    for (reached, most, begins) in [(40, 1_000, 30), (40, 20, 15), (1, 9, 1), (0, 9, 1)] {
        let limiter = Limiter::reached_before(reached, most);
        assert_eq!(limiter.allowed(), begins, "{reached} of {most}");
        assert_eq!(limiter.reached(), reached.clamp(1, most), "storing again loses nothing");
    }
    let limiter = Limiter::reached_before(40, 1_000);
    let mut sends = Sends { limiter, open: VecDeque::new() };
    sends.run(600, 40, usize::MAX);
    assert!((38..=48).contains(&sends.limiter.reached()), "{}", sends.limiter.reached());
}

/// The same answers give the same limits, everywhere.
#[test]
fn decisions_are_pinned() {
    let mut sends = Sends::new(200);
    let mut state = 7_u64;
    let mut found = Vec::new();
    for number in 0..4_000_u32 {
        sends.fill(usize::MAX);
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = Duration::from_micros((state >> 33) % 40_000);
        let under_way = u32::try_from(sends.open.len()).expect("few").max(24);
        sends.end(match number % 1_500 {
            1_499 => Came::Overload,
            _ => Came::After(WORK * under_way / 24 + noise),
        });
        if number % 250 == 249 {
            found.push(sends.limiter.allowed());
        }
    }
    assert_eq!(found, PINNED);
}

const PINNED: [usize; 16] = [31, 28, 28, 28, 29, 22, 27, 27, 27, 26, 26, 21, 26, 26, 26, 26];

proptest! {
    #[test]
    fn it_stays_between_one_and_the_most(
        most in 0_usize..2_000,
        reached in proptest::option::of(0_usize..5_000),
        moves in prop::collection::vec((0_u8..8, 0_usize..64, any::<u64>()), 0..2_000),
    ) {
        let limiter = match reached {
            Some(reached) => Limiter::reached_before(reached, most),
            None => Limiter::new(most),
        };
        let mut sends = Sends { limiter, open: VecDeque::new() };
        for (what, place, took) in moves {
            sends.fill(place + 1);
            let Some(begun) = sends.open.remove(place % sends.open.len().max(1)) else { continue };
            let took = match what {
                0 => Duration::ZERO,
                1 => Duration::MAX,
                2 => Duration::from_secs(took),
                _ => Duration::from_micros(took % 1_000_000),
            };
            sends.limiter.end(begun, match what {
                7 => Came::Overload,
                6 => Came::Nothing,
                _ => Came::After(took),
            });
            let (allowed, reached) = (sends.limiter.allowed(), sends.limiter.reached());
            prop_assert!((1..=most.max(1)).contains(&allowed), "{allowed}");
            prop_assert!((1..=most.max(1)).contains(&reached), "{reached}");
        }
    }
}
