//! What may be stored.

use crate::base::redact::{Piece, path_pieces, query_pieces, sent_path, sent_query, unescaped};
use crate::base::{Error, ErrorKind};

pub(super) fn check_path(path: &str) -> Result<(), Error> {
    let mut refused = None;
    // As it was given is what is written, as it is sent what is shown: neither may tell what the other hides.
    let sent = sent_path(path);
    for path in [path, &sent] {
        path_pieces(path, &mut |piece| refused = refused.or(hidden(piece)));
    }
    match refused {
        None => Ok(()),
        Some("") => Err(not_storable("user info or a parameter in the path")),
        Some(name) => {
            Err(not_storable(&format!("parameter {} in the path", name.escape_default())))
        }
    }
}

pub(super) fn check_query(query: &str) -> Result<(), Error> {
    let mut refused = None;
    let sent = sent_query(query);
    for query in [query, &sent] {
        query_pieces(query, &mut |piece| refused = refused.or(hidden(piece)));
    }
    if let Some(name) = refused {
        let name = unescaped(name);
        return Err(not_storable(&format!("parameter {}", name.escape_default())));
    }
    Ok(())
}

fn hidden(piece: Piece<'_>) -> Option<&str> {
    if let Piece::Hidden(name) = piece { Some(name) } else { None }
}

pub(crate) fn stored(message: &'static str) -> Error {
    Error::new(ErrorKind::Stored, message)
}

pub(crate) fn not_storable(what: &str) -> Error {
    Error::new(ErrorKind::NotStorable, format!("not storable: {what}"))
}
