//! Puts credentials on a request.

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::base::url::form;
use crate::base::{Error, ErrorKind, headers};

/// Sets a header in place of any of its name, and marks it as sensitive.
pub(super) fn header(
    headers: &mut HeaderMap,
    name: HeaderName,
    given: &HeaderValue,
) -> Result<(), Error> {
    let value = headers::of_scheme(&name, given, "auth")?;
    match headers.try_insert(name, value) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(ErrorKind::Limit, "too many headers")),
    }
}

/// Adds a pair behind the query.
pub(super) fn query(uri: &Uri, name: &str, value: &str) -> Result<Uri, Error> {
    let bad = || Error::new(ErrorKind::Auth, "auth: the key does not fit into the URL");
    let mut parts = uri.clone().into_parts();
    let mut target = parts.path_and_query.map_or_else(|| "/".to_owned(), |old| old.to_string());
    let mut key = String::new();
    form::encode_into(&mut key, name, value);
    target.push(if target.contains('?') { '&' } else { '?' });
    target.push_str(&key);
    parts.path_and_query = Some(PathAndQuery::try_from(target).map_err(|_| bad())?);
    Uri::from_parts(parts).map_err(|_| bad())
}
