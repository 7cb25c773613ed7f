//! Prints JSON as Python's `json.dumps` does.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::value::Json;
use crate::base::json::finite::is_finite;
use crate::base::{Error, ErrorKind};

/// Prints a value as Python's `json.dumps` does: `", "` and `": "` between, all but ASCII escaped, members in
/// their order, numbers as Python prints them.
///
/// # Errors
///
/// Kind [`Body`](ErrorKind::Body) if the value cannot be JSON, as a map with keys that are no text
/// or a number that is not finite.
///
/// # Examples
///
/// ```
/// use http_hook::request::to_python_json;
///
/// let value = serde_json::json!({"name": "Zoë", "sizes": [1, 2.0, 1e16]});
/// assert_eq!(to_python_json(&value)?, br#"{"name": "Zo\u00eb", "sizes": [1, 2.0, 1e+16]}"#);
/// # Ok::<(), http_hook::Error>(())
/// ```
pub fn to_python_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let refused = Error::new(ErrorKind::Body, "json: this value cannot be written as JSON");
    if !is_finite(value) {
        return Err(refused);
    }
    let mut out = Vec::new();
    match value.serialize(&mut Serializer::with_formatter(&mut out, Python)) {
        Ok(()) => Ok(out),
        // The serializer's own message may quote what it was given.
        Err(_) => Err(refused),
    }
}

struct Python;

impl Formatter for Python {
    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(double(value).as_bytes())
    }

    fn write_f32<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(writer, f64::from(value))
    }

    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        text: &str,
    ) -> io::Result<()> {
        if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return writer.write_all(text.as_bytes());
        }
        let mut out = String::with_capacity(text.len());
        text.chars().for_each(|c| push_char(&mut out, c));
        writer.write_all(out.as_bytes())
    }
}

/// Prints a value at the end of `out`.
pub(super) fn push(out: &mut String, value: &Json) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Number(number) => out.push_str(number),
        Json::Text(text) => push_text(out, text),
        Json::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                push(out, item);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                push_text(out, name);
                out.push_str(": ");
                push(out, member);
            }
            out.push('}');
        }
    }
}

/// Prints a text in quotes at the end of `out`.
pub(crate) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c => push_char(out, c),
        }
    }
    out.push('"');
}

/// Prints a character other than `"` and `\`.
fn push_char(out: &mut String, c: char) {
    match c {
        ' '..='~' => out.push(c),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        c => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}

/// Prints a double as Python's `repr` does: the shortest digits that read back the same, with an exponent below
/// 1e-4 and from 1e16 on.
pub(crate) fn double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent @ (..=-5 | 16..)) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => format!("{value:?}"),
    }
}
