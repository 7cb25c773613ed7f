//! Where bodies end: the headers of a request that its client writes, and the length of a response.

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::{Method, StatusCode};

use crate::base::TransportError;
use crate::response;

/// Leaves the framing of a request to its client: takes out `Content-Length` and `Transfer-Encoding`. A request that is empty, where a
/// server expects content, gets `Content-Length: 0`
/// ([RFC 9110 §8.6](https://www.rfc-editor.org/rfc/rfc9110#section-8.6)), which many clients leave out.
///
/// # Examples
///
/// ```
/// use http::{HeaderMap, Method};
/// use http_hook::transport::leave_framing;
///
/// let mut headers = HeaderMap::new();
/// leave_framing(&mut headers, &Method::POST, true);
/// assert_eq!(headers["content-length"], "0");
/// leave_framing(&mut headers, &Method::GET, true);
/// assert!(headers.is_empty());
/// ```
pub fn leave_framing(headers: &mut HeaderMap, method: &Method, is_empty: bool) {
    headers.remove(TRANSFER_ENCODING);
    headers.remove(CONTENT_LENGTH);
    if is_empty && matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
}

/// Reads how long the body of the response to a `method` has to be
/// ([RFC 9112 §6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)), for clients that do not hold it to that. `None` if the head does
/// not tell: then it comes in chunks, or ends with the connection.
///
/// # Errors
///
/// Kind [`Protocol`](crate::TransportErrorKind::Protocol) and [`Sent::Yes`](crate::Sent::Yes), if a length is none, or two differ, or the body has another transfer
/// coding than `chunked` alone: nobody asked for one ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)), and
/// clients read them in many ways.
///
/// # Examples
///
/// ```
/// use http::{HeaderMap, HeaderValue, Method, StatusCode};
/// use http_hook::transport::response_length;
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(response_length(&Method::GET, StatusCode::OK, &headers)?, None);
/// headers.insert("content-length", HeaderValue::from_static("7"));
/// assert_eq!(response_length(&Method::GET, StatusCode::OK, &headers)?, Some(7));
/// assert_eq!(response_length(&Method::HEAD, StatusCode::OK, &headers)?, Some(0));
/// headers.append("content-length", HeaderValue::from_static("8"));
/// assert!(response_length(&Method::GET, StatusCode::OK, &headers).is_err());
/// headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
/// assert_eq!(response_length(&Method::GET, StatusCode::OK, &headers)?, None);
/// headers.insert("transfer-encoding", HeaderValue::from_static("gzip, chunked"));
/// assert!(response_length(&Method::GET, StatusCode::OK, &headers).is_err());
/// # Ok::<(), http_hook::TransportError>(())
/// ```
pub fn response_length(
    method: &Method,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<u64>, TransportError> {
    response::response_length(method, status, headers)
}
