//! Numbers, texts and times of the vectors, and how they compare.

use std::time::Duration;

use http_hook::Timestamp;
use http_hook::retry::Seconds;
use serde_json::Value;

/// The scripted source of chance.
pub(super) struct Draws {
    values: Vec<f64>,
    used: std::cell::Cell<usize>,
}

impl Draws {
    pub(super) fn read(values: &Value) -> Self {
        let values = values.as_array().map(|values| values.iter().map(number).collect());
        Self { values: values.unwrap_or_else(|| vec![0.5]), used: std::cell::Cell::default() }
    }

    pub(super) fn next(&self) -> f64 {
        let used = self.used.get();
        self.used.set(used + 1);
        self.values[used % self.values.len()]
    }

    pub(super) fn used(&self) -> usize {
        self.used.get()
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Counts of attempts saturate: 2^32, which some rows have, is the largest there is.
pub(super) fn attempt(case: &Value) -> u32 {
    let attempt = case["attempt"].as_u64().expect("an attempt number");
    u32::try_from(attempt).unwrap_or(u32::MAX)
}

pub(super) fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) if text == "inf" => f64::INFINITY,
        value => value.as_f64().expect("a number"),
    }
}

pub(super) fn duration(value: &Value) -> Duration {
    Seconds::new(value.as_f64().unwrap_or_default()).to_duration()
}

pub(super) fn seconds(time: Timestamp) -> f64 {
    time.since_epoch().as_secs_f64()
}

pub(super) fn close(a: f64, b: f64) -> bool {
    if a.is_infinite() || b.is_infinite() {
        return a.total_cmp(&b).is_eq();
    }
    (a - b).abs() <= 1e-9_f64.max(1e-9 * a.abs().max(b.abs()))
}

pub(super) fn expect(right: bool, case: &Value, got: &Value) -> Result<(), String> {
    if right { Ok(()) } else { Err(format!("{case}: got {got}")) }
}

pub(super) fn same(got: &Value, expected: &Value, place: &str) -> Result<(), String> {
    let differs = || Err(format!("{place}: got {got}, expected {expected}"));
    match (got, expected) {
        (Value::Number(a), Value::Number(b)) => {
            let right = close(a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            if right { Ok(()) } else { differs() }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.try_for_each(|(index, (a, b))| same(a, b, &format!("{place}[{index}]")))
        }
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            a.iter().try_for_each(|(name, a)| match b.get(name) {
                Some(b) => same(a, b, &format!("{place}.{name}")),
                None => differs(),
            })
        }
        (a, b) if a == b => Ok(()),
        _ => differs(),
    }
}
