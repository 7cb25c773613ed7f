//! Reads the text of a policy piece by piece, and no further than a policy goes.

use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The most values that a policy may have, lists and members included: more than fit into the text that
/// [`from_json`](super::RetryPolicy::from_json) takes.
const MAX_VALUES: usize = 32 * 1024;
/// The deepest nesting, as that of `serde_json`.
const MAX_DEPTH: usize = 128;

/// A value of JSON, counted while it is read: what is too much is refused before the rest is looked at.
pub(super) struct Counted(pub(super) Value);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut left = MAX_VALUES;
        Count { left: &mut left, depth: MAX_DEPTH }.deserialize(deserializer).map(Self)
    }
}

/// Reads a part of a policy that stands by itself: as far as a policy goes, and no further.
pub(crate) fn part<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let Counted(value) = Counted::deserialize(from)?;
    T::deserialize(value).map_err(Error::custom)
}

struct Count<'a> {
    left: &'a mut usize,
    depth: usize,
}

impl Count<'_> {
    /// What is inside a list or an object.
    fn inside<E: Error>(&mut self) -> Result<Count<'_>, E> {
        let deeper = self.depth.checked_sub(1);
        let depth = deeper.ok_or_else(|| E::custom("retry policy: nested too deep"))?;
        Ok(Count { left: self.left, depth })
    }
}

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.checked_sub(1);
        *self.left = left.ok_or_else(|| D::Error::custom("retry policy: too many parts"))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a retry policy")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    /// Formats that have infinite numbers mean no limit.
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(match value {
            f64::INFINITY => "inf".into(),
            f64::NEG_INFINITY => "-inf".into(),
            value => value.into(),
        })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inside()?)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.inside()?)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("retry policy: two members of one name"));
            }
        }
        Ok(Value::Object(object))
    }
}
