//! The loop over a transport and a clock: once for async code, once for blocking code.
//!
//! Both ask the same machine, so they decide the same. A driver adds no rule of its own but one: an option that
//! is set and that the transport cannot honour ends the call before anything is sent.
//!
//! # When the future is dropped
//!
//! No further request is sent and nothing is waited for. If a send was under way, its outcome is unknown: the
//! observer is told [`Dropped`](Event::Dropped) with [`Sent::Maybe`]. Permits of gates are leases that expire
//! with the attempt's time limit, so that a dropped call never holds anybody up.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use http::{Extensions, Request, Response};

use crate::call::{Attempt, Call, Head, Step};
use crate::clock::{self, Clock};
use crate::error::{Error, ErrorKind, Sent, TimeoutPhase, TransportError, TransportErrorKind};
use crate::failure::Failure;
use crate::hook::Hook;
use crate::observe::{Event, Observer};
use crate::request::{Payload, SendOptions};
use crate::time::Timestamp;
use crate::transport::{self, Body, Capabilities, Capability, Transport};

/// Opens the body of a call whose payload is [external](Payload::External), once for each send.
///
/// Any `FnMut() -> Result<B, TransportError>` is one.
pub trait BodySource<B>: Send {
    /// Opens the body at its beginning.
    ///
    /// # Errors
    ///
    /// Kind [`RequestBody`](TransportErrorKind::RequestBody) if it cannot be read (again).
    fn open(&mut self) -> Result<B, TransportError>;
}

impl<B, F: FnMut() -> Result<B, TransportError> + Send> BodySource<B> for F {
    fn open(&mut self) -> Result<B, TransportError> {
        self()
    }
}

/// The source of a call that needs none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSource;

impl<B> BodySource<B> for NoSource {
    fn open(&mut self) -> Result<B, TransportError> {
        let error = TransportError::new(TransportErrorKind::RequestBody, Sent::No);
        Err(error.with_source("the call has an external payload, and the driver no source for it"))
    }
}

/// Runs a call over an async transport. Any executor will do.
pub struct Driver<'a, T: ?Sized, C: ?Sized> {
    hook: &'a Hook,
    transport: &'a T,
    clock: &'a C,
    observer: Option<&'a dyn Observer>,
}

impl<'a, T: Transport + ?Sized, C: Clock + ?Sized> Driver<'a, T, C> {
    /// Makes a driver.
    pub fn new(hook: &'a Hook, transport: &'a T, clock: &'a C) -> Self {
        Self { hook, transport, clock, observer: None }
    }

    /// Tells `observer` what happens.
    #[must_use]
    pub fn observer(self, observer: &'a dyn Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Runs `call` and reads the body of the answer.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says why the call was given up, and what came last.
    pub async fn run(
        &self,
        call: Call,
        source: &mut dyn BodySource<Body>,
    ) -> Result<Response<Bytes>, Failure> {
        let now = self.clock.now();
        self.run_from(now, call, source).await
    }

    /// Runs a call for which the time was just read.
    pub(crate) async fn run_from(
        &self,
        now: Timestamp,
        call: Call,
        source: &mut dyn BodySource<Body>,
    ) -> Result<Response<Bytes>, Failure> {
        match self.drive(now, call, source, false).await? {
            Answer::Whole(response) => Ok(response),
            Answer::Streaming(response) => Ok(response.map(|_| Bytes::new())),
        }
    }

    /// Runs `call` and leaves the body of an accepted answer to be streamed.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says why the call was given up, and what came last.
    pub async fn stream(
        &self,
        call: Call,
        source: &mut dyn BodySource<Body>,
    ) -> Result<Response<Body>, Failure> {
        match self.drive(self.clock.now(), call, source, true).await? {
            Answer::Whole(response) => Ok(response.map(Body::Bytes)),
            Answer::Streaming(response) => Ok(response),
        }
    }

    /// Sends, within what is left of the deadline even where the transport knows no such limit.
    async fn send(
        &self,
        capable: Capabilities,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let sending = self.transport.send(request, options);
        let Some(total) = options.timeouts.total.filter(|_| !capable.has(Capability::TotalTimeout))
        else {
            return sending.await;
        };
        let (mut sending, mut timer) = (pin!(sending), pin!(self.clock.sleep(total)));
        poll_fn(|context| {
            if let Poll::Ready(answer) = sending.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            timer.as_mut().poll(context).map(|()| {
                let kind = TransportErrorKind::Timeout(TimeoutPhase::Total);
                Err(TransportError::new(kind, Sent::Maybe))
            })
        })
        .await
    }

    async fn drive(
        &self,
        mut now: Timestamp,
        call: Call,
        source: &mut dyn BodySource<Body>,
        stream: bool,
    ) -> Result<Answer<Body>, Failure> {
        let mut watch = Watch::new(self.observer, &call);
        let mut step = call.step(self.hook, now);
        loop {
            step = match step {
                Step::Send { request, options, attempt } => {
                    let capable = self.transport.capabilities();
                    let attempt = match admit(capable, &request, &options, attempt, stream) {
                        Ok(attempt) => attempt,
                        Err(failure) => return watch.end(Err(failure)),
                    };
                    let began = now;
                    watch.sending(&request, &attempt);
                    let answer = match open(request, || source.open()) {
                        Ok(request) => self.send(capable, request, &options).await,
                        Err(error) => Err(error),
                    };
                    watch.answered(&answer, || self.clock.now(), began);
                    match (answer, stream) {
                        (Err(error), _) => {
                            now = self.clock.now();
                            attempt.finish(self.hook, Err(error), now)
                        }
                        (Ok(response), false) => {
                            let (parts, body) = response.into_parts();
                            let body = body.collect(options.max_response_bytes).await;
                            now = self.clock.now();
                            watch.body(&body, now, began);
                            let whole = body.map(|body| Response::from_parts(parts, body));
                            attempt.finish(self.hook, whole, now)
                        }
                        (Ok(response), true) => {
                            let (mut parts, body) = response.into_parts();
                            parts.extensions.extend(history(&attempt));
                            now = self.clock.now();
                            match attempt.head(self.hook, &parts, now) {
                                Head::Accept => {
                                    let answer =
                                        Answer::Streaming(Response::from_parts(parts, body));
                                    return watch.end(Ok(answer));
                                }
                                Head::Read { limit, reading } => {
                                    let body = body.collect_up_to(limit).await;
                                    now = self.clock.now();
                                    watch.body(&body, now, began);
                                    let whole = body.map(|body| Response::from_parts(parts, body));
                                    reading.finish(self.hook, whole, now)
                                }
                            }
                        }
                    }
                }
                Step::Wait { call, wait, reason } => {
                    watch.waiting(wait, reason);
                    self.clock.sleep(wait).await;
                    now = self.clock.now();
                    call.step(self.hook, now)
                }
                Step::Done(result) => return watch.end(result.map(Answer::Whole)),
            };
        }
    }
}

/// An accepted answer, as it came.
enum Answer<B> {
    Whole(Response<Bytes>),
    Streaming(Response<B>),
}

impl<B> Answer<B> {
    fn status(&self) -> http::StatusCode {
        match self {
            Self::Whole(response) => response.status(),
            Self::Streaming(response) => response.status(),
        }
    }
}

/// Refuses what the transport would drop.
fn admit(
    capable: Capabilities,
    request: &Request<Payload>,
    options: &SendOptions,
    attempt: Attempt,
    stream: bool,
) -> Result<Attempt, Failure> {
    let external = matches!(request.body(), Payload::External { .. });
    let missing = options
        .unsupported(capable)
        .or((external && !capable.has(Capability::StreamRequest))
            .then_some(Capability::StreamRequest))
        .or((stream && !capable.has(Capability::StreamResponse))
            .then_some(Capability::StreamResponse));
    match missing {
        None => Ok(attempt),
        Some(missing) => Err(attempt.refuse(Error::new(
            ErrorKind::Unsupported,
            format!("{} cannot honour the option {}", capable.client(), missing.option()),
        ))),
    }
}

/// What a streamed answer is told of the redirects that led to it.
fn history(attempt: &Attempt) -> Extensions {
    let mut extensions = Extensions::new();
    if let Some(history) = attempt.history() {
        extensions.insert(history);
    }
    extensions
}

/// Puts the caller's body in the place of the payload.
fn open<B: From<Bytes>>(
    request: Request<Payload>,
    source: impl FnOnce() -> Result<B, TransportError>,
) -> Result<Request<B>, TransportError> {
    let (parts, payload) = request.into_parts();
    let body = match payload {
        Payload::Bytes(bytes) => bytes.into(),
        Payload::External { .. } => source()?,
    };
    Ok(Request::from_parts(parts, body))
}

/// Tells the observer, if there is one; also that a call was dropped, if it never ended.
struct Watch<'a> {
    observer: Option<&'a dyn Observer>,
    /// The observer of this call alone, if it has one.
    own: Option<Box<dyn Observer>>,
    /// What is known of the last request; `None` once the call has ended.
    sent: Option<Sent>,
    sends: u32,
}

impl<'a> Watch<'a> {
    fn new(observer: Option<&'a dyn Observer>, call: &Call) -> Self {
        let own = observer.and_then(Observer::for_call);
        Self { observer, own, sent: Some(Sent::No), sends: call.sends() }
    }

    fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = self.own.as_deref().or(self.observer) {
            observer.event(event);
        }
    }

    fn sending(&mut self, request: &Request<Payload>, attempt: &Attempt) {
        self.sent = Some(Sent::Maybe);
        self.sends = attempt.sends();
        self.tell(&Event::Send {
            method: request.method(),
            uri: request.uri(),
            attempt_number: attempt.number(),
            send: attempt.sends(),
            cause: attempt.cause(),
        });
    }

    /// Reads the time only if somebody is to be told.
    fn answered<B>(
        &mut self,
        answer: &Result<Response<B>, TransportError>,
        now: impl FnOnce() -> Timestamp,
        began: Timestamp,
    ) {
        self.sent = Some(answer.as_ref().map_or_else(TransportError::sent, |_| Sent::Yes));
        if self.observer.is_none() {
            return;
        }
        let took = now().since(began);
        self.tell(&match answer {
            Ok(response) => Event::Answer { status: response.status(), took },
            Err(error) => Event::Error { error, took },
        });
    }

    fn body(&self, body: &Result<Bytes, TransportError>, now: Timestamp, began: Timestamp) {
        if let Err(error) = body {
            self.tell(&Event::Error { error, took: now.since(began) });
        }
    }

    fn waiting(&self, wait: std::time::Duration, reason: crate::call::WaitReason) {
        self.tell(&Event::Wait { wait, reason });
    }

    fn end<B>(mut self, result: Result<Answer<B>, Failure>) -> Result<Answer<B>, Failure> {
        self.sent = None;
        let sends = self.sends;
        self.tell(&match &result {
            Ok(answer) => Event::Accepted { status: answer.status(), sends },
            Err(failure) => Event::GaveUp { failure },
        });
        result
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(sent) = self.sent {
            self.tell(&Event::Dropped { sent });
        }
    }
}

/// Runs a call over a blocking transport.
pub(crate) mod blocking {
    use super::{
        Answer, BodySource, Bytes, Call, Failure, Head, Hook, Observer, Response, Step, Timestamp,
        Watch, admit, clock, history, open, transport,
    };
    use transport::blocking::{Body, Transport};

    /// Runs a call over a blocking transport, on the calling thread.
    pub struct Driver<'a, T: ?Sized, C: ?Sized> {
        hook: &'a Hook,
        transport: &'a T,
        clock: &'a C,
        observer: Option<&'a dyn Observer>,
    }

    impl<'a, T: Transport + ?Sized, C: clock::blocking::Clock + ?Sized> Driver<'a, T, C> {
        /// Makes a driver.
        pub fn new(hook: &'a Hook, transport: &'a T, clock: &'a C) -> Self {
            Self { hook, transport, clock, observer: None }
        }

        /// Tells `observer` what happens.
        #[must_use]
        pub fn observer(self, observer: &'a dyn Observer) -> Self {
            Self { observer: Some(observer), ..self }
        }

        /// Runs `call` and reads the body of the answer.
        ///
        /// # Errors
        ///
        /// A [`Failure`] that says why the call was given up, and what came last.
        pub fn run(
            &self,
            call: Call,
            source: &mut dyn BodySource<Body>,
        ) -> Result<Response<Bytes>, Failure> {
            let now = self.clock.now();
            self.run_from(now, call, source)
        }

        /// Runs a call for which the time was just read.
        pub(crate) fn run_from(
            &self,
            now: Timestamp,
            call: Call,
            source: &mut dyn BodySource<Body>,
        ) -> Result<Response<Bytes>, Failure> {
            match self.drive(now, call, source, false)? {
                Answer::Whole(response) => Ok(response),
                Answer::Streaming(response) => Ok(response.map(|_| Bytes::new())),
            }
        }

        /// Runs `call` and leaves the body of an accepted answer to be read.
        ///
        /// # Errors
        ///
        /// A [`Failure`] that says why the call was given up, and what came last.
        pub fn stream(
            &self,
            call: Call,
            source: &mut dyn BodySource<Body>,
        ) -> Result<Response<Body>, Failure> {
            match self.drive(self.clock.now(), call, source, true)? {
                Answer::Whole(response) => Ok(response.map(Body::Bytes)),
                Answer::Streaming(response) => Ok(response),
            }
        }

        fn drive(
            &self,
            mut now: Timestamp,
            call: Call,
            source: &mut dyn BodySource<Body>,
            stream: bool,
        ) -> Result<Answer<Body>, Failure> {
            let mut watch = Watch::new(self.observer, &call);
            let mut step = call.step(self.hook, now);
            loop {
                step = match step {
                    Step::Send { request, options, attempt } => {
                        let capable = self.transport.capabilities();
                        let attempt = match admit(capable, &request, &options, attempt, stream) {
                            Ok(attempt) => attempt,
                            Err(failure) => return watch.end(Err(failure)),
                        };
                        let began = now;
                        watch.sending(&request, &attempt);
                        let answer = open(request, || source.open())
                            .and_then(|request| self.transport.send(request, &options));
                        watch.answered(&answer, || self.clock.now(), began);
                        match (answer, stream) {
                            (Err(error), _) => {
                                now = self.clock.now();
                                attempt.finish(self.hook, Err(error), now)
                            }
                            (Ok(response), false) => {
                                let (parts, body) = response.into_parts();
                                let body = body.collect(options.max_response_bytes);
                                now = self.clock.now();
                                watch.body(&body, now, began);
                                let whole = body.map(|body| Response::from_parts(parts, body));
                                attempt.finish(self.hook, whole, now)
                            }
                            (Ok(response), true) => {
                                let (mut parts, body) = response.into_parts();
                                parts.extensions.extend(history(&attempt));
                                now = self.clock.now();
                                match attempt.head(self.hook, &parts, now) {
                                    Head::Accept => {
                                        let response = Response::from_parts(parts, body);
                                        return watch.end(Ok(Answer::Streaming(response)));
                                    }
                                    Head::Read { limit, reading } => {
                                        let body = body.collect_up_to(limit);
                                        now = self.clock.now();
                                        watch.body(&body, now, began);
                                        let whole =
                                            body.map(|body| Response::from_parts(parts, body));
                                        reading.finish(self.hook, whole, now)
                                    }
                                }
                            }
                        }
                    }
                    Step::Wait { call, wait, reason } => {
                        watch.waiting(wait, reason);
                        self.clock.sleep(wait);
                        now = self.clock.now();
                        call.step(self.hook, now)
                    }
                    Step::Done(result) => return watch.end(result.map(Answer::Whole)),
                };
            }
        }
    }
}
