//! A call in legs: each runs until the call waits or is over, and any machine can run the next.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::{Act, Run, let_others_run, race, time_left};
use crate::base::{Error, ErrorKind, Sent, Timestamp};
use crate::body::Body;
use crate::call::{Attempt, WaitReason};
use crate::response::{Cause, Failure, StopReason};
use crate::transport::{Clock, Transport};

/// How a leg of a call ended. See [`HttpHook::leg`](crate::HttpHook::leg).
#[non_exhaustive]
pub enum Leg {
    /// The call waits. It is over for this process: whoever holds the text takes the call up when it is due.
    Wait {
        /// The call, [stored](crate::Call::store).
        stored: String,
        /// How long it waits.
        wait: Duration,
        /// What for.
        reason: WaitReason,
    },
    /// The call is over.
    Done(Result<Response<Bytes>, Failure>),
}

/// What is stored may hold what the call sends.
impl fmt::Debug for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wait { wait, reason, .. } => f
                .debug_struct("Wait")
                .field("wait", wait)
                .field("reason", reason)
                .finish_non_exhaustive(),
            Self::Done(result) => {
                f.debug_tuple("Done").field(&result.as_ref().map(Response::status)).finish()
            }
        }
    }
}

impl Leg {
    /// Ends a leg in which a run waits.
    pub(crate) fn wait<B: From<Bytes>>(
        mut run: Run<'_, B>,
        wait: Duration,
        reason: WaitReason,
    ) -> Self {
        match run.store() {
            Ok(stored) => Self::Wait { stored, wait, reason },
            Err(error) => Self::withdrawn(&mut run, error),
        }
    }

    /// Ends a leg of which nothing more is sent.
    fn withdrawn<B: From<Bytes>>(run: &mut Run<'_, B>, error: Error) -> Self {
        match run.withdraw(error) {
            Act::Done(result) => Self::Done(result),
            _ => Self::Done(Err(Failure::new(StopReason::NotStored, Cause::Request(unkept())))),
        }
    }
}

/// Begins a leg. What could not be kept where it waits says so here, before anything is sent.
pub(crate) fn begin_leg<B: From<Bytes>>(run: &mut Run<'_, B>, now: Timestamp) -> Act<B> {
    match run.call().map_or(Ok(()), |call| call.may_be_stored(&run.hook)) {
        Ok(()) => run.woke(now),
        Err(error) => run.withdraw(error),
    }
}

/// A run whose attempt is being kept, before it is sent. Dropped meanwhile, nothing was sent of it.
pub(crate) struct Keeping<'r, 'a, B: From<Bytes>>(Option<&'r mut Run<'a, B>>);

impl<'r, 'a, B: From<Bytes>> Keeping<'r, 'a, B> {
    pub(crate) fn new(run: &'r mut Run<'a, B>) -> Self {
        Self(Some(run))
    }

    pub(crate) fn attempt(&self) -> Option<&Attempt> {
        self.0.as_ref().and_then(|run| run.attempt())
    }

    /// It is sent now, unless it could not be kept.
    pub(crate) fn done(mut self, kept: bool) {
        if let Some(run) = self.0.take().filter(|_| !kept) {
            let _ = Leg::withdrawn(run, unkept());
        }
    }
}

impl<B: From<Bytes>> Drop for Keeping<'_, '_, B> {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            run.unsent(unkept());
        }
    }
}

fn unkept() -> Error {
    Error::new(ErrorKind::NotStorable, "not storable: the program could not keep it")
}

/// Drives a run until it waits or is over.
pub(crate) async fn leg<T, C, E>(
    now: Timestamp,
    mut run: Run<'_, Body>,
    transport: &T,
    clock: &C,
    mut keep: impl AsyncFnMut(&Attempt) -> Result<(), E>,
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
                let kept = match keeping.attempt() {
                    Some(attempt) => keep(attempt).await,
                    None => Ok(()),
                };
                keeping.done(kept.is_ok());
                kept?;
                let sending = transport.send(request, &options);
                let left = time_left(&run, &options);
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
                if let Some(reason) = run.wait_reason() {
                    return Ok(Leg::wait(run, wait, reason));
                }
                let_others_run().await;
                run.woke(clock.now())
            }
            Act::Done(result) => return Ok(Leg::Done(result)),
        };
    }
}
