//! What the first pages tell of a call that reads less, or more, than is wanted.

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::found::{params, places};
use crate::args::{NextBy, Pages as Args};
use crate::output::lacks;
use crate::screen;

/// What is looked for; of pages that were kept, nothing.
#[derive(Default)]
pub(super) struct Look<'a> {
    /// What has to be in the first page, and the option that says so.
    places: Vec<(&'a str, &'static str)>,
    /// Where what leads on is in the body.
    at: Option<&'a str>,
    /// Whether the header Link leads on.
    by_link: bool,
    /// The parameter that counts, if one does.
    counts: Option<&'a str>,
    first: Option<Bytes>,
}

impl<'a> Look<'a> {
    pub(super) fn new(args: &'a Args) -> Self {
        let counted = matches!(args.next, NextBy::Page | NextBy::Offset);
        Self {
            places: places(args),
            at: args.at.as_deref(),
            by_link: args.next == NextBy::Link,
            counts: params(args).into_iter().next().filter(|_| counted),
            first: None,
        }
    }

    /// Whether nothing leads on, as it is looked for where nobody says otherwise.
    pub(super) fn lacks_link(&self, page: &Response<Bytes>) -> bool {
        self.by_link && !page.headers().contains_key("link")
    }

    /// Tells what is odd. An array of items that is not there is one without items, and what does not lead on is the last page, so that a
    /// wrong name would be no fault at all; and who does not know a parameter sends the first page for ever.
    pub(super) fn at(&mut self, count: u64, page: &Response<Bytes>) -> Option<String> {
        let body = page.body();
        match count {
            1 => {
                self.first = self.counts.map(|_| body.clone());
                let lacking = self.places.iter().find(|(place, _)| lacks(body, place));
                if let Some((place, option)) = lacking {
                    return Some(format!("page 1 has nothing at {place}, which {option} names"));
                }
                let lacking = match self.at {
                    Some(at) if lacks(body, at) => format!("nothing at {at}, which --at names"),
                    None if self.lacks_link(page) => "no header Link".to_owned(),
                    _ => return None,
                };
                let page: Value = serde_json::from_slice(body).ok()?;
                let found = screen::line(&leads_on(&page, 3)?);
                // It is told.
                self.by_link = false;
                Some(format!(
                    "page 1 has {lacking}, but something at {found}: --next url or cursor, --at {found}"
                ))
            }
            2 => {
                let (first, param) = (self.first.take()?, self.counts?);
                let again = first == *body && body.len() > 2;
                again.then(|| format!("page 2 is page 1 again: does the server know {param}?"))
            }
            _ => None,
        }
    }
}

/// Finds a place whose name has `next` in it, and that holds a text or a number.
fn leads_on(page: &Value, depth: u8) -> Option<String> {
    let members = page.as_object().filter(|_| depth > 0)?;
    members.iter().find_map(|(name, value)| {
        let pointer = || format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let leads = match value {
            Value::String(text) => !text.is_empty(),
            Value::Number(_) => true,
            Value::Object(_) => {
                let below = leads_on(value, depth - 1)?;
                return Some(format!("{}{below}", pointer()));
            }
            _ => false,
        };
        (leads && name.to_ascii_lowercase().contains("next")).then(pointer)
    })
}
