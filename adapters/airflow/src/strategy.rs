//! tenacity's waits and stops, whose names the library's JSON form has without their beginning.

use http_hook::RetryPolicy;
use http_hook::retry::{Stop, Wait};
use serde_json::{Map, Value, json};

use crate::argument::plain;
use crate::error::ArgumentError;

const UNKNOWN: &str = "no strategy of this name, or not with these arguments";

/// Reads a wait.
pub(crate) fn wait(strategy: &Value, depth: usize) -> Result<Wait, ArgumentError> {
    let wrong = || ArgumentError::wrong_type("retry.wait", UNKNOWN);
    let (name, argument) = only("retry.wait", strategy)?;
    let kind = name.strip_prefix("wait_").ok_or_else(wrong)?;
    let all = || parts("retry.wait", argument, depth, |one| wait(one, depth + 1));
    let mut members = argument.as_object().cloned().unwrap_or_default();
    match kind {
        "none" => return Ok(Wait::None),
        "chain" => {
            return Wait::chain(all()?)
                .map_err(|error| ArgumentError::refused("retry.wait", error));
        }
        "combine" => return Ok(Wait::Combine { strategies: all()? }),
        "fixed" => members = Map::from_iter([("seconds".to_owned(), argument.clone())]),
        _ => {}
    }
    members.insert("type".into(), kind.into());
    serde_json::from_value(members.into()).map_err(|_| wrong())
}

/// Reads a stop.
pub(crate) fn stop(strategy: &Value, depth: usize) -> Result<Stop, ArgumentError> {
    let wrong = || ArgumentError::wrong_type("retry.stop", UNKNOWN);
    let (name, argument) = only("retry.stop", strategy)?;
    let kind = name.strip_prefix("stop_").ok_or_else(wrong)?;
    let all = || parts("retry.stop", argument, depth, |one| stop(one, depth + 1));
    let value = match kind {
        "any" => return Ok(Stop::Any { stops: all()? }),
        "all" => return Ok(Stop::All { stops: all()? }),
        "after_attempt" => json!({"type": kind, "max_attempts": argument}),
        "after_delay" | "before_delay" => json!({"type": kind, "seconds": argument}),
        _ => json!({"type": kind}),
    };
    serde_json::from_value(value).map_err(|_| wrong())
}

/// Reads a strategy: an object with one member, which is its name.
pub(crate) fn only<'a>(
    argument: &'static str,
    strategy: &'a Value,
) -> Result<(&'a str, &'a Value), ArgumentError> {
    let wanted = "a strategy must be an object whose one member is its name";
    let mut members = strategy.as_object().into_iter().flatten();
    match (members.next(), members.next()) {
        (Some((name, content)), None) => Ok((name, content)),
        _ => Err(ArgumentError::wrong_type(argument, wanted)),
    }
}

/// Reads the parts of a strategy, not deeper than a policy may be.
pub(crate) fn parts<T>(
    argument: &'static str,
    list: &Value,
    depth: usize,
    read: impl Fn(&Value) -> Result<T, ArgumentError>,
) -> Result<Vec<T>, ArgumentError> {
    let list = plain(list);
    let list = list.as_array().filter(|_| depth < RetryPolicy::MAX_DEPTH).ok_or_else(|| {
        let wanted = "must be a list of strategies, not nested deeper than 16";
        ArgumentError::wrong_type(argument, wanted)
    });
    list?.iter().map(read).collect()
}
