//! Prints what one call costs: `cargo run --release --manifest-path adapters/bench/Cargo.toml --bin overhead`.
//!
//! Needs valgrind. The lines behind the table are for programs to read.

use std::process::ExitCode;

use http_hook_bench::callgrind::Profile;
use http_hook_bench::measure::{Counting, allocations, time};
use http_hook_bench::{BASELINE, HOOK, SCENARIOS, Scenario, TEXTS, hook, run};

#[global_allocator]
static COUNTING: Counting = Counting;

/// Enough that one call in them that grows a table does not show.
const CALLS: u64 = 500;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(),
        ["--run", name, calls] => perform(name, calls),
        _ => Err("usage: overhead [--run SCENARIO CALLS]".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What runs under valgrind.
fn perform(name: &str, calls: &str) -> Result<(), String> {
    let (_, prepare) =
        SCENARIOS.iter().find(|(other, _)| *other == name).ok_or("no such scenario")?;
    let calls: u64 = calls.parse().map_err(|_| "not a number of calls")?;
    let mut scenario = prepare();
    (0..calls).for_each(|_| scenario());
    Ok(())
}

/// What one call costs.
#[derive(Clone, Copy, Default)]
struct Cost {
    instructions: u64,
    allocations: u64,
    nanoseconds: u128,
}

impl Cost {
    /// Instructions are counted in this program run again, with so many calls and with twice as many: the difference is what the
    /// calls alone cost.
    fn of(name: &str, prepare: fn() -> Scenario) -> Result<Self, String> {
        let profile = |calls: u64| Profile::of(&["--run", name, &calls.to_string()]);
        let (fewer, more) = (profile(CALLS)?, profile(2 * CALLS)?);
        let mut scenario = prepare();
        Ok(Self {
            instructions: more.each(&fewer, CALLS).instructions,
            allocations: allocations(&mut scenario),
            nanoseconds: time(&mut scenario).as_nanos(),
        })
    }

    /// Without what making the texts costs.
    fn without(self, texts: Self) -> Self {
        Self {
            instructions: self.instructions.saturating_sub(texts.instructions),
            allocations: self.allocations.saturating_sub(texts.allocations),
            nanoseconds: self.nanoseconds.saturating_sub(texts.nanoseconds),
        }
    }
}

fn table() -> Result<(), String> {
    println!(
        "{:<44} {:>12} {:>12} {:>8}",
        "one call, answered at once", "instructions", "allocations", "ns"
    );
    let (mut texts, mut baseline) = (Cost::default(), 0);
    let (mut lines, mut last) = (Vec::new(), String::new());
    for &(name, prepare) in SCENARIOS {
        let cost = Cost::of(name, prepare)?;
        if name == TEXTS {
            texts = cost;
            continue;
        }
        let Cost { instructions, allocations, nanoseconds } = cost.without(texts);
        println!("{name:<44} {instructions:>12} {allocations:>12} {nanoseconds:>8}");
        if name == BASELINE {
            baseline = instructions;
        }
        #[expect(clippy::cast_precision_loss, reason = "a few thousand instructions")]
        let ratio = instructions as f64 / baseline as f64;
        let line = format!(
            "{name}: ratio {ratio:.2}, {instructions} instructions, {allocations} allocations"
        );
        if name == HOOK {
            last = line;
        } else {
            lines.push(line);
        }
    }
    for line in hook::sizes()? {
        println!("{line}");
    }
    println!("future of a run: {} bytes", run::size_of_future());
    for line in lines {
        println!("{line}");
    }
    println!("{last}");
    Ok(())
}
