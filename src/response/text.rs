//! The body of a response as text, by its charset.
//!
//! | `Content-Type` | charset |
//! | --- | --- |
//! | names a charset | that one, by Python's names and by those of the WHATWG; UTF-8 if there is no such charset |
//! | holds `text` | ISO-8859-1 |
//! | holds `application/json` | UTF-8 |
//! | any other, or none | UTF-8 if the body is that, else ISO-8859-1; no charset is reported |
//!
//! UTF-8, UTF-16, UTF-32, ASCII and ISO-8859-1 are always there, all others with the feature `decode`. What is invalid becomes
//! U+FFFD. A name is compared without case, `-` and `_` being the same, as Python compares it. Where both know it, it means what
//! Python means (`ascii` and `latin1` are no windows-1252), in the table that browsers have for it (`shift_jis` has all of
//! windows-31j). Charsets of Python that the WHATWG has not (`cp437`, `utf-7`) are taken for UTF-8.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Returns the charset of a response as the header names it or the rules say; `None` if it has to be guessed.
///
/// # Examples
///
/// ```
/// use http_hook::response::text::charset;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("content-type", "text/html; charset=\"UTF-8\"".parse()?);
/// assert_eq!(charset(&headers).as_deref(), Some("UTF-8"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn charset(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let line = headers.get(CONTENT_TYPE)?.as_bytes();
    // A parameter that is no text says nothing of the others.
    match std::str::from_utf8(line) {
        Ok(line) => named(line).map(Cow::Borrowed),
        Err(_) => named(&latin1(line)).map(|name| name.to_owned().into()),
    }
}

fn named(line: &str) -> Option<&str> {
    let mut parts = line.split(';');
    let kind = parts.next().unwrap_or_default().trim();
    let named = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    });
    match named {
        Some(named) => Some(named),
        None if kind.contains("text") => Some("ISO-8859-1"),
        None if kind.contains("application/json") => Some("utf-8"),
        None => None,
    }
}

/// Reads a body as text.
///
/// A byte order mark stays, as recorded, but where the name leaves the order open (`utf-16`, `utf-32`) or asks for it to be
/// taken out (`utf-8-sig`).
#[must_use]
pub fn text<'a>(headers: &HeaderMap, body: &'a [u8]) -> Cow<'a, str> {
    let Some(charset) = charset(headers) else {
        return match std::str::from_utf8(body) {
            Ok(text) => text.into(),
            Err(_) => latin1(body),
        };
    };
    if charset.eq_ignore_ascii_case("utf-8") {
        return String::from_utf8_lossy(body);
    }
    let name = normal(&charset);
    match name.as_str() {
        "8859" | "cp819" | "csisolatin1" | "ibm819" | "iso8859" | "iso8859_1" | "iso_8859_1"
        | "iso_8859_1_1987" | "iso_ir_100" | "l1" | "latin" | "latin1" | "latin_1" => latin1(body),
        "646" | "ansi_x3_4_1968" | "ansi_x3_4_1986" | "ascii" | "cp367" | "csascii" | "ibm367"
        | "iso646_us" | "iso_646_irv_1991" | "iso_ir_6" | "us" | "us_ascii" => ascii(body),
        "utf_8_sig" => String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)),
        "u16" | "utf16" | "utf_16" => match body {
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            _ => utf16(body, u16::from_le_bytes),
        },
        "utf_16_le" | "utf_16le" | "unicodelittleunmarked" => utf16(body, u16::from_le_bytes),
        "utf_16_be" | "utf_16be" | "unicodebigunmarked" => utf16(body, u16::from_be_bytes),
        "u32" | "utf32" | "utf_32" => match body {
            [0, 0, 0xfe, 0xff, rest @ ..] => utf32(rest, u32::from_be_bytes),
            [0xff, 0xfe, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes),
            _ => utf32(body, u32::from_le_bytes),
        },
        "utf_32_le" | "utf_32le" => utf32(body, u32::from_le_bytes),
        "utf_32_be" | "utf_32be" => utf32(body, u32::from_be_bytes),
        _ => other(&charset, &name, body).unwrap_or_else(|| String::from_utf8_lossy(body)),
    }
}

/// The name of a charset as Python's codecs are looked up: in lower case, anything that is no letter or digit being one `_`.
fn normal(label: &str) -> String {
    let mut name = String::with_capacity(label.len());
    let mut gap = false;
    for character in label.chars() {
        if character.is_alphanumeric() {
            if gap && !name.is_empty() {
                name.push('_');
            }
            gap = false;
            name.extend(character.is_ascii().then(|| character.to_ascii_lowercase()));
        } else {
            gap = true;
        }
    }
    name
}

fn latin1(body: &[u8]) -> Cow<'_, str> {
    body.iter().map(|byte| char::from(*byte)).collect::<String>().into()
}

fn ascii(body: &[u8]) -> Cow<'_, str> {
    let replaced =
        |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
    body.iter().map(replaced).collect::<String>().into()
}

fn utf16(body: &[u8], read: fn([u8; 2]) -> u16) -> Cow<'_, str> {
    let units = body.chunks_exact(2);
    let half = !units.remainder().is_empty();
    let units = units.filter_map(|unit| unit.try_into().ok()).map(read);
    let mut open = false;
    let read = char::decode_utf16(units).map(|one| {
        open = one.as_ref().is_err_and(|lone| lone.unpaired_surrogate() < 0xdc00);
        one.unwrap_or(char::REPLACEMENT_CHARACTER)
    });
    let mut text: String = read.collect();
    // A half of a unit behind the first half of a pair is broken off with it.
    if half && !open {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text.into()
}

fn utf32(body: &[u8], read: fn([u8; 4]) -> u32) -> Cow<'_, str> {
    let one = |unit: &[u8]| {
        let read = unit.try_into().ok().map(read).and_then(char::from_u32);
        read.unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    body.chunks(4).map(one).collect::<String>().into()
}

/// Reads a body by the tables of the WHATWG: their own name, else Python's.
#[cfg(feature = "decode")]
fn other<'a>(label: &str, name: &str, body: &'a [u8]) -> Option<Cow<'a, str>> {
    use encoding_rs::{Encoding, REPLACEMENT, UTF_16BE, UTF_16LE};
    let known = |label: &str| Encoding::for_label(label.as_bytes());
    let encoding = super::labels::of_python(name)
        .and_then(known)
        .or_else(|| known(label))
        .or_else(|| known(name))
        .or_else(|| known(&name.replace('_', "-")))?;
    // Names that browsers take for UTF-16, which nobody means (`unicode`), and charsets that they refuse to read.
    let refused = [UTF_16BE, UTF_16LE, REPLACEMENT].contains(&encoding);
    (!refused).then(|| encoding.decode_without_bom_handling(body).0)
}

#[cfg(not(feature = "decode"))]
fn other<'a>(_: &str, _: &str, _: &'a [u8]) -> Option<Cow<'a, str>> {
    None
}
