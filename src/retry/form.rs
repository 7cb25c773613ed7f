//! The JSON form of a policy. Reading it ends in a check, whichever way is taken: the derived code, which has none, is this file's alone.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::{Error, ErrorKind};
use crate::retry::bounded::Counted;
use crate::retry::condition::Condition;
use crate::retry::hint::Hints;
use crate::retry::misfit::Misfit;
use crate::retry::policy::RetryPolicy;
use crate::retry::stop::Stop;
use crate::retry::wait::Wait;
use crate::retry::{seconds, words};

/// The fields of a [`RetryPolicy`], as they are written.
#[derive(Serialize, Deserialize)]
#[serde(
    remote = "RetryPolicy",
    rename = "RetryPolicy",
    default = "RetryPolicy::default",
    deny_unknown_fields
)]
pub(super) struct Form {
    when: Condition,
    once: Condition,
    wait: Wait,
    stop: Stop,
    hints: Hints,
    #[serde(with = "seconds::duration")]
    min_attempt: Duration,
    #[serde(
        rename = "on_exhausted",
        with = "words::on_exhausted",
        skip_serializing_if = "words::is_no"
    )]
    return_when_exhausted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt_header: Option<String>,
}

impl RetryPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Policy`] if the text is not the JSON form, [`ErrorKind::Limit`] if it is too large or too deep.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        if text.len() > Self::MAX_BYTES {
            return Err(Error::new(ErrorKind::Limit, "retry policy: more than 64 KiB"));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let policy = Form::deserialize(&mut reader)
            .and_then(|policy| reader.end().map(|()| policy))
            .map_err(|error| {
                Error::new(ErrorKind::Policy, format!("retry policy: {}", says(&error, text)))
            })?;
        policy.validate()?;
        Ok(policy)
    }

    /// Reads the policy of a stored connection: what is wrong with it is told without any of its text, which may be a secret
    /// in the wrong place.
    pub(crate) fn from_connection(value: &serde_json::Value) -> Result<Self, Error> {
        if value.to_string().len() > Self::MAX_BYTES {
            return Err(Error::new(ErrorKind::Limit, "more than 64 KiB"));
        }
        let policy = Form::deserialize(value).map_err(|_| {
            let says = Misfit::of(value).map(|misfit| format!(": {}", misfit.says_no_text()));
            let says = format!("not a retry policy{}", says.unwrap_or_default());
            Error::new(ErrorKind::Policy, says)
        })?;
        policy.validate()?;
        Ok(policy)
    }
}

impl Serialize for RetryPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Form::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for RetryPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Counted(value) = Counted::deserialize(deserializer)?;
        let policy = Form::deserialize(&value).map_err(|error| {
            let misfit = Misfit::of(&value);
            serde::de::Error::custom(misfit.map_or_else(|| error.to_string(), |own| own.says()))
        })?;
        policy.validate().map_err(serde::de::Error::custom)?;
        Ok(policy)
    }
}

/// What is wrong with a policy's text, and where; without the texts in it: one that stands in the wrong place may be secret.
fn says(error: &serde_json::Error, text: &str) -> String {
    let value = serde_json::from_str(text).ok();
    if let Some(misfit) = value.as_ref().and_then(Misfit::of) {
        return format!("{} at line {} column {}", misfit.says(), error.line(), error.column());
    }
    let says = error.to_string();
    match (says.split_once('"'), says.rsplit_once('"')) {
        (Some((before, _)), Some((_, behind))) => format!("{before}\"…\"{behind}"),
        _ => says,
    }
}
