//! A base URL that a program gives, and not a connection: it has to be one that endpoints can be appended to.

use crate::base::{Error, Problem};

/// Names the place of what is told of it.
const PLACE: &str = "base URL";

/// Tells what has no place in such a URL, if anything has: a stored connection may have it, as recorded.
pub(super) fn unfit(url: &str) -> Option<Problem> {
    if url.contains(['?', '#']) {
        let problem =
            Problem::new(PLACE, "it has a query or a fragment, which no endpoint could follow");
        let hint = "leave it out, and give parameters to the calls, by `param`; an API key that is a parameter is \
                    `AuthScheme::ApiKeyInQuery`";
        return Some(problem.with_hint(hint));
    }
    if !url.contains("://") {
        let problem = Problem::new(PLACE, "it has no scheme");
        return Some(
            problem.with_hint("begin it with https://, or with http:// if all may read along"),
        );
    }
    None
}

/// Says what is wrong with it in the words of who wrote a URL, and no connection.
pub(super) fn problem(error: &Error) -> Problem {
    let message = error.message();
    let own = message.strip_prefix("connection.host: ").unwrap_or(message);
    Problem::new(PLACE, own.replace("connection.host: ", ""))
}
