//! The easy face over a tower service and the real clock.

use http_hook::hook::HookError;
use http_hook::transport::Transport;
use http_hook::{Connection, Hook};
use http_hook_clock::SystemClock;

use crate::TowerTransport;

/// Calls an HTTP API over a tower service. Made by [`connect`], [`from_connection`] or [`from_hook`].
///
/// What it can do is listed at [`http_hook::HttpHook`], what a call in one chain takes at [`CallBuilder`](http_hook::CallBuilder).
pub type HttpHook<S> = http_hook::HttpHook<TowerTransport<S>, SystemClock>;

/// Begins to call the API at a URL by `service`, as hyper-util's client.
///
/// The URL begins with `https://` or `http://` and has no query. Its path may be secret, as that of a webhook, so that errors and logs
/// show it as `***`: a hook of [`Hook::builder_to`] that [shows its base](http_hook::hook::HookBuilder::show_base) goes to [`from_hook`].
///
/// # Errors
///
/// Everything that is wrong with the URL.
///
/// # Examples
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use http_hook_tower::ResponseExt as _;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
///
/// let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
/// let api = http_hook_tower::connect("http://localhost:8080", client)?;
/// let ids: Vec<u64> = api.get("v1/orders").param("limit", 50).retries(3).send().await?.json()?;
/// # let _ = ids;
/// # Ok(())
/// # }
/// ```
pub fn connect<S>(base_url: &str, service: S) -> Result<HttpHook<S>, HookError>
where
    TowerTransport<S>: Transport,
{
    Ok(from_hook(Hook::to(base_url)?, service))
}

/// Begins to call the API of a stored connection.
///
/// # Errors
///
/// Everything that is wrong with the connection.
pub fn from_connection<S>(connection: &Connection, service: S) -> Result<HttpHook<S>, HookError>
where
    TowerTransport<S>: Transport,
{
    Ok(from_hook(Hook::new(connection)?, service))
}

/// Begins to call by a hook that the program [has made](Hook::builder_to): with a policy, gates or cookies of its own.
pub fn from_hook<S>(hook: Hook, service: S) -> HttpHook<S>
where
    TowerTransport<S>: Transport,
{
    HttpHook::new(hook, TowerTransport::new(service), SystemClock::new())
}
