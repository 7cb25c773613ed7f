//! What ureq does by itself with headers of a response if another crate of the program has switched on its features: it keeps the
//! cookies of all callers in one jar, and undoes codings and charsets. No setting prevents that, so that it does not see these headers:
//! their names are changed before ureq reads a head, and changed back behind it.

use std::mem;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, Entry, HeaderName, SET_COOKIE};
use ureq::unversioned::transport::Buffers;

/// What stands for the hyphen meanwhile: a byte that names may have, and these have nowhere.
const MARK: u8 = b'~';
const NAMES: [(HeaderName, HeaderName); 3] = [
    (HeaderName::from_static("content~encoding"), CONTENT_ENCODING),
    (HeaderName::from_static("content~type"), CONTENT_TYPE),
    (HeaderName::from_static("set~cookie"), SET_COOKIE),
];

/// Changes the names in the heads that have come so far, and tells whether there were any.
pub(crate) fn hide(buffers: &mut dyn Buffers) -> bool {
    let input = buffers.input();
    if !has_any(input) {
        return false;
    }
    let hyphens = hyphens(input);
    let mut input = input.to_vec();
    for place in &hyphens {
        input[*place] = MARK;
    }
    // What came cannot be written to: it is taken out, and comes once more.
    buffers.input_consume(input.len());
    if let Some(room) = buffers.input_append_buf().get_mut(..input.len()) {
        room.copy_from_slice(&input);
        buffers.input_appended(input.len());
    }
    !hyphens.is_empty()
}

/// Whether a whole line could be one of these, of a head or not: each head is searched for that, and most have none.
fn has_any(input: &[u8]) -> bool {
    let mut begin = 0;
    memchr::memchr_iter(b'\n', input).any(|end| {
        let line = &input[mem::replace(&mut begin, end + 1)..end];
        hyphen(line).is_some()
    })
}

/// Changes the names back.
pub(crate) fn show(headers: &mut HeaderMap) {
    for (hidden, name) in NAMES {
        if let Entry::Occupied(entry) = headers.entry(hidden) {
            let values: Vec<_> = entry.remove_entry_mult().1.collect();
            for value in values {
                headers.append(&name, value);
            }
        }
    }
}

/// Where the hyphens of these names are, in interim heads and the one behind them.
fn hyphens(input: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    let (mut at, mut in_head, mut goes_on) = (0, false, true);
    while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        if in_head {
            places.extend(hyphen(line).map(|place| at + place));
            in_head = !line.trim_ascii().is_empty();
        } else if !line.trim_ascii().is_empty() {
            if !goes_on || !line.starts_with(b"HTTP/") {
                break; // the body
            }
            in_head = true;
            goes_on = line.get(9) == Some(&b'1'); // HTTP/1.1 103
        }
        at += end + 1;
    }
    places
}

/// Where the hyphen is, if the line is one of these. Of types of content only those with a charset are.
fn hyphen(line: &[u8]) -> Option<usize> {
    let (name, hyphen): (&[u8], usize) = match line.first()? {
        b's' | b'S' => (b"set-cookie:", 3),
        b'c' | b'C' if line.get(12) != Some(&b':') => (b"content-encoding:", 7),
        b'c' | b'C' if has_charset(line) => (b"content-type:", 7),
        _ => return None,
    };
    line.get(..name.len())?.eq_ignore_ascii_case(name).then_some(hyphen)
}

fn has_charset(line: &[u8]) -> bool {
    memchr::memchr(b'=', line).is_some()
        && line.windows(8).any(|part| part.eq_ignore_ascii_case(b"charset="))
}

#[cfg(test)]
mod tests {
    use super::{has_any, hyphens};

    #[test]
    fn names_are_found_in_heads_only() {
        #[rustfmt::skip]
        let rows = [
            ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",                               1),
            ("\r\n\r\nHTTP/1.1 200 OK\nSET-COOKIE:a=b\nset-cookie: c=d\n\n",                    2),
            ("HTTP/1.1 200 OK\r\nContent-Type: text/plain; Charset=latin1\r\n\r\n",             1),
            ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Set-Cookie: a=b\r\n\r\n",        0),
            ("HTTP/1.1 200 OK\r\nX: a\r\n Set-Cookie: b\r\n\r\n",                               0),
            ("HTTP/1.1 200 OK\r\nSet-Cookie",                                                   0),
            ("HTTP/1.1 200 OK\r\nSet-Cookie:",                                                  1),
            ("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n",               0),
            ("HTTP/1.1 103 X\r\nSet-Cookie: a=b\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n", 2),
            ("HTTP/1.1 200 OK\r\n\r\n\r\nSet-Cookie: a=b\r\n",                                  0),
            ("Set-Cookie: a=b\r\n",                                                             0),
        ];
        for (input, count) in rows {
            let found = hyphens(input.as_bytes());
            assert_eq!(found.len(), count, "{input:?}");
            assert!(found.is_empty() || has_any(&[input.as_bytes(), b"\n"].concat()), "{input:?}");
            assert!(found.iter().all(|place| input.as_bytes()[*place] == b'-'), "{input:?}");
        }
    }
}
