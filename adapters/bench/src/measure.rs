//! Counting allocations and instructions.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::process::Command;
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

/// Instructions of one call, by callgrind: this program is run again as `--run name calls`, with `calls` and twice
/// as many, and the difference is what the calls alone cost.
///
/// # Errors
///
/// If valgrind is absent or says nothing.
pub fn instructions(name: &str, calls: u64) -> Result<u64, String> {
    let (fewer, more) = (collected(name, calls)?, collected(name, 2 * calls)?);
    Ok(more.saturating_sub(fewer) / calls)
}

fn collected(name: &str, calls: u64) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--run", name, &calls.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = |line: &str| line.split_once("Collected : ")?.1.trim().parse().ok();
    text.lines().find_map(count).ok_or_else(|| format!("valgrind counted nothing: {text}"))
}
