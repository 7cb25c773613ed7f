//! Certificates of the suite's own: an authority, and what it signs. Made anew for each run.
//!
//! They are those of OpenSSL, which the clients under test link already: a second TLS library would come with licences and a
//! build of its own.

use std::time::{SystemTime, UNIX_EPOCH};

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod, SslVerifyMode};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Name, X509NameBuilder, X509Ref};

/// The longest life of a certificate, in days, and how long ago it begins.
const DAYS: (i64, i64) = (-1, 1);

/// A certificate and its key.
///
/// # Examples
///
/// ```
/// use http_hook_conformance::server::{Handshake, Identity, serve_tls};
///
/// let authority = Identity::authority("an authority")?;
/// let server = serve_tls(Handshake::Tls(authority.sign("a server", &["localhost"])?.acceptor()?.build()));
/// assert!(server.route([]).url().starts_with("https://localhost:"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Identity {
    certificate: X509,
    key: PKey<Private>,
}

impl Identity {
    /// Makes one that may sign others.
    ///
    /// # Errors
    ///
    /// OpenSSL's own, as with all that is made here.
    pub fn authority(name: &str) -> Result<Self, ErrorStack> {
        make(name, &[], None, DAYS)
    }

    /// Makes one for a server with these names that nobody signed but itself.
    ///
    /// # Errors
    ///
    /// OpenSSL's own.
    pub fn self_signed(name: &str, names: &[&str]) -> Result<Self, ErrorStack> {
        make(name, names, None, DAYS)
    }

    /// Signs one with these names (hosts or addresses), for two days around now.
    ///
    /// # Errors
    ///
    /// OpenSSL's own.
    pub fn sign(&self, name: &str, names: &[&str]) -> Result<Self, ErrorStack> {
        make(name, names, Some(self), DAYS)
    }

    /// Signs one that begins and ends so many days from now.
    ///
    /// # Errors
    ///
    /// OpenSSL's own.
    pub fn sign_for(&self, days: (i64, i64), names: &[&str]) -> Result<Self, ErrorStack> {
        make("out of time", names, Some(self), days)
    }

    /// Gives the certificate as PEM.
    ///
    /// # Errors
    ///
    /// OpenSSL's own.
    pub fn certificate_pem(&self) -> Result<Vec<u8>, ErrorStack> {
        self.certificate.to_pem()
    }

    /// Gives the key as PEM, in PKCS#8.
    ///
    /// # Errors
    ///
    /// OpenSSL's own.
    pub fn key_pem(&self) -> Result<Vec<u8>, ErrorStack> {
        self.key.private_key_to_pem_pkcs8()
    }

    /// Begins what accepts TLS connections as this server.
    ///
    /// # Errors
    ///
    /// OpenSSL's own.
    pub fn acceptor(&self) -> Result<SslAcceptorBuilder, ErrorStack> {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        builder.set_private_key(&self.key)?;
        builder.set_certificate(&self.certificate)?;
        // Sessions are taken up again, as with any server: a client has to look at them, too.
        builder.set_session_id_context(b"suite")?;
        Ok(builder)
    }

    /// Begins what accepts TLS connections as this server, and asks the client for a certificate that `authority` signed:
    /// one that has to come if `required`.
    ///
    /// # Errors
    ///
    /// OpenSSL's own.
    pub fn asking(
        &self,
        authority: &Self,
        required: bool,
    ) -> Result<SslAcceptorBuilder, ErrorStack> {
        let mut builder = self.acceptor()?;
        builder.cert_store_mut().add_cert(authority.certificate.clone())?;
        builder.add_client_ca(&authority.certificate)?;
        let needed =
            if required { SslVerifyMode::FAIL_IF_NO_PEER_CERT } else { SslVerifyMode::NONE };
        builder.set_verify(SslVerifyMode::PEER | needed);
        Ok(builder)
    }
}

/// Gives the name of a certificate's subject.
pub(super) fn name_of(certificate: &X509Ref) -> Option<String> {
    let entry = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).next()?;
    entry.data().to_string().ok()
}

/// Makes a certificate for these names, signed by `by` or by itself. Without names it may sign others.
fn make(
    name: &str,
    names: &[&str],
    by: Option<&Identity>,
    (from, to): (i64, i64),
) -> Result<Identity, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
    let subject = subject(name)?;
    let mut serial = BigNum::new()?;
    serial.rand(120, MsbOption::MAYBE_ZERO, false)?;

    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(by.map_or(&*subject, |by| by.certificate.subject_name()))?;
    builder.set_not_before(&*days_from_now(from)?)?;
    builder.set_not_after(&*days_from_now(to)?)?;
    builder.set_pubkey(&key)?;
    if names.is_empty() {
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    } else {
        let mut own = SubjectAlternativeName::new();
        for name in names {
            let is_address = name.parse::<std::net::IpAddr>().is_ok();
            if is_address {
                own.ip(name)
            } else {
                own.dns(name)
            };
        }
        let own = own.build(&builder.x509v3_context(by.map(|by| &*by.certificate), None))?;
        builder.append_extension(own)?;
    }
    builder.sign(by.map_or(&key, |by| &by.key), MessageDigest::sha256())?;
    Ok(Identity { certificate: builder.build(), key })
}

fn subject(name: &str) -> Result<X509Name, ErrorStack> {
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_nid(Nid::COMMONNAME, name)?;
    Ok(subject.build())
}

fn days_from_now(days: i64) -> Result<Asn1Time, ErrorStack> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Asn1Time::from_unix(i64::try_from(now).unwrap_or_default() + days * 24 * 60 * 60)
}
