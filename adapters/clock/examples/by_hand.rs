//! A hand-written client, a socket and some sixty lines, driven by the ten-line loop.
//!
//! `cargo run -p http-hook-clock --example by_hand` calls a server of its own on loopback.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use bytes::Bytes;
use http::{Request, Response};
use http_hook::blocking::Clock as _;
use http_hook::body::Payload;
use http_hook::options::SendOptions;
use http_hook::{
    Call, Connection, Hook, RequestPlan, RetryPolicy, Sent, Step, TransportError,
    TransportErrorKind as Kind,
};
use http_hook_clock::SystemClock;

/// Sends one request over a connection of its own.
fn send(
    request: &Request<Payload>,
    options: &SendOptions,
) -> Result<Response<Bytes>, TransportError> {
    let not_sent =
        |error: io::Error| TransportError::new(Kind::Connect, Sent::No).with_source(error);
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    let socket = TcpStream::connect(authority).map_err(not_sent)?;
    socket.set_read_timeout(options.timeouts.head).map_err(not_sent)?;
    exchange(socket, request)
        .map_err(|error| TransportError::new(Kind::Interrupted, Sent::Maybe).with_source(error))
}

/// Writes the request and reads the answer to the end of the connection.
fn exchange(mut socket: TcpStream, request: &Request<Payload>) -> io::Result<Response<Bytes>> {
    let body = match request.body() {
        Payload::Bytes(bytes) => bytes.clone(),
        _ => return Err(io::ErrorKind::Unsupported.into()),
    };
    let uri = request.uri();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let mut head =
        format!("{} {target} HTTP/1.1\r\nHost: {host}\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    write!(head, "Content-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    socket.write_all(&head)?;
    socket.write_all(&body)?;

    let mut answer = BufReader::new(socket);
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let status = line.split(' ').nth(1).unwrap_or_default();
    let mut response = Response::builder().status(status);
    loop {
        line.clear();
        answer.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        response = response.header(name, value.trim());
    }
    let mut body = Vec::new();
    answer.read_to_end(&mut body)?;
    response.body(body.into()).map_err(io::Error::other)
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || serve(&listener));

    let connection = Connection::parse(&format!("http://reader:secret@127.0.0.1:{port}"))?;
    let hook = Hook::new(&connection)?;
    let plan = RequestPlan::get("v1/orders").param("limit", "50").retry(RetryPolicy::default());
    let clock = SystemClock::new();

    let mut step = Call::new(&hook, plan, 7, clock.now()).step(&hook, clock.now());
    let result = loop {
        step = match step {
            Step::Send { request, options, attempt } => {
                println!("{} {}", request.method(), request.uri().path());
                attempt.finish(&hook, send(&request, &options), clock.now())
            }
            Step::Wait { call, wait, reason } => {
                println!("  waits {wait:?} ({})", reason.name());
                clock.sleep(wait);
                call.step(&hook, clock.now())
            }
            Step::Done(result) => break result,
        };
    };
    let answer = result?;
    println!("  {}: {}", answer.status(), String::from_utf8_lossy(answer.body()));
    Ok(())
}

/// Answers 503, then 200.
fn serve(listener: &TcpListener) -> io::Result<()> {
    for answer in ["503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "200 OK\r\n\r\norders"] {
        let (socket, _) = listener.accept()?;
        let mut request = BufReader::new(&socket);
        let mut line = String::new();
        while request.read_line(&mut line)? > 2 {
            line.clear();
        }
        write!(&socket, "HTTP/1.1 {answer}")?;
    }
    Ok(())
}
