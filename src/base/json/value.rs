//! A value of JSON.

use serde_json::Value;

/// The deepest nesting that is read.
pub(crate) const MAX_DEPTH: usize = 128;

/// A value as Python's `json` module holds it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// A number, as Python prints it: whole numbers digit by digit, others as the shortest text of a double.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// Members in the order written.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Whether Python takes the value for true.
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => number.parse::<f64>() != Ok(0.0),
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Object(members) => !members.is_empty(),
        }
    }

    /// Returns the value in the form in which options and policies are read.
    ///
    /// A number that has no such form becomes the largest double: too large for anything that is read from it.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => to_number(number),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| (name.clone(), value.to_value());
                Value::Object(members.iter().map(member).collect())
            }
        }
    }
}

fn to_number(number: &str) -> Value {
    if let Ok(whole) = number.parse::<i64>() {
        return whole.into();
    }
    if let Ok(whole) = number.parse::<u64>() {
        return whole.into();
    }
    let double = number.parse::<f64>().unwrap_or(f64::MAX);
    let double = if double.is_nan() { f64::MAX } else { double.clamp(f64::MIN, f64::MAX) };
    double.into()
}
