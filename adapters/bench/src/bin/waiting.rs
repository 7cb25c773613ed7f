//! Prints what calls cost that wait: `cargo run --release --manifest-path adapters/bench/Cargo.toml --bin waiting`.
//!
//! All go over one hyper client to a server that is busy and says when to come back. Each is a task of one tokio
//! runtime, on one thread. Linux only, for what is resident.

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_hook::observe::Event;
use http_hook::{HttpHook, RetryPolicy, WaitReason};
use http_hook_bench::Input;
use http_hook_bench::clients::{hooked, server};
use http_hook_bench::measure::{Counting, live_bytes};
use http_hook_clock::SystemClock;
use rustix::param::page_size;
use tokio::time::{sleep, timeout};

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many wait at once.
const CALLS: usize = 10_000;
/// How many send at once: as many connections there are.
const SENDING: usize = 50;
/// How long it may take until the next of them wait.
const LONGEST: Duration = Duration::from_secs(10);

const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 60\r\ncontent-length: 4\r\n\r\nbusy";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => measure(),
        ["--serve"] => server::serve_parent(BUSY).map_err(|error| error.to_string()),
        _ => Err("usage: waiting".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), String> {
    let server = server::Server::start(&["--serve"]).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut input = Input::new();
        input.host = format!("http://{}", server.address);
        let waiting = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&waiting);
        let (hook, transport) = (hooked::hook(&input), hooked::hyper_transport());
        let hook = HttpHook::new(hook, transport, SystemClock::new());
        let hook = Arc::new(hook.with_observer(move |event: &Event<'_>| {
            if let Event::Wait { reason: WaitReason::Hint, .. } = event {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }));
        let plan = || hooked::plan(&input).retry(RetryPolicy::default());
        // The first ones make the connections, which are no call's own.
        let mut tasks = Vec::with_capacity(CALLS + SENDING);
        let (mut before, mut resident) = (0, 0);
        while tasks.len() < CALLS + SENDING {
            if tasks.len() == SENDING {
                (before, resident) = (live_bytes(), resident_bytes()?);
            }
            for plan in std::iter::repeat_with(plan).take(SENDING) {
                let hook = Arc::clone(&hook);
                tasks.push(tokio::spawn(async move { hook.run(plan).await.map(drop) }));
            }
            let all = async {
                while waiting.load(Ordering::Relaxed) < tasks.len() {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(LONGEST, all).await.map_err(|_| "not all calls wait")?;
        }
        let ended = tasks.iter().filter(|task| task.is_finished()).count();
        if ended > 0 {
            return Err(format!("{ended} calls did not wait"));
        }
        let each = |bytes: i64| bytes / i64::try_from(CALLS).unwrap_or(i64::MAX);
        let (heap, resident) = (each(live_bytes() - before), each(resident_bytes()? - resident));
        println!("{CALLS} calls wait at once over one hyper client, each a task with its timer");
        println!("a waiting call: {heap} bytes on the heap, {resident} bytes resident");
        Ok(())
    })
}

/// What this process has in memory now.
fn resident_bytes() -> Result<i64, String> {
    let text = fs::read_to_string("/proc/self/statm").map_err(|error| error.to_string())?;
    let pages: Option<i64> = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    let pages = pages.ok_or("/proc/self/statm says something else")?;
    Ok(pages * i64::try_from(page_size()).unwrap_or(i64::MAX))
}
