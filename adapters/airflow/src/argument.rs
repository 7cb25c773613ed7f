//! A value of Python's in JSON.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// A value of Python's, as it is written in JSON.
///
/// | JSON | Python |
/// | --- | --- |
/// | `null`, `true`, `5`, `"text"`, `[…]`, `{…}` | `None`, `True`, `5`, `"text"`, a list, a dict |
/// | `{"$bytes": "<base64>"}` | bytes |
/// | `{"$tuple": […]}` | a tuple |
/// | `{"$float": "nan"}`, `"inf"`, `"-inf"` | a number that JSON lacks |
/// | `{"$stream": "<text>"}` | a file to be read once, of known length |
/// | `{"$stream": 120}` | the same, held by who drives the call: its length in bytes |
/// | `{"$chunks": ["…", …]}` | a generator: no known length |
/// | `{"$chunks": null}` | the same, held by who drives the call |
/// | `{"$file": {"content", "filename", "content_type", "headers"}}` | one part of a multipart upload |
///
/// A dict whose one name is among these cannot be written.
///
/// # Examples
///
/// ```
/// use http_hook_airflow::Argument;
/// use serde_json::json;
///
/// let pair = json!({"$tuple": ["reader", "secret"]});
/// let Argument::Tuple(items) = Argument::read(&pair) else { panic!("a tuple") };
/// assert_eq!(items.len(), 2);
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Argument<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A number.
    Number(&'a serde_json::Number),
    /// A number that JSON lacks: not a number, or infinite.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(&'a [Value]),
    /// A tuple.
    Tuple(&'a [Value]),
    /// A dict.
    Dict(&'a Map<String, Value>),
    /// A source that is read once, its length in bytes where that is known, and what it gives, unless the driver holds
    /// it.
    Source {
        /// The length in bytes.
        length: Option<u64>,
        /// What it gives.
        content: Option<Vec<u8>>,
    },
    /// One part of a multipart upload.
    File(&'a Map<String, Value>),
}

impl<'a> Argument<'a> {
    /// Reads a value. An object that is none of the table's is a dict.
    #[must_use]
    pub fn read(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::None,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items),
            Value::Object(members) => Self::tagged(members).unwrap_or(Self::Dict(members)),
        }
    }

    fn tagged(members: &'a Map<String, Value>) -> Option<Self> {
        let mut all = members.iter();
        let (Some((name, content)), None) = (all.next(), all.next()) else { return None };
        Some(match (name.as_str(), content) {
            ("$bytes", Value::String(text)) => Self::Bytes(STANDARD.decode(text).ok()?),
            ("$tuple", Value::Array(items)) => Self::Tuple(items),
            ("$float", Value::String(text)) => Self::Float(match text.as_str() {
                "nan" => f64::NAN,
                "inf" => f64::INFINITY,
                "-inf" => f64::NEG_INFINITY,
                _ => return None,
            }),
            ("$stream", Value::String(text)) => {
                let length = u64::try_from(text.len()).ok();
                Self::Source { length, content: Some(text.clone().into_bytes()) }
            }
            ("$stream", Value::Number(length)) => {
                Self::Source { length: Some(length.as_u64()?), content: None }
            }
            ("$chunks", Value::Array(pieces)) => {
                let text: Option<String> = pieces.iter().map(Value::as_str).collect();
                Self::Source { length: None, content: Some(text?.into_bytes()) }
            }
            ("$chunks", Value::Null) => Self::Source { length: None, content: None },
            ("$file", Value::Object(members)) => Self::File(members),
            _ => return None,
        })
    }

    /// Returns the members of a list or a tuple.
    #[must_use]
    pub fn items(&self) -> Option<&'a [Value]> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// Returns what a text or bytes hold; the text is in UTF-8.
    #[must_use]
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.as_bytes().to_vec()),
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// Takes the tags off, at any depth: a tuple reads as a list, bytes as their text, an odd number as its name.
///
/// Borrowed where there is no tag.
pub(crate) fn plain(value: &Value) -> Cow<'_, Value> {
    fn owned(value: &Value) -> Value {
        match Argument::read(value) {
            Argument::Tuple(items) | Argument::List(items) => items.iter().map(owned).collect(),
            Argument::Float(_) => value["$float"].clone(),
            Argument::Bytes(bytes) => {
                String::from_utf8(bytes).map_or_else(|_| value.clone(), Into::into)
            }
            Argument::Dict(members) => {
                Value::Object(members.iter().map(|(k, v)| (k.clone(), owned(v))).collect())
            }
            _ => value.clone(),
        }
    }
    fn has_tag(value: &Value) -> bool {
        match Argument::read(value) {
            Argument::List(items) => items.iter().any(has_tag),
            Argument::Dict(members) => members.values().any(has_tag),
            Argument::Tuple(_) | Argument::Float(_) | Argument::Bytes(_) => true,
            _ => false,
        }
    }
    if has_tag(value) { Cow::Owned(owned(value)) } else { Cow::Borrowed(value) }
}

/// Tells what it is, and nothing of what it holds.
impl std::fmt::Debug for Argument<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Bool(_) => "Bool",
            Self::Number(_) => "Number",
            Self::Float(_) => "Float",
            Self::Text(_) => "Text",
            Self::Bytes(_) => "Bytes",
            Self::List(_) => "List",
            Self::Tuple(_) => "Tuple",
            Self::Dict(_) => "Dict",
            Self::Source { .. } => "Source",
            Self::File(_) => "File",
        })
    }
}
