//! Bodies that stream, up and down.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body::{Frame, SizeHint};
use http_hook::body::Body;
use http_hook::options::{Capability, ClientOptions, SendOptions, Timeouts};
use http_hook::transport::TimeoutPhase;
use http_hook::{TransportError, TransportErrorKind as Kind};

use super::probe::{Probe, Told, get, request};
use super::row::{Check, Checking};
use crate::server::{Reply, Route};

const MIB: usize = 1 << 20;

pub(super) fn checks() -> Vec<Check> {
    let up = |name, expected, run: fn(&'static str) -> Streamed, body| {
        Check::new(name, 48, expected, move |probe| Box::pin(streamed(probe, run(body))))
            .needs(Capability::StreamRequest)
    };
    vec![
        up("stream-up", "all of it, chunked", |body| Streamed::new(body, None), "hello"),
        up(
            "stream-up-length",
            "all of it, with its length",
            |body| Streamed::new(body, Some(5)),
            "hello",
        ),
        up("stream-up-empty", "an empty body", |body| Streamed::new(body, None), ""),
        up("stream-up-fails", "a request body error, never a whole body", Streamed::failing, "hel"),
        up(
            "stream-up-panics",
            "a request body error, never a whole body",
            Streamed::panicking,
            "hel",
        ),
        up(
            "stream-up-slow",
            "all of it, chunked",
            |body| Streamed::between(body, &Piece::Pause(Duration::from_millis(20))),
            "hello",
        ),
        up(
            "stream-up-empty-piece",
            "all of it, chunked",
            |body| Streamed::between(body, &Piece::Data(Bytes::new())),
            "hello",
        ),
        up("stream-up-trailers", "all of it, chunked", Streamed::with_trailers, "hello"),
        up(
            "stream-up-short",
            "a request body error, never a whole body",
            |body| Streamed::new(body, Some(8)),
            "hello",
        ),
        up(
            "stream-up-long",
            "a request body error, never a whole body",
            |body| Streamed::new(body, Some(3)),
            "hello",
        ),
        Check::new("stream-up-8-mib", None, "all of it", up_large).needs(Capability::StreamRequest),
        Check::new(
            "stream-up-long-as-it-takes",
            17,
            "all of it, whatever the limit for the head",
            up_at_leisure,
        )
        .needs(Capability::StreamRequest)
        .needs(Capability::HeadTimeout),
        Check::new(
            "stream-up-stands-still",
            17,
            "a timeout of the head, after its limit",
            up_stuck,
        )
        .needs(Capability::StreamRequest)
        .needs(Capability::HeadTimeout),
        Check::new("stream-down", None, "the first piece before the last is sent", down)
            .needs(Capability::StreamResponse),
        Check::new("stream-down-8-mib", None, "all of it", down_large),
        Check::new("stream-down-dropped", 40, "the next request gets its own answer", down_dropped),
        Check::new("answer-before-body", None, "the answer, or an error", early_answer),
    ]
}

/// What a source gives when it is asked.
#[derive(Clone)]
enum Piece {
    Data(Bytes),
    Trailers,
    /// Nothing yet: it wakes who asked a moment later, from another thread.
    Pause(Duration),
    Error,
    Panic,
}

/// A request body that comes in pieces.
struct Streamed {
    pieces: VecDeque<Piece>,
    len: Option<u64>,
    sent: Vec<u8>,
    fails: bool,
}

impl Streamed {
    fn new(body: &'static str, len: Option<u64>) -> Self {
        let pieces = body.as_bytes().chunks(2).map(Bytes::from_static).map(Piece::Data).collect();
        let fails = len.is_some_and(|len| len != body.len() as u64);
        Self { pieces, len, sent: body.into(), fails }
    }

    fn failing(body: &'static str) -> Self {
        let mut streamed = Self::new(body, None);
        streamed.pieces.push_back(Piece::Error);
        Self { fails: true, ..streamed }
    }

    fn panicking(body: &'static str) -> Self {
        let mut streamed = Self::new(body, None);
        streamed.pieces.push_back(Piece::Panic);
        Self { fails: true, ..streamed }
    }

    fn with_trailers(body: &'static str) -> Self {
        let mut streamed = Self::new(body, None);
        streamed.pieces.push_back(Piece::Trailers);
        streamed
    }

    /// Puts `piece` before each.
    fn between(body: &'static str, piece: &Piece) -> Self {
        let streamed = Self::new(body, None);
        let pieces = streamed.pieces.into_iter().flat_map(|own| [piece.clone(), own]).collect();
        Self { pieces, ..streamed }
    }
}

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        Poll::Ready(match self.pieces.pop_front() {
            None => None,
            Some(Piece::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Piece::Trailers) => {
                let mut trailers = HeaderMap::new();
                trailers.insert("x-trailer", HeaderValue::from_static("1"));
                Some(Ok(Frame::trailers(trailers)))
            }
            Some(Piece::Error) => {
                let error = TransportError::new(Kind::RequestBody, http_hook::Sent::Maybe);
                Some(Err(error.with_source("the source ran dry")))
            }
            Some(Piece::Panic) => panic!("a source that panics on purpose"),
            Some(Piece::Pause(pause)) => {
                let waker = context.waker().clone();
                thread::spawn(move || {
                    thread::sleep(pause);
                    waker.wake();
                });
                return Poll::Pending;
            }
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.len.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

async fn streamed(probe: &Probe<'_>, body: Streamed) -> Result<(), String> {
    let (sent, fails, len) = (body.sent.clone(), body.fails, body.len);
    let route = probe.route([Reply::ok(b"ok"), Reply::ok(b"next")]);
    let told = probe.send(post(route.url(), Body::stream(body))).await;
    let seen = route.requests();
    told.agrees_with(&seen)?;
    if fails {
        return match told.error() {
            Some(error)
                if error.kind() == Kind::RequestBody && !seen.iter().any(|seen| seen.whole) =>
            {
                Ok(())
            }
            _ => Err(format!("was told {}, came as {seen:?}", told.summary())),
        };
    }
    told.answer(200, b"ok")?;
    let length = seen[0].text("content-length").and_then(|length| length.parse().ok());
    if seen[0].body != sent || (len.is_some() && length != len) {
        return Err(format!("came as {seen:?} with the length {length:?}"));
    }
    Ok(())
}

fn post(url: &str, body: Body) -> Request<Body> {
    request(Method::POST, url, "").map(|_| body)
}

fn up_large<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let all: Vec<u8> = (0..8 * MIB).map(|index| (index % 251).to_le_bytes()[0]).collect();
        let pieces = all.chunks(100_000).map(Bytes::copy_from_slice).map(Piece::Data).collect();
        let body = Streamed { pieces, len: None, sent: Vec::new(), fails: false };
        let route = probe.route([Reply::ok(b"ok")]);
        probe.send(post(route.url(), Body::stream(body))).await.answer(200, b"ok")?;
        if route.requests()[0].body == all { Ok(()) } else { Err("other bytes came".to_owned()) }
    })
}

/// The limit for the head, where the body is long under way or stands still.
const LIMIT: Duration = Duration::from_millis(400);

async fn up_within(probe: &Probe<'_>, reply: Reply, body: Streamed) -> (Told, Route) {
    let route = probe.route([reply]);
    let mut limits = Timeouts::default();
    limits.head = Some(LIMIT);
    let told = probe.send_within(post(route.url(), Body::stream(body)), limits).await;
    (told, route)
}

fn up_at_leisure<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let body = Streamed::between("slow and steady", &Piece::Pause(LIMIT / 2));
        let (told, route) = up_within(probe, Reply::ok(b"ok"), body).await;
        told.answer(200, b"ok")?;
        let seen = route.requests();
        if seen[0].body == b"slow and steady" { Ok(()) } else { Err(format!("came as {seen:?}")) }
    })
}

fn up_stuck<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let piece = Piece::Data(Bytes::from(vec![b'x'; MIB]));
        let body =
            Streamed { pieces: vec![piece; 64].into(), len: None, sent: Vec::new(), fails: true };
        // It reads no further than the head of the request.
        let (told, _route) = up_within(probe, Reply::deaf().wait(12 * LIMIT).close(), body).await;
        let in_time = (LIMIT.mul_f32(0.9)..6 * LIMIT).contains(&told.took);
        match told.error() {
            Some(error) if error.kind() == Kind::Timeout(TimeoutPhase::Head) && in_time => Ok(()),
            _ => Err(format!("was told {}", told.summary())),
        }
    })
}

fn down_large<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let all: Vec<u8> = (0..8 * MIB).map(|index| (index % 251).to_le_bytes()[0]).collect();
        let route = probe.route([Reply::ok(&all)]);
        probe.send(get(route.url())).await.answer(200, &all).map(|_| ())
    })
}

fn down<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let pause = Duration::from_millis(500);
        let reply = Reply::ok(b"hello").without_last(3).wait(pause).write("llo");
        let route = probe.route([reply]);
        let start = Instant::now();
        let mut body = respond(probe, route.url()).await?;
        let first = frame(&mut body).await?.ok_or("there was no body")?;
        let took = start.elapsed();
        let mut all = first.to_vec();
        while let Some(more) = frame(&mut body).await? {
            all.extend_from_slice(&more);
        }
        if all == b"hello" && took < pause {
            Ok(())
        } else {
            Err(format!("{all:?} after {took:?}"))
        }
    })
}

fn down_dropped<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let route = probe.route([Reply::ok(&vec![b'x'; 4 * MIB]), Reply::ok(b"own")]);
        let mut body = respond(probe, route.url()).await?;
        frame(&mut body).await?.ok_or("there was no body")?;
        drop(body);
        probe.send(get(route.url())).await.answer(200, b"own").map(|_| ())
    })
}

/// A server may refuse before it has read everything, as with a status 413.
fn early_answer<'a>(probe: &'a Probe<'a>) -> Checking<'a> {
    Box::pin(async move {
        let refusal = Reply::deaf()
            .write("HTTP/1.1 413 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        let route = probe.route([refusal.close()]);
        let told = probe.send(request(Method::POST, route.url(), vec![b'x'; 8 * MIB])).await;
        told.agrees_with(&route.requests())?;
        match told.error() {
            None => told.answer(413, b"no").map(|_| ()),
            Some(error) if error.kind() == Kind::Bug => Err(told.summary()),
            Some(_) => Ok(()),
        }
    })
}

async fn respond(probe: &Probe<'_>, url: &str) -> Result<Body, String> {
    let mut options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    options.stream = true;
    let answer = probe.transport.send(get(url), &options).await;
    answer.map(http::Response::into_body).map_err(|error| super::probe::describe(&error))
}

async fn frame(body: &mut Body) -> Result<Option<Bytes>, String> {
    loop {
        let frame =
            poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut *body), context)).await;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(super::probe::describe(&error)),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Ok(Some(data)),
                Err(_) => {}
            },
        }
    }
}
