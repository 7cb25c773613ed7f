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
        let policy = Form::deserialize(value).map_err(|error| {
            let says = Misfit::of(value, &error).says_no_text();
            Error::new(ErrorKind::Policy, format!("not a retry policy: {says}"))
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
        let policy = Form::deserialize(&value)
            .map_err(|error| serde::de::Error::custom(Misfit::of(&value, &error).says()))?;
        policy.validate().map_err(serde::de::Error::custom)?;
        Ok(policy)
    }
}

/// What is wrong with a policy's text, and where; without the texts in it: one that stands in the wrong place may be secret.
fn says(error: &serde_json::Error, text: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let misfit = value.and_then(|value| {
        let error = Form::deserialize(&value).err()?;
        Some(Misfit::of(&value, &error))
    });
    if let Some(misfit) = misfit {
        return format!("{} at line {} column {}", misfit.says(), error.line(), error.column());
    }
    let says = error.to_string();
    match (says.split_once('"'), says.rsplit_once('"')) {
        (Some((before, _)), Some((_, behind))) => format!("{before}\"…\"{behind}"),
        _ => says,
    }
}
