//! The easy face for blocking code.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response};

use super::{Body, Clock, Transport, drive, drive_from};
use crate::base::{Timestamp, TransportError};
use crate::call::Call;
use crate::drive::Run;
use crate::hook::Hook;
use crate::http_hook::{Face, face, head_not_allowed};
use crate::observe::Observer;
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
    pub fn run(&self, plan: RequestPlan) -> Result<Response<Bytes>, Failure> {
        let (now, call) = self.begin(plan);
        let run = self.face.watched(Run::new(&self.face.hook, call));
        drive_from(now, run, &self.face.transport, &self.face.clock)
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
        drive(run, &self.face.transport, &self.face.clock)
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
        let run = self.face.watched(Run::new(&self.face.hook, call)).source(source);
        drive_from(now, run, &self.face.transport, &self.face.clock)
    }

    /// Performs a call and leaves the body of the answer to be read.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); what breaks in the body after that is the body's error.
    pub fn stream(&self, plan: RequestPlan) -> Result<Response<Body>, Failure> {
        let (now, call) = self.begin(plan);
        let run = self.face.watched(Run::stream(&self.face.hook, call));
        drive_from(now, run, &self.face.transport, &self.face.clock)
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
