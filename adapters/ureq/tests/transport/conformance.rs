//! ureq under the suite of all transports, and what it cannot do.

use http_hook_conformance::check::{Limit, blocking};
use http_hook_ureq::UreqTransport;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

const LIMITS: &[Limit] = &[
    limit("interim-100", "ureq takes a status 100 that has headers for an error"),
    limit("reason-told", "ureq does not tell the reason phrase"),
    #[cfg(feature = "native-tls")]
    limit("tls-cut", "OpenSSL's streams do not tell a connection that was cut from one that ended"),
    limit("tls-kept-reused", "a send with TLS options of its own gets a connection of its own"),
    limit("head-after-idle-limit", "ureq's limit for a read holds for the head, too"),
];

const fn limit(check: &'static str, reason: &'static str) -> Limit {
    Limit { check, reason }
}

/// An agent that does by itself what ureq does: here each request is told what not to do. The scenarios go by an agent that was told once.
fn agent() -> Agent {
    const PROVIDER: TlsProvider =
        if cfg!(feature = "native-tls") { TlsProvider::NativeTls } else { TlsProvider::Rustls };
    let tls = TlsConfig::builder().provider(PROVIDER);
    let tls = tls.root_certs(RootCerts::PlatformVerifier).build();
    Agent::config_builder().tls_config(tls).user_agent("").build().into()
}

#[test]
fn conforms() {
    let report = blocking::check(&UreqTransport::from_agent(&agent()), LIMITS);
    println!("{report}");
    report.assert_clean();
    report.assert_in_table(concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/TRANSPORTS.md"));
}
