//! Where a transport may send to.

use http::Uri;

use crate::base::{Sent, TransportError, TransportErrorKind};

/// Refuses a URL that no transport may send to: one that is neither `http` nor `https`, has no host, or holds user info, which some
/// clients would send as credentials ([RFC 9110 §4.2.4](https://www.rfc-editor.org/rfc/rfc9110#section-4.2.4)).
///
/// The machine makes no such URL; a transport can be used without it.
///
/// # Errors
///
/// Kind [`InvalidRequest`](TransportErrorKind::InvalidRequest) and [`Sent::No`], saying which of these, without the URL.
///
/// # Examples
///
/// ```
/// use http_hook::Sent;
/// use http_hook::transport::check_target;
///
/// assert!(check_target(&"https://api.example.com/a".parse()?).is_ok());
/// let error = check_target(&"https://reader:secret@api.example.com/a".parse()?).unwrap_err();
/// assert_eq!(error.sent(), Sent::No);
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
pub fn check_target(uri: &Uri) -> Result<(), TransportError> {
    let why = match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(own)) if !own.as_str().contains('@') => return Ok(()),
        (Some("http" | "https"), Some(_)) => "the URL holds user info",
        (Some("http" | "https"), None) => "the URL has no host",
        _ => "the URL is neither http nor https",
    };
    Err(TransportError::new(TransportErrorKind::InvalidRequest, Sent::No).with_source(why))
}
