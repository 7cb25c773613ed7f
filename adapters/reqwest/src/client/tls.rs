//! TLS by the features `native-tls` and `rustls`: the first where both are on, and none without.

use std::fs;

use http_hook::options::{ClientCert, ClientOptions, Verify};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use reqwest::{Certificate, Client, ClientBuilder, Identity};

pub(crate) const NAME: &str =
    if cfg!(feature = "native-tls") { "reqwest" } else { "reqwest-rustls" };

/// Any target will do.
#[expect(clippy::unnecessary_wraps, reason = "without TLS it is otherwise")]
pub(crate) fn check(_secure: bool) -> Result<(), TransportError> {
    Ok(())
}

/// Starts a client with the TLS of this crate's features, whatever other crates of the program have switched on in reqwest.
pub(crate) fn builder() -> ClientBuilder {
    let builder = Client::builder();
    #[cfg(feature = "native-tls")]
    return builder.tls_backend_native();
    #[cfg(not(feature = "native-tls"))]
    builder.tls_backend_rustls()
}

/// Builds what `make` begins, with the TLS options.
pub(crate) fn build(
    make: impl Fn() -> Result<ClientBuilder, TransportError>,
    options: &ClientOptions,
) -> Result<Client, TransportError> {
    #[cfg(feature = "rustls")]
    provide();
    let with = |identity| {
        let mut builder = verified(make()?, &options.verify)?;
        if let Some(identity) = identity {
            builder = builder.identity(identity);
        }
        // The text may name what is in the files.
        builder.build().map_err(|_| unusable("reqwest refused the options"))
    };
    let Some(cert) = &options.cert else { return with(None) };
    let pem = Pem::read(cert)?;
    // A builder does not tell which TLS it is set to, and refuses an identity of the other.
    #[cfg(feature = "native-tls")]
    let client = pem.native().and_then(|identity| with(Some(identity)));
    #[cfg(all(feature = "native-tls", feature = "rustls"))]
    let client = client.or_else(|_| with(Some(pem.rustls()?)));
    #[cfg(not(feature = "native-tls"))]
    let client = with(Some(pem.rustls()?));
    client
}

/// Gives the process a provider for rustls, if it has chosen none: reqwest would panic.
#[cfg(feature = "rustls")]
fn provide() {
    use rustls::crypto::{CryptoProvider, ring};
    if CryptoProvider::get_default().is_none() {
        // Else another thread was quicker.
        let _ = ring::default_provider().install_default();
    }
}

fn verified(builder: ClientBuilder, verify: &Verify) -> Result<ClientBuilder, TransportError> {
    Ok(match verify {
        Verify::System => builder,
        Verify::Off => builder.tls_danger_accept_invalid_certs(true),
        Verify::File(path) => {
            let wrong = |_| unusable("verify: the file is not PEM");
            let authorities =
                Certificate::from_pem_bundle(&read(path, "verify")?).map_err(wrong)?;
            if authorities.is_empty() {
                return Err(unusable("verify: there is no certificate in the file"));
            }
            builder.tls_certs_only(authorities)
        }
    })
}

/// What the files of a client's certificate hold.
struct Pem {
    chain: Vec<u8>,
    key: Option<Vec<u8>>,
}

impl Pem {
    fn read(cert: &ClientCert) -> Result<Self, TransportError> {
        let chain = read(&cert.cert, "cert")?;
        let key = cert.key.as_ref().map(|path| read(path, "the key of cert")).transpose()?;
        Ok(Self { chain, key })
    }

    #[cfg(feature = "native-tls")]
    fn native(&self) -> Result<Identity, TransportError> {
        Identity::from_pkcs8_pem(&self.chain, self.key_of(PKCS8)?).map_err(|_| of_no_use())
    }

    #[cfg(feature = "rustls")]
    fn rustls(&self) -> Result<Identity, TransportError> {
        // reqwest takes the last key that it finds.
        let key = self.key_of(KEYS)?;
        Identity::from_pem(&[&*self.chain, key].join(&b'\n')).map_err(|_| of_no_use())
    }

    /// Finds the first key of these kinds, which may stand in the file of the certificates.
    fn key_of(&self, kinds: &[&[u8]]) -> Result<&[u8], TransportError> {
        let pem = self.key.as_ref().unwrap_or(&self.chain);
        let start = kinds.iter().filter_map(|kind| find(pem, kind)).min();
        let key = start.and_then(|start| to_its_end(pem.get(start..)?));
        key.ok_or_else(|| unusable("the key of cert: there is no key of use in the file"))
    }
}

#[cfg(feature = "native-tls")]
const PKCS8: &[&[u8]] = &[b"-----BEGIN PRIVATE KEY-----"];
#[cfg(feature = "rustls")]
const KEYS: &[&[u8]] = &[
    b"-----BEGIN PRIVATE KEY-----",
    b"-----BEGIN RSA PRIVATE KEY-----",
    b"-----BEGIN EC PRIVATE KEY-----",
];

/// Cuts off what comes after the line that ends a section of PEM.
fn to_its_end(pem: &[u8]) -> Option<&[u8]> {
    let last = find(pem, b"-----END")?;
    let rest = pem.get(last..)?.iter().position(|byte| *byte == b'\n');
    pem.get(..rest.map_or(pem.len(), |rest| last + rest))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

// A file is read while a future runs, but only when a client is made.
fn read(path: &str, what: &str) -> Result<Vec<u8>, TransportError> {
    fs::read(path).map_err(|error| unusable(&format!("{what}: {error}")))
}

fn of_no_use() -> TransportError {
    unusable("cert: certificate and key are not of use")
}

fn unusable(why: &str) -> TransportError {
    TransportError::new(Kind::Tls, Sent::No).with_source(why)
}
