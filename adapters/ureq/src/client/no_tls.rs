//! What there is instead of TLS without its features.

use http::Uri;
use http_hook::TransportError;
use http_hook::transport::refused;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

pub(crate) const NAME: &str = "ureq";

/// Refuses what needs TLS, in words.
pub(crate) fn check(uri: &Uri) -> Result<(), TransportError> {
    if uri.scheme_str() == Some("https") {
        return Err(refused("https needs the feature native-tls or rustls of http-hook-ureq"));
    }
    Ok(())
}

pub(crate) fn builder() -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
}
