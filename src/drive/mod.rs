//! The driver as a [machine](Run), and the async loop around it. The blocking one is in [`blocking`](crate::blocking).
//!
//! # When the future is dropped
//!
//! No further request is sent and nothing is waited for. If a send was under way, its outcome is unknown: the
//! observer is told [`Dropped`](crate::observe::Event::Dropped) with [`Sent::Maybe`](crate::Sent::Maybe). Permits of gates are leases that expire
//! with the attempt's time limit, so that a dropped call never holds anybody up. Of a leg whose attempt was being kept nothing was sent: its permit
//! and the price of a retry come back.

mod act;
mod leg;
mod pending;
mod run;
mod source;
mod watch;

use std::borrow::BorrowMut;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use http::Response;

pub use act::Act;
pub use leg::Leg;
pub use run::Run;

pub(crate) use leg::{Keeping, begin_leg, leg};

use crate::base::{Sent, TimeoutPhase, Timestamp, TransportError, TransportErrorKind};
use crate::body::Body;
use crate::options::{Capability, SendOptions};
use crate::response::Failure;
use crate::transport::{Clock, Transport};

/// Drives a run over an async transport. Any executor will do.
///
/// # Errors
///
/// A [`Failure`] that says why the call was given up, and what came last.
pub async fn drive<T, C, R>(
    run: Run<'_, Body, R>,
    transport: &T,
    clock: &C,
) -> Result<Response<R>, Failure>
where
    T: Transport + ?Sized,
    C: Clock + ?Sized,
{
    drive_from(clock.now(), run, transport, clock).await
}

/// Drives a run for which the time was just read.
pub(crate) fn drive_from<T, C, R>(
    now: Timestamp,
    run: Run<'_, Body, R>,
    transport: &T,
    clock: &C,
) -> impl Future<Output = Result<Response<R>, Failure>>
where
    T: Transport + ?Sized,
    C: Clock + ?Sized,
{
    drive_in(now, run, transport, clock)
}

/// Drives a run in what its owner has around it.
pub(crate) async fn drive_in<'a, T, C, R>(
    now: Timestamp,
    mut run: impl BorrowMut<Run<'a, Body, R>>,
    transport: &T,
    clock: &C,
) -> Result<Response<R>, Failure>
where
    T: Transport + ?Sized,
    C: Clock + ?Sized,
{
    let run = run.borrow_mut();
    let mut act = run.woke(now);
    loop {
        act = match act {
            Act::Send(request, options) => {
                let sending = transport.send(request, &options);
                let left = time_left(run, &options);
                let sending = run.watch.awaiting(sending);
                let answer = match left {
                    None => sending.await,
                    Some(total) => race(sending, clock.sleep(total), Sent::Maybe).await,
                };
                run.sent(answer, || clock.now())
            }
            Act::Read(body, limit) => {
                let body = match run.left_to_read(|| clock.now()) {
                    None => run.watch.awaiting(body.read_up_to(limit)).await,
                    // Boxed, as it is rare: the future of each call is the smaller for it.
                    Some(total) => {
                        let reading = run.watch.awaiting(body.read_up_to(limit));
                        Box::pin(race(reading, clock.sleep(total), Sent::Yes)).await
                    }
                };
                run.read(body, clock.now())
            }
            Act::Sleep(wait) => {
                match run.wait_reason() {
                    Some(_) => clock.sleep(wait).await,
                    None => let_others_run().await,
                }
                run.woke(clock.now())
            }
            Act::Done(result) => return result,
        };
    }
}

/// What is left of the deadline, which holds even where the client knows no such limit; `None` where it does.
fn time_left<R>(run: &Run<'_, Body, R>, options: &SendOptions) -> Option<Duration> {
    let known = run.capabilities().has(Capability::TotalTimeout);
    options.timeouts.total.filter(|_| !known)
}

/// Is ready when it is polled again, which it asks for at once.
async fn let_others_run() {
    let mut polled = false;
    poll_fn(|context| {
        if polled {
            return Poll::Ready(());
        }
        polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Waits for a response or a body, or for the end of the time that is left.
async fn race<A>(
    sending: impl Future<Output = Result<A, TransportError>>,
    timer: impl Future<Output = ()>,
    sent: Sent,
) -> Result<A, TransportError> {
    let (mut sending, mut timer) = (pin!(sending), pin!(timer));
    poll_fn(|context| {
        if let Poll::Ready(answer) = sending.as_mut().poll(context) {
            return Poll::Ready(answer);
        }
        timer.as_mut().poll(context).map(|()| {
            let kind = TransportErrorKind::Timeout(TimeoutPhase::Total);
            Err(TransportError::new(kind, sent))
        })
    })
    .await
}
