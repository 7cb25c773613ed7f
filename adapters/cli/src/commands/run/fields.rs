//! The fields of a line: of a JSON object, or of a row.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// A JSON object whose values are as written.
pub(super) type Object<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

pub(super) fn fields(text: &[u8]) -> Result<Object<'_>, String> {
    serde_json::from_slice(text).map_err(|error| not_json(&error))
}

/// Without the text, which may hold what is secret.
pub(super) fn not_json(error: &serde_json::Error) -> String {
    let column = error.column();
    if error.is_data() {
        // What serde says of a field names the field, and shows no value but a number or a word of another kind.
        let says = error.to_string();
        let says = says.split(" at line ").next().unwrap_or_default();
        if says.starts_with("unknown field")
            || says.starts_with("missing field")
            || says.starts_with("duplicate field")
        {
            return says.to_owned();
        }
        return format!("not an object of the fields that are known, at column {column}");
    }
    format!("not JSON at column {column}")
}

/// The fields of a line, by name.
pub(super) enum Fields<'a> {
    Json(&'a Object<'a>),
    Row(&'a csv::StringRecord, &'a csv::StringRecord),
}

impl Fields<'_> {
    pub(super) fn text(&self, name: &str) -> Result<Cow<'_, str>, String> {
        let found = match self {
            Self::Json(fields) => {
                let Some(value) = fields.get(name) else { return Err(absent(name)) };
                return text_of(value).ok_or_else(|| format!("the field {name} is no text"));
            }
            Self::Row(names, row) => {
                let mut found = names.iter().zip(*row).filter(|(own, _)| *own == name);
                let first = found.next();
                if found.next().is_some() {
                    return Err(format!("there are two columns {name}"));
                }
                first.map(|(_, value)| value)
            }
        };
        found.map(Cow::Borrowed).ok_or_else(|| absent(name))
    }

    pub(super) fn json(&self, name: &str) -> Result<Cow<'_, str>, String> {
        match self {
            Self::Json(fields) => match fields.get(name) {
                Some(value) => Ok(Cow::Borrowed(value.get())),
                None => Err(absent(name)),
            },
            Self::Row(..) => {
                let text = self.text(name)?;
                match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
                    Ok(_) => Ok(text),
                    Err(_) => Err(format!("the field {name} is not JSON")),
                }
            }
        }
    }
}

fn absent(name: &str) -> String {
    format!("there is no field {name}")
}

/// A value as a text: what is a text, a number, true or false.
pub(super) fn text_of(value: &RawValue) -> Option<Cow<'_, str>> {
    let raw = value.get();
    match raw.as_bytes().first()? {
        b'"' => match raw.get(1..raw.len() - 1) {
            Some(inner) if !inner.contains('\\') => Some(Cow::Borrowed(inner)),
            _ => serde_json::from_str(raw).ok().map(Cow::Owned),
        },
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}
