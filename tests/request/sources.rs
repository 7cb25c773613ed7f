//! What a transport is given to send, and what it reads back: held to the length that was announced.

use std::error::Error;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_hook::body::{Body, Exact, SourceWatch, from_fn};
use http_hook::{Sent, TransportError, TransportErrorKind as Kind, blocking};

type Pieces = &'static [&'static str];
type Announced = Option<u64>;

/// What a source gives next: a piece, an error (`!`), or a panic (`*`).
#[derive(Clone)]
struct Source {
    pieces: std::slice::Iter<'static, &'static str>,
    announced: Announced,
}

impl Source {
    fn new(pieces: Pieces, announced: Announced) -> Self {
        Self { pieces: pieces.iter(), announced }
    }

    fn piece(&mut self) -> Result<Option<&'static [u8]>, ()> {
        match self.pieces.next().copied() {
            Some("!") => Err(()),
            Some("*") => panic!("on purpose"),
            piece => Ok(piece.map(str::as_bytes)),
        }
    }
}

impl http_body::Body for Source {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let piece = self.piece().map_err(|()| TransportError::new(Kind::Interrupted, Sent::No));
        Poll::Ready(piece.transpose().map(|piece| piece.map(|own| Frame::data(own.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut piece = self.piece().map_err(|()| io::Error::other("ran dry"))?.unwrap_or_default();
        piece.read(buffer)
    }
}

fn why(source: &SourceWatch) -> Option<String> {
    let error = source.failure()?;
    assert_eq!((error.kind(), error.sent()), (Kind::RequestBody, Sent::Maybe));
    error.source().map(ToString::to_string)
}

#[test]
fn a_source_gives_what_it_announced_or_says_why_not() {
    let (little, much) = (Err("the source gave too little"), Err("the source gave too much"));
    #[rustfmt::skip]
    let rows: [(&str, Pieces, Announced, Result<&str, &str>); 11] = [
        // what                        pieces                announced  is sent
        ("nothing announced",          &["ab", "c"],         None,      Ok("abc")),
        ("as announced",               &["ab", "c"],         Some(3),   Ok("abc")),
        ("nothing, as announced",      &[],                  Some(0),   Ok("")),
        ("too little",                 &["ab"],              Some(3),   little),
        ("nothing at all",             &[],                  Some(3),   little),
        ("too much",                   &["ab", "cd"],        Some(3),   much),
        ("too much by a whole piece",  &["abc", "d"],        Some(3),   much),
        ("it fails",                   &["ab", "!"],         None,      Err("the source failed")),
        ("it fails when all is there", &["abc", "!"],        Some(3),   Err("the source failed")),
        ("it panics",                  &["ab", "*"],         None,      Err("the source panicked")),
        ("it panics at once",          &["*"],               Some(3),   Err("the source panicked")),
    ];
    for (what, pieces, announced, expected) in rows {
        let source = Source::new(pieces, announced);
        let exact = Exact::new(Body::stream(source.clone()));
        assert_eq!(http_body::Body::size_hint(&exact).exact(), announced, "{what}");
        let watch = exact.watch();
        let sent = pollster::block_on(Body::stream(exact).collect(10));
        let sent = sent.map_err(|_| why(&watch).expect(what));
        assert_eq!(sent.as_deref().map_err(|why| &**why), expected.map(str::as_bytes), "{what}");

        let (mut exact, watch) = blocking::Body::reader(announced, source).exact();
        let mut sent = Vec::new();
        let read = exact.read_to_end(&mut sent).map_err(|_| why(&watch).expect(what));
        let read = read.map(|_| &*sent);
        assert_eq!(read.as_deref().map_err(|why| &**why), expected.map(str::as_bytes), "{what}");
        assert_eq!(
            Read::read(&mut exact, &mut [0; 8]).is_err(),
            expected.is_err(),
            "{what}: once more"
        );
    }
}

#[test]
fn a_body_that_broke_off_has_no_end() {
    let mut reader = Exact::new(Body::stream(Source::new(&["ab", "!"], None)));
    let mut buffer = [0; 8];
    let mut read = || pollster::block_on(poll_fn(|context| reader.poll_read(context, &mut buffer)));
    assert_eq!(read().ok(), Some(2));
    let error = read().expect_err("it broke off").downcast::<TransportError>();
    assert_eq!(error.expect("its own error").kind(), Kind::RequestBody);
    assert!(read().is_err(), "a client that asks again");
}

#[test]
fn a_response_is_as_long_as_announced() {
    #[rustfmt::skip]
    let rows: [(&str, Pieces, Announced, Option<&str>); 6] = [
        // why                          pieces          announced  is read
        ("no length was announced",     &["ab", "c"],   None,      Some("abc")),
        ("as announced",                &["ab", "c"],   Some(3),   Some("abc")),
        ("the end is not asked for",    &["abc", "*"],  Some(3),   Some("abc")),
        ("nothing is not asked for",    &["*"],         Some(0),   Some("")),
        ("too little",                  &["ab"],        Some(3),   None),
        ("it broke off",                &["ab", "!"],   Some(3),   None),
    ];
    for (why, pieces, announced, expected) in rows {
        let mut source = Source::new(pieces, announced);
        let body = Body::stream(from_fn(announced, move |_, buffer| {
            let read = source.read(buffer);
            Poll::Ready(read.map_err(|_| TransportError::new(Kind::Body, Sent::Yes)))
        }));
        assert_eq!(body.len(), announced, "{why}");
        let read = pollster::block_on(body.collect(10));
        match expected {
            Some(text) => assert_eq!(read.expect(why), text, "{why}"),
            None => assert_eq!(read.expect_err(why).kind(), Kind::Body, "{why}"),
        }
    }
}
