//! Setters: one for each option, and one for three of them.

use std::time::Duration;

use super::client::{ClientCert, KeepAlive, Proxies, Verify};
use super::layer::Options;
use super::setting::Setting;

/// Each sets one option and leaves the others. Where a layer below may have a value, `None` takes it away.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::Options;
///
/// let options = Options::default()
///     .timeout(Duration::from_secs(10))
///     .idle_timeout(None) // as long as the server likes, between two pieces
///     .max_redirects(3);
/// assert_eq!(options.max_redirects, Some(3));
/// ```
impl Options {
    /// Sets the longest time for connecting, for the head of a response, and between two pieces of its body, each by itself: what the
    /// original calls `timeout`.
    #[must_use]
    pub fn timeout(self, timeout: impl Into<Setting<Duration>>) -> Self {
        let timeout = timeout.into();
        self.connect_timeout(timeout).head_timeout(timeout).idle_timeout(timeout)
    }

    /// Sets the longest time for making a connection.
    #[must_use]
    pub fn connect_timeout(mut self, connect_timeout: impl Into<Setting<Duration>>) -> Self {
        self.connect_timeout = connect_timeout.into();
        self
    }

    /// Sets the longest time from sending to the head of the response, counted anew with each piece of the request's body that goes up.
    #[must_use]
    pub fn head_timeout(mut self, head_timeout: impl Into<Setting<Duration>>) -> Self {
        self.head_timeout = head_timeout.into();
        self
    }

    /// Sets the longest time between two pieces of the body.
    #[must_use]
    pub fn idle_timeout(mut self, idle_timeout: impl Into<Setting<Duration>>) -> Self {
        self.idle_timeout = idle_timeout.into();
        self
    }

    /// Sets how the server's certificate is verified.
    #[must_use]
    pub fn verify(mut self, verify: impl Into<Setting<Verify>>) -> Self {
        self.verify = verify.into();
        self
    }

    /// Sets the client's certificate.
    #[must_use]
    pub fn cert(mut self, cert: impl Into<Setting<ClientCert>>) -> Self {
        self.cert = cert.into();
        self
    }

    /// Sets the proxies by target.
    #[must_use]
    pub fn proxies(mut self, proxies: impl Into<Setting<Proxies>>) -> Self {
        self.proxies = proxies.into();
        self
    }

    /// Sets TCP keep-alive.
    #[must_use]
    pub fn keep_alive(mut self, keep_alive: impl Into<Setting<KeepAlive>>) -> Self {
        self.keep_alive = keep_alive.into();
        self
    }

    /// Sets whether the body of an accepted response is left to be streamed.
    #[must_use]
    pub fn stream(mut self, stream: bool) -> Self {
        self.stream = Some(stream);
        self
    }

    /// Sets whether redirects are followed.
    #[must_use]
    pub fn allow_redirects(mut self, allow_redirects: bool) -> Self {
        self.allow_redirects = Some(allow_redirects);
        self
    }

    /// Sets how many redirects are followed at most.
    #[must_use]
    pub fn max_redirects(mut self, max_redirects: u32) -> Self {
        self.max_redirects = Some(max_redirects);
        self
    }

    /// Sets whether a redirect may lead from https to http; it never takes credentials along.
    #[must_use]
    pub fn allow_downgrade(mut self, allow_downgrade: bool) -> Self {
        self.allow_downgrade = Some(allow_downgrade);
        self
    }

    /// Sets whether the environment that was passed in is looked at: proxies, certificate authorities.
    #[must_use]
    pub fn trust_env(mut self, trust_env: bool) -> Self {
        self.trust_env = Some(trust_env);
        self
    }

    /// Sets whether a status from 400 to 599 is a failure.
    #[must_use]
    pub fn check_response(mut self, check_response: bool) -> Self {
        self.check_response = Some(check_response);
        self
    }

    /// Sets the largest body of a response that is read into memory, in bytes; not of one that is streamed.
    #[must_use]
    pub fn max_response_bytes(mut self, max_response_bytes: u64) -> Self {
        self.max_response_bytes = Some(max_response_bytes);
        self
    }
}
