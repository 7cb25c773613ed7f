//! Python's values as the JSON that the mapping of Airflow's arguments reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pyo3::exceptions::PyRecursionError;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple,
};
use serde_json::{Map, Number, Value, json};

/// How deep a value may be nested.
const MAX_DEPTH: usize = 128;

/// Reads a value: options, headers, policies.
pub(crate) fn to_value(any: &Bound<'_, PyAny>) -> PyResult<Value> {
    read(any, 0)
}

fn read(any: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if depth > MAX_DEPTH {
        return Err(PyRecursionError::new_err("an argument is nested too deep"));
    }
    if any.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(text) = any.cast::<PyString>() {
        return Ok(Value::String(text.to_cow()?.into_owned()));
    }
    if let Ok(truth) = any.cast::<PyBool>() {
        return Ok(Value::Bool(truth.is_true()));
    }
    if any.is_instance_of::<PyInt>() {
        if let Ok(number) = any.extract::<i64>() {
            return Ok(number.into());
        }
        return match any.extract::<u64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Ok(Value::String(any.str()?.to_cow()?.into_owned())),
        };
    }
    if let Ok(number) = any.cast::<PyFloat>() {
        let number = number.value();
        return Ok(Number::from_f64(number).map_or_else(
            || {
                let name = if number.is_nan() {
                    "nan"
                } else if number > 0.0 {
                    "inf"
                } else {
                    "-inf"
                };
                json!({ "$float": name })
            },
            Value::Number,
        ));
    }
    if let Some(bytes) = bytes(any) {
        return Ok(json!({ "$bytes": STANDARD.encode(bytes) }));
    }
    if let Ok(items) = any.cast::<PyTuple>() {
        let items: PyResult<Vec<_>> =
            items.iter().map(|item| read(&item, depth.saturating_add(1))).collect();
        return Ok(json!({ "$tuple": items? }));
    }
    if let Ok(items) = any.cast::<PyList>() {
        return items.iter().map(|item| read(&item, depth.saturating_add(1))).collect();
    }
    if let Ok(members) = any.cast::<PyDict>() {
        let mut all = Map::new();
        for (name, value) in members.iter() {
            all.insert(name_of(&name)?, read(&value, depth.saturating_add(1))?);
        }
        return Ok(Value::Object(all));
    }
    if let Ok(members) = any.cast::<PyMapping>() {
        let mut all = Map::new();
        for pair in members.items()?.iter() {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
            all.insert(name_of(&name)?, read(&value, depth.saturating_add(1))?);
        }
        return Ok(Value::Object(all));
    }
    Ok(Value::String(any.str()?.to_cow()?.into_owned()))
}

/// Reads parameters or a form as a list of pairs, each value as the text that requests makes of it.
///
/// `None` is left out, what can be iterated over gives its name once for each member.
pub(crate) fn to_form(any: &Bound<'_, PyAny>) -> PyResult<Value> {
    let pairs = match any.cast::<PyMapping>() {
        Ok(members) => members.items()?.into_any(),
        Err(_) => any.clone(),
    };
    let mut all = Vec::new();
    for pair in pairs.try_iter()? {
        let pair = pair?;
        let mut parts = pair.try_iter()?;
        let (Some(name), Some(value), None) = (parts.next(), parts.next(), parts.next()) else {
            let says = "data: must be a text, bytes, a dict, a list of pairs, or a source";
            return Err(crate::error::ArgumentError::new_err(says));
        };
        let (name, value) = (text_of(&name?)?, value?);
        let is_one = value.is_instance_of::<PyString>()
            || value.is_instance_of::<PyBytes>()
            || !value.hasattr("__iter__")?;
        if is_one {
            if !value.is_none() {
                all.push(json!([name, text_of(&value)?]));
            }
            continue;
        }
        for item in value.try_iter()? {
            let item = item?;
            // requests unpacks one list, and the encoder below it another one.
            let is_one = item.is_instance_of::<PyString>()
                || item.is_instance_of::<PyBytes>()
                || !item.hasattr("__len__")?;
            if item.is_none() {
                continue;
            }
            if is_one {
                all.push(json!([name, text_of(&item)?]));
                continue;
            }
            for inner in item.try_iter()? {
                all.push(json!([name, text_of(&inner?)?]));
            }
        }
    }
    Ok(Value::Array(all))
}

/// Returns what `str` says of a value; bytes are text in UTF-8.
fn text_of(any: &Bound<'_, PyAny>) -> PyResult<String> {
    match bytes(any) {
        Some(bytes) => String::from_utf8(bytes).map_err(|_| {
            crate::error::ArgumentError::new_err("data: bytes in a form must be text in UTF-8")
        }),
        None => Ok(any.str()?.to_cow()?.into_owned()),
    }
}

/// Returns what bytes hold.
pub(crate) fn bytes(any: &Bound<'_, PyAny>) -> Option<Vec<u8>> {
    if let Ok(bytes) = any.cast::<PyBytes>() {
        return Some(bytes.as_bytes().to_vec());
    }
    any.cast::<PyByteArray>().ok().map(pyo3::types::PyByteArrayMethods::to_vec)
}

fn name_of(name: &Bound<'_, PyAny>) -> PyResult<String> {
    match bytes(name) {
        // As requests reads the name of a header.
        Some(bytes) => Ok(bytes.into_iter().map(char::from).collect()),
        None => Ok(name.str()?.to_cow()?.into_owned()),
    }
}

/// Reads JSON given as text, or as a dict.
pub(crate) fn to_json_text(any: &Bound<'_, PyAny>) -> PyResult<String> {
    match any.cast::<PyString>() {
        Ok(text) => Ok(text.to_cow()?.into_owned()),
        Err(_) => Ok(plain(to_value(any)?).to_string()),
    }
}

/// Takes a tuple for a list.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut members) => {
            if members.len() == 1
                && let Some(items) = members.remove("$tuple")
            {
                return plain(items);
            }
            members.into_iter().map(|(name, value)| (name, plain(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}
