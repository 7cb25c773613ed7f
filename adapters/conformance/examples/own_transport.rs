//! A transport of one's own: it knows nothing but std, `http` URLs, and connections that are used once.
//!
//! `cargo run -p http-hook-conformance --example own_transport` calls a server of its own on loopback.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use http::{Request, Response};
use http_hook::options::{Capabilities, Capability, SendOptions};
use http_hook::{Hook, Sent, TransportError, TransportErrorKind as Kind, blocking};
use http_hook_clock::SystemClock;
use http_hook_conformance::server::{Reply, serve};

struct Plain;

impl blocking::Transport for Plain {
    fn capabilities(&self) -> Capabilities {
        Capabilities::none("plain").with(Capability::CustomMethod).with(Capability::StreamResponse)
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        _options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let refused = |why| TransportError::new(Kind::InvalidRequest, Sent::No).with_source(why);
        let Some(authority) =
            parts.uri.authority().filter(|_| parts.uri.scheme_str() == Some("http"))
        else {
            return Err(refused("not an http URL"));
        };
        let body = body.collect(1 << 20)?;
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut head =
            format!("{} {target} HTTP/1.0\r\nHost: {authority}\r\n", parts.method).into_bytes();
        for (name, value) in &parts.headers {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        write!(head, "Content-Length: {}\r\n\r\n", body.len()).map_err(|_| refused("no memory"))?;

        let address = (authority.host(), authority.port_u16().unwrap_or(80));
        let unsent =
            |error: io::Error| TransportError::new(Kind::Connect, Sent::No).with_source(error);
        let broken = |error: io::Error| {
            TransportError::new(Kind::Interrupted, Sent::Maybe).with_source(error)
        };
        let mut stream = TcpStream::connect(address).map_err(unsent)?;
        stream.write_all(&head).and_then(|()| stream.write_all(&body)).map_err(broken)?;

        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &String| !line.is_empty()) {
            let mut line = String::new();
            if (&mut reader).take(64 << 10).read_line(&mut line).map_err(broken)? == 0 {
                return Err(TransportError::new(Kind::Interrupted, Sent::Maybe));
            }
            lines.push(line.trim_end().to_owned());
        }
        let status = lines[0].split(' ').nth(1).unwrap_or_default();
        let mut response = Response::builder().status(status);
        for (name, value) in lines[1..].iter().filter_map(|line| line.split_once(": ")) {
            response = response.header(name, value);
        }
        let body = blocking::Body::reader(None, reader); // to the end of the connection: the hook counts it
        response.body(body).map_err(|_| TransportError::new(Kind::Protocol, Sent::Maybe))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let orders = server.route([Reply::status(503, &[], b"").close(), Reply::ok(b"hello").close()]);

    let hook = Hook::to(&format!("http://{}", server.addr()))?;
    let api = blocking::HttpHook::new(hook, Plain, SystemClock::new());
    let response = api.get(orders.path()).retries(3).send()?;
    assert_eq!((response.body().as_ref(), orders.requests().len()), (&b"hello"[..], 2));
    println!("{} at the second attempt", response.status());
    Ok(())
}
