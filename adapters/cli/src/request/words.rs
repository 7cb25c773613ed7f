//! Method, endpoint and items of a call.

use http::Method;

use super::item;
use crate::args::RequestArgs;
use crate::exit::Problem;
use crate::store::may_be_url;

/// Method, endpoint and items of a call.
pub(crate) struct Words<'a> {
    pub(crate) method: Option<Method>,
    pub(crate) endpoint: &'a str,
    pub(crate) items: &'a [String],
}

/// The methods that may be written in lower case.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

impl<'a> Words<'a> {
    /// Tells method, endpoint and items apart: a method is written in capitals or well known, and an endpoint follows.
    pub(crate) fn new(
        conn: &str,
        words: &'a [String],
        options: &RequestArgs,
    ) -> Result<Self, Problem> {
        let own = match &options.method {
            _ if options.head => Some(Method::HEAD),
            Some(method) => Some(
                parse(method).map_err(|why| Problem::usage(format!("-X: {}", why.message())))?,
            ),
            None => None,
        };
        let [first, rest @ ..] = words else {
            return Err(no_endpoint(conn));
        };
        let (method, endpoint, items) = match rest {
            [endpoint, items @ ..] if is_method(first) => {
                match (own, item::reads_as_item(endpoint)) {
                    (None, false) => (Some(parse(first)?), endpoint, items),
                    (None, true) => return Err(in_doubt(first)),
                    // The method is said elsewhere, so this is an endpoint that is called like one.
                    (own, true) => (own, first, rest),
                    (own, false) if own == Some(parse(first)?) => (own, endpoint, items),
                    (Some(_), false) => return Err(twice(first)),
                }
            }
            _ => (own, first, rest),
        };
        if conn != "-" && endpoint.contains("://") && !endpoint.contains('?') {
            return Err(Problem::usage(
                "the endpoint is a whole URL, and a connection has a host of its own: give the path alone, or `-` in place of the connection",
            ));
        }
        Ok(Self { method, endpoint, items })
    }
}

fn is_method(word: &str) -> bool {
    let known = METHODS.iter().any(|method| method.eq_ignore_ascii_case(word));
    known || !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn parse(method: &str) -> Result<Method, Problem> {
    method_of(method).map_err(Problem::usage)
}

/// Reads a method, wherever somebody has written it. Others than the well known ones are told apart by their case.
pub(crate) fn method_of(text: &str) -> Result<Method, String> {
    let upper = text.to_ascii_uppercase();
    let method = if METHODS.contains(&upper.as_str()) { &upper } else { text };
    method.parse().map_err(|_| "the method is not a token".to_owned())
}

/// A word that may be meant as a method or as an endpoint: nothing is sent until that is clear.
fn in_doubt(word: &str) -> Problem {
    let word = crate::screen::line(word);
    Problem::usage(format!("the endpoint is missing: an item follows `{word}`"))
        .with_hint(format!("CONN {word} ENDPOINT ITEM; /{word} if that is the endpoint itself"))
}

fn twice(word: &str) -> Problem {
    Problem::usage(format!("there are two methods: that of an option, and `{word}`"))
        .with_hint(format!("write /{word} if that is the endpoint"))
}

fn no_endpoint(conn: &str) -> Problem {
    if may_be_url(conn) {
        Problem::usage("there is no endpoint").with_hint(
            "a whole URL stands behind `-`: `- URL`; behind a connection, an endpoint: `CONN ENDPOINT`",
        )
    } else if conn == "-" {
        Problem::usage("the URL is missing: `- https://…`")
    } else {
        Problem::usage("there is no endpoint")
            .with_hint(format!("the base URL itself is `/`: `{} /`", crate::screen::line(conn)))
    }
}
