//! Where the JSON of a policy is wrong, and what may stand there: what is derived tells neither of a part that has a `type`.

use serde::Deserialize;
use serde_json::{Error, Value};

use crate::retry::condition::Condition;
use crate::retry::hint::{HintMode, Hints};
use crate::retry::seconds::{self, Seconds};
use crate::retry::stop::Stop;
use crate::retry::wait::Wait;
use crate::retry::{status, words};

/// The first thing that is wrong.
pub(super) struct Misfit {
    /// The member, from the policy on: `wait.strategies[1].max`; empty for the policy itself.
    place: String,
    /// What stands there, if it is a word that there is not.
    found: Option<String>,
    /// What may stand there.
    expected: String,
}

impl Misfit {
    /// Looks for it in a policy that could not be read, for this reason.
    pub(super) fn of(policy: &Value, error: &Error) -> Self {
        let place = String::new();
        let inside = Kind::Policy.inside(policy, &place);
        inside.unwrap_or_else(|| Kind::Policy.misfit(policy, error, place))
    }

    /// Says what is wrong; words that there are not are repeated.
    pub(super) fn says(&self) -> String {
        let found = self.found.as_ref().map(|found| format!("{found}, ")).unwrap_or_default();
        format!("{}{found}{}", self.prefix(), self.expected)
    }

    /// Says what is wrong without a word of what stands there.
    pub(super) fn says_no_text(&self) -> String {
        format!("{}{}", self.prefix(), self.expected)
    }

    fn prefix(&self) -> String {
        if self.place.is_empty() { String::new() } else { format!("{}: ", self.place) }
    }
}

/// What may stand in a place.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Policy,
    Condition,
    Conditions,
    Wait,
    Waits,
    Stop,
    Stops,
    Hints,
    Mode,
    Seconds,
    Time,
    Table,
    Count,
    Number,
    Text,
    NoneOrText,
    Texts,
    Statuses,
    Switch,
    OnExhausted,
    OverCap,
}

impl Kind {
    fn look(self, value: &Value, place: String) -> Option<Misfit> {
        let inside = self.inside(value, &place);
        inside.or_else(|| self.read(value).err().map(|error| self.misfit(value, &error, place)))
    }

    /// What is wrong with a part of a value.
    fn inside(self, value: &Value, place: &str) -> Option<Misfit> {
        match value {
            Value::Object(members) => members.iter().find_map(|(name, own)| {
                let own_place = match self {
                    // A name that somebody made up is not repeated.
                    Self::Table => place.to_owned(),
                    _ if place.is_empty() => name.clone(),
                    _ => format!("{place}.{name}"),
                };
                self.member(name, value)?.look(own, own_place)
            }),
            Value::Array(items) => self.item().and_then(|kind| {
                let mut items = items.iter().enumerate();
                items.find_map(|(index, own)| kind.look(own, format!("{place}[{index}]")))
            }),
            _ => None,
        }
    }

    /// What is wrong with a value whose parts are as they should be.
    fn misfit(self, value: &Value, error: &Error, place: String) -> Misfit {
        let has_type = value.get("type").is_some_and(Value::is_string);
        let is_holder = self.is_tagged() || matches!(self, Self::Policy | Self::Hints);
        let is_shape = if self.is_tagged() { has_type } else { value.is_object() };
        if !(is_holder && is_shape) {
            let expected = format!("expected {}", self.shape());
            return Misfit { place, found: None, expected };
        }
        let says = error.to_string();
        let (found, expected) = match says.split_once(", expected ") {
            Some((found, expected)) => {
                let is_word = found.starts_with("unknown");
                (Some(found.to_owned()).filter(|_| is_word), format!("expected {expected}"))
            }
            // It is a name of ours.
            None if says.starts_with("missing field") => (None, says),
            None => (None, "not what belongs there".to_owned()),
        };
        Misfit { place, found, expected }
    }

    fn read(self, value: &Value) -> Result<(), Error> {
        match self {
            // It was read before.
            Self::Policy => Ok(()),
            Self::Condition => Condition::deserialize(value).map(drop),
            Self::Wait => Wait::deserialize(value).map(drop),
            Self::Stop => Stop::deserialize(value).map(drop),
            Self::Hints => Hints::deserialize(value).map(drop),
            Self::Mode => HintMode::deserialize(value).map(drop),
            // Each item was looked at.
            Self::Conditions | Self::Waits | Self::Stops | Self::Texts => is(value.is_array()),
            Self::Table => is(value.is_object()),
            Self::Seconds => Seconds::deserialize(value).map(drop),
            Self::Time => seconds::duration::deserialize(value).map(drop),
            Self::Count => u32::deserialize(value).map(drop),
            Self::Number => is(value.is_number()),
            Self::Text => is(value.is_string()),
            Self::NoneOrText => is(value.is_string() || value.is_null()),
            Self::Statuses => status::deserialize(value).map(drop),
            Self::Switch => is(value.is_boolean()),
            Self::OnExhausted => words::on_exhausted::deserialize(value).map(drop),
            Self::OverCap => words::over_cap::deserialize(value).map(drop),
        }
    }

    /// Whether a `type` says what it is.
    const fn is_tagged(self) -> bool {
        matches!(self, Self::Condition | Self::Wait | Self::Stop | Self::Mode)
    }

    /// What a member may be; nothing is said of one that there is not.
    fn member(self, name: &str, value: &Value) -> Option<Self> {
        let kind = match (self, name) {
            (Self::Policy, "when" | "once")
            | (Self::Condition, "condition")
            | (Self::Wait, "when") => Self::Condition,
            (Self::Policy, "wait") | (Self::Wait, "then" | "otherwise") => Self::Wait,
            (Self::Policy, "stop") => Self::Stop,
            (Self::Policy, "hints") => Self::Hints,
            (Self::Policy, "on_exhausted") => Self::OnExhausted,
            (Self::Policy, "min_attempt") | (Self::Hints, "cap") => Self::Time,
            (Self::Condition, "conditions") => Self::Conditions,
            (Self::Condition, "kinds") => Self::Texts,
            (Self::Condition | Self::Hints, "statuses") => Self::Statuses,
            (Self::Condition, "name" | "text" | "pointer") | (Self::Stop, "class" | "event") => {
                Self::Text
            }
            // In JSON it may be anything.
            (Self::Condition, "equals") if value["type"] == "body_json" => return None,
            (Self::Condition, "equals" | "contains") | (Self::Policy, "attempt_header") => {
                Self::NoneOrText
            }
            (Self::Wait, "strategies") => Self::Waits,
            (Self::Wait, "table") => Self::Table,
            (Self::Wait, "exp_base") | (Self::Hints, "jitter") => Self::Number,
            (Self::Stop, "stops") => Self::Stops,
            (Self::Stop, "max_attempts") => Self::Count,
            (Self::Hints, "retry_after" | "rate_limit") => Self::Switch,
            (Self::Hints, "over_cap") => Self::OverCap,
            (Self::Hints, "mode") => Self::Mode,
            (Self::Table, _)
            | (Self::Stop | Self::Mode, "seconds")
            | (
                Self::Wait,
                "seconds" | "start" | "increment" | "max" | "min" | "multiplier" | "initial"
                | "jitter" | "base" | "cap" | "default",
            ) => Self::Seconds,
            _ => return None,
        };
        Some(kind)
    }

    const fn item(self) -> Option<Self> {
        match self {
            Self::Conditions => Some(Self::Condition),
            Self::Waits => Some(Self::Wait),
            Self::Stops => Some(Self::Stop),
            Self::Texts => Some(Self::Text),
            _ => None,
        }
    }

    /// What it looks like.
    fn shape(self) -> String {
        let shape = match self {
            Self::Policy => {
                r#"an object, as {"stop": {"type": "after_attempt", "max_attempts": 3}}"#
            }
            Self::Condition => {
                r#"an object with a "type", as {"type": "status", "statuses": [503]}"#
            }
            Self::Wait => r#"an object with a "type", as {"type": "fixed", "seconds": 1}"#,
            Self::Stop => {
                r#"an object with a "type", as {"type": "after_attempt", "max_attempts": 3}"#
            }
            Self::Mode => r#"an object with a "type", as {"type": "at_least"}"#,
            Self::Hints => r#"an object, as {"retry_after": true, "cap": 60}"#,
            Self::Conditions => "a list of conditions",
            Self::Waits => "a list of waits",
            Self::Stops => "a list of stops",
            Self::Seconds => "a number of seconds, or \"inf\"",
            Self::Time => "a number of seconds, from 0 on",
            Self::Table => "an object of names and numbers of seconds",
            Self::Count => "a whole number from 0 to 4294967295",
            Self::Number => "a number",
            Self::Text | Self::NoneOrText => "a text",
            Self::Texts => "a list of texts",
            Self::Statuses => r#"a list of statuses, as [429, "5xx", "500-504"]"#,
            Self::Switch => "true or false",
            Self::OnExhausted => r#""fail" or "return""#,
            Self::OverCap => r#""cap" or "give_up""#,
        };
        match self.types() {
            Some(types) => format!("{shape}; the types are {types}"),
            None => shape.to_owned(),
        }
    }

    /// The types that there are, as the reader of one that is not there lists them.
    fn types(self) -> Option<String> {
        let none = serde_json::json!({ "type": "" });
        let says = self.is_tagged().then(|| self.read(&none).err())??.to_string();
        says.split_once("expected one of ").map(|(_, types)| types.to_owned())
    }
}

fn is(fits: bool) -> Result<(), Error> {
    if fits { Ok(()) } else { Err(serde::de::Error::custom("")) }
}
