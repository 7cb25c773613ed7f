//! `http-hook run`: many calls, one for each line of a file.

mod fields;
mod files;
#[cfg(feature = "journal")]
mod journal;
#[cfg_attr(
    not(feature = "journal"),
    expect(clippy::unnecessary_wraps, reason = "a journal can fail")
)]
mod keep;
mod lines;
mod planned;
mod progress;
mod results;
mod said;
mod template;
mod work;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use http_hook::blocking::{Clock as _, Transport};
use http_hook::gates::{BucketSettings, GateSettings, Gates, RateSettings};
use http_hook::{Call, Cause, ErrorKind, Hook, Options, RequestPlan, Step};
use http_hook_clock::SystemClock;
use http_hook_ureq::UreqTransport;

use super::Context;
use super::call::doubts;
use crate::args::RunArgs;
use crate::connection::{self, Found};
use crate::cookies::CookieFile;
use crate::exit::{self, Problem};
use crate::hook::{self, Below};
use crate::request::item::{self, Item};
use crate::request::{Words, of_limits, read_policy, scheme};
use crate::settings::{Limit, Settings};
use keep::Keep;
use lines::{Lines, Taken};
use progress::{Report, watch};
use results::Results;
use said::said;
use template::Template;
use work::{Common, Pool, State};

/// How much of the stack a thread has.
const STACK: usize = 512 << 10;

/// Makes the calls, and gives the exit code.
pub(crate) fn run(args: &RunArgs, context: &Context) -> Result<u8, Problem> {
    if args.jobs == 0 && !args.resume {
        return Err(Problem::usage(
            "--jobs 0 sends nothing: it is for --resume, and prints what the journal has",
        ));
    }
    files::check(args)?;
    let settings = &context.settings;
    let words = match args.words.as_slice() {
        [] => None,
        words => Some(Words::new(&args.conn, words, &args.request)?),
    };
    let found = found(args, words.as_ref(), settings)?;
    let own = words.as_ref().map_or("", |words| words.endpoint);
    let endpoint = found.endpoint.as_deref().unwrap_or(own);
    let template = Template::new(words.as_ref(), endpoint, &args.request, args.id.as_deref())?;
    let options = of_limits(&args.limits, &args.client)?;
    let common = common(args, settings, &options)?;
    let read = Arc::new(AtomicU64::new(0));
    let mut lines = Lines::open(&args.file, args.input, Arc::clone(&read))?;
    template.check(lines.names())?;
    let make = || made(args, &found, settings);
    let transport = transport(args, &make, &common)?;
    let hook = make()?.for_client(transport.capabilities());
    doubts(&found, &hook, context);
    let clock = SystemClock::new();
    let results = Arc::new(Results::new(context.verbose > 0));
    let seed = args.limits.seed.unwrap_or_else(http_hook_clock::seed);
    // A journal is of a run that said the same.
    let allowed = options.clone();
    let again = || Ok::<_, Problem>(make()?.for_client(transport.capabilities()));
    let said = || said(args, &again()?, &common, &template, &lines);
    let begun = begin(args, &found, (&hook, &allowed, clock), (seed, &said), &results)?;
    lines.taken = begun.taken;
    let pool = Arc::new(Pool {
        hook,
        transport,
        clock,
        template,
        common,
        seed: begun.seed,
        max_body: args.max_body,
        keep: begun.keep,
        results,
        lines: Mutex::new(lines),
        state: Mutex::new(State::of(usize::from(args.jobs))),
        changed: Condvar::new(),
        ended: Condvar::new(),
        stopped: AtomicBool::new(false),
        problem: Mutex::default(),
    });
    let kept = begun.calls.len();
    for (slot, call) in begun.calls {
        pool.take_up(slot, call);
    }
    if args.jobs == 0 {
        pool.stop();
    }
    let report = Report::new(args, context, read, pool.results.count(), kept as u64);
    let report = Arc::new(report);
    let signal = signals(&pool, &report, begun.unreadable);
    for _ in 0..args.jobs {
        let own = Arc::clone(&pool);
        let spawned = thread::Builder::new().stack_size(STACK).spawn(move || own.work());
        if let Err(error) = spawned {
            pool.stop();
            return Err(Problem::local(format!("cannot start a thread: {error}")));
        }
    }
    watch(&pool, &report);
    end(&pool, &report, begun.unreadable, &signal)
}

/// What is under way has ended: the rest is counted, the journal closed, the report printed.
fn end(
    pool: &Pool,
    report: &Report,
    unreadable: u64,
    signal: &Arc<AtomicU64>,
) -> Result<u8, Problem> {
    let problem = pool.problem.lock().unwrap_or_else(PoisonError::into_inner).take();
    let results = Arc::clone(&pool.results);
    let closed = pool.keep.close();
    let left = left(report, pool, unreadable);
    results.flush();
    // Where the run is not what it was, the same again ends the same way.
    let of_use = |problem: &Problem| problem.code() == exit::USAGE;
    let can_go_on = !problem.as_ref().or(closed.as_ref().err()).is_some_and(of_use);
    report.print(&results, left, unreadable, can_go_on);
    if let Some(problem) = problem {
        return Err(problem);
    }
    closed?;
    if let Some(problem) = results.problem() {
        return Err(problem);
    }
    let signal = signal.load(Ordering::Acquire);
    if signal != 0 {
        return Ok(128 + u8::try_from(signal).unwrap_or(0));
    }
    let bad = [&results.failed, &results.may_have_acted, &results.invalid];
    let bad = bad.iter().any(|count| count.load(Ordering::Relaxed) > 0);
    Ok(if bad || unreadable > 0 { exit::FAILED } else { 0 })
}

/// How many calls were not begun or have not ended; `None` if nobody knows. What a journal has need not have been read again, and each
/// line has one result.
fn left(report: &Report, pool: &Pool, unreadable: u64) -> Option<u64> {
    if !pool.is_stopped() {
        return Some(0);
    }
    if report.is_stdin {
        return None;
    }
    let mut lines = pool.lines.lock().unwrap_or_else(PoisonError::into_inner);
    let all = lines.count().ok()?;
    Some(all.saturating_sub(pool.results.count() + unreadable))
}

fn found(args: &RunArgs, words: Option<&Words<'_>>, settings: &Settings) -> Result<Found, Problem> {
    if args.conn == "-" && words.is_none() {
        return Err(Problem::usage(
            "without a connection (`-`) there is a template, whose endpoint is a whole URL: https://…",
        ));
    }
    let endpoint = words.map_or("", |words| words.endpoint);
    let found = connection::find(&args.conn, endpoint, settings)?;
    if args.journal.is_some() && found.again.is_none() {
        return Err(Problem::usage("--journal: the text of a connection holds what is not kept")
            .with_hint("store the connection, and name its id"));
    }
    Ok(found)
}

/// The hook of the run: what is the same for every call is in it, and so is not kept with any.
fn made(args: &RunArgs, found: &Found, settings: &Settings) -> Result<Hook, Problem> {
    let cookies = args.client.cookies.as_deref().map(CookieFile::read).transpose()?;
    // What comes compressed is unpacked in any case: a result holds it as text.
    let below = Below { settings, said: Some((&args.limits, &args.client)) };
    let mut builder = hook::builder(&found.connection, below, true, false, cookies.as_ref())?;
    if !args.request.compressed {
        builder = builder.header("accept-encoding", "identity");
    }
    if let Some(scheme) = scheme(&args.auth)? {
        builder = builder.auth(scheme);
    }
    for word in &args.request.headers {
        if let Item::Header(name, value) = item::header(word)? {
            builder = match value {
                Some(value) => builder.header(name, value),
                None => builder.without_header(name),
            };
        }
    }
    let settings = GateSettings {
        bucket: args
            .budget
            .map(|capacity| BucketSettings { capacity, ..BucketSettings::default() }),
        rate: args.rate.map(|per_second| RateSettings { per_second, burst: args.burst }),
        ..GateSettings::none()
    };
    let gates =
        Gates::new(&settings).map_err(|error| Problem::usage(format!("--rate: {error}")))?;
    builder.gates(gates).build().map_err(|error| Problem::of_hook(&error))
}

/// What is said of every call on the command line.
fn common(args: &RunArgs, settings: &Settings, options: &Options) -> Result<Common, Problem> {
    let limits = args.limits.clone();
    let deadline = match limits.deadline {
        Some(deadline) => Some(deadline),
        None => settings.limit("deadline")?,
    };
    let deadline = deadline.and_then(|Limit(deadline)| deadline);
    let policy = limits.policy.as_deref().map(read_policy).transpose()?.map(Arc::new);
    let options = (*options != Options::default()).then(|| options.clone());
    let is_plain = policy.is_none()
        && options.is_none()
        && limits.retry.is_none()
        && deadline.is_none()
        && !limits.resend
        && !limits.idempotency_key;
    if is_plain {
        return Ok(Box::new(|plan| plan));
    }
    Ok(Box::new(move |mut plan: RequestPlan| {
        if let Some(options) = &options {
            plan = plan.options(options.clone());
        }
        if let Some(policy) = &policy {
            plan = plan.retry(Arc::clone(policy));
        }
        if let Some(retries) = limits.retry {
            plan = plan.retries(retries);
        }
        if let Some(deadline) = deadline {
            plan = plan.deadline(deadline);
        }
        if limits.resend {
            plan = plan.allow_resend();
        }
        if limits.idempotency_key {
            plan = plan.idempotency_key();
        }
        plan
    }))
}

/// The client: ureq, which keeps its connections for POST, too; the other one where ureq cannot do what is asked.
fn transport(
    args: &RunArgs,
    make: &dyn Fn() -> Result<Hook, Problem>,
    common: &Common,
) -> Result<Box<dyn Transport>, Problem> {
    let ureq = UreqTransport::for_threads(usize::from(args.jobs));
    let hook = make()?.for_client(ureq.capabilities());
    let now = SystemClock::new().now();
    let step = Call::new(&hook, common(RequestPlan::get("")), 0, now).step(&hook, now);
    let can = match step {
        Step::Done(Err(failure)) => {
            !matches!(failure.cause(), Cause::Request(error) if error.kind() == ErrorKind::Unsupported)
        }
        _ => true,
    };
    let has_tls = cfg!(any(feature = "native-tls", feature = "rustls"));
    if can && (has_tls || hook.origin().to_string().starts_with("http://")) {
        return Ok(Box::new(ureq));
    }
    Ok(Box::new(crate::transport::client()?))
}

/// What a run begins with.
struct Begun {
    keep: Keep,
    seed: u64,
    calls: Vec<(keep::Slot, Call)>,
    unreadable: u64,
    taken: Taken,
}

impl Begun {
    /// Nothing is kept.
    fn anew(seed: u64) -> Self {
        let (keep, calls, taken) = (Keep::Nowhere, Vec::new(), Taken::default());
        Self { keep, seed, calls, unreadable: 0, taken }
    }
}

#[cfg(feature = "journal")]
fn begin(
    args: &RunArgs,
    found: &Found,
    (hook, allowed, clock): (&Hook, &Options, SystemClock),
    (seed, said): (u64, &dyn Fn() -> Result<String, Problem>),
    results: &Arc<Results>,
) -> Result<Begun, Problem> {
    let Some(path) = &args.journal else {
        results.open(args.output.as_deref())?;
        return Ok(Begun::anew(seed));
    };
    let calls = said()?;
    let connection = found.again.clone();
    let run = http_hook_journal::Run { connection, calls, seed };
    let begun = journal::begin(path, args, run, (hook, allowed, clock.now()), results)?;
    let journal::Begun { keep, seed, calls, unreadable, taken } = begun;
    Ok(Begun { keep, seed, calls, unreadable, taken })
}

#[cfg(not(feature = "journal"))]
fn begin(
    args: &RunArgs,
    _: &Found,
    _: (&Hook, &Options, SystemClock),
    (seed, _): (u64, &dyn Fn() -> Result<String, Problem>),
    results: &Arc<Results>,
) -> Result<Begun, Problem> {
    if args.journal.is_some() {
        return Err(Problem::usage("--journal: this http-hook was built without it")
            .with_hint("cargo install --path adapters/cli --features journal"));
    }
    results.open(args.output.as_deref())?;
    Ok(Begun::anew(seed))
}

/// The first signal has what is under way end, the second one ends the command. Tells which came.
#[cfg(unix)]
fn signals(pool: &Arc<Pool>, report: &Arc<Report>, unreadable: u64) -> Arc<AtomicU64> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let told = Arc::new(AtomicU64::new(0));
    let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) else { return told };
    let (pool, own, report) = (Arc::downgrade(pool), Arc::clone(&told), Arc::clone(report));
    thread::spawn(move || {
        for signal in signals.forever() {
            let before = own.swap(u64::from(signal.unsigned_abs()), Ordering::AcqRel);
            match pool.upgrade() {
                Some(pool) if before == 0 => {
                    pool.stop();
                    report.interrupted(&pool);
                }
                Some(pool) => {
                    give_up(pool, &report, unreadable);
                    std::process::exit(128 + signal);
                }
                None => std::process::exit(128 + signal),
            }
        }
    });
    told
}

/// Prints the report of a run that ends at once, unless that takes long: whoever sends a signal twice does not wait.
#[cfg(unix)]
fn give_up(pool: Arc<Pool>, report: &Arc<Report>, unreadable: u64) {
    let (done, is_done) = std::sync::mpsc::channel();
    let report = Arc::clone(report);
    thread::spawn(move || {
        pool.results.try_flush();
        let left = left(&report, &pool, unreadable);
        report.print(&pool.results, left, unreadable, true);
        let _ = done.send(());
    });
    let _ = is_done.recv_timeout(std::time::Duration::from_secs(2));
}

/// Signals are left to the system.
#[cfg(not(unix))]
fn signals(_: &Arc<Pool>, _: &Arc<Report>, _: u64) -> Arc<AtomicU64> {
    Arc::default()
}
