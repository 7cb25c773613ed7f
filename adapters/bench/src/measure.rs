//! Counting allocations and time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::Scenario;

/// Counts what each thread allocates.
pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

fn count(allocations: u64, bytes: i64) {
    ALLOCATIONS.set(ALLOCATIONS.get() + allocations);
    LIVE.set(LIVE.get() + bytes);
}

fn size(layout: Layout) -> i64 {
    i64::try_from(layout.size()).unwrap_or(i64::MAX)
}

// SAFETY: all work is the system allocator's; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, size(layout));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, -size(layout));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(1, i64::try_from(new_size).unwrap_or(i64::MAX) - size(layout));
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// How often the heap was asked for memory so far, growing included, by this thread.
#[must_use]
pub fn allocations_so_far() -> u64 {
    ALLOCATIONS.get()
}

/// Bytes that are allocated now, by this thread.
#[must_use]
pub fn live_bytes() -> i64 {
    LIVE.get()
}

/// How often one call allocates: the fewest of several, after a first that fills caches.
pub fn allocations(scenario: &mut Scenario) -> u64 {
    scenario();
    let one = |_| {
        let before = allocations_so_far();
        scenario();
        allocations_so_far() - before
    };
    (0..16).map(one).min().unwrap_or(0)
}

/// What one call takes: the median of several rounds.
pub fn time(scenario: &mut Scenario) -> Duration {
    const CALLS: u32 = 2_000;
    let mut rounds: Vec<Duration> = (0..11)
        .map(|_| {
            let begun = Instant::now();
            (0..CALLS).for_each(|_| scenario());
            begun.elapsed() / CALLS
        })
        .collect();
    rounds.sort();
    rounds[rounds.len() / 2]
}
