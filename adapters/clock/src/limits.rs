//! The limits of time of one exchange, for transports whose client keeps none of its own, and may panic.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};
use http_hook::options::Timeouts;
use http_hook::transport::{TimeoutPhase, catch_panic};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

use crate::deadline::Deadline;

const PANICKED: &str = "the client panicked";

/// The limits of one exchange, counted from [`start`](Self::start) on: up to the head, between two pieces of the
/// body, and for all of it. The limit for connecting is the client's.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::TransportErrorKind;
/// use http_hook::options::Timeouts;
/// use http_hook::transport::TimeoutPhase;
/// use http_hook_clock::Limits;
///
/// let mut timeouts = Timeouts::default();
/// timeouts.head = Some(Duration::from_millis(2));
/// let mut limits = Limits::start(timeouts);
/// let error = pollster::block_on(limits.head(std::future::pending::<Result<(), _>>())).unwrap_err();
/// assert_eq!(error.kind(), TransportErrorKind::Timeout(TimeoutPhase::Head));
/// ```
#[derive(Debug)]
pub struct Limits {
    head: Deadline,
    idle: Option<Duration>,
    total: Deadline,
}

impl Limits {
    /// Starts to count.
    #[must_use]
    pub fn start(timeouts: Timeouts) -> Self {
        let now = Instant::now();
        Self {
            head: Deadline::after(now, timeouts.head),
            idle: timeouts.idle,
            total: Deadline::after(now, timeouts.total),
        }
    }

    /// Waits for `sending`, and drops it when its time is up.
    ///
    /// # Errors
    ///
    /// Its own, or [`Sent::Maybe`] and kind [`Timeout`](Kind::Timeout), or [`Bug`](Kind::Bug) if it panics.
    pub async fn head<T>(
        &mut self,
        sending: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        let mut sending = pin!(sending);
        poll_fn(|context| {
            let phase = match catch_panic(PANICKED, || sending.as_mut().poll(context)) {
                Err(bug) => return Poll::Ready(Err(bug)),
                Ok(Poll::Ready(answer)) => return Poll::Ready(answer),
                Ok(Poll::Pending) if self.head.has_passed(context) => TimeoutPhase::Head,
                Ok(Poll::Pending) if self.total.has_passed(context) => TimeoutPhase::Total,
                Ok(Poll::Pending) => return Poll::Pending,
            };
            Poll::Ready(Err(TransportError::new(Kind::Timeout(phase), Sent::Maybe)))
        })
        .await
    }

    /// Holds the client's body of the response to what is left. `of_error` reads its errors.
    pub fn body<B, F>(self, body: B, of_error: F) -> Limited<B, F> {
        let Self { idle: idle_limit, total, .. } = self;
        Limited { body: Some(body), of_error, idle_limit, idle: None, total }
    }
}

/// The body of a response, with its [`Limits`]. When one has passed, or the body broke off or panicked, it is dropped at once, and
/// with it the connection.
#[derive(Debug)]
pub struct Limited<B, F> {
    body: Option<B>,
    of_error: F,
    idle_limit: Option<Duration>,
    idle: Option<Deadline>,
    total: Deadline,
}

impl<B, F> Limited<B, F> {
    /// Tells whether a limit has passed meanwhile.
    fn late(&mut self, context: &Context<'_>) -> Option<TransportError> {
        let limit = self.idle_limit;
        let idle = self.idle.get_or_insert_with(|| Deadline::after(Instant::now(), limit));
        let phase = if idle.has_passed(context) {
            TimeoutPhase::Body
        } else if self.total.has_passed(context) {
            TimeoutPhase::Total
        } else {
            return None;
        };
        Some(TransportError::new(Kind::Timeout(phase), Sent::Yes))
    }
}

impl<B, F> http_body::Body for Limited<B, F>
where
    B: http_body::Body<Data: Buf> + Unpin,
    F: Fn(B::Error) -> TransportError + Unpin,
{
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let next = match catch_panic(PANICKED, || Pin::new(body).poll_frame(context)) {
            Err(bug) => Some(Err(bug)),
            Ok(Poll::Ready(next)) => next.map(|frame| {
                let frame = frame.map_err(&self.of_error)?;
                Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
            }),
            Ok(Poll::Pending) => match self.late(context) {
                None => return Poll::Pending,
                late => late.map(Err),
            },
        };
        self.idle = None;
        if !matches!(next, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), B::size_hint)
    }
}
