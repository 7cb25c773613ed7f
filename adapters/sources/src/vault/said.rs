//! What a server says of a secret, by status and body.

use crate::error::SourceErrorKind;
use crate::remote::Said;
use crate::tree::Tree;

/// Whether there is what was asked for; if not told, why.
pub(super) fn is_there(said: &Said) -> Result<bool, (SourceErrorKind, String)> {
    let (kind, says) = match said.status.as_u16() {
        200..=299 => return Ok(true),
        404 => {
            // What is not there has no errors; what cannot be there has. What stands before a server says something else.
            let is_empty =
                |name| matches!(said.tree(&[name]), Some(Tree::List(items)) if items.is_empty());
            let has_warnings = !matches!(said.tree(&["warnings"]), None | Some(Tree::Null))
                && !is_empty("warnings");
            if (is_empty("errors") || is_deleted(said)) && !has_warnings {
                return Ok(false);
            }
            let says = "no key-value store of this version is mounted there (404)";
            (SourceErrorKind::Unsupported, says.to_owned())
        }
        401 | 403 => (SourceErrorKind::Denied, "the token is refused, or not permitted".to_owned()),
        503 => (SourceErrorKind::Unavailable, "sealed, or not ready (503)".to_owned()),
        status => (SourceErrorKind::Unavailable, format!("the server answers {status}")),
    };
    Err((kind, says))
}

/// Whether it tells of a version that was deleted.
pub(super) fn is_deleted(said: &Said) -> bool {
    said.tree(&["data", "data"]) == Some(&Tree::Null)
        && matches!(said.tree(&["data", "metadata"]), Some(Tree::Map(_)))
}
