//! The same, blocking the thread.

pub use http_hook::blocking::*;
pub use http_hook_clock::{fan_out, file, save};

use http_hook::hook::HookError;
use http_hook::{Connection, Hook};
use http_hook_clock::SystemClock;

use crate::{IsahcTransport, client};

/// Calls an HTTP API over isahc, blocking the thread. Made by [`connect`], [`from_connection`] or [`from_hook`]; with a transport of other
/// settings by `HttpHook::new(hook, transport, SystemClock::new())`.
///
/// With other parameters it is any hook: `fn orders<T: Transport, C: Clock>(api: &HttpHook<T, C>)` takes a mock's, too.
///
/// What it can do is listed at [`http_hook::blocking::HttpHook`], what a call in one chain takes at [`CallBuilder`](http_hook::CallBuilder).
pub type HttpHook<T = IsahcTransport, C = SystemClock> = http_hook::blocking::HttpHook<T, C>;

/// Begins to call the API at a URL, as `https://api.example.com/v2`.
///
/// The URL begins with `https://` or `http://` and has no query. Its path may be secret, as that of a webhook, so that errors and logs
/// show it as `***`: a hook of [`Hook::builder_to`] that [shows its base](http_hook::hook::HookBuilder::show_base) goes to [`from_hook`].
///
/// # Errors
///
/// Everything that is wrong with the URL, and if libcurl cannot start.
///
/// # Examples
///
/// ```no_run
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use http_hook_isahc::ResponseExt as _;
///
/// let api = http_hook_isahc::blocking::connect("https://api.example.com")?;
/// let ids: Vec<u64> = api.get("v1/orders").param("limit", 50).retries(3).send()?.json()?;
/// # let _ = ids;
/// # Ok(())
/// # }
/// ```
pub fn connect(base_url: &str) -> Result<HttpHook, HookError> {
    from_hook(Hook::to(base_url)?)
}

/// Begins to call the API of a stored connection.
///
/// # Errors
///
/// Everything that is wrong with the connection, and if libcurl cannot start.
///
/// # Examples
///
/// ```
/// use http_hook_isahc::{Connection, blocking};
///
/// let orders = Connection::parse("http://reader:secret@api.example.com/https")?;
/// let api = blocking::from_connection(&orders)?;
/// # let _ = api;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_connection(connection: &Connection) -> Result<HttpHook, HookError> {
    from_hook(Hook::new(connection)?)
}

/// Begins to call by a hook that the program [has made](Hook::builder_to): with a policy, gates or cookies of its own.
///
/// # Errors
///
/// If libcurl cannot start.
///
/// # Examples
///
/// ```
/// use http_hook_isahc::{Hook, RetryPolicy, blocking::from_hook};
///
/// let hook = Hook::builder_to("https://api.example.com/v2").show_base(true).policy(RetryPolicy::default()).build()?;
/// let api = from_hook(hook)?;
/// # let _ = api;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_hook(hook: Hook) -> Result<HttpHook, HookError> {
    Ok(HttpHook::new(hook, client::started()?, SystemClock::new()))
}
