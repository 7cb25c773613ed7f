//! Transfer codings that ureq does not undo.

use std::io::{Read, Write};
use std::net::TcpListener;
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
