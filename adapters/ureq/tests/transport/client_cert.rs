//! Client certificates that are of no use.

use std::path::Path;
use std::{env, fs, process};

use http::Request;
use http_hook::blocking::{Body, Transport};
use http_hook::options::{ClientCert, ClientOptions, SendOptions, Timeouts};
use http_hook::{Sent, TransportErrorKind as Kind};
use http_hook_conformance::server::Identity;
use http_hook_ureq::UreqTransport;

/// Certificates with a key that is none, or another's.
fn pairs(folder: &Path) -> [ClientCert; 4] {
    let [own, other] = ["own", "other"].map(|name| Identity::self_signed(name, &[]).expect("made"));
    let write = |name: &str, pem: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, pem).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let cert = write("cert.pem", &own.certificate_pem().expect("PEM"));
    let key = write("key.pem", &own.key_pem().expect("PEM"));
    let other = write("other.pem", &other.key_pem().expect("PEM"));
    let empty = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let garbage = write("garbage.pem", empty.as_bytes());
    [
        ClientCert { cert: cert.clone(), key: Some(other) },
        ClientCert { cert: cert.clone(), key: Some(garbage) },
        ClientCert { cert: key, key: None },
        ClientCert { cert, key: None },
    ]
}

#[test]
fn what_is_of_no_use_is_a_tls_error_before_anything_is_sent() {
    let folder = env::temp_dir().join(format!("http-hook-ureq-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    for cert in pairs(&folder) {
        let mut options = ClientOptions::default();
        options.cert = Some(cert.clone());
        let options = SendOptions::new(Timeouts::default(), options);
        let request =
            Request::get("https://127.0.0.1:1/").body(Body::default()).expect("a request");
        let error = UreqTransport::default().send(request, &options).expect_err("of no use");
        let is = (error.kind(), error.sent());
        // native-tls looks at it with a connection at hand, which there is not
        let is_late = cfg!(feature = "native-tls") && is == (Kind::Connect, Sent::No);
        assert!(is_late || is == (Kind::Tls, Sent::No), "{cert:?}: {error:?}");
    }
    fs::remove_dir_all(folder).expect("removed");
}
