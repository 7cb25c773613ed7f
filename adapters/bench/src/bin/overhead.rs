//! Prints what one call costs: `cargo run --release --manifest-path adapters/bench/Cargo.toml --bin overhead`.
//!
//! Needs valgrind. The last line is for programs to read.

use std::process::ExitCode;

use http_hook_bench::measure::{Counting, allocations, instructions, time};
use http_hook_bench::{BASELINE, HOOK, SCENARIOS, hook};

#[global_allocator]
static COUNTING: Counting = Counting;

/// Enough that one call in them that grows a table does not show.
const CALLS: u64 = 500;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(),
        ["--run", name, calls] => run(name, calls),
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
fn run(name: &str, calls: &str) -> Result<(), String> {
    let (_, prepare) =
        SCENARIOS.iter().find(|(other, _)| *other == name).ok_or("no such scenario")?;
    let calls: u64 = calls.parse().map_err(|_| "not a number of calls")?;
    let mut scenario = prepare();
    (0..calls).for_each(|_| scenario());
    Ok(())
}

fn table() -> Result<(), String> {
    println!(
        "{:<36} {:>12} {:>12} {:>8}",
        "one call, answered at once", "instructions", "allocations", "ns"
    );
    let (mut baseline, mut own) = (0, (0, 0));
    for &(name, prepare) in SCENARIOS {
        let mut scenario = prepare();
        let cost = (instructions(name, CALLS)?, allocations(&mut scenario));
        let nanoseconds = time(&mut scenario).as_nanos();
        println!("{name:<36} {:>12} {:>12} {nanoseconds:>8}", cost.0, cost.1);
        match name {
            BASELINE => baseline = cost.0,
            HOOK => own = cost,
            _ => {}
        }
    }
    for line in hook::sizes()? {
        println!("{line}");
    }
    let (instructions, allocations) = own;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand instructions")]
    let ratio = instructions as f64 / baseline as f64;
    println!("hook: ratio {ratio:.2}, {instructions} instructions, {allocations} allocations");
    Ok(())
}
