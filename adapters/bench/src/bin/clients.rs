//! Prints what a hook costs over real clients: `cargo run --profile lto --manifest-path adapters/bench/Cargo.toml --bin clients`.
//!
//! CPU time is that of this process alone: the server is a child, on the same CPUs. Fails if a bar is broken, or if hook and client do not
//! send the same bytes.
//!
//! With `--touched` it counts instead, by valgrind: instructions of one request, and the lines of code that these lie in. Neither depends on the
//! machine.

use std::process::ExitCode;
use std::time::Duration;

use http_hook_bench::callgrind::{Profile, Touched};
use http_hook_bench::clients::pairs::{Cpus, Extent, Outcome, measure};
use http_hook_bench::clients::server::{self, Server};
use http_hook_bench::clients::{MANY, ROWS, Row, Way};

const USAGE: &str = "usage: clients [--short] [--no-bars] [--csv] [--only CLIENT]
       clients --touched [--no-bars] [--only CLIENT]
       clients --run CLIENT bare|hook REQUESTS";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--serve"] => server::serve_parent(server::OK).map_err(|error| error.to_string()),
        ["--run", name, way, requests] => run(name, way, requests),
        ["--touched", ref options @ ..] => {
            Options::read(options).and_then(|options| touched(&options))
        }
        ref options => Options::read(options).and_then(|options| table(&options)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the hook may execute at most, as a part of what the bare client does.
const INSTRUCTIONS: f64 = 1.00;
/// What the hook may touch of lines of code at most, as a part of what the bare client does.
const LINES: f64 = 1.10;

struct Options<'a> {
    extent: Extent,
    bars: bool,
    csv: bool,
    only: Option<&'a str>,
}

impl<'a> Options<'a> {
    fn read(mut words: &[&'a str]) -> Result<Self, String> {
        let extent = Extent { rounds: 6, pairs: 50, batch: Duration::from_millis(50) };
        let mut options = Self { extent, bars: true, csv: false, only: None };
        loop {
            words = match words {
                [] => return Ok(options),
                ["--short", rest @ ..] => {
                    options.extent =
                        Extent { rounds: 2, pairs: 20, batch: Duration::from_millis(30) };
                    rest
                }
                ["--no-bars", rest @ ..] => {
                    options.bars = false;
                    rest
                }
                ["--csv", rest @ ..] => {
                    options.csv = true;
                    rest
                }
                ["--only", name, rest @ ..] => {
                    options.only = Some(name);
                    rest
                }
                _ => return Err(USAGE.to_owned()),
            };
        }
    }

    fn rows(&self) -> impl Iterator<Item = &'static Row> {
        ROWS.iter().filter(|row| self.only.is_none_or(|only| only == row.name))
    }

    fn judge(&self, broken: &[String]) -> Result<(), String> {
        if broken.is_empty() || !self.bars {
            return Ok(());
        }
        Err(format!("above the bar: {}", broken.join(", ")))
    }
}

/// What runs under a profiler.
fn run(name: &str, way: &str, requests: &str) -> Result<(), String> {
    let row = ROWS.iter().find(|row| row.name == name).ok_or("no such client")?;
    let way = if way == "hook" { Way::Hook } else { Way::Other };
    let requests = requests.parse().map_err(|_| "not a number of requests")?;
    let server = Server::start(&["--serve"]).map_err(|error| error.to_string())?;
    row.side(way, server.address, 1)(requests);
    Ok(())
}

fn touched(options: &Options<'_>) -> Result<(), String> {
    println!(
        "| client                | instructions | by the hook | ratio | bar  | lines of code | by the hook | ratio | bar  |"
    );
    println!(
        "| --------------------- | -----------: | ----------: | ----- | ---- | ------------: | ----------: | ----- | ---- |"
    );
    let mut broken = Vec::new();
    for row in options.rows().filter(|row| row.bare) {
        let (bare, hook) = (one_request(row.name, "bare")?, one_request(row.name, "hook")?);
        let instructions = ratio(hook.instructions, bare.instructions);
        let lines = ratio(hook.lines, bare.lines);
        println!(
            "| {:<21} | {:>12} | {:>11} | {instructions:.3} | {INSTRUCTIONS:.2} | {:>13} | {:>11} | {lines:.3} | {LINES:.2} |",
            row.name, bare.instructions, hook.instructions, bare.lines, hook.lines
        );
        if instructions > INSTRUCTIONS {
            broken.push(format!("instructions of {}", row.name));
        }
        if lines > LINES {
            broken.push(format!("lines of {}", row.name));
        }
    }
    options.judge(&broken)
}

/// What one request takes: the client is a process of its own, which sends so many requests, then twice as many.
fn one_request(name: &str, way: &str) -> Result<Touched, String> {
    const REQUESTS: u64 = 1_000;
    let profile = |requests: u64| Profile::of(&["--run", name, way, &requests.to_string()]);
    let (fewer, more) = (profile(REQUESTS)?, profile(2 * REQUESTS)?);
    Ok(more.each(&fewer, REQUESTS))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn ratio(hook: u64, bare: u64) -> f64 {
    hook as f64 / bare as f64
}

fn table(options: &Options<'_>) -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    let cpus = Cpus::new().map_err(failed)?;
    if options.csv {
        println!(
            "client,in_flight,cpus,requests_per_second,hook_requests_per_second,cpu_seconds_per_100000,hook_cpu_seconds_per_100000,ratio_q1,ratio,ratio_q3,bar"
        );
    } else {
        println!(
            "| client                         | in flight | CPUs | requests/s | by the hook | CPU s / 100,000 | by the hook | ratio (quartiles)      | bar  |"
        );
        println!(
            "| ------------------------------ | --------: | ---: | ---------: | ----------: | --------------: | ----------: | ---------------------- | ---- |"
        );
    }
    let mut broken = Vec::new();
    for row in options.rows() {
        same_bytes(row)?;
        for in_flight in [1, MANY] {
            let parallel = row.is_parallel(in_flight);
            cpus.take(parallel).map_err(failed)?;
            // Threads that share CPUs scatter more.
            let rounds = options.extent.rounds * if parallel { 2 } else { 1 };
            let server = Server::start(&["--serve"]).map_err(failed)?;
            let sides = || {
                let side = |way| row.side(way, server.address, in_flight);
                (side(Way::Other), side(Way::Hook))
            };
            let extent = Extent { rounds, ..options.extent };
            let outcome = measure(sides, in_flight, extent);
            print(row, in_flight, cpus.count(parallel), &outcome, options.csv);
            if outcome.ratio[1] > row.bar {
                broken.push(format!("{} with {in_flight} in flight", row.name));
            }
        }
    }
    options.judge(&broken)
}

fn print(row: &Row, in_flight: u64, cpus: u32, outcome: &Outcome, csv: bool) {
    let (name, Outcome { other, hook, ratio: [low, ratio, high] }) = (row.name, outcome);
    if csv {
        println!(
            "\"{name}\",{in_flight},{cpus},{:.0},{:.0},{:.4},{:.4},{low:.4},{ratio:.4},{high:.4},{:.2}",
            other.requests, hook.requests, other.cpu, hook.cpu, row.bar
        );
    } else {
        println!(
            "| {name:<30} | {in_flight:>9} | {cpus:>4} | {:>10.0} | {:>11.0} | {:>15.2} | {:>11.2} | {ratio:.3} ({low:.3} to {high:.3}) | {:.2} |",
            other.requests, hook.requests, other.cpu, hook.cpu, row.bar
        );
    }
}

/// Both sides of a row send the same bytes, but for the port of the server.
fn same_bytes(row: &Row) -> Result<(), String> {
    let head = |way| {
        let mut port = String::new();
        let head = server::head_of(|address| {
            port = address.to_string();
            row.side(way, address, 1)(1);
        });
        let head = head.map_err(|error| format!("{}: {error}", row.name))?;
        Ok::<_, String>(String::from_utf8_lossy(&head).replace(&port, "HOST"))
    };
    let (other, hook) = (head(Way::Other)?, head(Way::Hook)?);
    if other == hook {
        return Ok(());
    }
    Err(format!("{}: not the same request\n{other}\nby the hook\n{hook}", row.name))
}
