//! Placeholders, and the values that JSON lacks.

use serde_json::Value;

/// What the placeholders stand for.
#[derive(Clone, Debug)]
pub struct Places {
    /// The port of the server.
    pub port: u16,
    /// A second port of the same server.
    pub port2: u16,
    /// A port on which nobody listens.
    pub closed_port: u16,
    /// The file with the certificate of the authority that signed the server's.
    pub ca_bundle: String,
}

impl Default for Places {
    /// Where no socket is opened.
    fn default() -> Self {
        let ca_bundle = format!("{FILES}/ca.pem");
        Self { port: 18080, port2: 18081, closed_port: CLOSED_PORT, ca_bundle }
    }
}

impl Places {
    /// Puts values in place of the placeholders, at any depth, in names as in values.
    ///
    /// In `expected` a text that is nothing but a port is a number.
    #[must_use]
    pub fn substitute(&self, value: &Value, expected: bool) -> Value {
        match value {
            Value::String(text) => {
                let new = self.replace(text);
                match new.parse::<u16>() {
                    Ok(port) if expected && text.starts_with("{{") => port.into(),
                    _ => new.into(),
                }
            }
            Value::Array(items) => {
                items.iter().map(|item| self.substitute(item, expected)).collect()
            }
            Value::Object(members) => {
                let new = members
                    .iter()
                    .map(|(name, value)| (self.replace(name), self.substitute(value, expected)));
                Value::Object(new.collect())
            }
            other => other.clone(),
        }
    }

    fn replace(&self, text: &str) -> String {
        if !text.contains("{{") {
            return text.to_owned();
        }
        text.replace("{{PORT}}", &self.port.to_string())
            .replace("{{PORT2}}", &self.port2.to_string())
            .replace("{{CLOSED_PORT}}", &self.closed_port.to_string())
            .replace("{{BOUNDARY}}", BOUNDARY)
            .replace("{{FILES}}", FILES)
            .replace("{{CA_BUNDLE}}", &self.ca_bundle)
    }
}

/// Puts values in place of the placeholders where no socket is opened.
#[must_use]
pub fn substitute(value: &Value, expected: bool) -> Value {
    Places::default().substitute(value, expected)
}

/// The port on which nobody listens.
pub(crate) const CLOSED_PORT: u16 = 18082;

/// The folder of the files of a case, which are nowhere but in the case.
pub(crate) const FILES: &str = "/recorded-files";

/// The multipart boundary, 32 characters as recorded.
pub(crate) const BOUNDARY: &str = "0123456789abcdef0123456789abcdef";

/// Reads a text of a hostile case: a string, or `$repeat`, `$concat` and `$hex` of such.
///
/// # Panics
///
/// If it is none of these.
#[must_use]
pub fn text_bytes(value: &Value) -> Vec<u8> {
    if let Some(text) = value.as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(parts) = value.get("$concat").and_then(Value::as_array) {
        return parts.iter().flat_map(text_bytes).collect();
    }
    if let Some(text) = value.get("$hex").and_then(Value::as_str) {
        return unhex(text);
    }
    let repeated = value.get("$repeat").and_then(Value::as_array).map(Vec::as_slice);
    let Some([part, count]) = repeated else { panic!("not a text: {value}") };
    let count = count.as_u64().and_then(|n| usize::try_from(n).ok()).expect("a count");
    text_bytes(part).repeat(count)
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len()).step_by(2).map(|at| &text[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("two hex digits")).collect()
}

/// Reads a text of a hostile case that is UTF-8; `None` if it is not.
pub(crate) fn text(value: &Value) -> Option<String> {
    String::from_utf8(text_bytes(value)).ok()
}

/// Reads a tagged value: the content if `value` is an object with this one member.
pub(crate) fn tagged<'a>(value: &'a Value, tag: &str) -> Option<&'a Value> {
    value.as_object().filter(|members| members.len() == 1)?.get(tag)
}
