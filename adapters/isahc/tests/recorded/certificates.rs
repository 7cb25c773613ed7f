//! What the recorded server shows: a certificate of an authority of the test's own, and at one host one that nobody signed.

use http_hook_conformance::server::Identity;
use openssl::error::ErrorStack;
use openssl::ssl::{NameType, SniError, SslAcceptor, SslContext, SslRef};

/// The names of the server's certificate.
const NAMES: [&str; 5] = ["localhost", "example.com", "*.example.com", "*.test", "127.0.0.1"];
/// The host that shows a certificate which nobody signed.
const SELF_SIGNED: &str = "selfsigned.test";

/// Gives what accepts TLS connections, and the certificate of the authority as PEM.
pub(crate) fn acceptor() -> Result<(SslAcceptor, Vec<u8>), ErrorStack> {
    let authority = Identity::authority("the authority")?;
    let untrusted = Identity::self_signed("nobody", &[SELF_SIGNED])?;
    let untrusted = untrusted.acceptor()?.build().into_context();
    let mut builder = authority.sign("the server", &NAMES)?.acceptor()?;
    builder.set_servername_callback(move |ssl, _| choose(ssl, &untrusted));
    Ok((builder.build(), authority.certificate_pem()?))
}

fn choose(ssl: &mut SslRef, untrusted: &SslContext) -> Result<(), SniError> {
    match ssl.servername(NameType::HOST_NAME) {
        Some(SELF_SIGNED) => ssl.set_ssl_context(untrusted).map_err(|_| SniError::ALERT_FATAL),
        _ => Ok(()),
    }
}
