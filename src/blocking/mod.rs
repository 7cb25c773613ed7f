//! The blocking twins of the traits, the loop and the easy face. They decide as the async ones do.

mod http_hook;
mod series;

use bytes::Bytes;
use http::{Request, Response};

pub use crate::body::blocking::Body;
pub use crate::transport::blocking::{Transport, from_fn};
pub use crate::transport::clock::blocking::Clock;
pub use http_hook::HttpHook;

use crate::base::{Timestamp, TransportError};
use crate::call::Attempt;
use crate::drive::{Act, Keeping, Leg, Run, begin_leg};
use crate::options::SendOptions;
use crate::response::Failure;

/// Drives a run over a blocking transport, on the calling thread.
///
/// # Errors
///
/// A [`Failure`] that says why the call was given up, and what came last.
pub fn drive<T, C, R>(
    run: Run<'_, Body, R>,
    transport: &T,
    clock: &C,
) -> Result<Response<R>, Failure>
where
    T: Transport + ?Sized,
    C: Clock + ?Sized,
{
    drive_from(clock.now(), run, transport, clock)
}

/// Drives a run for which the time was just read.
fn drive_from<T, C, R>(
    now: Timestamp,
    mut run: Run<'_, Body, R>,
    transport: &T,
    clock: &C,
) -> Result<Response<R>, Failure>
where
    T: Transport + ?Sized,
    C: Clock + ?Sized,
{
    let mut act = run.woke(now);
    loop {
        act = match act {
            Act::Send(request, options) => {
                let answer = send(&mut run, transport, request, &options);
                run.sent(answer, || clock.now())
            }
            Act::Read(body, limit) => {
                let body = read(&mut run, body, limit);
                run.read(body, clock.now())
            }
            Act::Sleep(wait) => {
                if run.wait_reason().is_some() {
                    clock.sleep(wait);
                }
                run.woke(clock.now())
            }
            Act::Done(result) => return result,
        };
    }
}

/// Sends, within what the observer has around it.
#[inline]
fn send<T: Transport + ?Sized, R>(
    run: &mut Run<'_, Body, R>,
    transport: &T,
    request: Request<Body>,
    options: &SendOptions,
) -> Result<Response<Body>, TransportError> {
    if !run.is_watched() {
        return transport.send(request, options);
    }
    let mut request = request;
    run.within(|| transport.send(std::mem::take(&mut request), options))
}

/// Reads, within what the observer has around it.
#[inline]
fn read<R>(run: &mut Run<'_, Body, R>, body: Body, limit: u64) -> Result<Bytes, TransportError> {
    if !run.is_watched() {
        return body.read_up_to(limit);
    }
    let mut body = body;
    run.within(|| std::mem::take(&mut body).read_up_to(limit))
}

/// Drives a run until it waits or is over.
fn leg<T, C, E>(
    now: Timestamp,
    mut run: Run<'_, Body>,
    transport: &T,
    clock: &C,
    mut keep: impl FnMut(&Attempt) -> Result<(), E>,
) -> Result<Leg, E>
where
    T: Transport + ?Sized,
    C: Clock + ?Sized,
{
    let mut act = begin_leg(&mut run, now);
    loop {
        act = match act {
            Act::Send(request, options) => {
                let keeping = Keeping::new(&mut run);
                let kept = keeping.attempt().map_or(Ok(()), &mut keep);
                keeping.done(kept.is_ok());
                kept?;
                let answer = send(&mut run, transport, request, &options);
                run.sent(answer, || clock.now())
            }
            Act::Read(body, limit) => {
                let body = read(&mut run, body, limit);
                run.read(body, clock.now())
            }
            Act::Sleep(wait) => match run.wait_reason() {
                Some(reason) => return Ok(Leg::wait(run, wait, reason)),
                None => run.woke(clock.now()),
            },
            Act::Done(result) => return Ok(Leg::Done(result)),
        };
    }
}
