//! What a send tells when the process may open no more files: a server under load meets that before anything else.

use std::fs::File;
use std::io;

use bytes::Bytes;
use http::Request;
use http_hook::body::Body;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::transport::Transport;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::check::InPlace;
use crate::server::{Reply, Route, serve};

/// Sends a POST while the process has no file descriptor left, and once more afterwards. The whole process goes without meanwhile: it is to be
/// [alone](crate::alone::alone).
///
/// # Panics
///
/// If the first is told to be anything but a connection that was not made and a request that was not sent, or the second is not answered.
pub async fn assert_unsent_without(transport: &dyn Transport) {
    // What the client makes at its first request is there.
    let first = serve();
    assert_eq!(post(transport, &first.route([Reply::ok(b"ok")])).await.ok(), Some(200));
    let server = serve();
    let route = server.route([Reply::ok(b"ok")]);
    let all = All::take().expect("a limit of files can be set");
    let told = post(transport, &route).await;
    drop(all);
    let told = told.map_err(|error| (error.kind(), error.sent()));
    assert_eq!(told, Err((Kind::Connect, Sent::No)));
    assert_eq!(route.requests().len(), 0);
    assert_eq!(post(transport, &route).await.ok(), Some(200));
}

/// The same over a blocking transport.
///
/// # Panics
///
/// As [`assert_unsent_without`].
pub fn assert_unsent_without_blocking(transport: &dyn http_hook::blocking::Transport) {
    pollster::block_on(assert_unsent_without(&InPlace(transport)));
}

async fn post(transport: &dyn Transport, route: &Route) -> Result<u16, TransportError> {
    let body = Body::from(Bytes::from_static(b"body"));
    let request = Request::post(route.url()).body(body).expect("a request");
    let options = SendOptions::new(Timeouts::usual(), ClientOptions::default());
    let response = transport.send(request, &options).await?;
    let status = response.status().as_u16();
    response.into_body().collect(1 << 10).await.map(|_| status)
}

/// All the files that the process may open. Dropping it gives them back.
struct All {
    before: Rlimit,
    _files: Vec<File>,
}

impl All {
    fn take() -> io::Result<Self> {
        const FEW: u64 = 1024;
        let before = getrlimit(Resource::Nofile);
        let few = before.current.map_or(FEW, |limit| limit.min(FEW));
        setrlimit(Resource::Nofile, Rlimit { current: Some(few), ..before })?;
        let files = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        Ok(Self { before, _files: files })
    }
}

impl Drop for All {
    fn drop(&mut self) {
        let _ = setrlimit(Resource::Nofile, self.before); // raising to where it was is allowed
    }
}
