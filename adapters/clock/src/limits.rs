//! The limits of time of one exchange, for transports whose client keeps none of its own, and may panic, and the length of its body.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};
use http_hook::body::{Body, take_announced};
use http_hook::options::Timeouts;
use http_hook::transport::{TimeoutPhase, catch_panic};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

use crate::deadline::Deadline;
use crate::outgoing::{Moved, watched};

const PANICKED: &str = "the client panicked";
const RESET: &str = "the stream was reset before its end";

/// The limits of one exchange, counted from [`start`](Self::start) on: up to the head, between two pieces of the
/// body, and for all of it. The limit for connecting is the client's. The one for the head is counted anew with each piece of
/// [the request's body](Self::outgoing) that the client takes: an upload that goes on is not cut off, one that stands still is.
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
    start: Instant,
    head: Deadline,
    head_limit: Option<Duration>,
    moved: Option<Arc<Moved>>,
    idle: Option<Duration>,
    total: Deadline,
}

impl Limits {
    /// Starts to count.
    #[must_use]
    pub fn start(timeouts: Timeouts) -> Self {
        let now = Instant::now();
        Self {
            start: now,
            head: Deadline::after(now, timeouts.head),
            head_limit: timeouts.head,
            moved: None,
            idle: timeouts.idle,
            total: Deadline::after(now, timeouts.total),
        }
    }

    /// Starts to count where the client itself limits connecting. Where both limits are about the same, the one for the head is a quarter
    /// of a second later, so that the client says first that there was no connection: then nothing was sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use http_hook::options::Timeouts;
    /// use http_hook_clock::Limits;
    ///
    /// let mut timeouts = Timeouts::default();
    /// (timeouts.connect, timeouts.head) = (Some(Duration::from_secs(5)), Some(Duration::from_secs(5)));
    /// let limits = Limits::with_connecting(timeouts); // 5.25 seconds for the head
    /// # let _ = limits;
    /// ```
    #[must_use]
    pub fn with_connecting(mut timeouts: Timeouts) -> Self {
        const FIRST: Duration = Duration::from_millis(250);
        let connect =
            timeouts.connect.filter(|connect| timeouts.head.is_some_and(|head| *connect <= head));
        timeouts.head = timeouts.head.max(connect.map(|connect| connect.saturating_add(FIRST)));
        Self::start(timeouts)
    }

    /// Has the pieces of the request's body noticed that the client takes. A small one goes in one, and is left as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use http_hook::body::Body;
    /// use http_hook::options::Timeouts;
    /// use http_hook_clock::Limits;
    ///
    /// let mut timeouts = Timeouts::default();
    /// timeouts.head = Some(Duration::from_secs(60));
    /// let mut limits = Limits::start(timeouts);
    /// let body = limits.outgoing(Body::from(bytes::Bytes::from(vec![b'x'; 1 << 20])));
    /// assert_eq!(body.len(), Some(1 << 20));
    /// ```
    pub fn outgoing(&mut self, body: Body) -> Body {
        if self.head_limit.is_none() {
            return body;
        }
        let (body, moved) = watched(body, self.start);
        self.moved = moved;
        body
    }

    /// Whether the limit for the head has passed since the last piece of the request's body.
    fn head_is_late(&mut self, context: &Context<'_>) -> bool {
        while self.head.has_passed(context) {
            let last =
                self.moved.as_ref().map(|moved| Deadline::after(moved.last(), self.head_limit));
            match last {
                Some(last) if last.is_after(&self.head) => self.head = last,
                _ => return true,
            }
        }
        false
    }

    /// Waits for `sending`, and drops it when its time is up. An answer that comes after the time for all is late.
    ///
    /// # Errors
    ///
    /// Its own, or kind [`Timeout`](Kind::Timeout) and [`Sent::Maybe`], or [`Sent::Yes`] where an answer came; or [`Bug`](Kind::Bug) if
    /// it panics.
    pub async fn head<T>(
        &mut self,
        sending: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        let mut sending = pin!(sending);
        poll_fn(|context| {
            let phase = match catch_panic(PANICKED, || sending.as_mut().poll(context)) {
                Err(bug) => return Poll::Ready(Err(bug)),
                Ok(Poll::Ready(Ok(_))) if self.total.is_over() => {
                    return Poll::Ready(Err(timeout(TimeoutPhase::Total, Sent::Yes)));
                }
                Ok(Poll::Ready(answer)) => return Poll::Ready(answer),
                Ok(Poll::Pending) if self.head_is_late(context) => TimeoutPhase::Head,
                Ok(Poll::Pending) if self.total.has_passed(context) => TimeoutPhase::Total,
                Ok(Poll::Pending) => return Poll::Pending,
            };
            Poll::Ready(Err(timeout(phase, Sent::Maybe)))
        })
        .await
    }

    /// Holds the client's body of the response to what is left, and to the
    /// [length of the response](http_hook::transport::response_length). `of_error` reads its errors.
    pub fn body<B, F>(self, body: B, length: Option<u64>, of_error: F) -> Limited<B, F> {
        let Self { idle: idle_limit, total, .. } = self;
        // What has none need not be asked for it.
        let body = Some(body).filter(|_| length != Some(0));
        Limited { body, of_error, left: length, proves: None, idle_limit, idle: None, total }
    }
}

#[cold]
fn timeout(phase: TimeoutPhase, sent: Sent) -> TransportError {
    TransportError::new(Kind::Timeout(phase), sent)
}

/// The body of a response, with its [`Limits`] and its length. When a limit has passed, or the body broke off, panicked, or was not as
/// long as announced, it is dropped at once, and with it the connection.
#[derive(Debug)]
pub struct Limited<B, F> {
    body: Option<B>,
    of_error: F,
    /// What is left of the length.
    left: Option<u64>,
    /// Whether the end of the client's body is that of what the server sent.
    proves: Option<fn(&B) -> bool>,
    idle_limit: Option<Duration>,
    idle: Option<Deadline>,
    total: Deadline,
}

impl<B, F> Limited<B, F> {
    /// Has `proves` asked where a body without a length ends, by a client that ends it, too, where the server broke it off: whether it
    /// is whole.
    #[must_use]
    pub fn ending(self, proves: fn(&B) -> bool) -> Self {
        Self { proves: Some(proves), ..self }
    }

    /// Takes the end of the client's body.
    fn end(&mut self) -> Result<(), TransportError> {
        take_announced(&mut self.left, 0)?;
        let unproven = |body: &B| self.proves.is_some_and(|proves| !proves(body));
        if self.left.is_none() && self.body.as_ref().is_some_and(unproven) {
            return Err(TransportError::new(Kind::Body, Sent::Yes).with_source(RESET));
        }
        Ok(())
    }

    /// Takes a frame. A limit of time holds where the body is always ready, too.
    fn take<D: Buf>(&mut self, frame: Frame<D>) -> Result<Frame<Bytes>, TransportError> {
        if self.total.is_over() {
            return Err(timeout(TimeoutPhase::Total, Sent::Yes));
        }
        let frame = frame.map_data(|mut data| data.copy_to_bytes(data.remaining()));
        if let Some(data) = frame.data_ref().filter(|data| !data.is_empty()) {
            take_announced(&mut self.left, data.len())?;
        }
        Ok(frame)
    }

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
        Some(timeout(phase, Sent::Yes))
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
            Ok(Poll::Ready(None)) => self.end().err().map(Err),
            Ok(Poll::Ready(Some(frame))) => {
                let frame = frame.map_err(&self.of_error);
                Some(frame.and_then(|frame| self.take(frame)))
            }
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
        let is_over = self.left.is_none_or(|left| left == 0);
        self.body.as_ref().is_none_or(|body| is_over && body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.body, self.left) {
            (None, _) => SizeHint::with_exact(0),
            (Some(_), Some(left)) => SizeHint::with_exact(left),
            (Some(body), None) => body.size_hint(),
        }
    }
}
