//! The server of the demonstration: on loopback, in this process, with a script of three exchanges.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// The longest request that is read, in bytes.
const MAX_REQUEST: usize = 64 << 10;

/// What happens to a connection.
enum Act {
    /// This is sent back: a head, and a body.
    Answer(&'static str, &'static str),
    /// It is reset once the request has come.
    Reset,
}

const SCRIPT: [Act; 3] = [
    Act::Answer("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1", "busy\n"),
    Act::Reset,
    Act::Answer("HTTP/1.1 200 OK\r\nContent-Type: application/json", ORDERS),
];

const ORDERS: &str = r#"[{"id": 1042, "total": "19.90"}, {"id": 1043, "total": "5.00"}]"#;

/// Starts the server and gives its address. It ends with the process.
pub(crate) fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for (act, stream) in SCRIPT.iter().zip(listener.incoming()) {
            // A client that goes away is the client's matter.
            let _ = stream.and_then(|stream| play(act, stream));
        }
    });
    Ok(address)
}

fn play(act: &Act, mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    match act {
        Act::Answer(head, body) => {
            let mut request = Vec::new();
            while !ends(&request) && request.len() < MAX_REQUEST {
                let mut piece = [0; 4096];
                match stream.read(&mut piece)? {
                    0 => break,
                    count => request.extend_from_slice(&piece[..count]),
                }
            }
            let length = body.len();
            write!(stream, "{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        }
        // To close a socket with bytes that nobody read resets the connection.
        Act::Reset => {
            let mut request = vec![0; MAX_REQUEST];
            loop {
                let count = stream.peek(&mut request)?;
                if count == 0 || ends(&request[..count]) {
                    break;
                }
                thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        }
    }
}

/// Whether the head of a request is over.
fn ends(request: &[u8]) -> bool {
    request.windows(4).any(|four| four == b"\r\n\r\n")
}
