//! What has to hold whatever client sends: the suite for transports, seeded scenarios, and the runner of recorded cases.
//!
//! # How to write a transport
//!
//! A transport sends one request and reports what happened. It decides nothing: every status is `Ok`, redirects are handed back, nothing
//! is sent twice, no coding is undone, no credential is added. An error says what broke ([`kind`](http_hook::TransportError::kind))
//! and whether the server can have seen the request ([`sent`](http_hook::TransportError::sent)); when in doubt,
//! [`Sent::Maybe`](http_hook::Sent::Maybe). Its text holds no URL and no header value.
//! [`check_target`](http_hook::transport::check_target) refuses what no transport may send to, and [`catch_panic`](http_hook::transport::catch_panic) makes an
//! error of a client's panic. [`Capabilities`](http_hook::options::Capabilities) names the options
//! that it carries out; the hook refuses a call that needs another one, so name none that would be dropped.
//!
//! This one knows nothing but std, `http` URLs, and connections that are used once:
//!
//! ```
//! use std::io::{self, BufRead, BufReader, Read, Write};
//! use std::net::TcpStream;
//!
//! use http::{Request, Response};
//! use http_hook::{Sent, TransportError};
//! use http_hook::options::{Capabilities, Capability, SendOptions};
//! use http_hook::{TransportErrorKind as Kind, blocking};
//!
//! struct Plain;
//!
//! impl blocking::Transport for Plain {
//!     fn capabilities(&self) -> Capabilities {
//!         Capabilities::none("plain").with(Capability::CustomMethod).with(Capability::StreamResponse)
//!     }
//!
//!     fn send(
//!         &self,
//!         request: Request<blocking::Body>,
//!         _options: &SendOptions,
//!     ) -> Result<Response<blocking::Body>, TransportError> {
//!         let (parts, body) = request.into_parts();
//!         let refused = |why| TransportError::new(Kind::InvalidRequest, Sent::No).with_source(why);
//!         let Some(authority) = parts.uri.authority().filter(|_| parts.uri.scheme_str() == Some("http")) else {
//!             return Err(refused("not an http URL"));
//!         };
//!         let body = body.collect(1 << 20)?;
//!         let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
//!         let mut head = format!("{} {target} HTTP/1.0\r\nHost: {authority}\r\n", parts.method).into_bytes();
//!         for (name, value) in &parts.headers {
//!             head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
//!         }
//!         write!(head, "Content-Length: {}\r\n\r\n", body.len()).map_err(|_| refused("no memory"))?;
//!
//!         let address = (authority.host(), authority.port_u16().unwrap_or(80));
//!         let unsent = |error: io::Error| TransportError::new(Kind::Connect, Sent::No).with_source(error);
//!         let broken = |error: io::Error| TransportError::new(Kind::Interrupted, Sent::Maybe).with_source(error);
//!         let mut stream = TcpStream::connect(address).map_err(unsent)?;
//!         stream.write_all(&head).and_then(|()| stream.write_all(&body)).map_err(broken)?;
//!
//!         let mut reader = BufReader::new(stream);
//!         let mut lines = Vec::new();
//!         while lines.last().is_none_or(|line: &String| !line.is_empty()) {
//!             let mut line = String::new();
//!             if (&mut reader).take(64 << 10).read_line(&mut line).map_err(broken)? == 0 {
//!                 return Err(TransportError::new(Kind::Interrupted, Sent::Maybe));
//!             }
//!             lines.push(line.trim_end().to_owned());
//!         }
//!         let status = lines[0].split(' ').nth(1).unwrap_or_default();
//!         let mut response = Response::builder().status(status);
//!         for (name, value) in lines[1..].iter().filter_map(|line| line.split_once(": ")) {
//!             response = response.header(name, value);
//!         }
//!         let body = blocking::Body::reader(None, reader); // to the end of the connection: the hook counts it
//!         response.body(body).map_err(|_| TransportError::new(Kind::Protocol, Sent::Maybe))
//!     }
//! }
//!
//! use blocking::Transport as _;
//! use http_hook::options::{ClientOptions, Timeouts};
//! use http_hook_conformance::server::{Reply, serve};
//!
//! let server = serve();
//! let route = server.route([Reply::ok(b"hello").close()]);
//! let request = Request::get(route.url()).body(blocking::Body::default())?;
//! let response = Plain.send(request, &SendOptions::new(Timeouts::default(), ClientOptions::default()))?;
//! assert_eq!(response.into_body().collect(100)?, "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Its test is this:
//!
//! ```no_run
//! # fn plain() -> impl http_hook::blocking::Transport { http_hook::blocking::from_fn(http_hook::options::Capabilities::none(""), |_, _| todo!()) }
//! use http_hook_conformance::check::{Limit, blocking};
//!
//! const LIMITS: &[Limit] = &[Limit { check: "kept-reused", reason: "a connection is used once" }];
//!
//! let report = blocking::check(&plain(), LIMITS);
//! println!("{report}");
//! report.assert_clean();
//! ```
//!
//! The suite then says what is wrong with it: chunked bodies, lengths, interim answers, limits of time. What the client behind a
//! transport cannot do goes into a list of [limits](check::Limit), each with its reason, in the transport's test; a limit that
//! is no longer true fails. [`check::blocking::only`] runs a check at a time. That the hook decides over it as over any other is the
//! matter of [`scenarios`]; what it tells without a file descriptor left that of `descriptors`. `adapters/ureq` is the shortest real example, and `TRANSPORTS.md` here says
//! what each one passes.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod alone;
pub mod check;
#[cfg(unix)]
pub mod descriptors;
pub mod eight;
pub mod engine;
pub mod recorded;
pub mod scenarios;
pub mod server;
pub mod silence;

/// The example of the README is a test, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
