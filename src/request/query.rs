//! The fields of a value as parameters.

use serde::Serialize;
use serde_json::Value;

use crate::base::{Error, ErrorKind};

/// Parameters, not yet encoded.
type Pairs = Vec<(String, String)>;

/// Takes a value apart: an object by its members, a list as pairs.
///
/// # Errors
///
/// Kind [`Url`](ErrorKind::Url) for what is neither, for a member that has members, and for what cannot be made JSON. It names the
/// member, and no value.
pub(super) fn pairs<T: Serialize + ?Sized>(value: &T) -> Result<Pairs, Error> {
    let value = serde_json::to_value(value).map_err(|_| wrong("it cannot be written as JSON"))?;
    let mut pairs = Pairs::new();
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (name, value) in members {
                push_all(&mut pairs, &name, value)?;
            }
        }
        Value::Array(members) => {
            for member in members {
                let Value::Array(pair) = member else { return Err(no_pairs()) };
                let Ok([Value::String(name), value]) = <[Value; 2]>::try_from(pair) else {
                    return Err(no_pairs());
                };
                push_all(&mut pairs, &name, value)?;
            }
        }
        _ => return Err(no_pairs()),
    }
    Ok(pairs)
}

/// Adds a member: a list once for each of its own.
fn push_all(pairs: &mut Pairs, name: &str, value: Value) -> Result<(), Error> {
    match value {
        Value::Array(members) => {
            members.into_iter().try_for_each(|member| push(pairs, name, member))
        }
        value => push(pairs, name, value),
    }
}

fn push(pairs: &mut Pairs, name: &str, value: Value) -> Result<(), Error> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => value,
        Value::Array(_) | Value::Object(_) => {
            return Err(wrong(&format!("`{name}` has members of its own")));
        }
    };
    pairs.push((name.to_owned(), text));
    Ok(())
}

fn no_pairs() -> Error {
    wrong("it is neither a struct, a map nor a list of pairs")
}

fn wrong(says: &str) -> Error {
    Error::new(ErrorKind::Url, format!("query: {says}"))
}
