//! JSON as Python reads and prints it: whole numbers of any size, `, ` and `: `, ASCII only.
//!
//! What a connection stores and what goes out as a JSON body has to equal, byte for byte, what Python's `json`
//! makes of it. Reading is stricter in two things: no name twice, and no unpaired surrogate.

mod bounded;
mod finite;
mod like;
mod place;
mod read;
mod value;
mod write;

use serde_json::Value;

pub use write::to_python_json;

pub(crate) use bounded::{at_most, at_most_entries, position};
pub(crate) use like::{is_value, json_text, unmarked};
pub(crate) use place::{compact, is_pointer, items, written};
pub(crate) use read::{Fault, FaultKind};
pub(crate) use value::Json;
pub(crate) use write::{double, push_text};

/// Reads JSON of others: a number that is too large to be read becomes the largest double, and why is told beside.
///
/// # Errors
///
/// Where it is no JSON.
pub(crate) fn read_any(text: &[u8]) -> serde_json::Result<(Value, Option<serde_json::Error>)> {
    let text = unmarked(text);
    serde_json::from_slice(text).map(|value| (value, None)).or_else(|error| {
        let text = std::str::from_utf8(text).ok().filter(|_| like::is_out_of_range(&error));
        match text.and_then(|text| Json::read(text).ok()) {
            Some(value) => Ok((value.to_value(), Some(error))),
            None => Err(error),
        }
    })
}

impl Json {
    /// Reads one value, with nothing but blanks around it.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        read::read(text)
    }

    /// Prints the value as `json.dumps` does.
    pub(crate) fn print(&self) -> String {
        let mut out = String::new();
        write::push(&mut out, self);
        out
    }
}
