//! stub
use crate::error::Error;
use std::fmt;
/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    place: String,
    message: String,
}
impl Problem {
    /// Makes one.
    pub fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
    /// Of an error.
    pub fn of(place: &str, error: &Error) -> Self {
        Self::new(place, error.to_string())
    }
}
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
