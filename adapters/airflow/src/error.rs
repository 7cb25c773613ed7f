//! What is said of an argument that cannot be taken.

use std::error::Error as StdError;
use std::fmt;

use http_hook::Error;
use http_hook::connection::Problem;
use serde_json::{Map, Value};

/// An argument that cannot be taken.
///
/// It names the argument, as `request_kwargs.files`, and never repeats what it holds.
///
/// # Examples
///
/// ```
/// use http::Method;
/// use http_hook_airflow::CallArguments;
/// use serde_json::json;
///
/// let call = CallArguments { headers: json!({"X-Key": 5}), ..CallArguments::default() };
/// let error = call.plan(&Method::GET).err().expect("a number is no header");
/// assert_eq!(error.argument(), "headers");
/// assert_eq!(error.to_string(), "headers: each value must be a text, or None to take the name out");
/// ```
#[derive(Clone, Debug)]
pub struct ArgumentError {
    argument: &'static str,
    refusal: Refusal,
}

/// Why an argument is refused.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// It is of the wrong type, where Python raises a `TypeError` when it runs. The text says what would do.
    Type(&'static str),
    /// What it says cannot be done.
    Error(Error),
    /// Some of the options in it cannot be taken.
    Options(Vec<Problem>),
}

/// Reads arguments as a dict; `None` is one of none.
pub(crate) fn dict(arguments: &Value) -> Result<Map<String, Value>, ArgumentError> {
    match arguments {
        Value::Object(members) => Ok(members.clone()),
        Value::Null => Ok(Map::new()),
        _ => Err(ArgumentError::wrong_type("arguments", "must be a dict")),
    }
}

impl ArgumentError {
    pub(crate) const fn wrong_type(argument: &'static str, wanted: &'static str) -> Self {
        Self { argument, refusal: Refusal::Type(wanted) }
    }

    pub(crate) const fn refused(argument: &'static str, error: Error) -> Self {
        Self { argument, refusal: Refusal::Error(error) }
    }

    pub(crate) const fn options(argument: &'static str, problems: Vec<Problem>) -> Self {
        Self { argument, refusal: Refusal::Options(problems) }
    }

    /// Names the argument, as `request_kwargs.files`.
    #[must_use]
    pub const fn argument(&self) -> &'static str {
        self.argument
    }

    /// Tells why it is refused.
    #[must_use]
    pub const fn refusal(&self) -> &Refusal {
        &self.refusal
    }
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.refusal {
            Refusal::Type(wanted) => write!(f, "{}: {wanted}", self.argument),
            Refusal::Error(error) => write!(f, "{}: {error}", self.argument),
            // Each names its own place.
            Refusal::Options(problems) => {
                let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join("; "))
            }
        }
    }
}

impl StdError for ArgumentError {}
