//! Where a worker is asked.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// How many connections may wait to be taken.
const BACKLOG: u32 = 1024;

/// Listens where Restate's server is told to find this worker, for `HttpServer::serve`. What a worker answers is sent at once: with
/// the listener that the SDK makes, each part waits until the one before it was acknowledged, 40 ms for each step of a call.
///
/// # Errors
///
/// As the system says, if the address is taken, say.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let listener = http_hook_restate::listen("127.0.0.1:0".parse().expect("an address"))?;
/// assert_ne!(listener.local_addr()?.port(), 0);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A worker that is started again does not wait for connections of the one before; what is accepted has what the listener has.
    socket.set_reuseaddr(true)?;
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
