//! The server: a process of its own, so that its CPU time is not the client's.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// The body of [`OK`].
pub const BODY: &[u8] = br#"{"ok":true}"#;

/// An answer with [`BODY`].
pub const OK: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";

/// A server in a process of its own, which ends with this value.
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts this program again, with `arguments` that have it call [`serve_parent`].
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(arguments: &[&str]) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { process, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Prints its address and gives `answer` to every request until the parent is gone.
///
/// # Errors
///
/// If there is no socket to be had.
pub fn serve_parent(answer: &'static [u8]) -> io::Result<()> {
    let listener = listen()?;
    println!("{}", listener.local_addr()?);
    thread::spawn(move || serve(&listener, answer, None));
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

fn listen() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

/// Answers on each connection with a thread of its own.
fn serve(listener: &TcpListener, answer: &'static [u8], heads: Option<&Sender<Vec<u8>>>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let heads = heads.cloned();
        thread::spawn(move || exchange(stream, answer, heads.as_ref()));
    }
}

/// Answers every head. A request with a body is none of ours.
fn exchange(
    mut stream: TcpStream,
    answer: &[u8],
    heads: Option<&Sender<Vec<u8>>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 4096];
    let mut filled = 0;
    loop {
        let count = stream.read(&mut buffer[filled..])?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        if buffer[..filled].ends_with(b"\r\n\r\n") {
            if let Some(heads) = heads {
                let _ = heads.send(buffer[..filled].to_vec());
            }
            stream.write_all(answer)?;
            filled = 0;
        }
    }
}

/// Gives the head that `send` sends to the address it is told.
///
/// # Errors
///
/// If there is no socket to be had, or nothing is sent.
pub fn head_of(send: impl FnOnce(SocketAddr)) -> io::Result<Vec<u8>> {
    let listener = listen()?;
    let address = listener.local_addr()?;
    let (sender, heads) = channel();
    thread::spawn(move || serve(&listener, OK, Some(&sender)));
    send(address);
    heads.try_recv().map_err(io::Error::other)
}
