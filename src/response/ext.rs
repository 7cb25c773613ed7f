//! What is done with a response most often.

use std::borrow::Cow;

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;

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
    /// Kind [`Body`](ErrorKind::Body), naming line and column but nothing of the content.
    fn json<T: DeserializeOwned>(&self) -> Result<T, Error>;

    /// Reads the body as text: by the charset of its Content-Type, else as the original does.
    fn text(&self) -> Cow<'_, str>;
}

impl ResponseExt for Response<Bytes> {
    fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.body()).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let message =
                format!("the answer is not the JSON expected, at line {line} column {column}");
            Error::new(ErrorKind::Body, message)
        })
    }

    fn text(&self) -> Cow<'_, str> {
        crate::response::text::text(self.headers(), self.body())
    }
}
