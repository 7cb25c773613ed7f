//! Many calls at once, each send and each sleep on one of a few threads.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use http::Response;
use http_hook::blocking::{Body, Clock, Transport};
use http_hook::fanout::Fanout;
use http_hook::{Act, Failure, RequestPlan, Sent, TransportError, TransportErrorKind};

/// The end of a call.
type Ended = Result<Response<Bytes>, Failure>;

/// What a thread has done for a slot.
enum Answer {
    Sent(Result<Response<Body>, TransportError>),
    Read(Result<Bytes, TransportError>),
    Woke,
}

/// Runs calls on as many threads as `threads` says, and hands each result to `each`, with its slot. The threads end with it.
///
/// `calls` keeps to its own limit; with fewer threads than that, some wait. No further call begins while `each` is at work with all
/// slots taken. If it breaks off, the calls under way are given up, but their sends run to their end; returned is what became of
/// those that had begun: [`Fanout::cancel`] says what that tells.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use http_hook::fanout::Fanout;
/// use http_hook::{Hook, RequestPlan, blocking};
/// use http_hook::options::Capabilities;
/// use http_hook_clock::{SystemClock, fan_out, seed};
///
/// let server = blocking::from_fn(Capabilities::none("echo"), |request, _| Ok(http::Response::new(request.into_body())));
/// let hook = Hook::to("https://api.example.com")?;
/// let plans = (0..100).map(|id| RequestPlan::put(format!("v1/orders/{id}")).data(id.to_string()));
///
/// let mut passed = 0;
/// let calls = Fanout::new(&hook, plans, 8, seed());
/// let left = fan_out(calls, &server, &SystemClock::new(), 8, |slot, result| {
///     passed += u32::from(result.is_ok_and(|response| *response.body() == slot.to_string()));
///     ControlFlow::Continue(())
/// });
/// assert!(left.is_empty() && passed == 100);
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
    let work = Mutex::new(work);
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let (work, answered) = (&work, answered.clone());
            scope.spawn(move || serve(work, &answered, transport, clock));
        }
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
                    Err(_) => return calls.cancel(),
                },
            }
        }
        Vec::new()
    })
}

/// Does what is asked for until nobody asks any more.
fn serve<T, C>(
    work: &Mutex<Receiver<(u64, Act<Body>)>>,
    answered: &Sender<(u64, Answer)>,
    transport: &T,
    clock: &C,
) where
    T: Transport + ?Sized,
    C: Clock + ?Sized,
{
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((slot, act)) = next else { return };
        let answer = match act {
            Act::Send(request, options) => {
                Answer::Sent(whole(|| transport.send(request, &options)))
            }
            Act::Read(body, limit) => Answer::Read(whole(|| body.read(limit))),
            Act::Sleep(wait) => {
                if !wait.is_zero() {
                    clock.sleep(wait);
                }
                Answer::Woke
            }
            Act::Done(_) => continue,
        };
        if answered.send((slot, answer)).is_err() {
            return;
        }
    }
}

/// What panics is an error, so that its slot is answered.
fn whole<R>(work: impl FnOnce() -> Result<R, TransportError>) -> Result<R, TransportError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let error = TransportError::new(TransportErrorKind::Bug, Sent::Maybe);
        Err(error.with_source("the transport panicked"))
    })
}
