//! Runs the calls of a scenario over a transport, one after the other on one hook.

use std::io::Cursor;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Response, response};
use http_body::{Frame, SizeHint};
use http_hook::body::Body;
use http_hook::transport::Transport;
use http_hook::{
    Call, Failure, Run, Sent, TransportError, TransportErrorKind as Kind, blocking, drive,
};

use super::call::{Planned, Source};
use super::journal::Journal;
use super::scenario::Scenario;
use super::tap::Tap;
use super::trace::What;

/// The most that a caller of a scenario streams, in bytes.
const MAX_BODY: u64 = 1 << 20;

type Taken = Result<(response::Parts, Result<Bytes, TransportError>), Failure>;

/// Runs a scenario over an async transport.
pub(super) async fn run(scenario: &mut Scenario, transport: &dyn Transport, journal: &Journal) {
    let hook = scenario.hook.for_client(transport.capabilities());
    let transport = &Tap { transport, journal };
    for (index, planned) in scenario.calls.drain(..).enumerate() {
        journal.note(What::Call { number: index + 1 });
        let Planned { plan, seed, stream, source } = planned;
        let call = Call::new(&hook, plan, seed, journal.time());
        let mut open = || opened(source.as_ref(), journal, streamed);
        let taken: Taken = if stream {
            let run = Run::stream(&hook, call).observer(journal).source(&mut open);
            match drive(run, transport, journal).await {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    Ok((head, body.collect(MAX_BODY).await))
                }
                Err(failure) => Err(failure),
            }
        } else {
            let run = Run::new(&hook, call).observer(journal).source(&mut open);
            drive(run, transport, journal).await.map(whole)
        };
        take(taken, journal);
    }
}

/// Runs a scenario over a blocking transport.
pub(super) fn run_blocking(
    scenario: &mut Scenario,
    transport: &dyn blocking::Transport,
    journal: &Journal,
) {
    let hook = scenario.hook.for_client(transport.capabilities());
    let transport = &Tap { transport, journal };
    for (index, planned) in scenario.calls.drain(..).enumerate() {
        journal.note(What::Call { number: index + 1 });
        let Planned { plan, seed, stream, source } = planned;
        let call = Call::new(&hook, plan, seed, journal.time());
        let mut open = || opened(source.as_ref(), journal, read);
        let taken: Taken = if stream {
            let run = Run::stream(&hook, call).observer(journal).source(&mut open);
            blocking::drive(run, transport, journal).map(|response| {
                let (head, body) = response.into_parts();
                (head, body.collect(MAX_BODY))
            })
        } else {
            let run = Run::new(&hook, call).observer(journal).source(&mut open);
            blocking::drive(run, transport, journal).map(whole)
        };
        take(taken, journal);
    }
}

fn whole(response: Response<Bytes>) -> (response::Parts, Result<Bytes, TransportError>) {
    let (head, body) = response.into_parts();
    (head, Ok(body))
}

/// Notes what the caller got; a failure was told to the observer.
fn take(taken: Taken, journal: &Journal) {
    match taken {
        Ok((head, Ok(body))) => journal.answered(&head, &body),
        Ok((_, Err(error))) => journal.broken(&error),
        Err(_) => {}
    }
}

fn opened<B>(
    source: Option<&Source>,
    journal: &Journal,
    open: impl Fn(Source) -> B,
) -> Result<B, TransportError> {
    journal.note(What::Opened);
    let source = source.filter(|source| !source.fails).cloned();
    source.map(open).ok_or_else(|| TransportError::new(Kind::RequestBody, Sent::No))
}

fn streamed(source: Source) -> Body {
    Body::stream(Pieces { rest: source.bytes, measured: source.measured })
}

fn read(source: Source) -> blocking::Body {
    let len = source.measured.then_some(source.bytes.len() as u64);
    blocking::Body::reader(len, Cursor::new(source.bytes))
}

/// A body that comes in small pieces.
struct Pieces {
    rest: Bytes,
    measured: bool,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let count = self.rest.len().min(10);
        let piece = self.rest.split_to(count);
        Poll::Ready((count > 0).then_some(Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.measured {
            SizeHint::with_exact(self.rest.len() as u64)
        } else {
            SizeHint::default()
        }
    }
}
