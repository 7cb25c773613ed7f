//! Client certificates that are of no use.

use std::path::Path;
use std::{env, fs, process};

use http::Request;
use http_hook::body::Body;
use http_hook::options::{ClientCert, ClientOptions, SendOptions, Timeouts};
use http_hook::transport::Transport;
use http_hook::{Sent, TransportErrorKind as Kind};
use http_hook_conformance::server::Identity;
use http_hook_reqwest::ReqwestTransport;
use tokio::runtime::Runtime;

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
    let runtime = Runtime::new().expect("a runtime");
    let folder = env::temp_dir().join(format!("http-hook-reqwest-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    for cert in pairs(&folder) {
        let mut options = ClientOptions::default();
        options.cert = Some(cert.clone());
        let options = SendOptions::new(Timeouts::default(), options);
        let request =
            Request::get("https://127.0.0.1:1/").body(Body::default()).expect("a request");
        let transport = ReqwestTransport::default();
        let error = runtime.block_on(transport.send(request, &options)).expect_err("of no use");
        assert_eq!((error.kind(), error.sent()), (Kind::Tls, Sent::No), "{cert:?}: {error:?}");
    }
    fs::remove_dir_all(folder).expect("removed");
}
