//! What the async and the blocking face share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::base::Timestamp;
use crate::call::Call;
use crate::call::follow::Whence;
use crate::drive::Run;
use crate::hook::Hook;
use crate::observe::Observer;
use crate::options::Capabilities;
use crate::request::RequestPlan;
use crate::response::ext::ResponseExt;
use crate::response::{Cause, Failure, StopReason};

/// What the async and the blocking face share.
pub(crate) struct Face<T, C> {
    pub(crate) hook: Hook,
    pub(crate) transport: Arc<T>,
    pub(crate) clock: Arc<C>,
    pub(crate) method: Method,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    /// Clones share it: no two calls of theirs draw the same chances.
    pub(crate) seed: Arc<AtomicU64>,
}

impl<T, C> Clone for Face<T, C> {
    fn clone(&self) -> Self {
        Self {
            hook: self.hook.clone(),
            transport: Arc::clone(&self.transport),
            clock: Arc::clone(&self.clock),
            method: self.method.clone(),
            observer: self.observer.clone(),
            seed: Arc::clone(&self.seed),
        }
    }
}

/// Shows the hook, which hides what is the connection's.
impl<T, C> fmt::Debug for Face<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpHook")
            .field("hook", &self.hook)
            .field("client", &self.hook.capabilities().client())
            .field("method", &self.method)
            .finish_non_exhaustive()
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

/// Reads an answer as JSON; `whence` it came is told where it is not what is expected.
pub(crate) fn read<A: DeserializeOwned>(
    answer: Response<Bytes>,
    whence: Option<&Whence>,
) -> Result<A, Failure> {
    answer.json().map_err(|error| match whence {
        Some(whence) => whence.unexpected(error, answer),
        None => Failure::new(StopReason::Check, Cause::Request(error)),
    })
}

impl<T, C> Face<T, C> {
    /// `capabilities` are those of the transport.
    pub(crate) fn new(
        hook: &Hook,
        capabilities: Capabilities,
        transport: T,
        clock: C,
        seed: u64,
    ) -> Self {
        let seed = Arc::new(AtomicU64::new(seed));
        let hook = hook.for_client(capabilities);
        let (transport, clock) = (Arc::new(transport), Arc::new(clock));
        Self { hook, transport, clock, method: Method::POST, observer: None, seed }
    }

    /// Lets a run tell the observer.
    pub(crate) fn watched<'a, B: From<Bytes>, R>(&'a self, run: Run<'a, B, R>) -> Run<'a, B, R> {
        match &self.observer {
            Some(observer) => run.observer(&**observer),
            None => run,
        }
    }

    /// The same for a machine over calls.
    pub(crate) fn observed<'a, M>(
        &'a self,
        machine: M,
        observe: impl FnOnce(M, &'a dyn Observer) -> M,
    ) -> M {
        match &self.observer {
            Some(observer) => observe(machine, &**observer),
            None => machine,
        }
    }

    /// Begins a call with the next seed.
    pub(crate) fn call(&self, plan: RequestPlan, now: Timestamp) -> Call {
        Call::new(&self.hook, plan, self.draw(), now)
    }

    /// Returns the next seed.
    pub(crate) fn draw(&self) -> u64 {
        // An odd step visits every seed before one comes again.
        self.seed.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed)
    }
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
            self.face.seed = Arc::new(AtomicU64::new(seed));
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
            (&self.face.hook, &*self.face.transport)
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
        pub fn prepare(&self, plan: impl Into<RequestPlan>) -> Call {
            self.begin(plan.into()).1
        }

        /// Begins a call, and tells when.
        fn begin(&self, plan: RequestPlan) -> (Timestamp, Call) {
            let now = self.face.clock.now();
            (now, self.face.call(plan, now))
        }

        /// Plans a call of any method to be [sent](CallBuilder::send) from here.
        pub fn request(
            &self,
            method: Method,
            endpoint: impl AsRef<str>,
        ) -> CallBuilder<'_, Self, Body> {
            CallBuilder::new(self, RequestPlan::new(method, endpoint))
        }

        /// Plans a GET to be [sent](CallBuilder::send) from here.
        pub fn get(&self, endpoint: impl AsRef<str>) -> CallBuilder<'_, Self, Body> {
            CallBuilder::new(self, RequestPlan::get(endpoint))
        }

        /// Plans a HEAD to be [sent](CallBuilder::send) from here.
        pub fn head(&self, endpoint: impl AsRef<str>) -> CallBuilder<'_, Self, Body> {
            CallBuilder::new(self, RequestPlan::head(endpoint))
        }

        /// Plans a POST to be [sent](CallBuilder::send) from here.
        pub fn post(&self, endpoint: impl AsRef<str>) -> CallBuilder<'_, Self, Body> {
            CallBuilder::new(self, RequestPlan::post(endpoint))
        }

        /// Plans a PUT to be [sent](CallBuilder::send) from here.
        pub fn put(&self, endpoint: impl AsRef<str>) -> CallBuilder<'_, Self, Body> {
            CallBuilder::new(self, RequestPlan::put(endpoint))
        }

        /// Plans a PATCH to be [sent](CallBuilder::send) from here.
        pub fn patch(&self, endpoint: impl AsRef<str>) -> CallBuilder<'_, Self, Body> {
            CallBuilder::new(self, RequestPlan::patch(endpoint))
        }

        /// Plans a DELETE to be [sent](CallBuilder::send) from here.
        pub fn delete(&self, endpoint: impl AsRef<str>) -> CallBuilder<'_, Self, Body> {
            CallBuilder::new(self, RequestPlan::delete(endpoint))
        }

        /// Reads all pages of what `plan` asks for, one after the other.
        ///
        /// # Examples
        ///
        /// ```
        /// use http_hook::pages::Paging;
        /// use http_hook::{Hook, blocking};
        /// # use http_hook::options::Capabilities;
        /// # use std::time::Duration;
        /// # struct NoTime;
        /// # impl http_hook::blocking::Clock for NoTime {
        /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
        /// #     fn sleep(&self, _: Duration) {}
        /// # }
        /// # let server = blocking::from_fn(Capabilities::none("server"), |request, _| {
        /// #     let last = request.uri().query().is_some_and(|query| query == "page=2");
        /// #     let (link, body) = if last { ("", "[3]") } else { ("</v1/orders?page=2>; rel=next", "[1, 2]") };
        /// #     let response = http::Response::builder().header("link", link);
        /// #     Ok(response.body(bytes::Bytes::from(body).into()).expect("a response"))
        /// # });
        /// # let api = blocking::HttpHook::new(Hook::to("https://api.example.com")?, server, NoTime);
        ///
        /// let ids = api.pages(api.get("v1/orders"), Paging::link()).items::<u32>(); // or of a plan
        /// assert_eq!(ids.collect::<Result<Vec<_>, _>>()?, [1, 2, 3]);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn pages(
            &self,
            plan: impl Into<RequestPlan>,
            paging: Paging,
        ) -> PageIter<'_, Self, Body> {
            let (seed, now) = (self.face.draw(), self.face.clock.now());
            let pages = Pages::new(&self.face.hook, plan.into(), paging, seed, now);
            PageIter::new(self, self.face.observed(pages, Pages::observer))
        }

        /// Goes on with pages that were [stored](Pages::store), or with their [items](crate::pages::ItemIter::store): `resume_pages(&text)?.items()`.
        ///
        /// # Errors
        ///
        /// As [`Call::resume`].
        pub fn resume_pages(&self, stored: &str) -> Result<PageIter<'_, Self, Body>, Error> {
            let pages = Pages::resume(&self.face.hook, stored, self.face.clock.now())?;
            Ok(PageIter::new(self, self.face.observed(pages, Pages::observer)))
        }

        /// Begins a poll, to be [run](Self::run_poll) or stored.
        pub fn begin_poll(&self, plan: impl Into<RequestPlan>, polling: Polling) -> Poll<'_, Body> {
            let (seed, now) = (self.face.draw(), self.face.clock.now());
            let poll = Poll::new(&self.face.hook, plan.into(), polling, seed, now);
            self.face.observed(poll, Poll::observer)
        }

        /// Takes up a poll that was [stored](Poll::store), to be [run](Self::run_poll).
        ///
        /// # Errors
        ///
        /// As [`Call::resume`].
        pub fn resume_poll(&self, stored: &str) -> Result<Poll<'_, Body>, Error> {
            let poll = Poll::resume(&self.face.hook, stored, self.face.clock.now())?;
            Ok(self.face.observed(poll, Poll::observer))
        }

        /// Takes up a call that was [stored](Call::store), to be [run](Self::run_and_check), or to run its next [leg](Self::leg).
        ///
        /// # Errors
        ///
        /// As [`Call::resume`].
        pub fn resume(&self, stored: &str) -> Result<Call, Error> {
            Call::resume(&self.face.hook, stored, self.face.clock.now())
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
