//! Charsets by Python's names.

use http::{HeaderMap, HeaderValue};
use http_hook::response::text::text;

/// `[names, body in hex, text]`: every name that Python 3.11 has for a charset that the WHATWG has too, and for UTF-16 and
/// UTF-32, with what Python makes of the body.
const TABLE: &str = include_str!("charsets.json");

fn read(label: &str, body: &[u8]) -> String {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_str(&format!("text/plain; charset={label}"));
    headers.insert("content-type", value.expect("a value"));
    text(&headers, body).into_owned()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

#[test]
fn a_charset_has_the_names_of_python() {
    let rows: Vec<(Vec<String>, String, String)> = serde_json::from_str(TABLE).expect("the table");
    for (names, body, expected) in rows {
        let body = bytes(&body);
        for name in names {
            let spelled = [
                name.clone(),
                name.replace('_', "-"),
                name.to_uppercase().replace('_', " - "),
                format!("_{name}--"),
            ];
            for label in spelled {
                assert_eq!(read(&label, &body), expected, "{label}: {body:x?}");
            }
        }
    }
}

#[test]
fn what_nobody_means_is_utf_8() {
    let names = [
        // Names of browsers for UTF-16 that Python does not know.
        "unicode",
        "csUnicode",
        "ucs-2",
        "iso-10646-ucs-2",
        "unicodefeff",
        "unicodefffe",
        // Charsets that browsers refuse to read.
        "hz-gb-2312",
        "iso-2022-kr",
        "iso-2022-cn",
        "csiso2022kr",
        "replacement",
        // Codecs of Python that are no charset, or none of the WHATWG's.
        "hex",
        "zlib",
        "rot13",
        "idna",
        "unicode_escape",
        "mbcs",
        "utf-7",
        "cp437",
        // What is written by mistake.
        "none",
        "utf8mb4",
        "uft-8",
        "utf-8,gbk",
        "utf_8_",
        "UTF8",
        "u8",
        "cp65001",
        "",
        "_",
        "é",
    ];
    for name in names {
        assert_eq!(read(name, "é漢".as_bytes()), "é漢", "{name}");
    }
}

/// A parameter that is no text says nothing of the others: the charset that is named holds, in whichever bytes the rest is.
#[test]
fn a_charset_is_read_beside_what_is_no_text() {
    let rows = [
        (&b"text/html; title=\"\xfc\"; charset=latin2"[..], "\u{17a}"),
        (b"text/html; title=\"\xc3\xbc\"; charset=latin2", "\u{17a}"),
        (b"text/html; title=\"\xfc\"", "\u{bc}"),
        (b"application/json; title=\xfc", "\u{fffd}"),
        (b"\xfc; charset=latin2", "\u{17a}"),
    ];
    for (kind, expected) in rows {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_bytes(kind).expect("a value"));
        assert_eq!(text(&headers, b"\xbc"), expected, "{kind:?}");
    }
}
