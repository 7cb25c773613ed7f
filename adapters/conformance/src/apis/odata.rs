//! `OData`: the URL of the next page in the body, or `$skip` and `$top`; so many requests in a time, then a 429.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Ask, Headers, ITEMS, Refusal, Style, items};

/// In a second from the first one on; Dynamics 365 allows 6,000 in five minutes.
const ALLOWED: u32 = 6;

#[derive(Default)]
pub(super) struct OData {
    /// When the first of those came that are counted, since 1970.
    begun: Duration,
    count: u32,
}

impl Style for OData {
    fn root(&self) -> &'static str {
        "/odata"
    }

    fn credentials(&self) -> (&'static str, &'static str) {
        ("authorization", "Basic cmVhZGVyOnNlY3JldA==")
    }

    fn admit(&mut self, now: Duration) -> Result<Headers, Refusal> {
        if now.saturating_sub(self.begun) >= Duration::from_secs(1) {
            (self.begun, self.count) = (now, 0);
        }
        if self.count >= ALLOWED {
            let headers = vec![("retry-after", "1".to_owned())];
            return Err(Refusal { status: 429, headers, wait: Duration::from_secs(1) });
        }
        self.count += 1;
        Ok(Vec::new())
    }

    fn page(&self, ask: &Ask, further: &str) -> (Headers, Value) {
        let (from, top) = (ask.number("$skip", 0), ask.number("$top", ITEMS));
        let size = top.clamp(1, 50);
        let value = items(from, size, |id| json!({"OrderID": id}));
        let mut body = json!({"@odata.context": "$metadata#Orders", "value": value});
        if ask.query.get("$count").is_some_and(|count| count == "true") {
            body["@odata.count"] = ITEMS.into();
        }
        // Who says how many are wanted is given so many; else the service decides, and says where it goes on.
        if let (Some(next), false) = (ask.next(from, size), ask.query.contains_key("$top")) {
            body["@odata.nextLink"] = format!("{further}{}?$skip={next}", ask.path).into();
        }
        (Vec::new(), body)
    }
}
