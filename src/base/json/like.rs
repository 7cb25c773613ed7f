//! JSON of others, looked at in its text: what is read of it is never larger than what it is compared with.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::read;

/// A text with a number that is too large to be read is read whole up to this size, to be compared.
const MAX_READ: usize = 1 << 20;

/// Takes the byte order mark off that some write before JSON, as the original does.
pub(crate) fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Takes a text for JSON, if it is. A number may be too large to be read.
pub(crate) fn json_text(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(unmarked(text)).ok()?;
    match value_of(text, None) {
        Ok(_) => Some(text),
        Err(error) => is_out_of_range(&error).then_some(text).filter(|text| read::is_json(text)),
    }
}

/// Whether a text, which was found to be JSON, is this value. A number that is too large to be read is the largest double.
pub(crate) fn is_value(text: &str, value: &Value) -> bool {
    match value_of(text, Some(value)) {
        Ok(read) => read == *value,
        Err(error) if is_out_of_range(&error) && text.len() <= MAX_READ => {
            read::read(text).is_ok_and(|read| read.to_value() == *value)
        }
        Err(_) => false,
    }
}

pub(super) fn is_out_of_range(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

fn value_of(text: &str, like: Option<&Value>) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Like(like).deserialize(&mut reader)?;
    reader.end().map(|()| value)
}

/// Reads a value that equals this one, or one that does not. Of `None` all is looked at, and nothing kept.
#[derive(Clone, Copy)]
struct Like<'a>(Option<&'a Value>);

impl Like<'_> {
    fn that(self, is_same: bool) -> Value {
        match self.0 {
            Some(value) if is_same => value.clone(),
            Some(Value::Null) => Value::Bool(false),
            _ => Value::Null,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Like<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Like<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(self.that(self.0.and_then(Value::as_str) == Some(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let own = self.0.and_then(Value::as_array);
        let (mut count, mut is_same) = (0_usize, own.is_some());
        loop {
            let like = own.and_then(|own| own.get(count));
            let Some(item) = items.next_element_seed(Like(like))? else { break };
            is_same &= like == Some(&item);
            count = count.saturating_add(1);
        }
        Ok(self.that(is_same && own.is_some_and(|own| own.len() == count)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let own = self.0.and_then(Value::as_object);
        // Of two members of one name the last counts.
        let (mut found, mut has_more) = (BTreeMap::new(), own.is_none());
        while let Some(name) = members.next_key::<String>()? {
            let like = own.and_then(|own| own.get(&name));
            let member = members.next_value_seed(Like(like))?;
            match like {
                Some(like) => drop(found.insert(name, *like == member)),
                None => has_more = true,
            }
        }
        let all = own.is_some_and(|own| own.len() == found.len());
        Ok(self.that(!has_more && all && found.values().all(|is_same| *is_same)))
    }
}
