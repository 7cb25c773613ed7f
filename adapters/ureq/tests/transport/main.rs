//! ureq as a transport.

#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod client_cert;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod conformance;
#[cfg(unix)]
mod descriptors;
mod features;
mod framing;
mod nested;
mod scenarios;
mod silence;
mod threads;
#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
mod without_tls;
