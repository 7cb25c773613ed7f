//! tenacity's strategies by name, as conditions, waits and stops.
//!
//! Classes of errors and regular expressions are no part of the library: they live here, as custom conditions.

use std::sync::Arc;
use std::time::Duration;

use http_hook::retry::{Condition, RetryOutcome as Seen, RetryState, Stop, Wait};
use regex::Regex;
use serde_json::{Map, Value, json};

use super::arguments::Inexpressible;
use super::retry::Last;
use super::{Fault, Outcome};

/// The error of an outcome: of a plain call its own, of an exchange of the machine the one noted last.
fn error_of(outcome: &dyn Seen, last: &Last) -> Option<Fault> {
    match outcome.as_any().and_then(|any| any.downcast_ref::<Outcome>()) {
        Some(Outcome::Fault(fault)) => Some(fault.clone()),
        Some(_) => None,
        None => (outcome.failed() || outcome.check_failed())
            .then(|| last.lock().expect("no panic").clone()),
    }
}

/// Judges errors; a result does not hold.
pub(super) fn of_errors(
    last: &Last,
    test: impl Fn(&Fault) -> bool + Send + Sync + 'static,
) -> Condition {
    or_result(last, false, test)
}

fn or_result(
    last: &Last,
    of_results: bool,
    test: impl Fn(&Fault) -> bool + Send + Sync + 'static,
) -> Condition {
    let last = Arc::clone(last);
    Condition::custom(move |outcome: &dyn Seen| {
        error_of(outcome, &last).map_or(of_results, |fault| test(&fault))
    })
}

pub(super) fn condition(strategy: &Value, last: &Last) -> Result<Condition, Inexpressible> {
    let (name, argument) = only(strategy)?;
    let parts = || -> Result<Vec<Condition>, Inexpressible> {
        argument.as_array().into_iter().flatten().map(|one| condition(one, last)).collect()
    };
    let classes = class_names(argument);
    let statuses: Vec<u64> =
        argument["status_in"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    let of_results = |wanted: bool| {
        let (statuses, last) = (statuses.clone(), Arc::clone(last));
        Condition::custom(move |outcome: &dyn Seen| {
            let status = outcome.status().map(|status| u64::from(status.as_u16()));
            let listed = status.is_some_and(|status| statuses.contains(&status));
            error_of(outcome, &last).is_none() && listed == wanted
        })
    };
    Ok(match name {
        "retry_always" => Condition::Always,
        // No error of a call was raised from another one.
        "retry_never" | "retry_if_exception_cause_type" => Condition::Never,
        "retry_any" => Condition::Any { conditions: parts()? },
        "retry_all" => Condition::All { conditions: parts()? },
        "retry_if_result" => of_results(true),
        "retry_if_not_result" => of_results(false),
        "retry_if_exception_type" => of_errors(last, move |fault| is_any(fault, &classes)),
        "retry_if_not_exception_type" => of_errors(last, move |fault| !is_any(fault, &classes)),
        "retry_unless_exception_type" => {
            or_result(last, true, move |fault| !is_any(fault, &classes))
        }
        "retry_if_exception_message" => of_errors(last, message_test(argument)?),
        "retry_if_not_exception_message" => {
            let test = message_test(argument)?;
            or_result(last, true, move |fault| !test(fault))
        }
        _ => return Err(Inexpressible),
    })
}

fn message_test(
    argument: &Value,
) -> Result<impl Fn(&Fault) -> bool + Send + Sync + 'static, Inexpressible> {
    let message = argument["message"].as_str().map(str::to_owned);
    let pattern = argument["match"].as_str().map(|text| Regex::new(&format!("^(?:{text})")));
    let pattern = pattern.transpose().map_err(|_| Inexpressible)?;
    Ok(move |fault: &Fault| match (&message, &pattern) {
        (Some(message), _) => fault.message == *message,
        (_, Some(pattern)) => pattern.is_match(&fault.message),
        _ => false,
    })
}

/// The last parts of the names: `requests.ConnectionError` is `ConnectionError`.
fn class_names(argument: &Value) -> Vec<String> {
    let names = match argument {
        Value::Array(names) => names.clone(),
        one => vec![one.clone()],
    };
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    names.iter().filter_map(Value::as_str).map(last).collect()
}

/// Whether an error is of one of these classes, or of one derived from them.
fn is_any(fault: &Fault, classes: &[String]) -> bool {
    let kind = fault.kinds.first().copied().unwrap_or_default();
    let own = CLASSES.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, own)| *own);
    let is = |class: &String| ["Exception", "BaseException"].contains(&class.as_str());
    classes.iter().any(|class| is(class) || own.contains(&class.as_str()))
}

/// The classes of the recorded language, by the neutral name of the error.
const CLASSES: [(&str, &[&str]); 17] = [
    ("attribute_error", &["AttributeError"]),
    ("body_read", &["ChunkedEncodingError", "RequestException", "OSError", "IOError"]),
    (
        "connect_timeout",
        &["ConnectTimeout", "ConnectionError", "Timeout", "RequestException", "OSError", "IOError"],
    ),
    ("connection", &["ConnectionError", "RequestException", "OSError", "IOError"]),
    ("connection_not_found", &["AirflowNotFoundException", "AirflowException"]),
    ("content_decoding", &["ContentDecodingError", "RequestException", "OSError", "IOError"]),
    ("http_status", &["AirflowException"]),
    ("invalid_header", &["InvalidHeader", "RequestException", "OSError", "IOError", "ValueError"]),
    ("invalid_json", &["InvalidJSONError", "RequestException", "OSError", "IOError"]),
    ("invalid_url", &["InvalidURL", "RequestException", "OSError", "IOError", "ValueError"]),
    ("proxy", &["ProxyError", "ConnectionError", "RequestException", "OSError", "IOError"]),
    ("read_timeout", &["ReadTimeout", "Timeout", "RequestException", "OSError", "IOError"]),
    ("tls", &["SSLError", "ConnectionError", "RequestException", "OSError", "IOError"]),
    ("too_many_redirects", &["TooManyRedirects", "RequestException", "OSError", "IOError"]),
    ("type_error", &["TypeError"]),
    (
        "unsupported_scheme",
        &["InvalidSchema", "RequestException", "OSError", "IOError", "ValueError"],
    ),
    ("value_error", &["ValueError"]),
];

/// The library's JSON form has tenacity's names, without their beginning.
pub(super) fn wait(strategy: &Value) -> Result<Wait, Inexpressible> {
    let (name, argument) = only(strategy)?;
    let kind = name.strip_prefix("wait_").ok_or(Inexpressible)?;
    let parts = || -> Result<Vec<Wait>, Inexpressible> {
        argument.as_array().into_iter().flatten().map(wait).collect()
    };
    let mut members = argument.as_object().cloned().unwrap_or_default();
    match kind {
        "none" => return Ok(Wait::None),
        "chain" => return Wait::chain(parts()?).map_err(|_| Inexpressible),
        "combine" => return Ok(Wait::Combine { strategies: parts()? }),
        "from_status" => return Ok(from_status(members)),
        "fixed" => members = Map::from_iter([("seconds".to_owned(), argument.clone())]),
        _ => {}
    }
    members.insert("type".into(), kind.into());
    serde_json::from_value(members.into()).map_err(|_| Inexpressible)
}

/// Seconds by the first three characters of the error's text.
fn from_status(table: Map<String, Value>) -> Wait {
    Wait::custom(move |state: &RetryState<'_>, _: &mut dyn FnMut() -> f64| {
        let own = state.outcome.as_any().and_then(|any| any.downcast_ref::<Outcome>());
        let status = match (own, state.outcome.status()) {
            (Some(Outcome::Fault(fault)), _) => fault.message.get(..3).map(str::to_owned),
            (_, Some(status)) => Some(status.as_str().to_owned()),
            _ => None,
        };
        let listed = status.and_then(|status| table.get(&status)).or(table.get("default"));
        Duration::from_secs_f64(listed.and_then(Value::as_f64).unwrap_or_default())
    })
}

pub(super) fn stop(strategy: &Value) -> Result<Stop, Inexpressible> {
    let (name, argument) = only(strategy)?;
    let kind = name.strip_prefix("stop_").ok_or(Inexpressible)?;
    let parts = || -> Result<Vec<Stop>, Inexpressible> {
        argument.as_array().into_iter().flatten().map(stop).collect()
    };
    let value = match kind {
        "any" => return Ok(Stop::Any { stops: parts()? }),
        "all" => return Ok(Stop::All { stops: parts()? }),
        "after_attempt" => json!({"type": kind, "max_attempts": argument}),
        "after_delay" | "before_delay" => json!({"type": kind, "seconds": argument}),
        _ => json!({"type": kind}),
    };
    serde_json::from_value(value).map_err(|_| Inexpressible)
}

/// A strategy is an object with one member.
fn only(strategy: &Value) -> Result<(&str, &Value), Inexpressible> {
    let mut members = strategy.as_object().ok_or(Inexpressible)?.iter();
    match (members.next(), members.next()) {
        (Some((name, argument)), None) => Ok((name, argument)),
        _ => Err(Inexpressible),
    }
}
