//! reqwest as a transport.

#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod client_cert;
mod clients;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod conformance;
#[cfg(unix)]
mod descriptors;
mod http2;
mod scenarios;
mod silence;
#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
mod without_tls;
