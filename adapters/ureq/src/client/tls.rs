//! TLS by the features `native-tls` and `rustls`: the first where both are on, and none without.

use std::fs;

use http::Uri;
use http_hook::options::{ClientCert, ClientOptions, Verify};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
#[cfg(feature = "rustls")]
use rustls::{crypto::ring, sign::CertifiedKey};
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, PemItem, PrivateKey, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::typestate::AgentScope;

pub(crate) const NAME: &str = if cfg!(feature = "native-tls") { "ureq" } else { "ureq-rustls" };

const PROVIDER: TlsProvider =
    if cfg!(feature = "native-tls") { TlsProvider::NativeTls } else { TlsProvider::Rustls };

/// Any target will do.
#[expect(clippy::unnecessary_wraps, reason = "without TLS it is otherwise")]
pub(crate) fn check(_: &Uri) -> Result<(), TransportError> {
    Ok(())
}

/// Starts settings with the TLS of this crate's features.
pub(crate) fn builder() -> ConfigBuilder<AgentScope> {
    let tls = TlsConfig::builder().provider(PROVIDER).root_certs(RootCerts::PlatformVerifier);
    Agent::config_builder().tls_config(tls.build())
}

/// Lays the options of a send over the TLS settings at hand, if it has any.
pub(crate) fn laid_over(
    base: &TlsConfig,
    options: &ClientOptions,
) -> Result<Option<TlsConfig>, TransportError> {
    let ClientOptions { verify, cert, .. } = options;
    if *verify == Verify::System && cert.is_none() {
        return Ok(None);
    }
    let mut tls = TlsConfig::builder()
        .provider(base.provider())
        .root_certs(base.root_certs().clone())
        .client_cert(base.client_cert().cloned())
        .use_sni(base.use_sni());
    #[cfg(feature = "rustls")]
    if let Some(provider) = base.unversioned_rustls_crypto_provider() {
        tls = tls.unversioned_rustls_crypto_provider(provider.clone());
    }
    match verify {
        Verify::System => {}
        Verify::File(path) => {
            let (authorities, _) = read(path, "verify")?;
            tls = tls.root_certs(RootCerts::new_with_certs(&authorities));
        }
        Verify::Off => tls = tls.disable_verification(true),
    }
    if let Some(ClientCert { cert, key }) = cert {
        let (chain, inside) = read(cert, "cert")?;
        let key = match key {
            Some(path) => read(path, "the key of cert")?.1,
            None => inside,
        };
        let key = key.ok_or_else(|| unusable("cert: there is no key"))?;
        #[cfg(feature = "rustls")]
        if base.provider() == TlsProvider::Rustls {
            check_pair(&chain, &key)?;
        }
        tls = tls.client_cert(Some(ureq::tls::ClientCert::new_with_certs(&chain, key)));
    }
    Ok(Some(tls.build()))
}

/// Finds a key that is not the certificate's: ureq would panic.
#[cfg(feature = "rustls")]
fn check_pair(
    chain: &[Certificate<'static>],
    key: &PrivateKey<'static>,
) -> Result<(), TransportError> {
    let of_no_use = || unusable("cert: certificate and key are not of use");
    let chain = chain.iter().map(|one| one.der().to_vec().into()).collect();
    let key = key.der().to_vec().try_into().map_err(|_| of_no_use())?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|_| of_no_use())?;
    Ok(())
}

/// Reads the certificates and the first key of a PEM file.
fn read(
    path: &str,
    what: &str,
) -> Result<(Vec<Certificate<'static>>, Option<PrivateKey<'static>>), TransportError> {
    let pem = fs::read(path).map_err(|error| unusable(&format!("{what}: {error}")))?;
    let (mut certificates, mut key) = (Vec::new(), None);
    for item in parse_pem(&pem) {
        match item.map_err(|_| unusable(&format!("{what}: the file is not PEM")))? {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            PemItem::PrivateKey(own) => key = key.or(Some(own)),
            _ => {}
        }
    }
    if certificates.is_empty() && key.is_none() {
        return Err(unusable(&format!("{what}: nothing of use is in the file")));
    }
    Ok((certificates, key))
}

fn unusable(why: &str) -> TransportError {
    TransportError::new(Kind::Tls, Sent::No).with_source(why)
}
