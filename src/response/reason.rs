//! The reason phrase, which the `http` crate has no place for.

use std::fmt;

use http::Response;

/// The reason phrase of a response, as an extension that a transport sets where its client tells it.
///
/// # Examples
///
/// ```
/// use http_hook::response::Reason;
///
/// let mut response = http::Response::builder().status(404).body(())?;
/// assert_eq!(Reason::of(&response).as_str(), "Not Found");
/// response.extensions_mut().insert(Reason::new("Gone fishing"));
/// assert_eq!(Reason::of(&response).as_str(), "Gone fishing");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(std::borrow::Cow<'static, str>);

impl Reason {
    /// Makes a reason phrase of the text on the status line; control characters are left out.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|c| !c.is_control()).collect::<String>().into())
    }

    /// Returns the response's own phrase, or the usual one of its status, or nothing.
    #[must_use]
    pub fn of<B>(response: &Response<B>) -> Self {
        response.extensions().get::<Self>().cloned().unwrap_or_else(|| {
            Self(response.status().canonical_reason().unwrap_or_default().into())
        })
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
