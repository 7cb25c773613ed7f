//! A request as a server would see it: what the machine emits, and what every client adds.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use http::{HeaderMap, Method, Request, Uri};
use http_hook::auth::{AuthScheme, Credentials};
use http_hook::body::Payload;
use http_hook::options::{ClientCert, Proxy, SendOptions, Verify};
use http_hook::{Hook, Options, Sent as TransportSent, TransportError, TransportErrorKind as Kind};
use serde_json::{Map, Value, json};

use crate::recorded::answer::{Answers, Exchange, body};
use crate::recorded::calls::{Arrived, setting};
use crate::recorded::compare::difference;
use crate::recorded::report::Verdict;
use crate::recorded::values::{BOUNDARY, FILES};

/// A request as it would arrive.
pub struct Sent {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    host: String,
    port: u16,
    tls: bool,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
    framing: &'static str,
    options: SendOptions,
    /// What opens the way through a proxy.
    tunnel: Option<Box<Self>>,
}

impl Sent {
    /// Adds to a request of the machine what every client adds: Host, the body's source, its framing.
    pub fn new(request: &Request<Payload>, options: &SendOptions, source: Option<&[u8]>) -> Self {
        let uri = request.uri();
        let tls = uri.scheme_str() == Some("https");
        let usual = if tls { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(usual);
        let authority = uri.host().unwrap_or_default();
        let mut headers = request.headers().clone();
        if !headers.contains_key("host") {
            // A trailing dot makes a name absolute for the resolver only.
            let name = authority.trim_end_matches('.');
            let host = if port == usual { name.to_owned() } else { format!("{name}:{port}") };
            headers.insert("host", host.parse().expect("a host"));
        }
        let body = match request.body() {
            Payload::Bytes(bytes) => bytes.to_vec(),
            _ => source.unwrap_or_default().to_vec(),
        };
        let framing = match request.body().len() {
            None => "chunked",
            Some(0) if matches!(*request.method(), Method::GET | Method::HEAD) => "none",
            Some(_) => "content-length",
        };
        match framing {
            "chunked" => headers.insert("transfer-encoding", "chunked".parse().expect("a value")),
            "content-length" => headers.insert("content-length", body.len().into()),
            _ => None,
        };
        let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let mut sent = Self {
            method: request.method().clone(),
            url: uri.to_string(),
            host: authority.trim_matches(['[', ']']).to_owned(),
            port,
            tls,
            target: target.to_owned(),
            headers,
            body,
            framing,
            options: options.clone(),
            tunnel: None,
        };
        if let Some(proxy) = &options.client.proxy {
            sent.go_through(proxy);
        }
        sent
    }

    /// How the body is framed.
    pub(super) fn framing(&self) -> &'static str {
        self.framing
    }

    /// Takes a request as a server with sockets saw it.
    pub(super) fn arrived(arrived: &Arrived, url: &str, options: &SendOptions) -> Self {
        let mut headers = arrived.headers.clone();
        // A client that cannot leave it out sends it empty.
        if headers.get(CONTENT_TYPE).is_some_and(HeaderValue::is_empty) {
            headers.remove(CONTENT_TYPE);
        }
        if arrived.method == "CONNECT" {
            // Between client and proxy; what counts is what else would be told.
            for name in ["host", "user-agent", "proxy-connection"] {
                headers.remove(name);
            }
        }
        let framing = match headers.contains_key(TRANSFER_ENCODING) {
            true => "chunked",
            false if headers.contains_key(CONTENT_LENGTH) => "content-length",
            false => "none",
        };
        Self {
            method: arrived.method.parse().expect("a method"),
            url: url.to_owned(),
            host: arrived.host.clone(),
            port: arrived.port,
            tls: arrived.tls,
            target: arrived.target.clone(),
            headers,
            body: arrived.body.clone(),
            framing,
            options: options.clone(),
            tunnel: None,
        }
    }

    /// Sends by way of a proxy: over TLS through a tunnel, else with the whole URL as the target.
    fn go_through(&mut self, proxy: &Proxy) {
        let uri: Uri = proxy.uri.parse().expect("the URL of a proxy");
        let credential = proxy.credential.as_ref().map(|(login, password)| {
            let (login, password) = (login.clone(), password.clone());
            match (AuthScheme::Basic { login, password }).credentials() {
                Ok(Credentials::Header(_, value)) => value,
                other => panic!("no credentials that a header holds: {other:?}"),
            }
        });
        let host = uri.host().expect("the host of a proxy").trim_matches(['[', ']']).to_owned();
        let of_scheme = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(of_scheme);
        let mut own = HeaderMap::new();
        if let Some(value) = credential {
            let headers = if self.tls { &mut own } else { &mut self.headers };
            headers.insert(PROXY_AUTHORIZATION, value);
        }
        if self.tls {
            self.tunnel = Some(Box::new(Self {
                method: Method::CONNECT,
                url: String::new(),
                host: host.clone(),
                port,
                tls: of_scheme == 443,
                target: format!("{}:{}", self.host, self.port),
                headers: own,
                body: Vec::new(),
                framing: "none",
                options: self.options.clone(),
                tunnel: None,
            }));
        } else {
            self.target = self.url.split('#').next().unwrap_or_default().to_owned();
            self.tls = of_scheme == 443;
        }
        (self.host, self.port) = (host, port);
    }

    /// Sends over the scripted server, by way of a tunnel first if there has to be one. Notes what arrives.
    pub(crate) fn exchange(mut self, answers: &mut Answers, arrived: &mut Vec<Self>) -> Exchange {
        let client = Arc::clone(&self.options.client);
        // Nothing is dialled with files that are not there.
        let unreadable = client.cert.iter().any(|cert| {
            let key = cert.key.as_ref().unwrap_or(&cert.cert);
            [&cert.cert, key].into_iter().any(|path| !is_there(path))
        });
        let unknown = match &client.verify {
            Verify::File(path) => self.url.starts_with("https") && !is_there(path),
            Verify::System | Verify::Off => false,
        };
        if unreadable || unknown {
            return Err(TransportError::new(Kind::Tls, TransportSent::No));
        }
        if let Some(error) = Answers::refusal(&self.host, self.port, self.tls) {
            return Err(match (error.kind(), &client.proxy) {
                (Kind::Dns | Kind::Connect, Some(_)) => {
                    TransportError::new(Kind::Proxy, TransportSent::No)
                }
                _ => error,
            });
        }
        if let Some(tunnel) = self.tunnel.take() {
            arrived.push(*tunnel);
            let answer = answers.next(&Method::CONNECT);
            if !answer.is_ok_and(|answer| answer.status().is_success()) {
                return Err(TransportError::new(Kind::Proxy, TransportSent::No));
            }
        }
        let answer = answers.next(&self.method);
        arrived.push(self);
        answer
    }

    /// Gives the URL without default port and fragment, the headers and the options: for hostile cases.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Gives the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Compares with a recorded request.
    pub(crate) fn difference(&self, recorded: &Value) -> Option<Verdict> {
        let recorded_headers = recorded["headers"].as_array().map(Vec::as_slice);
        let mut recorded_headers: Vec<(String, String)> =
            recorded_headers.unwrap_or_default().iter().map(pair).collect();
        recorded_headers.retain(|(name, value)| !self.stood_in(name, value));
        let headers = self.comparable(&recorded_headers);
        let expected = json!({
            "connect": recorded["connect"],
            "method": recorded["method"],
            "target": recorded["target"],
            "headers": sorted(recorded_headers),
            "framing": recorded["framing"],
        });
        let got = json!({
            "connect": {"host": self.host, "port": self.port, "tls": self.tls},
            "method": self.method.as_str(),
            "target": self.target,
            "headers": sorted(headers),
            "framing": self.framing,
        });
        difference(&expected, &got).or_else(|| self.body_difference(&body(&recorded["body"])))
    }

    fn body_difference(&self, recorded: &[u8]) -> Option<Verdict> {
        let boundary = self.boundary();
        let got = match &boundary {
            Some(boundary) => String::from_utf8_lossy(&self.body).replace(boundary, BOUNDARY),
            None => return (recorded != self.body).then(|| bodies(recorded, &self.body)),
        };
        (recorded != got.as_bytes()).then(|| bodies(recorded, got.as_bytes()))
    }

    fn boundary(&self) -> Option<String> {
        let value = self.headers.get("content-type")?.to_str().ok()?;
        value.strip_prefix("multipart/form-data; boundary=").map(str::to_owned)
    }

    /// Whether the recorded client put a header of its own in the place of one that was removed.
    fn stood_in(&self, name: &str, value: &str) -> bool {
        let own = name == "accept-encoding" && value == "identity"
            || name == "user-agent" && value.starts_with("python-");
        own && !self.headers.contains_key(name)
    }

    /// The headers, without those defaults of a client that the recorded data leave out.
    fn comparable(&self, recorded: &[(String, String)]) -> Vec<(String, String)> {
        let is_recorded = |name: &str| recorded.iter().any(|(other, _)| other == name);
        let default = |name: &str, value: &str| match name {
            "user-agent" => value == Hook::DEFAULT_USER_AGENT,
            "accept-encoding" => ["identity", "gzip, deflate, br, zstd"].contains(&value),
            _ => false,
        };
        let boundary = self.boundary();
        let pairs = self.headers.iter().map(|(name, value)| {
            let text: String = value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
            let text = text.trim().to_owned();
            let text = match &boundary {
                Some(boundary) => text.replace(boundary.as_str(), BOUNDARY),
                None => text,
            };
            (name.as_str().to_owned(), text)
        });
        pairs.filter(|(name, value)| is_recorded(name) || !default(name, value)).collect()
    }

    /// Compares what the transport is told with what the original's client was told, as far as a send
    /// shows it: redirects and the environment are the machine's own matter.
    pub(crate) fn options_difference(&self, recorded: &Value) -> Option<Verdict> {
        let expected = json!({
            "timeout": timeout(&recorded["timeout"]),
            "stream": recorded["stream"],
            "verify": truth(&recorded["verify"]),
            "cert": recorded["cert"],
        });
        let seconds = |limit: Option<Duration>| limit.map(|limit| limit.as_secs_f64());
        let timeouts = &self.options.timeouts;
        let got = json!({
            "timeout": [seconds(timeouts.connect), seconds(timeouts.head), seconds(timeouts.idle)],
            "stream": self.options.stream,
            "verify": verify(&self.options.client.verify),
            "cert": self.options.client.cert.as_ref().map(cert),
        });
        difference(&expected, &got)
    }

    /// What the original's session holds.
    pub(crate) fn session(&self, set: &Options) -> Value {
        let headers = self.comparable(&[]).into_iter().filter(|(name, _)| name != "host");
        let headers = sorted(headers.collect());
        let mut proxies = Map::new();
        for (target, proxy) in setting(&set.proxies).iter().flat_map(|all| &all.by_target) {
            proxies.insert(target.clone(), proxy.uri.clone().into());
        }
        let socket = self.options.client.keep_alive.map(|keep| {
            json!({
                "TCP_NODELAY": 1,
                "SO_KEEPALIVE": 1,
                "TCP_KEEPIDLE": keep.idle.as_secs(),
                "TCP_KEEPINTVL": keep.interval.as_secs(),
                "TCP_KEEPCNT": keep.count,
            })
        });
        json!({
            "headers": headers,
            "proxies": proxies,
            "stream": self.options.stream,
            "verify": verify(&self.options.client.verify),
            "cert": self.options.client.cert.as_ref().map(cert),
            "max_redirects": set.max_redirects.unwrap_or(30),
            "trust_env": set.trust_env.unwrap_or(true),
            "socket_options": socket,
        })
    }
}

fn bodies(expected: &[u8], got: &[u8]) -> Verdict {
    let shown = |bytes: &[u8]| format!("body {:?}", String::from_utf8_lossy(bytes));
    Verdict::differs(shown(expected), shown(got))
}

/// Reads a header: its name in lower case, and its value.
pub(crate) fn pair(pair: &Value) -> (String, String) {
    let part = |i: usize| pair[i].as_str().unwrap_or_default();
    (part(0).to_ascii_lowercase(), part(1).to_owned())
}

/// Gives headers in order; that within a name is kept (D15).
pub(crate) fn sorted(mut pairs: Vec<(String, String)>) -> Value {
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs.into_iter().map(|(name, value)| json!([name, value])).collect()
}

/// One number is all three limits, a pair is for connecting and for reading.
fn timeout(recorded: &Value) -> Value {
    let recorded = recorded.get("$tuple").unwrap_or(recorded);
    match recorded.as_array().map(Vec::as_slice) {
        Some([connect, read]) => json!([connect, read, read]),
        _ => json!([recorded, recorded, recorded]),
    }
}

/// A number is as good as its truth; null says nothing, and so certificates are verified.
fn truth(recorded: &Value) -> Value {
    match recorded {
        Value::Null => true.into(),
        Value::Number(number) => (number.as_f64() != Some(0.0)).into(),
        other => other.clone(),
    }
}

/// Whether a file is there; those of a case are.
fn is_there(path: &str) -> bool {
    path.starts_with(FILES) || Path::new(path).exists()
}

fn verify(verify: &Verify) -> Value {
    match verify {
        Verify::System => true.into(),
        Verify::Off => false.into(),
        Verify::File(path) => path.as_str().into(),
    }
}

fn cert(cert: &ClientCert) -> Value {
    match &cert.key {
        Some(key) => json!([cert.cert, key]),
        None => cert.cert.as_str().into(),
    }
}
