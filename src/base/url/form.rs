//! Form encoding, as Python's `requests` does it: `a=1&b=two+words`.
//!
//! | value | becomes |
//! | --- | --- |
//! | text | letters, digits, `-`, `.`, `_`, `~` as they are, a blank as `+`, every other byte of its UTF-8 as `%XX` |
//! | number | as Python prints it: `5`, `0.5`, `1e+16` |
//! | `true`, `false` | `True`, `False` |
//! | `null` | nothing: the pair is left out |
//! | list | its name once for each member |
//! | object | its name once for each name in it |

use std::fmt::{self, Display, Write as _};

use serde_json::{Number, Value};

use crate::base::json::double;
use crate::base::url::class;
use crate::base::{Error, ErrorKind};

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Adds one pair, after a `&` if it is not the first.
///
/// # Examples
///
/// ```
/// let mut form = String::new();
/// http_hook::request::form::encode_into(&mut form, "q", "two words");
/// http_hook::request::form::encode_into(&mut form, "n", "100%");
/// assert_eq!(form, "q=two+words&n=100%25");
/// ```
pub fn encode_into(form: &mut String, name: &str, value: &str) {
    if !form.is_empty() {
        form.push('&');
    }
    push_encoded(form, name);
    form.push('=');
    push_encoded(form, value);
}

/// Encodes pairs.
#[must_use]
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut form = String::new();
    for (name, value) in pairs {
        encode_into(&mut form, name, value);
    }
    form
}

/// Encodes an object, or a list of pairs. A text of two characters passes for a pair, as recorded.
///
/// # Errors
///
/// Kind [`Body`](ErrorKind::Body) for anything else, and for lists nested deeper than two.
///
/// # Examples
///
/// ```
/// use serde_json::json;
///
/// let form = http_hook::request::form::from_value(&json!({"x": [1, null, true], "y": "two words"}))?;
/// assert_eq!(form, "x=1&x=True&y=two+words");
/// # Ok::<(), http_hook::Error>(())
/// ```
pub fn from_value(value: &Value) -> Result<String, Error> {
    let mut form = String::new();
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                push_values(&mut form, name, value)?;
            }
        }
        Value::Array(pairs) => {
            for pair in pairs {
                push_pair(&mut form, pair)?;
            }
        }
        _ => return Err(not_pairs()),
    }
    Ok(form)
}

fn push_pair(form: &mut String, pair: &Value) -> Result<(), Error> {
    match pair {
        Value::Array(members) => match members.as_slice() {
            [name, value] => push_values(form, &scalar(name)?, value),
            _ => Err(not_pairs()),
        },
        Value::String(text) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next(), chars.next()) {
                (Some(name), Some(value), None) => {
                    encode_into(
                        form,
                        name.encode_utf8(&mut [0; 4]),
                        value.encode_utf8(&mut [0; 4]),
                    );
                    Ok(())
                }
                _ => Err(not_pairs()),
            }
        }
        Value::Object(members) => {
            let mut names = members.keys();
            match (names.next(), names.next(), names.next()) {
                (Some(name), Some(value), None) => {
                    encode_into(form, name, value);
                    Ok(())
                }
                _ => Err(not_pairs()),
            }
        }
        _ => Err(not_pairs()),
    }
}

/// Two levels of lists are laid flat; `null` is left out on the first, and is `None` on the second.
fn push_values(form: &mut String, name: &str, value: &Value) -> Result<(), Error> {
    match value {
        Value::Array(members) => {
            for member in members {
                push_inner(form, name, member)?;
            }
            Ok(())
        }
        Value::Object(members) => {
            for inner in members.keys() {
                encode_into(form, name, inner);
            }
            Ok(())
        }
        one => push_inner(form, name, one),
    }
}

fn push_inner(form: &mut String, name: &str, value: &Value) -> Result<(), Error> {
    match value {
        Value::Null => {}
        Value::Array(members) => {
            for member in members {
                encode_into(form, name, &scalar(member)?);
            }
        }
        Value::Object(members) => {
            for inner in members.keys() {
                encode_into(form, name, inner);
            }
        }
        one => encode_into(form, name, &scalar(one)?),
    }
    Ok(())
}

fn scalar(value: &Value) -> Result<std::borrow::Cow<'_, str>, Error> {
    Ok(match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => python_number(number).into(),
        Value::String(text) => text.into(),
        Value::Array(_) | Value::Object(_) => {
            return Err(Error::new(
                ErrorKind::Body,
                "form data: lists and objects can be nested twice at most",
            ));
        }
    })
}

fn python_number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => double(float),
        _ => number.to_string(),
    }
}

/// Appends one pair to whatever there is.
///
/// # Errors
///
/// The value's own, if it fails to display.
#[inline]
pub(crate) fn append(text: &mut Vec<u8>, name: &str, value: impl Display) -> fmt::Result {
    push_encoded(text, name);
    text.push(b'=');
    write!(Encoder(text), "{value}")
}

/// Encodes what is written to it.
struct Encoder<'a>(&'a mut Vec<u8>);

impl fmt::Write for Encoder<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_encoded(self.0, text);
        Ok(())
    }
}

/// What can be appended to.
trait Out {
    fn text(&mut self, text: &str);

    fn byte(&mut self, ascii: u8);

    fn escape(&mut self, byte: u8);
}

impl Out for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }

    #[inline]
    fn byte(&mut self, ascii: u8) {
        self.push(char::from(ascii));
    }

    fn escape(&mut self, byte: u8) {
        self.extend(escaped(byte).map(char::from));
    }
}

impl Out for Vec<u8> {
    #[inline]
    fn text(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn byte(&mut self, ascii: u8) {
        self.push(ascii);
    }

    #[inline]
    fn escape(&mut self, byte: u8) {
        self.extend_from_slice(&escaped(byte));
    }
}

fn escaped(byte: u8) -> [u8; 3] {
    let digit = |half: u8| HEX.get(usize::from(half)).copied().unwrap_or(b'0');
    [b'%', digit(byte >> 4), digit(byte & 15)]
}

fn push_encoded(out: &mut impl Out, text: &str) {
    /// Below this length it costs more to copy what needs no escape than to look at each byte once.
    const SHORT: usize = 8;
    let clean = match text.len() {
        0..SHORT => 0,
        len => text.bytes().position(escapes).unwrap_or(len),
    };
    let Some((clean, rest)) = text.split_at_checked(clean) else { return };
    out.text(clean);
    for byte in rest.bytes() {
        if !escapes(byte) {
            out.byte(byte);
        } else if byte == b' ' {
            out.byte(b'+');
        } else {
            out.escape(byte);
        }
    }
}

fn escapes(byte: u8) -> bool {
    class::of(byte) & class::UNRESERVED == 0
}

/// Adds each byte of the character's UTF-8 as `%XX`.
pub(crate) fn push_escaped(text: &mut String, char: char) {
    for &byte in char.encode_utf8(&mut [0; 4]).as_bytes() {
        text.escape(byte);
    }
}

fn not_pairs() -> Error {
    Error::new(ErrorKind::Body, "form data: neither an object nor a list of pairs")
}
