//! The client that sends: isahc with the TLS of the platform, or ureq.

use crate::exit::Problem;

#[cfg(feature = "native-tls")]
pub(crate) type Client = http_hook_isahc::IsahcTransport;
#[cfg(not(feature = "native-tls"))]
pub(crate) type Client = http_hook_ureq::UreqTransport;

/// Starts the client.
#[cfg(feature = "native-tls")]
pub(crate) fn client() -> Result<Client, Problem> {
    Client::new().map_err(|error| Problem::local(error.to_string()))
}

/// Starts the client.
#[cfg(not(feature = "native-tls"))]
#[expect(clippy::unnecessary_wraps, reason = "another client may fail to start")]
pub(crate) fn client() -> Result<Client, Problem> {
    Ok(Client::default())
}
