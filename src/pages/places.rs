//! What stands in a page, and what it says. What is there and cannot be read is an error, never the last page.

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::{Map, Value};

use crate::base::headers::only;
use crate::base::json::{items, json_text, read_any, written};
use crate::base::{Error, ErrorKind};

/// The body of a page that is JSON, as it is written. What stands in a place is read from there: the whole would take many times its
/// size.
pub(super) struct Body<'a> {
    text: &'a str,
}

impl<'a> Body<'a> {
    /// What no place is asked of.
    pub(super) const UNREAD: Self = Self { text: "null" };

    pub(super) fn read(page: &'a Response<Bytes>) -> Result<Self, Error> {
        let text = json_text(page.body()).ok_or_else(|| fault("the page is no JSON"))?;
        Ok(Self { text })
    }

    /// What stands in a place. Of an object or an array that it is one, and no more.
    fn at(&self, pointer: &str) -> Option<Value> {
        let text = written(self.text, pointer)?;
        match text.as_bytes().first()? {
            b'{' => Some(Value::Object(Map::new())),
            b'[' => Some(Value::Array(Vec::new())),
            _ => Some(read_any(text.as_bytes()).ok()?.0),
        }
    }

    /// Reads the items of an array, as they are written; of none where there is none.
    pub(super) fn array(&self, pointer: &str) -> Result<impl Iterator<Item = &'a str>, Error> {
        match self.at(pointer) {
            None | Some(Value::Null) => Ok(items("")),
            Some(Value::Array(_)) => Ok(items(written(self.text, pointer).unwrap_or_default())),
            Some(_) => Err(no_array(pointer)),
        }
    }

    /// Reads a text or a number that leads on, the number as it is written.
    pub(super) fn cursor(&self, pointer: &str) -> Result<Option<String>, Error> {
        match self.at(pointer) {
            None | Some(Value::Null | Value::Bool(false)) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(Value::Number(number)) => {
                let digits = written(self.text, pointer).map(str::to_owned);
                Ok(Some(digits.unwrap_or_else(|| number.to_string())))
            }
            Some(_) => Err(fault("what leads on is neither a text nor a number")),
        }
    }

    /// Reads whether there is more, from a truth value, or what stands for one.
    pub(super) fn more(&self, pointer: &str) -> Result<bool, Error> {
        let said = match self.at(pointer) {
            None | Some(Value::Null) => Some(false),
            Some(Value::Bool(more)) => Some(more),
            Some(Value::Number(number)) => truth(&number.to_string()),
            Some(Value::String(text)) => truth(&text),
            Some(_) => None,
        };
        said.ok_or_else(|| fault("what tells whether there is more is neither true nor false"))
    }

    /// Reads how many items there are in all; `None`: it does not say.
    pub(super) fn total(&self, pointer: &str) -> Result<Option<u64>, Error> {
        let count = match self.at(pointer) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) => count(&number.to_string()),
            Some(Value::String(text)) => count(text.trim()),
            Some(_) => None,
        };
        count.map(Some).ok_or_else(|| fault("the number of all items is not one"))
    }
}

/// Reads the items of an array in a page, as they are written.
pub(super) fn written_items(page: &Response<Bytes>, pointer: &str) -> Result<Vec<Bytes>, Error> {
    let body = Body::read(page)?;
    let written = body.array(pointer)?;
    Ok(written.map(|item| page.body().slice_ref(item.as_bytes())).collect())
}

/// Reads a field that leads on; `None` if there is none, or empty ones alone.
pub(super) fn field<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Error> {
    let value = only(headers, name).map_err(|()| fault("the header that leads on differs"))?;
    let text = value.map(std::str::from_utf8).transpose();
    text.map_err(|_| fault("the header that leads on is no text"))
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "1.0" => Some(true),
        "false" | "0" | "0.0" | "-0.0" | "" => Some(false),
        _ => None,
    }
}

/// Reads a whole number, however it is written. One of more than 64 bits is more than anybody reads.
fn count(text: &str) -> Option<u64> {
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let double = text.parse::<f64>().ok().filter(|double| double.is_finite())?;
    if double < 0.0 || double.fract() != 0.0 {
        return None;
    }
    // Without a fraction its text is its digits.
    Some(format!("{double}").parse().unwrap_or(if double == 0.0 { 0 } else { u64::MAX }))
}

fn no_array(pointer: &str) -> Error {
    if pointer.is_empty() {
        fault("the page is no array, and nothing else is named as the place of its items")
    } else {
        fault(&format!("the items are no array, at {pointer}"))
    }
}

fn fault(why: &str) -> Error {
    Error::new(ErrorKind::Body, format!("pages: {why}"))
}
