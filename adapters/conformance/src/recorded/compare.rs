//! Where two values differ first.

use serde_json::Value;

use crate::recorded::report::Verdict;

/// Gives the first place where `got` differs from `expected`; `None` if nowhere.
///
/// Only the members that `expected` has are looked at. Numbers are equal by value, and a number equals the
/// text of its digits, as a port may be written either way.
#[must_use]
pub fn difference(expected: &Value, got: &Value) -> Option<Verdict> {
    at("", expected, got).map(|(place, expected, got)| {
        let place = if place.is_empty() { String::new() } else { format!("{place} ") };
        Verdict::differs(format!("{place}{expected}"), got)
    })
}

fn at(place: &str, expected: &Value, got: &Value) -> Option<(String, String, String)> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            expected.iter().find_map(|(name, value)| {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                at(&place, value, got.get(name).unwrap_or(&Value::Null))
            })
        }
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            let pairs = expected.iter().zip(got).enumerate();
            pairs.into_iter().find_map(|(i, (e, g))| at(&format!("{place}[{i}]"), e, g))
        }
        _ if same(expected, got) => None,
        _ => Some((place.to_owned(), expected.to_string(), got.to_string())),
    }
}

fn same(expected: &Value, got: &Value) -> bool {
    let digits = |number: &Value, text: &Value| {
        number.is_u64() && text.as_str() == Some(number.to_string().as_str())
    };
    let by_value =
        expected.as_f64().zip(got.as_f64()).is_some_and(|(e, g)| e.to_bits() == g.to_bits());
    expected == got || by_value || digits(expected, got) || digits(got, expected)
}
