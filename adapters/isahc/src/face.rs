//! The easy face over isahc and the real clock, in one line.

use http_hook::{Hook, HttpHook, blocking};
use http_hook_clock::{SystemClock, seed};

use crate::IsahcTransport;

/// Makes an [`HttpHook`] of a hook, over isahc and the real clock.
///
/// # Errors
///
/// If libcurl cannot be set up.
///
/// # Examples
///
/// ```no_run
/// use http_hook::{Connection, Hook, RequestPlan, RetryPolicy};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let connection = Connection::parse("http://reader:secret@api.example.com/https")?;
/// let hook = http_hook_isahc::http_hook(Hook::new(&connection)?)?;
/// let answer = hook.run_with_advanced_retry(RetryPolicy::default(), RequestPlan::get("v1/orders")).await?;
/// println!("{}", answer.status());
/// # Ok(())
/// # }
/// ```
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
