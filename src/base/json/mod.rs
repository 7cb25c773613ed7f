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

pub use write::to_python_json;

pub(crate) use bounded::{at_most, at_most_entries, position};
pub(crate) use like::{json_text, read_any, size_of, unmarked, value_up_to};
pub(crate) use place::{compact, is_pointer, items, written, written_all};
pub(crate) use read::{Fault, FaultKind};
pub(crate) use value::Json;
pub(crate) use write::{double, push_text};

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
