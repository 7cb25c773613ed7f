//! What is thrown and returned: results, errors, and the tree of their types.

use std::collections::BTreeMap;

use http_hook::retry::RetryOutcome;
use serde_json::{Value, json};

use super::values::text;

/// The tree of error types: child to parent.
pub(super) struct Types(BTreeMap<String, String>);

impl Types {
    pub(super) fn read(tree: &Value) -> Self {
        let rows = tree.as_object().expect("type_tree").iter();
        let mut parents: BTreeMap<_, _> =
            rows.map(|(child, parent)| (child.clone(), text(parent))).collect();
        parents.insert("TryAgain".into(), "Error".into());
        Self(parents)
    }

    pub(super) fn is_a<'a>(&'a self, mut kind: &'a str, ancestor: &str) -> bool {
        loop {
            if kind == ancestor {
                return true;
            }
            match self.0.get(kind) {
                Some(parent) => kind = parent,
                None => return false,
            }
        }
    }

    pub(super) fn is_any(&self, kind: &str, ancestors: &[String]) -> bool {
        ancestors.iter().any(|ancestor| self.is_a(kind, ancestor))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Raised {
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) cause: Cause,
}

#[derive(Clone, Debug)]
pub(super) enum Cause {
    None,
    /// The error is its own cause.
    Itself,
    Other(Box<Raised>),
}

#[derive(Clone, Debug)]
pub(super) enum Shot {
    Result(Value),
    Raised(Raised),
}

impl Raised {
    pub(super) fn read(error: &Value) -> Self {
        let cause = match &error["cause"] {
            Value::Null => Cause::None,
            Value::String(_) => Cause::Itself,
            cause => Cause::Other(Box::new(Self::read(cause))),
        };
        let message = error["message"].as_str().unwrap_or_default().to_owned();
        Self { kind: text(&error["type"]), message, cause }
    }

    pub(super) fn brief(&self) -> Value {
        json!({"type": self.kind, "message": self.message})
    }
}

impl Shot {
    pub(super) fn read(outcome: &Value) -> Self {
        match outcome.get("exception") {
            Some(error) => Self::Raised(Raised::read(error)),
            None => Self::Result(outcome["result"].clone()),
        }
    }

    pub(super) fn of(outcome: &dyn RetryOutcome) -> &Self {
        outcome.as_any().and_then(|any| any.downcast_ref()).expect("only shots are fired here")
    }
}

impl RetryOutcome for Shot {
    fn failed(&self) -> bool {
        matches!(self, Self::Raised(_))
    }

    fn try_again(&self) -> bool {
        self.kind() == Some("TryAgain")
    }

    fn kind(&self) -> Option<&str> {
        match self {
            Self::Result(_) => None,
            Self::Raised(error) => Some(&error.kind),
        }
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }

    fn unwrapped(self) -> Self {
        match self {
            Self::Raised(Raised { kind, cause: Cause::Other(cause), .. }) if kind == "TryAgain" => {
                Self::Raised(*cause)
            }
            other => other,
        }
    }
}
