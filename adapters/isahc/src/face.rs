//! The easy face over isahc and the real clock, in one line.

use http_hook::{Hook, HttpHook, blocking};
use http_hook_clock::{SystemClock, seed};

use crate::IsahcTransport;

/// Makes an [`HttpHook`] of a hook, over isahc and the real clock. See [the crate](crate) for an example.
///
/// # Errors
///
/// If libcurl cannot be set up.
pub fn http_hook(hook: Hook) -> Result<HttpHook<IsahcTransport, SystemClock>, isahc::Error> {
    Ok(HttpHook::new(hook, IsahcTransport::new()?, SystemClock::new()).with_seed(seed()))
}

/// The same, blocking.
///
/// # Errors
///
/// If libcurl cannot be set up.
pub fn blocking_http_hook(
    hook: Hook,
) -> Result<blocking::HttpHook<IsahcTransport, SystemClock>, isahc::Error> {
    Ok(blocking::HttpHook::new(hook, IsahcTransport::new()?, SystemClock::new()).with_seed(seed()))
}
