//! What a byte is to a URL, looked up: checking a target costs a few instructions a byte.

/// It never needs an escape ([RFC 3986 §2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
pub(crate) const UNRESERVED: u8 = 1;
/// It stands in a path and in a query as it is.
pub(crate) const KEPT: u8 = 1 << 1;
/// It has to be escaped, or begins or ends something.
pub(crate) const OTHER: u8 = 1 << 2;
/// It may be a segment that goes.
pub(crate) const DOT: u8 = 1 << 3;
/// It begins a query.
pub(crate) const QUESTION: u8 = 1 << 4;
/// It begins an escape.
pub(crate) const PERCENT: u8 = 1 << 5;

static CLASSES: [u8; 256] = classes();

/// Returns the classes of one byte.
pub(crate) fn of(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(OTHER)
}

/// Returns the classes that occur in a text.
pub(crate) fn in_text(text: &[u8]) -> u8 {
    text.iter().fold(0, |classes, byte| classes | of(*byte))
}

const fn classify(byte: u8) -> u8 {
    match byte {
        b'.' => UNRESERVED | KEPT | DOT,
        b'-' | b'_' | b'~' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => UNRESERVED | KEPT,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':'
        | b'@' | b'/' => KEPT,
        b'?' => QUESTION,
        b'%' => PERCENT,
        _ => OTHER,
    }
}

#[expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "worked out by the compiler, where a mistake is an error"
)]
const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = classify(byte);
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}
