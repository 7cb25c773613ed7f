//! The easy face, with the original's names: a hook, a transport, a clock.

mod face;
mod series;
mod short;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use http::{Method, Response};
use serde::de::DeserializeOwned;

use crate::base::{Error, Timestamp, TransportError};
use crate::body::{Body, Open};
use crate::call::{Attempt, Call};
use crate::drive::{Leg, Run, drive, drive_from, leg};
use crate::hook::Hook;
use crate::observe::Observer;
use crate::pages::{PageIter, Pages, Paging};
use crate::poll::{Poll, Polling};
use crate::request::RequestPlan;
use crate::response::Failure;
use crate::retry::RetryPolicy;
use crate::transport::{Clock, Transport};

pub use short::CallBuilder;

pub(crate) use face::{Face, face, head_not_allowed, read};

/// Calls an HTTP API through a stored connection: Airflow's `HttpHook`, over any [`Transport`]. Clones are cheap and share transport,
/// clock and what the hook keeps.
///
/// # Examples
///
/// ```
/// use http_hook::{Hook, HttpHook, RequestPlan};
/// use http_hook::options::Capabilities;
/// use http_hook::transport::from_fn;
/// # use std::time::Duration;
/// # struct NoTime;
/// # #[async_trait::async_trait]
/// # impl http_hook::transport::Clock for NoTime {
/// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
/// #     async fn sleep(&self, _: Duration) {}
/// # }
/// # let clock = NoTime;
/// let transport = from_fn(Capabilities::none("echo"), |request, _| async move {
///     Ok(http::Response::new(request.into_body()))
/// });
/// let hook = HttpHook::new(Hook::to("https://api.example.com")?, transport, clock);
/// let answer = pollster::block_on(hook.run(RequestPlan::post("v1/orders").data("box")))?;
/// assert_eq!(answer.body().as_ref(), b"box");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// Performs a call and checks its response.
    ///
    /// # Errors
    ///
    /// A [`Failure`]; it prints `404:Not Found` for a status that does not pass.
    pub async fn run(&self, plan: RequestPlan) -> Result<Response<Bytes>, Failure> {
        let (now, call) = self.begin(plan);
        let run = self.face.watched(Run::new(&self.face.hook, call));
        drive_from(now, run, &*self.face.transport, &*self.face.clock).await
    }

    /// Performs a call under a policy of its own.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says why the call was given up, and what came last.
    pub async fn run_with_advanced_retry(
        &self,
        policy: impl Into<Arc<RetryPolicy>> + Send,
        plan: RequestPlan,
    ) -> Result<Response<Bytes>, Failure> {
        self.run(plan.retry(policy)).await
    }

    /// Performs a call that is prepared, or was stored.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn run_and_check(&self, call: Call) -> Result<Response<Bytes>, Failure> {
        let run = self.face.watched(Run::new(&self.face.hook, call));
        drive(run, &*self.face.transport, &*self.face.clock).await
    }

    /// Performs a call whose payload is external, with `source` as its body.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn run_with_body(
        &self,
        plan: RequestPlan,
        source: &mut (dyn FnMut() -> Result<Body, TransportError> + Send),
    ) -> Result<Response<Bytes>, Failure> {
        let (now, call) = self.begin(plan);
        self.drive(now, Run::new(&self.face.hook, call), Some(source)).await
    }

    /// Performs a call and leaves the body of the answer to be streamed.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); what breaks in the body after that is the body's error, which names the call as a [`Failure`] does.
    pub async fn stream(&self, plan: RequestPlan) -> Result<Response<Body>, Failure> {
        self.streamed(plan, None).await
    }

    async fn streamed(
        &self,
        plan: RequestPlan,
        source: Option<&mut Open<'_, Body>>,
    ) -> Result<Response<Body>, Failure> {
        let (now, call) = self.begin(plan);
        let whence = call.whence(&self.face.hook);
        let answer = self.drive(now, Run::stream(&self.face.hook, call), source).await?;
        Ok(match whence {
            None => answer,
            Some(whence) => answer.map(|body| body.told(move |error| whence.broken(error))),
        })
    }

    /// Performs a call and reads its answer as JSON.
    async fn read_json<A: DeserializeOwned>(
        &self,
        plan: RequestPlan,
        source: Option<&mut Open<'_, Body>>,
    ) -> Result<A, Failure> {
        let (now, call) = self.begin(plan);
        let call = call.counted();
        let whence = call.whence(&self.face.hook);
        let answer = self.drive(now, Run::new(&self.face.hook, call), source).await?;
        read(answer, whence.as_ref())
    }

    /// Drives a run whose body may come from a source of the caller's.
    async fn drive<'a, R>(
        &'a self,
        now: Timestamp,
        run: Run<'a, Body, R>,
        source: Option<&'a mut Open<'_, Body>>,
    ) -> Result<Response<R>, Failure> {
        let mut run = self.face.watched(run);
        if let Some(source) = source {
            run = run.own_source(|| source().map(Body::quiet));
        }
        drive_from(now, run, &*self.face.transport, &*self.face.clock).await
    }

    /// Runs a call until it waits or is over. Where it waits, the [`Leg`] holds it stored: keep that, and [take it up](Self::resume) when
    /// the wait is over, in this process or another.
    ///
    /// `keep` is told of each attempt before it is sent. Where it keeps what [`Attempt::store`](crate::Attempt::store) writes, a process that
    /// ends meanwhile leaves behind that the request may have been seen. If it fails, or the leg is dropped before it is done, nothing is sent, and
    /// the gates get back what the send would have taken. It is an async closure
    /// (`async |attempt| …`), or one that returns an async block of what it owns, as below: that one goes from thread to thread, too, as tasks
    /// of `tokio::spawn` do. An async block cannot hold `attempt` itself, which is lent to the closure.
    ///
    /// What waits for the [rate limit](crate::gates::RateSettings) gives its place up where it is stored: taken up, it asks anew when it is due,
    /// behind whoever asked meanwhile.
    ///
    /// A call that [cannot be stored](Call::store) ends at once, as a [`Failure`] for the reason
    /// [`NotStored`](crate::StopReason::NotStored), which names the part and the cure: nothing is sent of it.
    ///
    /// ```
    /// # use std::{future::Future, io, path::PathBuf, time::Duration};
    /// # use http_hook::{Attempt, Call, HttpHook, Leg, transport::{Clock, Transport}};
    /// # mod tokio {
    /// #     pub(super) fn spawn<F: Future<Output: Send> + Send + 'static>(_: F) {}
    /// # }
    /// # fn spawned<T: Transport + 'static, C: Clock + 'static>(api: HttpHook<T, C>, call: Call, path: PathBuf) {
    /// let hook = api.get_conn().0.clone();
    /// let keep = move |attempt: &Attempt| {
    ///     let (path, stored) = (path.clone(), attempt.store(&hook).map_err(io::Error::other));
    ///     async move { std::fs::write(path, stored?) }
    /// };
    /// tokio::spawn(async move { api.leg(call, keep).await });
    /// # }
    /// ```
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
    /// # #[async_trait::async_trait]
    /// # impl http_hook::transport::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     async fn sleep(&self, _: Duration) {}
    /// # }
    /// # let busy = http_hook::transport::from_fn(http_hook::options::Capabilities::none("busy"), |_, _| async move {
    /// #     Ok(http::Response::builder().status(503).body(http_hook::body::Body::default()).unwrap())
    /// # });
    /// # let api = http_hook::HttpHook::new(http_hook::Hook::to("https://api.example.com")?, busy, NoTime);
    ///
    /// let call = api.prepare(RequestPlan::get("v1/orders").retries(3));
    /// match pollster::block_on(api.leg(call, async |_attempt| Ok::<_, Infallible>(())))? {
    ///     Leg::Wait { stored, wait, .. } => println!("due in {wait:?}: {} bytes to keep", stored.len()),
    ///     Leg::Done(result) => println!("{}", result?.status()),
    ///     _ => {}
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn leg<E>(
        &self,
        call: Call,
        keep: impl AsyncFnMut(&Attempt) -> Result<(), E>,
    ) -> Result<Leg, E> {
        let run = self.face.watched(Run::new(&self.face.hook, call));
        leg(self.face.clock.now(), run, &*self.face.transport, &*self.face.clock, keep).await
    }

    /// Asks for `endpoint` (empty: the base URL) with HEAD, and with GET where HEAD is not allowed.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run). A server that answered all the same has a [status](Failure::status).
    pub async fn test_connection(&self, endpoint: &str) -> Result<Response<Bytes>, Failure> {
        let head = self.run(RequestPlan::head(endpoint)).await;
        if head_not_allowed(&head) { self.run(RequestPlan::get(endpoint)).await } else { head }
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
