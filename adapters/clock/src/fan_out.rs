//! Many calls at once, each send and each sleep on one of a few threads.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::blocking::{Body, Clock, Transport};
use http_hook::fanout::Fanout;
use http_hook::transport::catch_panic;
use http_hook::{Act, Failure, RequestPlan, TransportError};

/// The longest sleep that is asked for at once: nobody waits longer for a thread that sleeps when all is over.
const PIECE: Duration = Duration::from_millis(100);

/// The end of a call.
type Ended = Result<Response<Bytes>, Failure>;

/// What a thread has done for a slot.
enum Answer {
    Sent(Result<Response<Body>, TransportError>),
    Read(Result<Bytes, TransportError>),
    Woke,
    /// The thread ends with what was thrown: by the clock, say.
    Panicked(Box<dyn Any + Send>),
}

/// Tells all threads that nothing more is to be done, however it came to that.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs calls on as many threads as `threads` says, and hands each result to `each`, with its slot. The threads end with it.
///
/// `calls` keeps to its own limit; with fewer threads than that, some wait. No further call begins while `each` is at work with all
/// slots taken. If it breaks off, the calls under way are given up: sends that have begun run to their end, and nobody sleeps on, as the
/// clock is asked for 100 milliseconds at a time. Returned is what became of those that had begun: [`Fanout::cancel`] says what that
/// tells.
///
/// # Panics
///
/// If `each` or the clock does. A transport that panics ends its own call.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use http_hook::fanout::Fanout;
/// use http_hook::observe::Progress;
/// use http_hook::{Hook, RequestPlan, blocking};
/// use http_hook::options::Capabilities;
/// use http_hook_clock::{SystemClock, fan_out, seed};
///
/// let server = blocking::from_fn(Capabilities::none("echo"), |request, _| Ok(http::Response::new(request.into_body())));
/// let hook = Hook::to("https://api.example.com")?;
/// let plans = (0..100).map(|id| RequestPlan::put(format!("v1/orders/{id}")).data(id.to_string()));
///
/// let progress = Progress::default();
/// let calls = Fanout::new(&hook, plans, 8, seed()).observer(&progress);
/// let left = fan_out(calls, &server, &SystemClock::new(), 8, |slot, result| {
///     println!("{slot} {}: {progress}", result.is_ok()); // 1 passed, 0 failed, 7 under way, 0 of them waiting
///     ControlFlow::Continue(())
/// });
/// assert!(left.is_empty() && progress.passed() == 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fan_out<I, T, C>(
    mut calls: Fanout<'_, I, Body>,
    transport: &T,
    clock: &C,
    threads: usize,
    mut each: impl FnMut(u64, Ended) -> ControlFlow<()>,
) -> Vec<(u64, Ended)>
where
    I: Iterator<Item: Into<RequestPlan>>,
    T: Transport + ?Sized,
    C: Clock + ?Sized,
{
    let (asked, work) = mpsc::channel();
    let (answered, answers) = mpsc::channel();
    let (work, over) = (Mutex::new(work), AtomicBool::new(false));
    thread::scope(|scope| {
        let _ends = Ends(&over);
        for _ in 0..threads.max(1) {
            let (work, answered, over) = (&work, answered.clone(), &over);
            scope.spawn(move || {
                let serving = || serve(work, &answered, transport, clock, over);
                if let Err(thrown) = catch_unwind(AssertUnwindSafe(serving)) {
                    let _ = answered.send((0, Answer::Panicked(thrown)));
                }
            });
        }
        drop(answered);
        // The threads end once nobody can ask any more.
        let asked = asked;
        while !calls.is_over() {
            match calls.next(clock.now()) {
                Some((slot, Act::Done(result))) => {
                    if each(slot, result).is_break() {
                        return calls.cancel();
                    }
                }
                Some(act) => {
                    let _ = asked.send(act);
                }
                None => match answers.recv() {
                    Ok((slot, Answer::Sent(answer))) => calls.sent(slot, answer, || clock.now()),
                    Ok((slot, Answer::Read(body))) => calls.read(slot, body, clock.now()),
                    Ok((slot, Answer::Woke)) => calls.woke(slot, clock.now()),
                    Ok((_, Answer::Panicked(thrown))) => resume_unwind(thrown),
                    Err(_) => return calls.cancel(),
                },
            }
        }
        Vec::new()
    })
}

/// Does what is asked for until nobody asks any more, or all is over.
fn serve<T, C>(
    work: &Mutex<Receiver<(u64, Act<Body>)>>,
    answered: &Sender<(u64, Answer)>,
    transport: &T,
    clock: &C,
    over: &AtomicBool,
) where
    T: Transport + ?Sized,
    C: Clock + ?Sized,
{
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((slot, act)) = next else { return };
        if over.load(Ordering::Relaxed) {
            return;
        }
        let answer = match act {
            Act::Send(request, options) => {
                Answer::Sent(whole(|| transport.send(request, &options)))
            }
            Act::Read(body, limit) => Answer::Read(whole(|| body.read_up_to(limit))),
            Act::Sleep(wait) => {
                sleep(clock, wait, over);
                Answer::Woke
            }
            Act::Done(_) => continue,
        };
        if answered.send((slot, answer)).is_err() {
            return;
        }
    }
}

/// Sleeps by a clock that cannot be told to stop: a piece at a time, to the moment that is due or until all is over.
fn sleep<C: Clock + ?Sized>(clock: &C, wait: Duration, over: &AtomicBool) {
    let due = clock.now().after(wait);
    let mut left = wait;
    while !left.is_zero() && !over.load(Ordering::Relaxed) {
        let piece = left.min(PIECE);
        clock.sleep(piece);
        // Also by a clock that stands still.
        left = left.saturating_sub(piece).min(due.since(clock.now()));
    }
}

/// What panics is an error, so that its slot is answered.
fn whole<R>(work: impl FnOnce() -> Result<R, TransportError>) -> Result<R, TransportError> {
    catch_panic("the transport panicked", work)?
}
