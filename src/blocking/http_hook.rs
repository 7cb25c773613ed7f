//! The easy face for blocking code.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use http::{Method, Response};
use serde::de::DeserializeOwned;

use super::{Body, Clock, Transport, drive, drive_from, leg};
use crate::base::{Error, Timestamp, TransportError};
use crate::body::Open;
use crate::body::multipart::MultipartBody;
use crate::call::{Attempt, Call};
use crate::drive::{Leg, Run};
use crate::hook::Hook;
use crate::http_hook::{CallBuilder, Face, face, head_not_allowed, read};
use crate::observe::Observer;
use crate::pages::{PageIter, Pages, Paging};
use crate::poll::{Poll, Polling};
use crate::request::RequestPlan;
use crate::response::Failure;
use crate::retry::RetryPolicy;

/// Calls an HTTP API through a stored connection, blocking the thread. It decides as the async
/// [`HttpHook`](crate::HttpHook) does.
pub struct HttpHook<T, C> {
    face: Face<T, C>,
}

impl<T: Transport, C: Clock> HttpHook<T, C> {
    face!();

    /// Makes the face of a hook. Random choices follow from what the clock gives as its [seed](Clock::seed), unless
    /// [`with_seed`](HttpHook::with_seed) says otherwise.
    #[expect(clippy::needless_pass_by_value, reason = "the face keeps it, made for its transport")]
    pub fn new(hook: Hook, transport: T, clock: C) -> Self {
        let (capabilities, seed) = (transport.capabilities(), clock.seed());
        Self { face: Face::new(&hook, capabilities, transport, clock, seed) }
    }

    pub(super) const fn face(&self) -> &Face<T, C> {
        &self.face
    }

    /// Performs a call and checks its response.
    ///
    /// # Errors
    ///
    /// A [`Failure`]; it prints `404:Not Found` for a status that does not pass.
    pub fn run(&self, plan: RequestPlan) -> Result<Response<Bytes>, Failure> {
        let (now, call) = self.begin(plan);
        let run = self.face.watched(Run::new(&self.face.hook, call));
        drive_from(now, run, &*self.face.transport, &*self.face.clock)
    }

    /// Performs a call under a policy of its own.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says why the call was given up, and what came last.
    pub fn run_with_advanced_retry(
        &self,
        policy: impl Into<Arc<RetryPolicy>>,
        plan: RequestPlan,
    ) -> Result<Response<Bytes>, Failure> {
        self.run(plan.retry(policy))
    }

    /// Performs a call that is prepared, or was stored.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_and_check(&self, call: Call) -> Result<Response<Bytes>, Failure> {
        let run = self.face.watched(Run::new(&self.face.hook, call));
        drive(run, &*self.face.transport, &*self.face.clock)
    }

    /// Performs a call whose payload is external, with `source` as its body.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_with_body(
        &self,
        plan: RequestPlan,
        source: &mut (dyn FnMut() -> Result<Body, TransportError> + Send),
    ) -> Result<Response<Bytes>, Failure> {
        let (now, call) = self.begin(plan);
        self.drive(now, Run::new(&self.face.hook, call), Some(source))
    }

    /// Performs a call and leaves the body of the answer to be read.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); what breaks in the body after that is the body's error, which names the call as a [`Failure`] does.
    pub fn stream(&self, plan: RequestPlan) -> Result<Response<Body>, Failure> {
        self.streamed(plan, None)
    }

    fn streamed(
        &self,
        plan: RequestPlan,
        source: Option<&mut Open<'_, Body>>,
    ) -> Result<Response<Body>, Failure> {
        let (now, call) = self.begin(plan);
        let whence = call.whence(&self.face.hook);
        let answer = self.drive(now, Run::stream(&self.face.hook, call), source)?;
        Ok(match whence {
            None => answer,
            Some(whence) => answer.map(|body| body.told(move |error| whence.broken(error))),
        })
    }

    /// Performs a call and reads its answer as JSON.
    fn read_json<A: DeserializeOwned>(
        &self,
        plan: RequestPlan,
        source: Option<&mut Open<'_, Body>>,
    ) -> Result<A, Failure> {
        let (now, call) = self.begin(plan);
        let call = call.counted();
        let whence = call.whence(&self.face.hook);
        let answer = self.drive(now, Run::new(&self.face.hook, call), source)?;
        read(answer, whence.as_ref())
    }

    /// Drives a run whose body may come from a source of the caller's.
    fn drive<'a, R>(
        &'a self,
        now: Timestamp,
        run: Run<'a, Body, R>,
        source: Option<&'a mut Open<'_, Body>>,
    ) -> Result<Response<R>, Failure> {
        let mut run = self.face.watched(run);
        if let Some(source) = source {
            run = run.own_source(|| source().map(Body::quiet));
        }
        drive_from(now, run, &*self.face.transport, &*self.face.clock)
    }

    /// Runs a call until it waits or is over. Where it waits, the [`Leg`] holds it stored: keep that, and [take it up](Self::resume) when
    /// the wait is over, in this process or another.
    ///
    /// `keep` is told of each attempt before it is sent. Where it keeps what [`Attempt::store`](crate::Attempt::store) writes, a process that
    /// ends meanwhile leaves behind that the request may have been seen. If it fails, nothing is sent.
    ///
    /// What waits for the [rate limit](crate::gates::RateSettings) gives its place up where it is stored: taken up, it asks anew when it is due,
    /// behind whoever asked meanwhile.
    ///
    /// A call that [cannot be stored](Call::store) ends at once, as a [`Failure`] for the reason
    /// [`NotStored`](crate::StopReason::NotStored), which names the part and the cure: nothing is sent of it.
    ///
    /// # Errors
    ///
    /// What `keep` says.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use http_hook::{Leg, RequestPlan};
    /// # use std::time::Duration;
    /// # struct NoTime;
    /// # impl http_hook::blocking::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     fn sleep(&self, _: Duration) {}
    /// # }
    /// # let busy = http_hook::blocking::from_fn(http_hook::options::Capabilities::none("busy"), |_, _| {
    /// #     Ok(http::Response::builder().status(503).body(http_hook::blocking::Body::default()).unwrap())
    /// # });
    /// # let api = http_hook::blocking::HttpHook::new(http_hook::Hook::to("https://api.example.com")?, busy, NoTime);
    ///
    /// let call = api.prepare(RequestPlan::get("v1/orders").retries(3));
    /// match api.leg(call, |_attempt| Ok::<_, Infallible>(()))? {
    ///     Leg::Wait { stored, wait, .. } => println!("due in {wait:?}: {} bytes to keep", stored.len()),
    ///     Leg::Done(result) => println!("{}", result?.status()),
    ///     _ => {}
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn leg<E>(
        &self,
        call: Call,
        keep: impl FnMut(&Attempt) -> Result<(), E>,
    ) -> Result<Leg, E> {
        let run = self.face.watched(Run::new(&self.face.hook, call));
        leg(self.face.clock.now(), run, &*self.face.transport, &*self.face.clock, keep)
    }

    /// Asks for `endpoint` (empty: the base URL) with HEAD, and with GET where HEAD is not allowed.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run). A server that answered all the same has a [status](Failure::status).
    pub fn test_connection(&self, endpoint: &str) -> Result<Response<Bytes>, Failure> {
        let head = self.run(RequestPlan::head(endpoint));
        if head_not_allowed(&head) { self.run(RequestPlan::get(endpoint)) } else { head }
    }
}

impl<T: Transport, C: Clock> CallBuilder<'_, HttpHook<T, C>, Body> {
    /// Performs the call and checks its response: [`HttpHook::run`] of the plan.
    ///
    /// # Errors
    ///
    /// A [`Failure`]; it prints `404:Not Found` for a status that does not pass.
    pub fn send(self) -> Result<Response<Bytes>, Failure> {
        match self.planned(|on| on.face.draw(), MultipartBody::join_blocking) {
            (on, plan, None) => on.run(plan),
            (on, plan, Some(mut source)) => on.run_with_body(plan, &mut *source),
        }
    }

    /// Performs the call and reads the body of the response as JSON, whatever its Content-Type says.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); and where the body is not what is expected, a [`Failure`] for the reason
    /// [`Check`](crate::StopReason::Check), which holds the response and says what [`json`](crate::ResponseExt::json) says, and of which call.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # struct NoTime;
    /// # impl http_hook::blocking::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     fn sleep(&self, _: Duration) {}
    /// # }
    /// # let server = http_hook::blocking::from_fn(http_hook::options::Capabilities::none("server"), |_, _| {
    /// #     Ok(http::Response::new(bytes::Bytes::from("[7, 8]").into()))
    /// # });
    /// # let api = http_hook::blocking::HttpHook::new(http_hook::Hook::to("https://api.example.com")?, server, NoTime);
    ///
    /// let ids: Vec<u32> = api.get("v1/orders").read_json()?;
    /// assert_eq!(ids, [7, 8]);
    /// let failure = api.get("v1/orders").read_json::<Vec<String>>().unwrap_err();
    /// let says = "the answer is not the JSON expected: $[0]: expected a string, found an integer; GET https://api.example.com/v1/orders, 1 attempt";
    /// assert_eq!(failure.to_string(), says);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_json<A: DeserializeOwned>(self) -> Result<A, Failure> {
        match self.planned(|on| on.face.draw(), MultipartBody::join_blocking) {
            (on, plan, None) => on.read_json(plan, None),
            (on, plan, Some(mut source)) => on.read_json(plan, Some(&mut *source)),
        }
    }

    /// Performs the call and leaves the body of the response to be read: [`HttpHook::stream`] of the plan. It is as long as the
    /// server likes: `std::io::Read::take` ends it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); what breaks in the body after that is the body's error.
    pub fn stream(self) -> Result<Response<Body>, Failure> {
        match self.planned(|on| on.face.draw(), MultipartBody::join_blocking) {
            (on, plan, None) => on.streamed(plan, None),
            (on, plan, Some(mut source)) => on.streamed(plan, Some(&mut *source)),
        }
    }
}

impl<T, C> Clone for HttpHook<T, C> {
    fn clone(&self) -> Self {
        Self { face: self.face.clone() }
    }
}

/// Shows the hook, which hides what is the connection's.
impl<T, C> fmt::Debug for HttpHook<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.face.fmt(f)
    }
}
