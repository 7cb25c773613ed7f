//! Answers over HTTP/2 that are whole, and such as are broken off: what a stream tells of its end.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_hook::body::Body;
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::transport::{TimeoutPhase, Transport};
use http_hook::{TransportError, TransportErrorKind as Kind};

const PIECE: &[u8] = b"[{\"id\":1},{\"id\":2}";
const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const CANCEL: u32 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `x-a: 1`, as trailers, without an index.
const TRAILERS: &[u8] = b"\x00\x03x-a\x011";

/// How a stream ends behind its one piece of data.
#[derive(Clone, Copy)]
enum End {
    Flag,
    Trailers,
    Reset(u32),
    /// By its flag, and then reset: a server need not read all of a request.
    FlagAndReset,
}

/// Sends over HTTP/2 by a transport that is set up for that without TLS. Whether a stream without a length is broken off by a
/// reset that says `NO_ERROR`, the client `tells`, or takes it for whole; one that takes it for whole may lose an early answer, too, since it
/// fails where it goes on to send, and may hear of an end that comes too early by its limit of time alone.
///
/// # Panics
///
/// If an answer that is broken off is told as whole, or one that is whole as broken off; or if the client tells more than is said.
pub async fn assert_cut_is_told(transport: &dyn Transport, tells: bool) {
    let whole = !tells;
    #[rustfmt::skip]
    let rows = [
        // why                                   method         length    the end                     whether it is whole
        ("the flag",                             Method::GET,   None,     End::Flag,                  true),
        ("the flag, with a length",              Method::GET,   Some(18), End::Flag,                  true),
        ("trailers",                             Method::GET,   None,     End::Trailers,              true),
        ("the flag, and a reset",                Method::GET,   None,     End::FlagAndReset,          true),
        ("an early answer, and a reset",         Method::PUT,   None,     End::FlagAndReset,          true),
        ("an error",                             Method::GET,   None,     End::Reset(INTERNAL_ERROR), false),
        ("given up",                             Method::GET,   None,     End::Reset(CANCEL),         false),
        ("a reset without an error",             Method::GET,   None,     End::Reset(NO_ERROR),       whole),
        ("a reset without an error, too little", Method::GET,   Some(99), End::Reset(NO_ERROR),       false),
        ("the flag, too little",                 Method::GET,   Some(99), End::Flag,                  false),
    ];
    for (why, method, length, end, whole) in rows {
        let is_early = method == Method::PUT;
        let body = if is_early { vec![b'x'; 1 << 20] } else { Vec::new() };
        let request = Request::builder().method(method).uri(serve(length, end));
        let request = request.body(Body::from(Bytes::from(body))).expect("a request");
        let told = send(transport, request).await;
        match told {
            Ok(own) => assert!(whole && own == PIECE, "{why}: told as whole"),
            Err(error) => {
                let kinds = [Kind::Body, Kind::Protocol, Kind::Interrupted];
                let is_lost = is_early && !tells && error.kind() == Kind::RequestBody;
                // Such a client may miss the end, and hear of it by a limit of time alone.
                let is_late = !tells && error.kind() == Kind::Timeout(TimeoutPhase::Total);
                let is_told = is_late || kinds.contains(&error.kind());
                assert!(is_lost || !whole && is_told, "{why}: {error:?}");
            }
        }
    }
}

async fn send(transport: &dyn Transport, request: Request<Body>) -> Result<Bytes, TransportError> {
    let mut limits = Timeouts::default();
    limits.total = Some(Duration::from_secs(10));
    let options = SendOptions::new(limits, ClientOptions::default());
    transport.send(request, &options).await?.into_body().collect(1 << 20).await
}

/// Answers every request of every connection alike, and gives the URL.
fn serve(length: Option<u8>, end: End) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever has what it wants goes.
            thread::spawn(move || answer(stream, length, end).ok());
        }
    });
    url
}

fn answer(mut stream: TcpStream, length: Option<u8>, end: End) -> io::Result<()> {
    stream.read_exact(&mut [0; 24])?;
    stream.write_all(&frame(4, 0, 0, &[]))?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload)?;
        let id = u32::from_be_bytes(id);
        match kind {
            4 if flags & 1 == 0 => stream.write_all(&frame(4, 1, 0, &[]))?,
            1 => {
                let mut block = vec![0x88]; // :status 200
                if let Some(length) = length {
                    let length = length.to_string();
                    block.extend([0x0f, 0x0d, length.len().to_le_bytes()[0]]); // content-length
                    block.extend(length.as_bytes());
                }
                stream.write_all(&frame(1, END_HEADERS, id, &block))?;
                finish(&mut stream, id, end)?;
            }
            _ => {}
        }
    }
}

fn finish(stream: &mut TcpStream, id: u32, end: End) -> io::Result<()> {
    let flag = if matches!(end, End::Flag | End::FlagAndReset) { END_STREAM } else { 0 };
    stream.write_all(&frame(0, flag, id, PIECE))?;
    let reset = match end {
        End::Flag => return Ok(()),
        End::Trailers => {
            return stream.write_all(&frame(1, END_STREAM | END_HEADERS, id, TRAILERS));
        }
        End::FlagAndReset => NO_ERROR,
        End::Reset(code) => code,
    };
    thread::sleep(Duration::from_millis(50));
    stream.write_all(&frame(3, 0, id, &reset.to_be_bytes()))
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).expect("a short one").to_be_bytes();
    let mut frame = vec![a, b, c, kind, flags];
    frame.extend(id.to_be_bytes());
    frame.extend(payload);
    frame
}
