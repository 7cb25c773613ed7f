//! isahc, and the names of the recorded network: every host leads to the server, save a few.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use http::{Request, Response, Uri};
use http_hook::options::{Capabilities, SendOptions};
use http_hook::{Sent, TransportError, TransportErrorKind, blocking};
use http_hook_conformance::recorded::calls::{Arrived, Wire};
use http_hook_conformance::recorded::{Answers, Places};
use http_hook_conformance::server::{Hanging, refusing};
use http_hook_isahc::IsahcTransport;
use isahc::HttpClient;
use isahc::config::Configurable;
use isahc::net::Dialer;
use isahc::tls::{TlsConfig, TrustStore};

use crate::certificates;
use crate::server::Server;

/// The network of the recorded cases.
pub(crate) struct World {
    server: Server,
    refusing: SocketAddr,
    hanging: Hanging,
    ca_bundle: String,
    /// Which host and port each request was dialled at.
    ways: Mutex<Vec<(String, u16)>>,
}

impl World {
    /// Starts the server; its authority is trusted by default.
    pub(crate) fn new() -> Self {
        let (acceptor, authority) = certificates::acceptor().expect("certificates");
        let folder = env!("CARGO_TARGET_TMPDIR");
        let ca_bundle = format!("{folder}/recorded-{}.pem", std::process::id());
        std::fs::write(&ca_bundle, authority).expect("a file");
        Self {
            server: Server::new(acceptor),
            refusing: refusing(),
            hanging: Hanging::new().expect("sockets"),
            ca_bundle,
            ways: Mutex::default(),
        }
    }

    /// Where a name leads; `None` where it leads by itself.
    fn address(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let [own, second] = self.server.ports;
        match host {
            "unresolvable.test" => None,
            "refused.test" => Some(self.refusing),
            "blackhole.test" => Some(self.hanging.addr()),
            _ if [own, second, self.refusing.port()].contains(&port) => {
                Some(([127, 0, 0, 1], port).into())
            }
            _ => Some(([127, 0, 0, 1], own).into()),
        }
    }

    /// A client that dials as the recorded network does. A proxy is dialled as it is written.
    fn client(&self, dialled: Option<SocketAddr>) -> Result<IsahcTransport, isahc::Error> {
        IsahcTransport::from_builder(|| {
            let trusted = TrustStore::from_file(&self.ca_bundle);
            let builder =
                HttpClient::builder().tls_config(TlsConfig::builder().trust_store(trusted).build());
            match dialled {
                Some(address) => builder.dial(Dialer::ip_socket(address)),
                None => builder,
            }
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.ca_bundle);
    }
}

impl blocking::Transport for World {
    fn capabilities(&self) -> Capabilities {
        blocking::Transport::capabilities(&IsahcTransport::default())
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        let proxy = options.client.proxy.as_ref();
        let way = match proxy {
            Some(proxy) => way(&proxy.uri.parse().expect("a URL")),
            None => way(request.uri()),
        };
        let dialled = self.address(&way.0, way.1).filter(|_| proxy.is_none());
        let client = self.client(dialled);
        let client = client.map_err(|_| TransportError::new(TransportErrorKind::Bug, Sent::No))?;
        let answer = blocking::Transport::send(&client, request, options);
        let arrived = self.server.seen().len();
        self.ways.lock().unwrap_or_else(PoisonError::into_inner).resize(arrived, way);
        answer
    }
}

impl Wire for World {
    fn places(&self) -> Places {
        let [port, port2] = self.server.ports;
        let closed_port = self.refusing.port();
        Places { port, port2, closed_port, ca_bundle: self.ca_bundle.clone() }
    }

    fn begin(&self, answers: Answers) {
        self.ways.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.server.begin(answers);
    }

    fn arrived(&self) -> Vec<Arrived> {
        let ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let arrived = self.server.seen().into_iter().zip(ways);
        arrived
            .map(|(seen, (host, port))| {
                let meant = self.address(&host, port).map(|address| address.port());
                assert_eq!(meant, Some(seen.port), "{host}:{port} leads elsewhere");
                Arrived {
                    host,
                    port,
                    tls: seen.tls,
                    method: seen.method,
                    target: seen.target,
                    headers: seen.headers,
                    body: seen.body,
                }
            })
            .collect()
    }
}

/// Host and port of a URL.
fn way(uri: &Uri) -> (String, u16) {
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    (host.to_owned(), uri.port_u16().unwrap_or(usual))
}
