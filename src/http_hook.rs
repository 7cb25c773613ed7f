//! The easy face, with the original's names: a hook, a transport, a clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Method, Response, StatusCode};

use crate::base::{Timestamp, TransportError};
use crate::body::Body;
use crate::call::Call;
use crate::drive::{Run, drive, drive_from};
use crate::hook::Hook;
use crate::observe::Observer;
use crate::options::Capabilities;
use crate::request::RequestPlan;
use crate::response::Failure;
use crate::retry::RetryPolicy;
use crate::transport::{Clock, Transport};

/// Calls an HTTP API through a stored connection: Airflow's `HttpHook`, over any [`Transport`].
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

/// What the async and the blocking face share.
pub(crate) struct Face<T, C> {
    pub(crate) hook: Hook,
    pub(crate) transport: T,
    pub(crate) clock: C,
    pub(crate) method: Method,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) seed: AtomicU64,
}

impl<T, C> Face<T, C> {
    /// `capabilities` are those of the transport.
    pub(crate) fn new(
        hook: &Hook,
        capabilities: Capabilities,
        transport: T,
        clock: C,
        now: Timestamp,
    ) -> Self {
        let seed = AtomicU64::new(seed_of(now));
        let hook = hook.for_client(capabilities);
        Self { hook, transport, clock, method: Method::POST, observer: None, seed }
    }

    /// Lets a run tell the observer.
    pub(crate) fn watched<'a, B: From<Bytes>, R>(&'a self, run: Run<'a, B, R>) -> Run<'a, B, R> {
        match &self.observer {
            Some(observer) => run.observer(&**observer),
            None => run,
        }
    }

    /// Begins a call with the next seed.
    pub(crate) fn call(&self, plan: RequestPlan, now: Timestamp) -> Call {
        // An odd step visits every seed before one comes again.
        let seed = self.seed.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        Call::new(&self.hook, plan, seed, now)
    }
}

/// Whether a GET may tell more than this answer to a HEAD.
pub(crate) fn head_not_allowed(head: &Result<Response<Bytes>, Failure>) -> bool {
    let status = match head {
        Ok(response) => Some(response.status()),
        Err(failure) => failure.status(),
    };
    matches!(status, Some(StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED))
}

/// The parts of both faces that do not wait.
macro_rules! face {
    () => {
        /// Sends calls made by [`plan`](Self::plan) with another method than POST.
        #[must_use]
        pub fn with_method(mut self, method: Method) -> Self {
            self.face.method = method;
            self
        }

        /// Makes every random choice a consequence of `seed`.
        #[must_use]
        pub fn with_seed(mut self, seed: u64) -> Self {
            self.face.seed = seed.into();
            self
        }

        /// Tells `observer` what happens in every call.
        #[must_use]
        pub fn with_observer(mut self, observer: impl Observer + 'static) -> Self {
            self.face.observer = Some(Arc::new(observer));
            self
        }

        /// Returns the connection made ready, the transport beside it: the original's session.
        #[must_use]
        pub fn get_conn(&self) -> (&Hook, &T) {
            (&self.face.hook, &self.face.transport)
        }

        /// Joins base URL and endpoint, unescaped.
        #[must_use]
        pub fn url_from_endpoint(&self, endpoint: &str) -> String {
            self.face.hook.url_from_endpoint(endpoint)
        }

        /// Plans a call of `endpoint` with the hook's method.
        pub fn plan(&self, endpoint: impl AsRef<str>) -> RequestPlan {
            RequestPlan::new(self.face.method.clone(), endpoint)
        }

        /// Makes a plan ready to be [run and checked](Self::run_and_check), or stored.
        pub fn prepare(&self, plan: RequestPlan) -> Call {
            self.begin(plan).1
        }

        /// Begins a call, and tells when.
        fn begin(&self, plan: RequestPlan) -> (Timestamp, Call) {
            let now = self.face.clock.now();
            (now, self.face.call(plan, now))
        }

        /// Checks the status of a response: 400 to 599 is a failure.
        ///
        /// # Errors
        ///
        /// A [`Failure`] that prints `404:Not Found` and holds the response.
        pub fn check_response(
            &self,
            response: Response<Bytes>,
        ) -> Result<Response<Bytes>, Failure> {
            self.face.hook.check_response(response)
        }
    };
}

pub(crate) use face;

impl<T: Transport, C: Clock> HttpHook<T, C> {
    face!();

    /// Makes the face of a hook. Calls draw their chances from the time, unless
    /// [`with_seed`](HttpHook::with_seed) says otherwise.
    #[expect(clippy::needless_pass_by_value, reason = "the face keeps it, made for its transport")]
    pub fn new(hook: Hook, transport: T, clock: C) -> Self {
        let (capabilities, now) = (transport.capabilities(), clock.now());
        Self { face: Face::new(&hook, capabilities, transport, clock, now) }
    }

    /// Performs a call and checks its response.
    ///
    /// # Errors
    ///
    /// A [`Failure`]; it prints `404:Not Found` for a status that does not pass.
    pub async fn run(&self, plan: RequestPlan) -> Result<Response<Bytes>, Failure> {
        let (now, call) = self.begin(plan);
        let run = self.face.watched(Run::new(&self.face.hook, call));
        drive_from(now, run, &self.face.transport, &self.face.clock).await
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
        drive(run, &self.face.transport, &self.face.clock).await
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
        let run = self.face.watched(Run::new(&self.face.hook, call)).source(source);
        drive_from(now, run, &self.face.transport, &self.face.clock).await
    }

    /// Performs a call and leaves the body of the answer to be streamed.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); what breaks in the body after that is the body's error.
    pub async fn stream(&self, plan: RequestPlan) -> Result<Response<Body>, Failure> {
        let (now, call) = self.begin(plan);
        let run = self.face.watched(Run::stream(&self.face.hook, call));
        drive_from(now, run, &self.face.transport, &self.face.clock).await
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

/// Two hooks made at different times draw different chances.
fn seed_of(now: Timestamp) -> u64 {
    let now = now.since_epoch();
    now.as_secs().rotate_left(32) ^ u64::from(now.subsec_nanos())
}
