//! The recorded server: answers in turn, at two ports, in plain text or over TLS as the client begins, and
//! through a tunnel once a CONNECT has been answered.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use http_hook_conformance::recorded::{Answers, Wired};
use openssl::ssl::SslAcceptor;
use socket2::SockRef;

/// The longest silence.
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_HEAD: usize = 1 << 20;
const MAX_BODY: usize = 16 << 20;
/// The first byte of a TLS handshake.
const TLS_HANDSHAKE: u8 = 22;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The port of the server.
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The server. It ends with the process.
pub(crate) struct Server {
    pub(crate) ports: [u16; 2],
    shared: Arc<Shared>,
}

struct Shared {
    tls: SslAcceptor,
    answers: Mutex<Answers>,
    seen: Mutex<Vec<Seen>>,
}

impl Server {
    /// Starts it at two free ports.
    pub(crate) fn new(tls: SslAcceptor) -> Self {
        let shared = Arc::new(Shared { tls, answers: Mutex::default(), seen: Mutex::default() });
        let ports = [(); 2].map(|()| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            let port = listener.local_addr().expect("an address").port();
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || shared.connection(stream, port));
                }
            });
            port
        });
        Self { ports, shared }
    }

    /// Takes the answers of a case and forgets what came before.
    pub(crate) fn begin(&self, answers: Answers) {
        *lock(&self.shared.answers) = answers;
        lock(&self.shared.seen).clear();
    }

    /// Gives what came, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }
}

impl Shared {
    fn connection(&self, mut stream: TcpStream, port: u16) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        loop {
            let mut first = [0];
            if stream.peek(&mut first)? == 0 {
                return Ok(());
            }
            if first == [TLS_HANDSHAKE] {
                let Ok(mut tls) = self.tls.accept(stream) else { return Ok(()) };
                let wired = self.exchange(&mut tls, port, true)?;
                let _ = tls.shutdown();
                return end(tls.get_ref(), &wired);
            }
            let wired = self.exchange(&mut stream, port, false)?;
            if !matches!(wired, Wired::Tunnel(_)) {
                return end(&stream, &wired);
            }
        }
    }

    /// Reads a request and writes what the script says.
    fn exchange(
        &self,
        stream: &mut (impl Read + Write),
        port: u16,
        tls: bool,
    ) -> io::Result<Wired> {
        let mut seen = read(stream)?;
        (seen.port, seen.tls) = (port, tls);
        let wired = lock(&self.answers).wired(&seen.method);
        lock(&self.seen).push(seen);
        if let Wired::Answer(bytes) | Wired::Tunnel(bytes) = &wired {
            stream.write_all(bytes)?;
            stream.flush()?;
        }
        Ok(wired)
    }
}

/// Ends a connection, so that closing in good order does not turn into a reset.
fn end(mut stream: &TcpStream, wired: &Wired) -> io::Result<()> {
    match wired {
        Wired::Reset => return SockRef::from(stream).set_linger(Some(Duration::ZERO)),
        Wired::Hang => {}
        Wired::Answer(_) | Wired::Tunnel(_) | Wired::Close => stream.shutdown(Shutdown::Write)?,
    }
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

/// Reads one request, and nothing behind it.
fn read(stream: &mut impl Read) -> io::Result<Seen> {
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let head = until(stream, b"\r\n\r\n", MAX_HEAD)?;
    let head: String = head.iter().map(|byte| char::from(*byte)).collect();
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = words.next().zip(words.next()).ok_or_else(broken)?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value: Vec<u8> = value.trim().chars().filter_map(|c| u8::try_from(c).ok()).collect();
        headers.append(
            HeaderName::try_from(name).map_err(|_| broken())?,
            HeaderValue::from_bytes(&value).map_err(|_| broken())?,
        );
    }
    let mut body = Vec::new();
    let length = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
    if headers.contains_key("transfer-encoding") {
        loop {
            let line = until(stream, b"\r\n", MAX_HEAD)?;
            let line = String::from_utf8_lossy(&line).into_owned();
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16);
            let size = size.map_err(|_| broken())?;
            body.extend(exactly(stream, size)?);
            until(stream, b"\r\n", MAX_HEAD)?;
            if size == 0 {
                break;
            }
        }
    } else {
        body = exactly(stream, length.unwrap_or(0))?;
    }
    Ok(Seen { method, target, headers, body, ..Seen::default() })
}

fn until(stream: &mut impl Read, end: &[u8], max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        if bytes.len() >= max {
            return Err(io::ErrorKind::InvalidData.into());
        }
        bytes.extend(exactly(stream, 1)?);
    }
    bytes.truncate(bytes.len() - end.len());
    Ok(bytes)
}

fn exactly(stream: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length.min(MAX_BODY)];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
