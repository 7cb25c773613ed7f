//! What there is instead of TLS without its features.

use http_hook::TransportError;
use http_hook::options::ClientOptions;
use http_hook::transport::refused;
use reqwest::{Client, ClientBuilder};

pub(crate) const NAME: &str = "reqwest";

/// Refuses what needs TLS, in words: reqwest would take `https` for garbage.
pub(crate) fn check(secure: bool) -> Result<(), TransportError> {
    if secure {
        return Err(refused("https needs the feature native-tls or rustls of http-hook-reqwest"));
    }
    Ok(())
}

pub(crate) fn builder() -> ClientBuilder {
    Client::builder()
}

/// Builds what `make` begins. Options of TLS are not offered, so that there are none.
pub(crate) fn build(
    make: impl Fn() -> Result<ClientBuilder, TransportError>,
    _: &ClientOptions,
) -> Result<Client, TransportError> {
    make()?.build().map_err(|_| refused("reqwest refused the options"))
}
