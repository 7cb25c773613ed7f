//! A hook as a tower layer: plans go in, answers come out, the service below sends.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_hook::transport::{Clock, Transport};
use http_hook::{Failure, Hook, HttpHook, RequestPlan};
use tower_layer::Layer;
use tower_service::Service;

use crate::TowerTransport;

/// Makes a [`HookService`] of the service below it. See [the crate](crate) for an example.
#[derive(Clone, Debug)]
pub struct HookLayer<C> {
    hook: Hook,
    clock: C,
}

impl<C> HookLayer<C> {
    /// Makes the layer. Every service that it makes shares the hook's budget, breaker, rate limit and tokens.
    pub const fn new(hook: Hook, clock: C) -> Self {
        Self { hook, clock }
    }
}

impl<S, C: Clock + Clone> Layer<S> for HookLayer<C>
where
    TowerTransport<S>: Transport,
{
    type Service = HookService<TowerTransport<S>, C>;

    fn layer(&self, inner: S) -> Self::Service {
        let transport = TowerTransport::new(inner);
        HookService::new(HttpHook::new(self.hook.clone(), transport, self.clock.clone()))
    }
}

/// A hook as a service of plans: what goes in is relative to the connection's base URL, so that no plan can lead
/// to another origin.
///
/// It is always ready: each call waits for the service below on its own. Dropping a call's future stops the call, as
/// [`HttpHook::run`] says. Clones share everything.
pub struct HookService<T, C> {
    hook: Arc<HttpHook<T, C>>,
}

impl<T: Transport, C: Clock> HookService<T, C> {
    /// Makes a service of a hook over any transport.
    #[must_use]
    pub fn new(hook: HttpHook<T, C>) -> Self {
        Self { hook: Arc::new(hook) }
    }
}

impl<T, C> Service<RequestPlan> for HookService<T, C>
where
    T: Transport + 'static,
    C: Clock + 'static,
{
    type Response = Response<Bytes>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, plan: RequestPlan) -> Self::Future {
        let hook = Arc::clone(&self.hook);
        Box::pin(async move { hook.run(plan).await })
    }
}

impl<T, C> Clone for HookService<T, C> {
    fn clone(&self) -> Self {
        Self { hook: Arc::clone(&self.hook) }
    }
}

impl<T, C> fmt::Debug for HookService<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookService").finish_non_exhaustive()
    }
}
