//! What a header may be, row by row and byte by byte.

use http::HeaderMap;

use super::headers::{
    MAX_HEADER_BYTES, MAX_HEADERS, append_clean, check, check_bytes, check_room, trimmed,
};
use super::{Bound, ErrorKind};

#[test]
fn a_header_is_checked() {
    #[rustfmt::skip]
    let rows = [
        // why                           name              value        sent
        ("plain", "X-A", "1", Some("1")),
        ("empty", "X-A", "", Some("")),
        ("blank and tab inside", "X-A", "a b\tc", Some("a b\tc")),
        ("blanks at the end are cut", "X-A", "a \t", Some("a")),
        ("a blank first", "X-A", " a", None),
        ("a tab first", "X-A", "\ta", None),
        ("a line feed", "X-A", "a\nb", None),
        ("a line feed at the end", "X-A", "a\n", None),
        ("NUL", "X-A", "\0", None),
        ("D16: Latin-1", "X-A", "é", None),
        ("an empty name", "", "1", None),
        ("a colon first", ":path", "1", None),
        ("a blank in a name", "X A", "1", None),
        ("a line feed in a name", "X-A:1\r\nX-B", "1", None),
        ("a name that is not ASCII", "X-é", "1", None),
        ("Host is allowed", "Host", "v.example", Some("v.example")),
        ("Authorization is allowed", "Authorization", "Bearer x", Some("Bearer x")),
        ("Expect is allowed", "Expect", "", Some("")),
        ("D17", "Connection", "close", None),
        ("D17: in any letter case", "CONTENT-length", "4", None),
        ("D17", "Keep-Alive", "5", None),
        ("D17", "Proxy-Connection", "close", None),
        ("D17", "TE", "trailers", None),
        ("D17", "Trailer", "X", None),
        ("D17", "Transfer-Encoding", "chunked", None),
        ("D17", "Upgrade", "h2c", None),
        ("D17", "Proxy-Authorization", "Basic x", None),
    ];
    for (why, name, value, sent) in rows {
        let found = check(name, value, "headers");
        match (&found, sent) {
            (Ok((_, value)), Some(sent)) => assert_eq!(value, sent, "{name:?}: {why}"),
            (Err(error), None) => assert_eq!(error.kind(), ErrorKind::Header, "{name:?}: {why}"),
            _ => panic!("{name:?}: {why}: {found:?}"),
        }
    }
}

#[test]
fn an_error_tells_place_and_name_but_no_value() {
    #[rustfmt::skip]
    let rows = [
        (
            "X-Team",
            "s3cret\n",
            "connection.extra: header x-team: a character that is not visible ASCII, blank or tab",
        ),
        ("X-Team", " s3cret", "connection.extra: header x-team: a blank before the value"),
        ("s3cret s3cret", "s3cret", "connection.extra: a header's name that is not a token"),
        ("Upgrade", "s3cret", "connection.extra: header upgrade: only the transport may set it, as it keeps the connections"),
    ];
    for (name, value, message) in rows {
        let error = check(name, value, "connection.extra").unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn every_byte_is_a_token_and_visible_or_refused() {
    for byte in 0..=u8::MAX {
        for value in [vec![byte], vec![b'a', byte], vec![b'a', byte, b'b']] {
            let visible = byte == b'\t' || (b' '..=b'~').contains(&byte);
            let first_blank = matches!(value.first(), Some(b'\t' | b' '));
            let found = check_bytes("x", &value, "headers");
            assert_eq!(found.is_ok(), visible && !first_blank, "value {value:?}");
        }
        let char = char::from(byte);
        let token = char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
        for name in [format!("{char}"), format!("a{char}"), format!("a{char}b")] {
            assert_eq!(check(&name, "1", "headers").is_ok(), token, "name {name:?}");
        }
    }
}

#[test]
fn count_and_size_have_limits() {
    let full = |count: usize, value: &str| {
        let mut headers = HeaderMap::new();
        for number in 0..count {
            let (name, value) = check(&format!("x{number}"), value, "headers").unwrap();
            headers.append(name, value);
        }
        headers
    };
    assert!(check_room(&full(MAX_HEADERS, "1")).is_ok());
    let error = check_room(&full(MAX_HEADERS + 1, "1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    let error = check_room(&full(2, &"a".repeat(MAX_HEADER_BYTES / 2 - 1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    let error = check("x", &"a".repeat(MAX_HEADER_BYTES), "headers").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn what_is_bound_is_had_at_its_origin_alone() {
    let token = Bound::new("https://api.test".parse().unwrap(), "t-1");
    for (target, expected) in [
        ("https://api.test:443", Some("t-1")),
        ("http://api.test", None),
        ("https://api.test:8443", None),
        ("https://b.api.test", None),
    ] {
        let target = target.parse().unwrap();
        assert_eq!(token.at(&target).copied(), expected, "{target}");
        assert_eq!(token.clone().into_secret_at(&target), expected, "{target}");
    }
}

/// Many bytes are looked at together, and no odd one among them is missed.
#[test]
fn what_is_appended_is_what_the_check_takes() {
    let agree = |name: &str, value: &str| {
        let mut text = Vec::new();
        let sent = trimmed(value.as_bytes());
        let clean = append_clean(&mut text, name, value.as_bytes(), sent);
        let checked = check(name, value, "header").ok();
        assert_eq!(clean, checked.is_some(), "{name:?}: {value:?}");
        if let Some((name, value)) = checked {
            assert_eq!(text, [name.as_str().as_bytes(), value.as_bytes()].concat());
        }
    };
    let usual = "a0-zkq9m5xbtw7rdsf";
    for length in 1..usual.len() {
        let usual = usual.get(..length).unwrap();
        for place in 0..length {
            for odd in (0..0x180).filter_map(char::from_u32) {
                let mut text: Vec<char> = usual.chars().collect();
                *text.get_mut(place).unwrap() = odd;
                let text: String = text.into_iter().collect();
                agree(&text, "1");
                agree("x", &text);
            }
        }
    }
    for name in [
        "connection",
        "content-length",
        "Keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "Transfer-encoding",
        "transfer-encoding",
        "upgrade",
        "keep-alive",
        "user-agent",
        "",
    ] {
        agree(name, "1");
    }
    for name in ["x", "accept", "X-Long-Name"] {
        let whole = MAX_HEADER_BYTES - name.len();
        for length in [whole - 1, whole, whole + 1, whole + 2, 2 * whole] {
            agree(name, &"a".repeat(length));
        }
    }
}
