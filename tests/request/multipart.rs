//! Bodies of several parts, as recorded.

use http_hook::ErrorKind;
use http_hook::blocking;
use http_hook::body::multipart::{Multipart, Part};
use http_hook::body::{Body, Payload, Replay};

/// Writes the body, with `B` in place of the boundary.
fn written(form: &Multipart) -> String {
    let body = form.write(7).unwrap();
    let Payload::Bytes(bytes) = body.payload() else { panic!("all in memory") };
    assert_eq!(body.len(), Some(bytes.len() as u64));
    let kind = body.content_type().to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(boundary.len(), 32);
    String::from_utf8(bytes.to_vec()).unwrap().replace(boundary, "B")
}

#[test]
fn files_are_written_as_recorded() {
    let disposition = "--B\r\nContent-Disposition: form-data; name=";
    #[rustfmt::skip]
    let rows = [
        // why                  part                                                            after `disposition`
        ("simple",              Part::bytes("f", "hello").with_filename("a.txt"),               "\"f\"; filename=\"a.txt\"\r\n\r\nhello"),
        ("content type",        Part::bytes("f", "a,b\n").with_filename("a.csv").with_content_type("text/csv"),
            "\"f\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\n"),
        ("own header",          Part::bytes("f", "x").with_filename("a").with_content_type("text/plain").with_header("X-Part", "1"),
            "\"f\"; filename=\"a\"\r\nContent-Type: text/plain\r\nX-Part: 1\r\n\r\nx"),
        ("no file name",        Part::bytes("f", "field"),                                      "\"f\"\r\n\r\nfield"),
        ("empty",               Part::bytes("f", "").with_filename(""),                         "\"f\"; filename=\"\"\r\n\r\n"),
        ("quoting",             Part::bytes("a\"b", "x").with_filename("c\r\nd é\\"),           "\"a%22b\"; filename=\"c%0D%0Ad é\\\"\r\n\r\nx"),
    ];
    for (why, part, expected) in rows {
        let mut form = Multipart::default();
        form.file(part).unwrap();
        assert_eq!(written(&form), format!("{disposition}{expected}\r\n--B--\r\n"), "{why}");
    }
}

#[test]
fn fields_come_first() {
    let mut form = Multipart::default();
    form.file(Part::bytes("f", "hello").with_filename("a.txt")).unwrap();
    for (name, value) in [("k", "v"), ("l", "1"), ("l", "2")] {
        form.field(name, value).unwrap();
    }
    let expected = "--B\r\nContent-Disposition: form-data; name=\"k\"\r\n\r\nv\r\n\
        --B\r\nContent-Disposition: form-data; name=\"l\"\r\n\r\n1\r\n\
        --B\r\nContent-Disposition: form-data; name=\"l\"\r\n\r\n2\r\n\
        --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nhello\r\n--B--\r\n";
    assert_eq!(written(&form), expected);
    assert_eq!(form.write(7).unwrap().len(), Some(392), "recorded");
}

#[test]
fn sources_stay_where_they_are() {
    let rows = [
        // lengths of two sources, the whole
        ([Some(10), Some(20)], Some(260)),
        ([Some(10), None], None),
    ];
    for ([one, two], expected) in rows {
        let mut form = Multipart::default();
        form.file(Part::source("a", one, Replay::Again).with_filename("a")).unwrap();
        form.file(Part::source("b", two, Replay::Again).with_filename("b")).unwrap();
        let body = form.write(7).unwrap();
        assert_eq!(body.len(), expected);
        assert_eq!(body.payload(), Payload::External { len: expected, replay: Replay::Again });
        let parts = [
            blocking::Body::reader(Some(10), &b"the first "[..]),
            blocking::Body::reader(None, &b"the second of twenty"[..]),
        ];
        let mut whole = Multipart::default();
        whole.file(Part::bytes("a", "the first ").with_filename("a")).unwrap();
        whole.file(Part::bytes("b", "the second of twenty").with_filename("b")).unwrap();
        let sent = body.join_blocking(parts).unwrap().collect(1_000).unwrap();
        assert_eq!(Payload::Bytes(sent), whole.write(7).unwrap().payload());
    }
    let mut form = Multipart::default();
    form.file(Part::source("a", Some(1), Replay::Once)).unwrap();
    form.file(Part::source("b", Some(1), Replay::Again)).unwrap();
    assert!(!form.write(7).unwrap().payload().is_replayable(), "one source cannot be read again");
}

#[test]
fn no_part_holds_the_boundary() {
    let boundary = |form: &Multipart, seed| {
        let body = form.write(seed).unwrap();
        body.content_type().to_str().unwrap().rsplit_once('=').unwrap().1.to_owned()
    };
    let mut form = Multipart::default();
    let first = boundary(&form, 7);
    assert_eq!(first, boundary(&form, 7), "the same seed, the same boundary");
    assert_ne!(first, boundary(&form, 8), "another seed, another boundary");
    form.field("k", format!("x{first}x")).unwrap();
    assert_ne!(first, boundary(&form, 7), "it occurs in a part");
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let long = "a".repeat(64 * 1024 + 1);
    #[rustfmt::skip]
    let rows = [
        (Part::bytes("a\0", "x"),                                               ErrorKind::Body),
        (Part::bytes("a", "x").with_filename("b\t"),                            ErrorKind::Body),
        (Part::bytes("a", "x").with_content_type("text/plain\r\nX: y"),         ErrorKind::Header),
        (Part::bytes("a", "x").with_header("X Y", "1"),                         ErrorKind::Header),
        (Part::bytes("a", "x").with_header("content-disposition", "form-data"), ErrorKind::Body),
        (Part::bytes(long.as_str(), "x"),                                       ErrorKind::Limit),
        (Part::source("a", Some(u64::MAX), Replay::Again),                      ErrorKind::Limit),
    ];
    for (part, expected) in rows {
        let mut form = Multipart::default();
        form.file(part.clone()).unwrap();
        assert_eq!(
            form.write(7).map(|_| ()).map_err(|error| error.kind()),
            Err(expected),
            "{part:?}"
        );
    }
    let mut form = Multipart::default();
    for _ in 0..10_000 {
        form.field("a", "b").unwrap();
    }
    assert_eq!(form.field("a", "b").map_err(|error| error.kind()), Err(ErrorKind::Limit));
}

/// A multipart body whose file comes from a source, opened anew for each send.
#[test]
fn sources_are_joined_in_order_for_both_drivers() {
    let mut form = Multipart::default();
    form.field("kind", "report").expect("room");
    form.file(Part::source("file", Some(5), Replay::Again).with_filename("a.txt")).expect("room");
    let body = form.write(7).expect("a body");
    let whole = |part: &'static [u8]| {
        let mut form = Multipart::default();
        form.field("kind", "report").expect("room");
        form.file(Part::bytes("file", part).with_filename("a.txt")).expect("room");
        match form.write(7).expect("a body").payload() {
            Payload::Bytes(bytes) => bytes,
            external => panic!("{external:?}"),
        }
    };

    let source = || body.join_blocking([blocking::Body::reader(Some(5), &b"hello"[..])]);
    for _ in 0..2 {
        let sent = source().expect("a source").collect(10_000).expect("a body");
        assert_eq!(sent, whole(b"hello"));
        assert_eq!(body.len(), Some(sent.len() as u64));
    }

    let source = || body.join([Body::from(bytes::Bytes::from_static(b"hello"))]);
    for _ in 0..2 {
        let sent = pollster::block_on(source().expect("a source").collect(10_000));
        assert_eq!(sent.expect("a body"), whole(b"hello"));
    }

    assert!(body.join([]).is_err(), "a part without a source");
    assert!(body.join_blocking([]).is_err(), "a part without a source");
}

/// The length of the whole says nothing where one part does not know its own, or where two are wrong by as much.
#[test]
fn each_source_is_held_to_its_own_length() {
    let rows = [
        ("as told", Some(3), Some(5), true),
        ("one unknown", Some(3), None, true),
        ("too little, beside one unknown", Some(4), None, false),
        ("too much, beside one unknown", Some(2), None, false),
        ("wrong by as much", Some(4), Some(4), false),
        ("wrong the other way round", Some(2), Some(6), false),
    ];
    for (why, first, second, whole) in rows {
        let mut form = Multipart::default();
        form.file(Part::source("a", first, Replay::Again)).unwrap();
        form.file(Part::source("b", second, Replay::Again)).unwrap();
        let body = form.write(7).unwrap();
        let parts = [&b"abc"[..], b"defgh"];
        let joined = body.join(parts.map(|part| Body::from(bytes::Bytes::from_static(part))));
        let read = pollster::block_on(joined.unwrap().collect(10_000));
        assert_eq!(read.is_ok(), whole, "{why}");
        let joined = body.join_blocking(parts.map(|part| blocking::Body::reader(None, part)));
        assert_eq!(joined.unwrap().collect(10_000).is_ok(), whole, "{why}");
    }
}
