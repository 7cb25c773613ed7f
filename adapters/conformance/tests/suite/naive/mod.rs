//! A client of a hundred lines that does most things right, and one thing wrong on purpose.

mod connect;
mod detached;
mod read;

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use http::{Method, Request, Response, Uri, request};
use http_hook::blocking::{Body, Transport};
use http_hook::options::{Capabilities, SendOptions};
use http_hook::transport::TimeoutPhase;
use http_hook::{Sent, TransportError, TransportErrorKind as Kind};

use connect::{Connection, connect};
pub(crate) use detached::Detached;
use read::{Head, read_body, read_head};

/// What the client does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    AddsHeader,
    AsksProxyTwice,
    ConfusesCalls,
    EndIsWhole,
    FirstLengthCounts,
    FollowsRedirects,
    HeadWithoutLimit,
    IgnoresTime,
    InterimIsAnswer,
    KeepsClosing,
    KeepsRest,
    OneValueEach,
    ProxyAnswersForTarget,
    ProxyWithoutLimit,
    ReadsBodyAlways,
    ReadsUtf8,
    SaysSent,
    SaysUnsent,
    SendsAgain,
    SharesConnections,
    TrustsAll,
    TrustsHosts,
    UnescapesTarget,
}

pub(crate) struct Naive {
    mistake: Option<Mistake>,
    kept: Mutex<Vec<(String, Connection)>>,
    last: Mutex<Option<Response<Body>>>,
}

impl Naive {
    pub(crate) fn new(mistake: Option<Mistake>) -> Self {
        Self { mistake, kept: Mutex::default(), last: Mutex::default() }
    }

    fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// What a connection is kept under.
    fn key(&self, uri: &Uri, options: &SendOptions) -> String {
        let origin = format!("{:?} {:?}", uri.scheme(), uri.authority());
        if self.makes(Mistake::SharesConnections) {
            return origin;
        }
        let client = &options.client;
        // What `Debug` shows of these tells no file from another.
        let verify = serde_json::to_string(&client.verify).expect("JSON");
        let cert = serde_json::to_string(&client.cert).expect("JSON");
        format!("{origin} {verify} {cert} {:?} {:?}", client.proxy, client.keep_alive)
    }

    fn exchange(
        &self,
        parts: &request::Parts,
        body: &[u8],
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let key = self.key(&parts.uri, options);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let own = kept.iter().position(|(own, _)| *own == key).map(|at| kept.swap_remove(at).1);
        drop(kept);
        let (mut connection, reused) = match own.filter(|own| !own.has_ended()) {
            Some(connection) => (connection, true),
            None => (connect(&parts.uri, options, self.mistake)?, false),
        };
        let limit = options.timeouts.total.filter(|_| !self.makes(Mistake::IgnoresTime));
        let until = limit.map(|limit| Instant::now() + limit);
        connection.limit(until);
        let answered = connection
            .write_all(&self.head(parts, body))
            .and_then(|()| connection.write_all(body))
            .map_err(|error| self.broken(&error))
            .and_then(|()| self.answer(&mut connection, &parts.method));
        match answered {
            Ok((head, body)) => {
                let rest = connection.has_rest() && !self.makes(Mistake::KeepsRest);
                if (head.keeps || self.makes(Mistake::KeepsClosing)) && !rest {
                    let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.push((key, connection));
                }
                Ok(head.response.map(|()| Body::from(bytes::Bytes::from(body))))
            }
            Err(_) if reused && self.makes(Mistake::SendsAgain) => {
                self.exchange(parts, body, options)
            }
            Err(error) => Err(error),
        }
    }

    fn head(&self, parts: &request::Parts, body: &[u8]) -> Vec<u8> {
        let mut target =
            parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        if self.makes(Mistake::UnescapesTarget) {
            target = target.replace("%7E", "~").replace("%20", "+");
        }
        let host = parts.uri.authority().map_or("", |authority| authority.as_str());
        let mut head =
            format!("{} {target} HTTP/1.1\r\nHost: {host}\r\n", parts.method).into_bytes();
        for (name, value) in &parts.headers {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        if self.makes(Mistake::AddsHeader) {
            head.extend(b"X-Client: naive\r\n");
        }
        head.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
        head
    }

    fn answer(
        &self,
        connection: &mut Connection,
        method: &Method,
    ) -> Result<(Head, Vec<u8>), TransportError> {
        loop {
            let head = read_head(connection, self.mistake).map_err(|error| self.broken(&error))?;
            if head.response.status().is_informational() && !self.makes(Mistake::InterimIsAnswer) {
                continue;
            }
            let body = read_body(connection, &head, method, self.mistake);
            return body.map(|body| (head, body)).map_err(|error| self.broken(&error));
        }
    }

    fn broken(&self, error: &io::Error) -> TransportError {
        let kind = match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Kind::Timeout(TimeoutPhase::Total)
            }
            io::ErrorKind::InvalidData => Kind::Protocol,
            io::ErrorKind::OutOfMemory => Kind::Limit,
            _ => Kind::Interrupted,
        };
        let sent = if self.makes(Mistake::SaysUnsent) { Sent::No } else { Sent::Maybe };
        TransportError::new(kind, sent).with_source(error.to_string())
    }
}

impl Transport for Naive {
    fn capabilities(&self) -> Capabilities {
        http_hook_mock::everything("naive")
    }

    fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let (mut parts, body) = request.into_parts();
        let body = body.collect(64 << 20)?;
        let mut answer = self.exchange(&parts, &body, options);
        if let (Ok(response), true) = (&answer, self.makes(Mistake::FollowsRedirects)) {
            let to = response.headers().get("location").and_then(|to| to.to_str().ok());
            if let Some(to) = to {
                let authority = parts.uri.authority().map_or("", |authority| authority.as_str());
                parts.uri = format!("http://{authority}{to}").parse().expect("the suite's own");
                answer = self.exchange(&parts, &body, options);
            }
        }
        if let (Err(error), true) = (&answer, self.makes(Mistake::SaysSent)) {
            return Err(TransportError::new(error.kind(), Sent::Yes));
        }
        if self.makes(Mistake::ConfusesCalls) {
            // Gives the answer of the call before, as a queue that lost count would.
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Ok(own), true) = (&mut answer, last.is_some()) {
                std::mem::swap(own, last.as_mut().expect("there is one"));
                return answer;
            }
            let own = answer?;
            let (parts, body) = own.into_parts();
            let body = body.collect(64 << 20)?;
            *last = Some(Response::from_parts(parts.clone(), Body::from(body.clone())));
            return Ok(Response::from_parts(parts, Body::from(body)));
        }
        answer
    }
}
