//! A scripted fault server on loopback: exact bytes at exact moments, and a record of every request.
//!
//! Each [`Route`] is a path of its own with one [`Reply`] a request, so that one server serves a whole suite.
//! It is made of threads and is bounded: no connection lives longer than a minute, no silence longer than
//! [`PATIENCE`], and all ends when the [`Server`] is dropped.

#[cfg(feature = "tls")]
mod certificates;
mod connection;
mod script;
mod seen;
mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use connection::Connection;
use socket2::{Domain, Socket, Type};

#[cfg(feature = "tls")]
pub use certificates::Identity;
pub use script::{Act, Reply};
pub use seen::Seen;
pub use wire::Handshake;

/// The longest silence: the server then closes.
pub const PATIENCE: Duration = Duration::from_secs(10);

const MAX_CONNECTIONS: usize = 10_000;

/// Starts a server on a free port of loopback.
///
/// # Panics
///
/// If there is no port to be had.
///
/// # Examples
///
/// ```
/// use http_hook_conformance::server::{Reply, serve};
/// use std::io::{Read, Write};
///
/// let server = serve();
/// let route = server.route([Reply::ok(b"hello").close()]);
///
/// let mut client = std::net::TcpStream::connect(server.addr())?;
/// write!(client, "GET {} HTTP/1.1\r\nHost: here\r\n\r\n", route.path())?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer)?;
///
/// assert!(answer.ends_with("hello"));
/// assert_eq!(route.requests().len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn serve() -> Server {
    serve_tls(Handshake::None)
}

/// Starts a server that begins each connection with this. With TLS the URLs of its routes name `localhost`.
///
/// # Panics
///
/// If there is no port to be had.
#[must_use]
pub fn serve_tls(handshake: Handshake) -> Server {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let addr = listener.local_addr().expect("a bound listener has an address");
    let shared = Arc::new(Shared { handshake, ..Shared::default() });
    let acceptor = thread::spawn({
        let shared = Arc::clone(&shared);
        move || accept(&listener, &shared)
    });
    Server { addr, shared, acceptor: Some(acceptor) }
}

/// A running server. Dropping it ends every connection.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Gives the address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Opens a path of its own, whose requests get these replies in turn. Any further one gets a status 500.
    pub fn route(&self, replies: impl IntoIterator<Item = Reply>) -> Route {
        let path = format!("/r{}", lock(&self.shared.routes).len() + 1);
        self.route_at(&path, replies)
    }

    /// Opens this path, one segment such as `/orders`, in the place of any that was open there.
    pub fn route_at(&self, path: &str, replies: impl IntoIterator<Item = Reply>) -> Route {
        self.open(path, Script::Replies(replies.into_iter().collect()))
    }

    /// Opens this path for requests that are each answered as `answer` says once their heads are there, one after the other.
    pub fn answer_at(
        &self,
        path: &str,
        answer: impl FnMut(&Seen) -> Reply + Send + 'static,
    ) -> Route {
        self.open(path, Script::Code(Box::new(answer)))
    }

    fn open(&self, path: &str, script: Script) -> Route {
        let path = path.to_owned();
        lock(&self.shared.routes).insert(path.clone(), script);
        let origin = match self.shared.handshake.scheme() {
            "https" => format!("https://localhost:{}", self.addr.port()),
            scheme => format!("{scheme}://{}", self.addr),
        };
        Route { url: format!("{origin}{path}"), path, shared: Arc::clone(&self.shared) }
    }

    /// Gives all requests so far, in the order they came.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// Counts the connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.addr);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// A path of the server with a script of its own.
#[derive(Clone, Debug)]
pub struct Route {
    path: String,
    url: String,
    shared: Arc<Shared>,
}

impl Route {
    /// Gives the URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives the path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Gives the requests to this path and below it, in the order they came.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        let mut seen = lock(&self.shared.seen).clone();
        seen.retain(|seen| route_of(&seen.target()) == self.path);
        seen
    }
}

/// Gives an address that refuses connections.
///
/// # Panics
///
/// If there is no port to be had.
#[must_use]
pub fn refusing() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound listener has an address")
}

/// An address where connecting hangs, for as long as this value lives.
#[derive(Debug)]
pub struct Hanging {
    addr: SocketAddr,
    _listener: Socket,
    _waiting: Vec<Socket>,
}

impl Hanging {
    /// Makes one: a listener that accepts nothing, its queue full.
    ///
    /// # Errors
    ///
    /// Whatever the sockets say.
    pub fn new() -> io::Result<Self> {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        listener.listen(0)?;
        let addr = listener.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let mut waiting = Vec::new();
        for _ in 0..4 {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            let _ = socket.connect(&addr.into());
            waiting.push(socket);
        }
        Ok(Self { addr, _listener: listener, _waiting: waiting })
    }

    /// Gives the address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// What a path answers with.
enum Script {
    Replies(VecDeque<Reply>),
    Code(Box<dyn FnMut(&Seen) -> Reply + Send>),
}

#[derive(Default)]
struct Shared {
    handshake: Handshake,
    stopped: AtomicBool,
    connections: AtomicUsize,
    routes: Mutex<BTreeMap<String, Script>>,
    seen: Mutex<Vec<Seen>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("scheme", &self.handshake.scheme()).finish_non_exhaustive()
    }
}

impl Shared {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Records a request; gives its index and what to do with it.
    fn arrived(&self, seen: Seen) -> (usize, Reply) {
        let reply = match lock(&self.routes).get_mut(&route_of(&seen.target())) {
            None => None,
            Some(Script::Replies(replies)) => replies.pop_front(),
            Some(Script::Code(answer)) => Some(answer(&seen)),
        };
        let mut all = lock(&self.seen);
        all.push(seen);
        (all.len() - 1, reply.unwrap_or_else(|| Reply::status(500, &[], b"not in the script")))
    }

    fn seen(&self, index: usize) -> Option<Seen> {
        lock(&self.seen).get(index).cloned()
    }

    fn update(&self, index: usize, change: impl FnOnce(&mut Seen)) {
        if let Some(seen) = lock(&self.seen).get_mut(index) {
            change(seen);
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.is_stopped() {
        let Ok((stream, _)) = listener.accept() else {
            // The process may have no file descriptor left for a while.
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
        if shared.is_stopped() || number > MAX_CONNECTIONS {
            return;
        }
        let connection = Connection::new(stream, number, Arc::clone(shared));
        thread::spawn(move || connection.serve());
    }
}

/// Gives the first segment of a target, in origin or absolute form; of a tunnel's target the first label of its host.
fn route_of(target: &str) -> String {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => target,
    };
    let ends = if path.starts_with('/') { ['/', '?', '#'] } else { ['.', ':', '/'] };
    let segment = path.trim_start_matches('/').split(ends).next().unwrap_or_default();
    format!("/{segment}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
