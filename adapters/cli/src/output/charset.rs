//! Text in the one character set besides UTF-8 that answers still name: a byte a character, for western Europe.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

/// What the bytes from 0x80 to 0x9f mean in windows-1252, which is what ISO-8859-1 is taken for (WHATWG Encoding, section 4.2).
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Whether the head names that character set.
pub(super) fn is_western(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let kind = String::from_utf8_lossy(kind).to_ascii_lowercase();
    let named = kind.split(';').skip(1).find_map(|part| part.trim().strip_prefix("charset="));
    matches!(
        named.map(|name| name.trim_matches('"')),
        Some("iso-8859-1" | "iso8859-1" | "latin1" | "latin-1" | "windows-1252" | "cp1252")
    )
}

/// The text that such bytes are.
pub(super) fn western(bytes: &[u8]) -> String {
    let high = |byte: u8| HIGH.get(usize::from(byte).wrapping_sub(0x80)).copied();
    bytes.iter().map(|byte| high(*byte).unwrap_or(char::from(*byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_is_told_by_the_head_and_read_byte_by_byte() {
        for (kind, expected) in [
            ("text/plain; charset=ISO-8859-1", true),
            ("text/html;q=1; charset=\"windows-1252\"", true),
            ("text/plain; charset=utf-8", false),
            ("text/plain", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            assert_eq!(is_western(&headers), expected, "{kind}");
        }
        assert_eq!(western(b"f\xfcr 5 \x80 \x9f\xff"), "für 5 € Ÿÿ");
    }
}
