//! tenacity's conditions: which attempts are made again.

use std::sync::Arc;

use http_hook::retry::{Condition, RetryOutcome};
use regex::Regex;
use serde_json::Value;

use crate::argument::plain;
use crate::classes::{is_any, kinds};
use crate::error::ArgumentError;
use crate::strategy::{only, parts};

/// Tells what the error of an attempt says, as `str(error)` does there; `None` if it tells nothing, or is no error.
///
/// The default knows what the hook raises for a status: `503:Service Unavailable`.
pub(crate) type Texts = Arc<dyn Fn(&dyn RetryOutcome) -> Option<String> + Send + Sync>;

pub(crate) fn of_status() -> Texts {
    Arc::new(|outcome| {
        let status = outcome.status().filter(|_| outcome.check_failed())?;
        Some(format!("{}:{}", status.as_u16(), status.canonical_reason().unwrap_or_default()))
    })
}

/// An attempt that raises anything.
pub(crate) fn raises() -> Condition {
    Condition::Error | Condition::CheckFailed
}

/// Reads a condition.
pub(crate) fn condition(
    strategy: &Value,
    texts: &Texts,
    depth: usize,
) -> Result<Condition, ArgumentError> {
    let (name, argument) = only("retry.retry", strategy)?;
    let all = || parts("retry.retry", argument, depth, |one| condition(one, texts, depth + 1));
    Ok(match name {
        "retry_always" => Condition::Always,
        // No error of a call was raised from another one.
        "retry_never" | "retry_if_exception_cause_type" => Condition::Never,
        "retry_any" => Condition::Any { conditions: all()? },
        "retry_all" => Condition::All { conditions: all()? },
        "retry_if_result" => !raises() & statuses(argument)?,
        "retry_if_not_result" => !raises() & !statuses(argument)?,
        "retry_if_exception_type" => of_type(argument)?,
        "retry_if_not_exception_type" => raises() & !of_type(argument)?,
        "retry_unless_exception_type" => !of_type(argument)?,
        "retry_if_exception_message" => raises() & says(argument, texts)?,
        "retry_if_not_exception_message" => !(raises() & says(argument, texts)?),
        "exception_class" => {
            let instead = "a class in place of a strategy makes every attempt again, also one that went well; \
                           write retry_if_exception_type";
            return Err(ArgumentError::wrong_type("retry.retry", instead));
        }
        _ => return Err(ArgumentError::wrong_type("retry.retry", "no strategy of this name")),
    })
}

/// An attempt that raises one of these classes, by the last parts of their names: `requests.ConnectionError` is
/// `ConnectionError`.
fn of_type(argument: &Value) -> Result<Condition, ArgumentError> {
    let argument = plain(argument);
    let names = match &*argument {
        Value::Array(names) => names.as_slice(),
        one => std::slice::from_ref(one),
    };
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let names: Option<Vec<_>> = names.iter().map(|name| name.as_str().map(last)).collect();
    let wrong = || ArgumentError::wrong_type("retry.retry", "must be a class by name, or several");
    let names = names.ok_or_else(wrong)?;
    if names.iter().any(|name| ["Exception", "BaseException"].contains(&name.as_str())) {
        return Ok(raises());
    }
    let mut conditions = Vec::new();
    let mut kinds: Vec<_> = kinds(&names).collect();
    // The name of the limit on the whole exchange stands for all limits of time.
    if kinds.contains(&"timeout") && !kinds.contains(&"connect_timeout") {
        kinds.retain(|kind| !kind.ends_with("timeout"));
        let connecting = Condition::error_kinds(&["connect_timeout"]);
        conditions.push(Condition::error_kinds(&["timeout"]) & !connecting);
    }
    if !kinds.is_empty() {
        conditions.push(Condition::error_kinds(&kinds));
    }
    // A redirect that is followed is none; one that is not fails the check.
    let redirect = || Condition::Status { statuses: vec![300..=399] };
    match (is_any("status", &names), is_any("redirect", &names)) {
        (true, true) => conditions.push(Condition::CheckFailed),
        (true, false) => conditions.push(Condition::CheckFailed & !redirect()),
        (false, true) => conditions.push(Condition::CheckFailed & redirect()),
        (false, false) => {}
    }
    Ok(Condition::Any { conditions })
}

fn statuses(argument: &Value) -> Result<Condition, ArgumentError> {
    let wrong = || {
        let wanted = "must be {\"status_in\": [numbers]}: any other predicate is code";
        ArgumentError::wrong_type("retry.retry", wanted)
    };
    let listed = argument.get("status_in").and_then(Value::as_array).ok_or_else(wrong)?;
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
    let numbers: Option<Vec<u16>> = listed.iter().map(number).collect();
    Ok(Condition::statuses(&numbers.ok_or_else(wrong)?))
}

fn says(argument: &Value, texts: &Texts) -> Result<Condition, ArgumentError> {
    let wrong = || {
        let wanted = "must be {\"message\": text} or {\"match\": regular expression}";
        ArgumentError::wrong_type("retry.retry", wanted)
    };
    let test: Box<dyn Fn(&str) -> bool + Send + Sync> =
        match (argument["message"].as_str(), argument["match"].as_str()) {
            (Some(message), None) => {
                let message = message.to_owned();
                Box::new(move |text| text == message)
            }
            // As Python's `re.match`: from the start, but not to the end.
            (None, Some(pattern)) => {
                let pattern = Regex::new(&format!("^(?:{pattern})")).map_err(|_| wrong())?;
                Box::new(move |text| pattern.is_match(text))
            }
            _ => return Err(wrong()),
        };
    let texts = Arc::clone(texts);
    Ok(Condition::custom(move |outcome: &dyn RetryOutcome| {
        texts(outcome).is_some_and(|text| test(&text))
    }))
}
