//! TLS by the features `native-tls` and `rustls`: the first where both are on, and none without.

use std::fs;

use http_hook::options::{ClientCert, ClientOptions, Verify};
use http_hook::transport::unsent;
use http_hook::{TransportError, TransportErrorKind as Kind};
#[cfg(feature = "rustls")]
use rustls::{crypto::ring, sign::CertifiedKey};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, PrivateKey, RootCerts, TlsConfig, TlsProvider, parse_pem};

const PROVIDER: TlsProvider =
    if cfg!(feature = "native-tls") { TlsProvider::NativeTls } else { TlsProvider::Rustls };

/// TLS of this crate's features, with the authorities that the platform trusts.
pub(crate) fn of_the_platform() -> TlsConfig {
    TlsConfig::builder().provider(PROVIDER).root_certs(RootCerts::PlatformVerifier).build()
}

/// Lays the options of a send over the agent's settings, if there are any and TLS is on the way.
pub(crate) fn laid_over(
    agent: &Agent,
    is_plain: bool,
    options: &ClientOptions,
) -> Result<TlsConfig, TransportError> {
    let (base, ClientOptions { verify, cert, .. }) = (agent.config().tls_config(), options);
    if is_plain || *verify == Verify::System && cert.is_none() {
        return Ok(base.clone());
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
            tls = tls.root_certs(RootCerts::new_with_certs(&read(path, "verify")?.0));
        }
        Verify::Off => tls = tls.disable_verification(true),
    }
    if let Some(ClientCert { cert, key }) = cert {
        let (chain, inside) = read(cert, "cert")?;
        let key = key.as_ref().map_or(Ok(inside), |path| Ok(read(path, "the key of cert")?.1))?;
        let key = key.ok_or_else(|| unsent(Kind::Tls, "cert: there is no key"))?;
        #[cfg(feature = "rustls")]
        if base.provider() == TlsProvider::Rustls && !are_a_pair(&chain, &key) {
            return Err(unsent(Kind::Tls, "cert: certificate and key are not of use"));
        }
        tls = tls.client_cert(Some(ureq::tls::ClientCert::new_with_certs(&chain, key)));
    }
    Ok(tls.build())
}

/// Whether a key is the certificate's: of another one ureq would panic.
#[cfg(feature = "rustls")]
fn are_a_pair(chain: &[Certificate<'_>], key: &PrivateKey<'_>) -> bool {
    let chain = chain.iter().map(|one| one.der().to_vec().into()).collect();
    let key = key.der().to_vec().try_into().ok();
    key.is_some_and(|key| CertifiedKey::from_der(chain, key, &ring::default_provider()).is_ok())
}

type Pem = (Vec<Certificate<'static>>, Option<PrivateKey<'static>>);

/// Reads the certificates and the first key of a PEM file.
fn read(path: &str, what: &str) -> Result<Pem, TransportError> {
    let pem = fs::read(path).map_err(|error| unsent(Kind::Tls, format!("{what}: {error}")))?;
    let (mut certificates, mut key) = (Vec::new(), None);
    for item in parse_pem(&pem) {
        match item.map_err(|_| unsent(Kind::Tls, format!("{what}: the file is not PEM")))? {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            PemItem::PrivateKey(own) => key = key.or(Some(own)),
            _ => {}
        }
    }
    if certificates.is_empty() && key.is_none() {
        return Err(unsent(Kind::Tls, format!("{what}: nothing of use is in the file")));
    }
    Ok((certificates, key))
}
