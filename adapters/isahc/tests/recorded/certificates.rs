//! An authority of the test's own, and what it signs. Made anew for each run.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    NameType, SniError, SslAcceptor, SslAcceptorBuilder, SslContext, SslMethod, SslRef,
};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};

/// The names of the server's certificate.
const NAMES: [&str; 4] = ["localhost", "example.com", "*.example.com", "*.test"];
/// The host that shows a certificate which nobody signed.
const SELF_SIGNED: &str = "selfsigned.test";

/// A certificate and its key.
struct Pair {
    certificate: X509,
    key: PKey<Private>,
}

/// Gives what accepts TLS connections, and the certificate of the authority as PEM.
pub(crate) fn acceptor() -> Result<(SslAcceptor, Vec<u8>), ErrorStack> {
    let authority = pair("the authority", &[], None)?;
    let of_server = pair("the server", &NAMES, Some(&authority))?;
    let untrusted = builder(&pair("nobody", &[SELF_SIGNED], None)?)?.build().into_context();
    let mut builder = builder(&of_server)?;
    builder.set_servername_callback(move |ssl, _| choose(ssl, &untrusted));
    Ok((builder.build(), authority.certificate.to_pem()?))
}

fn choose(ssl: &mut SslRef, untrusted: &SslContext) -> Result<(), SniError> {
    match ssl.servername(NameType::HOST_NAME) {
        Some(SELF_SIGNED) => ssl.set_ssl_context(untrusted).map_err(|_| SniError::ALERT_FATAL),
        _ => Ok(()),
    }
}

fn builder(pair: &Pair) -> Result<SslAcceptorBuilder, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_private_key(&pair.key)?;
    builder.set_certificate(&pair.certificate)?;
    Ok(builder)
}

/// Makes a certificate for these names, signed by `by` or by itself. Without names it may sign others.
fn pair(name: &str, names: &[&str], by: Option<&Pair>) -> Result<Pair, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_nid(Nid::COMMONNAME, name)?;
    let subject = subject.build();
    let mut serial = BigNum::new()?;
    serial.rand(120, MsbOption::MAYBE_ZERO, false)?;

    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(by.map_or(&*subject, |by| by.certificate.subject_name()))?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(1)?)?;
    builder.set_pubkey(&key)?;
    if names.is_empty() {
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    } else {
        let mut own = SubjectAlternativeName::new();
        for name in names {
            own.dns(name);
        }
        own.ip("127.0.0.1");
        let own = own.build(&builder.x509v3_context(by.map(|by| &*by.certificate), None))?;
        builder.append_extension(own)?;
    }
    builder.sign(by.map_or(&key, |by| &by.key), MessageDigest::sha256())?;
    Ok(Pair { certificate: builder.build(), key })
}
