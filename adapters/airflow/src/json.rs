//! The argument `json`.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

use crate::argument::Argument;

/// A JSON argument: numbers that JSON lacks are what they are, and the plan refuses them; a tuple is a list.
pub(crate) struct Json<'a>(pub(crate) &'a Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Argument::read(self.0) {
            Argument::Float(number) => serializer.serialize_f64(number),
            Argument::List(items) | Argument::Tuple(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Json(item))?;
                }
                list.end()
            }
            Argument::Dict(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, &Json(value))?;
                }
                map.end()
            }
            Argument::Bytes(_) | Argument::Source { .. } | Argument::File(_) => {
                Err(serde::ser::Error::custom("bytes and files are no JSON"))
            }
            _ => self.0.serialize(serializer),
        }
    }
}
