//! How a request is cut into pieces, and transfer codings that ureq does not undo.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use http::Request;
use http_hook::blocking::{Body, Transport};
use http_hook::options::{ClientOptions, SendOptions, Timeouts};
use http_hook::{Sent, TransportErrorKind as Kind};
use http_hook_ureq::UreqTransport;

/// Answers one request with this head line.
fn answered(coding: &str) -> Result<(), (Kind, Sent)> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let answer =
        format!("HTTP/1.1 200 OK\r\n{coding}\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(answer.as_bytes());
    });
    let request = Request::get(url).body(Body::default()).expect("a request");
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    let sent = UreqTransport::default().send(request, &options);
    server.join().expect("a server");
    sent.map(|_| ()).map_err(|error| (error.kind(), error.sent()))
}

#[test]
fn a_transfer_coding_other_than_chunked_is_refused() {
    for coding in ["chunked", "Chunked", "chunked "] {
        assert_eq!(answered(&format!("Transfer-Encoding: {coding}")), Ok(()), "{coding:?}");
    }
    for coding in [
        "gzip, chunked",
        "chunked, identity",
        "identity",
        "xchunked",
        ",chunked",
        "chunked, chunked",
        "chunked\r\nTransfer-Encoding: chunked",
    ] {
        let error = Err((Kind::Protocol, Sent::Yes));
        assert_eq!(answered(&format!("Transfer-Encoding: {coding}")), error, "{coding:?}");
    }
}

#[test]
fn an_answer_with_too_many_headers_is_too_large() {
    let many = "X-A: 1\r\n".repeat(300);
    let told = answered(&format!("{many}Transfer-Encoding: chunked"));
    assert_eq!(told, Err((Kind::Limit, Sent::Yes)));
}

/// Reads requests until the connection ends, and tells of each what came with the first read, and what came in all.
fn serve(mut stream: TcpStream, told: &mpsc::Sender<(usize, Vec<u8>)>) {
    let mut piece = vec![0; 1 << 20];
    loop {
        let first = stream.read(&mut piece).unwrap_or_default();
        if first == 0 {
            return;
        }
        let mut all = piece[..first].to_vec();
        let _ = told.send((first, Vec::new()));
        let text = String::from_utf8_lossy(&all).to_lowercase();
        let head = text.find("\r\n\r\n").expect("a head") + 4;
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
        let length: usize = length.expect("a length").parse().expect("a number");
        while all.len() < head + length {
            let count = stream.read(&mut piece).unwrap_or_default();
            assert_ne!(count, 0, "the body is whole");
            all.extend_from_slice(&piece[..count]);
        }
        let _ = told.send((first, all));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
}

/// A body whose first byte is there when something was told.
struct After(mpsc::Receiver<(usize, Vec<u8>)>, bool);

impl Read for After {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.1 || buffer.is_empty() {
            return Ok(0);
        }
        self.1 = true;
        self.0.recv().map_err(std::io::Error::other)?;
        buffer[0] = b'x';
        Ok(1)
    }
}

#[test]
fn a_head_goes_with_a_body_that_is_at_hand_and_before_one_that_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serve(stream, &tell);
        }
    });
    let transport = UreqTransport::default();
    let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
    for body in [vec![b'a'; 3], vec![b'b'; 1 << 17], vec![b'c'; 700_000], vec![b'd'; 3]] {
        let request = Request::post(&url).body(Body::from(body.clone())).expect("a request");
        let answer = transport.send(request, &options).expect("an answer");
        answer.into_body().collect(0).expect("no body");
        let (_, (first, all)) = (told.recv(), told.recv().expect("it is told"));
        assert!(all.ends_with(&body) && all.len() > body.len(), "{}", all.len());
        assert!(body.len() > 3 || first == all.len(), "in two pieces: {first} of {}", all.len());
    }
    let body = Body::reader(Some(1), After(told, false));
    let request = Request::post(&url).body(body).expect("a request");
    transport.send(request, &options).expect("the head came first");
}
