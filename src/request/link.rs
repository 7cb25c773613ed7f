//! Where an earlier response leads.

use http::uri::PathAndQuery;

use crate::base::{Origin, Secret};

/// Where a response said that the next request goes, in the place of endpoint and parameters.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) origin: Origin,
    pub(crate) target: PathAndQuery,
    /// Whether the response that said so came over https.
    pub(crate) secure: bool,
}

impl Link {
    /// Takes out of the query what a server repeats of the pair that is added to each request.
    pub(crate) fn take_out(&mut self, (name, value): (&str, &Secret)) {
        let Some(query) = self.target.query() else { return };
        let repeats = |part: &str| {
            let mut pairs = form_urlencoded::parse(part.as_bytes());
            pairs.any(|(own, text)| own == name && text == value.expose())
        };
        let left: Vec<_> = query.split('&').filter(|part| !repeats(part)).collect();
        if left.len() == query.split('&').count() {
            return;
        }
        let sign = if left.is_empty() { "" } else { "?" };
        let target = format!("{}{sign}{}", self.target.path(), left.join("&"));
        // What is left of a target is one.
        if let Ok(target) = target.parse() {
            self.target = target;
        }
    }
}
