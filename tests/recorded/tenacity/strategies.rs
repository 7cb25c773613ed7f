//! The recorded strategies as conditions, waits and stops.

use std::sync::Arc;

use http_hook::RetryPolicy;
use http_hook::retry::{Condition, RetryOutcome, Stop, Wait};
use serde_json::{Value, json};

use super::shot::{Cause, Raised, Shot, Types};
use super::values::text;

/// The JSON form of the library is tenacity's, but for two names.
pub(super) fn wait_of(strategy: &Value) -> Result<Wait, String> {
    let mut strategy = strategy.clone();
    rename(&mut strategy);
    let wait: Wait = serde_json::from_value(strategy).map_err(|error| error.to_string())?;
    let policy = RetryPolicy { wait, ..RetryPolicy::default() };
    policy.validate().map_err(|error| error.to_string())?;
    Ok(policy.wait)
}

pub(super) fn rename(strategy: &mut Value) {
    let Some(members) = strategy.as_object_mut() else { return };
    if members.get("type") == Some(&json!("by_exception")) {
        members.insert("type".into(), json!("by_error"));
    }
    if members.contains_key("multiplier") {
        members.remove("initial");
    }
    let parts = members.get_mut("strategies").and_then(Value::as_array_mut);
    parts.into_iter().flatten().for_each(rename);
}

pub(super) fn stop_of(strategy: &Value) -> Result<Stop, String> {
    serde_json::from_value(strategy.clone()).map_err(|error| error.to_string())
}

pub(super) fn retry_of(strategy: &Value, types: &Arc<Types>) -> Result<Condition, String> {
    let kind = text(&strategy["type"]);
    let named: Vec<String> = match strategy["types"].as_array() {
        Some(names) => names.iter().map(text).collect(),
        None => vec!["Error".into()],
    };
    let all = |name: &str| -> Result<Vec<Condition>, String> {
        strategy[name].as_array().into_iter().flatten().map(|one| retry_of(one, types)).collect()
    };
    let types = Arc::clone(types);
    let predicate = strategy["predicate"].clone();
    Ok(match kind.as_str() {
        "always" => Condition::Always,
        "never" => Condition::Never,
        "any" => Condition::Any { conditions: all("retries")? },
        "all" => Condition::All { conditions: all("retries")? },
        "if_exception" => on_error(move |error| error_predicate(&predicate, error, &types), false),
        "if_exception_type" => on_error(move |error| types.is_any(&error.kind, &named), false),
        "if_not_exception_type" => on_error(move |error| !types.is_any(&error.kind, &named), false),
        "unless_exception_type" => on_error(move |error| !types.is_any(&error.kind, &named), true),
        "if_exception_cause_type" => on_error(move |error| has_cause(error, &named, &types), false),
        "if_exception_message" => on_error(message_test(strategy)?, false),
        "if_not_exception_message" => {
            let test = message_test(strategy)?;
            on_error(move |error| !test(error), true)
        }
        "if_result" => on_result(move |value| result_predicate(&predicate, value)),
        "if_not_result" => on_result(move |value| !result_predicate(&predicate, value)),
        other => return Err(format!("unknown condition {other}")),
    })
}

pub(super) fn on_error(
    test: impl Fn(&Raised) -> bool + Send + Sync + 'static,
    of_results: bool,
) -> Condition {
    Condition::custom(move |outcome: &dyn RetryOutcome| match Shot::of(outcome) {
        Shot::Result(_) => of_results,
        Shot::Raised(error) => test(error),
    })
}

pub(super) fn on_result(test: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Condition {
    Condition::custom(move |outcome: &dyn RetryOutcome| match Shot::of(outcome) {
        Shot::Result(value) => test(value),
        Shot::Raised(_) => false,
    })
}

pub(super) fn has_cause(error: &Raised, named: &[String], types: &Types) -> bool {
    let mut error = error;
    loop {
        error = match &error.cause {
            Cause::None => return false,
            Cause::Itself => return types.is_any(&error.kind, named),
            Cause::Other(cause) => cause,
        };
        if types.is_any(&error.kind, named) {
            return true;
        }
    }
}

pub(super) type MessageTest = Box<dyn Fn(&Raised) -> bool + Send + Sync>;

pub(super) fn message_test(strategy: &Value) -> Result<MessageTest, String> {
    match (strategy["message"].as_str(), strategy["match"].as_str()) {
        (Some(message), None) => {
            let message = message.to_owned();
            Ok(Box::new(move |error| error.message == message))
        }
        (None, Some(pattern)) => {
            let pattern = format!("^(?:{pattern})");
            let pattern = regex::Regex::new(&pattern).map_err(|error| error.to_string())?;
            Ok(Box::new(move |error| pattern.is_match(&error.message)))
        }
        _ => Err("either a message or a match".into()),
    }
}

pub(super) fn error_predicate(predicate: &Value, error: &Raised, types: &Types) -> bool {
    let value = predicate["value"].as_str().unwrap_or_default();
    match text(&predicate["op"]).as_str() {
        "message_contains" => error.message.contains(value),
        "type_is" => error.kind == value,
        "is_a" => types.is_a(&error.kind, value),
        other => panic!("unknown predicate {other}"),
    }
}

pub(super) fn result_predicate(predicate: &Value, result: &Value) -> bool {
    match text(&predicate["op"]).as_str() {
        "is_null" => result.is_null(),
        "truthy" => match result {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::String(value) => !value.is_empty(),
            value => value.as_f64() != Some(0.0),
        },
        "eq" => same_value(result, &predicate["value"]),
        "in" => {
            let values = predicate["values"].as_array().expect("values");
            values.iter().any(|value| same_value(result, value))
        }
        "ge" => compare(result, &predicate["value"]).is_some_and(|(a, b)| a >= b),
        "lt" => compare(result, &predicate["value"]).is_some_and(|(a, b)| a < b),
        other => panic!("unknown predicate {other}"),
    }
}

/// True is 1, false is 0, and 1 is 1.0.
pub(super) fn same_value(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| value.as_bool().map(f64::from).or(value.as_f64());
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
        (None, None) => a == b,
        _ => false,
    }
}

pub(super) fn compare(a: &Value, b: &Value) -> Option<(f64, f64)> {
    Some((a.as_f64()?, b.as_f64()?))
}
