//! The easy face over the mock and its clock.

use http_hook::hook::HookError;
use http_hook::{Connection, Hook};

use crate::{MockTransport, VirtualClock};

/// Calls an API that a script plays. Made by [`connect`], [`from_connection`] or [`from_hook`]. With other parameters it is any hook, as
/// what is tested takes.
///
/// What it can do is listed at [`http_hook::HttpHook`], what a call in one chain takes at [`CallBuilder`](http_hook::CallBuilder).
pub type HttpHook<T = MockTransport, C = VirtualClock> = http_hook::HttpHook<T, C>;

/// Begins to call a scripted API, under this URL. `server` is a list of [replies](crate::Reply), or a [`MockTransport`] or a reference
/// to one, of which the test keeps the other end. Random choices are the same in each run.
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
/// use http_hook_mock::{Reply, ResponseExt as _, connect};
///
/// let script = [Reply::busy(2), Reply::json(200, "[7, 8]")];
/// let api = connect("https://api.example.test", script)?;
/// let response = pollster::block_on(api.get("v1/orders").retries(1).send())?;
/// assert_eq!(response.json::<Vec<u32>>()?, [7, 8]);
///
/// let (_, server) = api.get_conn();
/// server.assert_done();
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
///
/// # Examples
///
/// ```
/// use http_hook_mock::{Connection, Reply, from_connection};
///
/// let orders = Connection::parse("http://reader:secret@api.example.test/https")?;
/// let is_told = |request: &http_hook_mock::Received| request.header("authorization").is_some();
/// let api = from_connection(&orders, [Reply::status(200).when(is_told)])?;
/// assert!(pollster::block_on(api.get("v1/orders").send()).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
/// use http_hook_mock::{Hook, Reply, RetryPolicy, from_hook};
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
