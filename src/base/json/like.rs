//! JSON of others, looked at in its text: what is read of it is never larger than what it is compared with.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::place::{items, members};
use super::read;

/// Takes the byte order mark off that some write before JSON, as the original does.
pub(crate) fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads JSON of others: a number that is too large to be read becomes the largest double, and why is told beside.
///
/// # Errors
///
/// Where it is no JSON.
pub(crate) fn read_any(text: &[u8]) -> serde_json::Result<(Value, Option<serde_json::Error>)> {
    let text = unmarked(text);
    serde_json::from_slice(text).map(|value| (value, None)).or_else(|error| {
        let text = std::str::from_utf8(text).ok().filter(|_| is_out_of_range(&error));
        match text.and_then(|text| read::read(text).ok()) {
            Some(value) => Ok((value.to_value(), Some(error))),
            None => Err(error),
        }
    })
}

/// Takes a text for JSON, if it is. A number may be too large to be read.
pub(crate) fn json_text(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(unmarked(text)).ok()?;
    let mut reader = serde_json::Deserializer::from_str(text);
    match Seen.deserialize(&mut reader).and_then(|()| reader.end()) {
        Ok(()) => Some(text),
        Err(error) => is_out_of_range(&error).then_some(text).filter(|text| read::is_json(text)),
    }
}

/// Reads a text, which was found to be JSON, unless its value is larger than this [size](size_of). A number that is too large to be read
/// is the largest double.
pub(crate) fn value_up_to(text: &str, most: usize) -> Option<Value> {
    /// The longest that a byte of a text is written: `\u0000`.
    const LONGEST: usize = 6;
    let mut left = most.checked_sub(1)?;
    match text.as_bytes().first()? {
        b'{' => {
            // Of two members of one name the last counts.
            let (mut own, mut names) = (BTreeMap::new(), left);
            for (name, value) in members(text) {
                let len = name.len();
                if own.insert(name, value).is_none() {
                    names = names.checked_sub(len.saturating_add(1))?;
                }
            }
            let mut map = Map::new();
            for (name, value) in own {
                left = left.checked_sub(name.len())?;
                let value = value_up_to(value, left)?;
                left = left.checked_sub(size_of(&value))?;
                map.insert(name, value);
            }
            Some(Value::Object(map))
        }
        b'[' => {
            let mut list = Vec::new();
            for item in items(text) {
                let item = value_up_to(item, left)?;
                left = left.checked_sub(size_of(&item))?;
                list.push(item);
            }
            Some(Value::Array(list))
        }
        b'"' if text.len() > left.saturating_mul(LONGEST).saturating_add(2) => None,
        _ => read_any(text.as_bytes()).ok().map(|(value, _)| value),
    }
}

/// How large a value is: its parts, and the bytes of its names and texts.
pub(crate) fn size_of(value: &Value) -> usize {
    let below = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size_of).fold(0, usize::saturating_add),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| name.len().saturating_add(size_of(value)))
            .fold(0, usize::saturating_add),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    below.saturating_add(1)
}

fn is_out_of_range(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

/// Looks at all of a value, and keeps nothing.
struct Seen;

impl<'de> DeserializeSeed<'de> for Seen {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seen {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value of JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_key_seed(Self)?.is_some() {
            members.next_value_seed(Self)?;
        }
        Ok(())
    }
}
