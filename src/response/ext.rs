//! What is done with a response most often.

use std::borrow::Cow;

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;

use super::mismatch::Reader;
use crate::base::json::{read_any, unmarked};
use crate::base::{Error, ErrorKind};

/// Reads the body of a response that is in memory.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use http_hook::ResponseExt as _;
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     id: u32,
/// }
///
/// let response = http::Response::new(Bytes::from_static(br#"{"id": 7}"#));
/// let order: Order = response.json()?;
/// assert_eq!(order.id, 7);
/// assert_eq!(response.text(), r#"{"id": 7}"#);
/// # Ok::<(), http_hook::Error>(())
/// ```
pub trait ResponseExt {
    /// Reads the body as JSON, whatever its Content-Type says. Nesting is limited to 128 levels.
    ///
    /// # Errors
    ///
    /// Kind [`Body`](ErrorKind::Body). It names the place, as `$.orders[3].id`, and what was expected there, or line and column of
    /// what is no JSON, or of any body of more than 512 KiB, but nothing of the content: a name that the type does not name itself is `*`.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_hook::ResponseExt as _;
    ///
    /// #[derive(Debug, serde::Deserialize)]
    /// struct Order {
    ///     id: u32,
    /// }
    ///
    /// let response = http::Response::new(Bytes::from_static(br#"[{"id": 7}, {"id": "secret"}]"#));
    /// let error = response.json::<Vec<Order>>().unwrap_err();
    /// let says = "the answer is not the JSON expected: $[1].id: expected u32, found a string";
    /// assert_eq!(error.to_string(), says);
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    fn json<T: DeserializeOwned>(&self) -> Result<T, Error>;

    /// Reads the body as text: by the charset of its Content-Type, else as the original does.
    fn text(&self) -> Cow<'_, str>;
}

impl ResponseExt for Response<Bytes> {
    fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(unmarked(self.body())).map_err(|_| why_not::<T>(self.body()))
    }

    fn text(&self) -> Cow<'_, str> {
        crate::response::text::text(self.headers(), self.body())
    }
}

/// Of a longer body, in bytes, the place is told alone: read without its type it takes many times its size.
const MAX_REREAD: usize = 512 << 10;

/// Reads the body again, to tell why it is not the value expected.
#[cold]
fn why_not<T: DeserializeOwned>(body: &[u8]) -> Error {
    if body.len() > MAX_REREAD {
        let at = serde_json::from_slice::<T>(unmarked(body)).err();
        let at = at.map(|error| format!(", at line {} column {}", error.line(), error.column()));
        let at = at.unwrap_or_default();
        return Error::new(ErrorKind::Body, format!("the answer is not the JSON expected{at}"));
    }
    // These texts quote nothing.
    let (value, why) = match read_any(body) {
        Ok(read) => read,
        Err(error) => {
            return Error::new(ErrorKind::Body, format!("the answer is not JSON: {error}"));
        }
    };
    let mismatch = T::deserialize(Reader(&value)).err();
    let message = match (mismatch, why) {
        (Some(mismatch), _) => format!("the answer is not the JSON expected: {mismatch}"),
        (None, Some(error)) => format!("the answer is not the JSON expected: {error}"),
        (None, None) => "the answer is not the JSON expected".to_owned(),
    };
    Error::new(ErrorKind::Body, message)
}
