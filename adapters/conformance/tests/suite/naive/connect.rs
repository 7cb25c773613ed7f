//! Connections: plain, by TLS, through a proxy's tunnel.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use http::Uri;
use http_hook::options::{SendOptions, Verify};
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use openssl::ssl::{SslConnector, SslFiletype, SslMethod, SslStream, SslVerifyMode};

use super::Mistake;
use super::read::read_head;

pub(super) enum Wire {
    Plain(TcpStream),
    Tls(SslStream<TcpStream>),
}

pub(super) struct Connection(BufReader<Wire>);

impl Connection {
    fn new(wire: Wire) -> Self {
        Self(BufReader::new(wire))
    }

    fn socket(&self) -> &TcpStream {
        match self.0.get_ref() {
            Wire::Plain(stream) => stream,
            Wire::Tls(stream) => stream.get_ref(),
        }
    }

    /// Ends each wait at this moment; without one waits for ever.
    pub(super) fn limit(&self, until: Option<Instant>) {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.map(|left| left.max(Duration::from_millis(1)));
        self.socket().set_read_timeout(left).expect("a limit above zero");
    }

    /// Whether there is more than the last answer.
    pub(super) fn has_rest(&self) -> bool {
        !self.0.buffer().is_empty()
    }

    /// Whether the other side has closed, or said something that nobody asked for.
    pub(super) fn has_ended(&self) -> bool {
        let socket = self.socket();
        socket.set_nonblocking(true).expect("a socket");
        let ended = !matches!(
            socket.peek(&mut [0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock
        );
        socket.set_nonblocking(false).expect("a socket");
        ended
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl BufRead for Connection {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.get_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.get_mut().flush()
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn connect(
    uri: &Uri,
    options: &SendOptions,
    mistake: Option<Mistake>,
) -> Result<Connection, TransportError> {
    let error = |kind| move |why: String| TransportError::new(kind, Sent::No).with_source(why);
    let secure = uri.scheme_str() == Some("https");
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let target = format!("{host}:{port}");
    let proxy = options.client.proxy.as_ref().filter(|_| secure);
    let (address, kind) = match proxy {
        Some(proxy) => (proxy.uri.trim_start_matches("http://").to_owned(), Kind::Proxy),
        None => (target.clone(), Kind::Connect),
    };
    let open = || TcpStream::connect(&address).map_err(|e| error(kind)(e.to_string()));
    let mut stream = open()?;
    if proxy.is_some() {
        let times = if mistake == Some(Mistake::AsksProxyTwice) { 2 } else { 1 };
        for time in 1..=times {
            match tunnel(stream, &target, options, mistake) {
                Ok(open) => {
                    stream = open;
                    break;
                }
                Err(error) if time == times => return Err(error),
                Err(_) => stream = open()?,
            }
        }
    }
    if !secure {
        return Ok(Connection::new(Wire::Plain(stream)));
    }
    let stream = handshake(host, stream, options, mistake).map_err(error(Kind::Tls))?;
    Ok(Connection::new(Wire::Tls(stream)))
}

fn tunnel(
    stream: TcpStream,
    target: &str,
    options: &SendOptions,
    mistake: Option<Mistake>,
) -> Result<TcpStream, TransportError> {
    let failed = |kind, sent| {
        move |e: io::Error| {
            let late = matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
            let kind = if late { Kind::Timeout(TimeoutPhase::Connect) } else { kind };
            TransportError::new(kind, sent).with_source(e.to_string())
        }
    };
    let limit = options.timeouts.connect.filter(|_| mistake != Some(Mistake::ProxyWithoutLimit));
    let mut connection = Connection::new(Wire::Plain(stream));
    connection.limit(limit.map(|limit| Instant::now() + limit));
    let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    let credential = options.client.proxy.as_ref().and_then(|proxy| proxy.credential.as_ref());
    if credential.is_some() {
        // The suite's only proxy that looks at them expects these.
        head.push_str("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n");
    }
    let asked = connection.write_all((head + "\r\n").as_bytes());
    let answer = asked.and_then(|()| read_head(&mut connection, mistake));
    let answer = answer.map_err(failed(Kind::Proxy, Sent::No))?;
    let status = answer.response.status();
    if !status.is_success() {
        let wrong = mistake == Some(Mistake::ProxyAnswersForTarget);
        let (kind, sent) =
            if wrong { (Kind::Interrupted, Sent::Maybe) } else { (Kind::Proxy, Sent::No) };
        return Err(TransportError::new(kind, sent).with_source("the proxy refused"));
    }
    match connection.0.into_inner() {
        Wire::Plain(stream) => Ok(stream),
        Wire::Tls(_) => unreachable!("a tunnel is made in plain text"),
    }
}

fn handshake(
    host: &str,
    stream: TcpStream,
    options: &SendOptions,
    mistake: Option<Mistake>,
) -> Result<SslStream<TcpStream>, String> {
    let said = |error: openssl::error::ErrorStack| error.to_string();
    let mut builder = SslConnector::builder(SslMethod::tls()).map_err(said)?;
    match &options.client.verify {
        Verify::File(file) => {
            builder.set_cert_store(
                openssl::x509::store::X509StoreBuilder::new().map_err(said)?.build(),
            );
            builder.set_ca_file(file).map_err(said)?;
        }
        Verify::Off => builder.set_verify(SslVerifyMode::NONE),
        Verify::System => {}
    }
    if mistake == Some(Mistake::TrustsAll) {
        builder.set_verify(SslVerifyMode::NONE);
    }
    if let Some(cert) = &options.client.cert {
        let key = cert.key.as_ref().unwrap_or(&cert.cert);
        builder.set_certificate_file(&cert.cert, SslFiletype::PEM).map_err(said)?;
        builder.set_private_key_file(key, SslFiletype::PEM).map_err(said)?;
    }
    let trusts = options.client.verify == Verify::Off || mistake == Some(Mistake::TrustsHosts);
    let configured = builder.build().configure().map_err(said)?;
    let configured = configured.verify_hostname(!trusts);
    configured.connect(host, stream).map_err(|error| error.to_string())
}
