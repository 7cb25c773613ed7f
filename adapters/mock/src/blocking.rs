//! The same, blocking the thread: which no script does for longer than it takes to play it.

pub use http_hook::blocking::*;

use http_hook::hook::HookError;
use http_hook::{Connection, Hook};

use crate::{MockTransport, VirtualClock};

/// Calls an API that a script plays, blocking. Made by [`connect`], [`from_connection`] or [`from_hook`]. With other parameters it is any hook, as
/// what is tested takes.
///
/// What it can do is listed at [`http_hook::blocking::HttpHook`], what a call in one chain takes at [`CallBuilder`](http_hook::CallBuilder).
pub type HttpHook<T = MockTransport, C = VirtualClock> = http_hook::blocking::HttpHook<T, C>;

/// Begins to call a scripted API, under this URL: see [`connect`](crate::connect).
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
/// ```
/// use http_hook_mock::{MockTransport, Reply, ResponseExt as _, blocking::connect};
///
/// let server = MockTransport::new([Reply::busy(2), Reply::json(200, "[7, 8]")]);
/// let api = connect("https://api.example.test", &server)?;
/// assert_eq!(api.get("v1/orders").retries(1).send()?.json::<Vec<u32>>()?, [7, 8]);
/// assert_eq!(server.received()[1].target(), "/v1/orders");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn connect(base_url: &str, server: impl Into<MockTransport>) -> Result<HttpHook, HookError> {
    Ok(from_hook(Hook::to(base_url)?, server))
}

/// Begins to call the scripted API of a stored connection.
///
/// # Errors
///
/// Everything that is wrong with the connection.
pub fn from_connection(
    connection: &Connection,
    server: impl Into<MockTransport>,
) -> Result<HttpHook, HookError> {
    Ok(from_hook(Hook::new(connection)?, server))
}

/// Begins to call by a hook that the test [has made](Hook::builder_to): with a policy, gates or cookies of its own.
///
/// # Examples
///
/// ```
/// use http_hook_mock::{Hook, Reply, RetryPolicy, blocking::from_hook};
///
/// let hook = Hook::builder_to("https://api.example.com/v2").show_base(true).policy(RetryPolicy::default()).build()?;
/// let api = from_hook(hook, [Reply::busy(1), Reply::status(200)]);
/// # let _ = api;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_hook(hook: Hook, server: impl Into<MockTransport>) -> HttpHook {
    let server = server.into();
    let clock = server.clock();
    HttpHook::new(hook, server, clock)
}
