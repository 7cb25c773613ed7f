//! Shopify: cursors in the header `Link`; a bucket that leaks.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Ask, Headers, Refusal, Style, items};

/// Shopify's is 40 requests, of which two leak a second.
const BUCKET: f64 = 4.0;
const A_SECOND: f64 = 10.0;

#[derive(Default)]
pub(super) struct Shopify {
    filled: f64,
    /// Since 1970.
    at: Duration,
}

impl Style for Shopify {
    fn root(&self) -> &'static str {
        "/admin"
    }

    fn credentials(&self) -> (&'static str, &'static str) {
        ("x-shopify-access-token", "secret")
    }

    fn admit(&mut self, now: Duration) -> Result<Headers, Refusal> {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        (self.filled, self.at) = ((self.filled - passed * A_SECOND).max(0.0), now);
        if self.filled + 1.0 > BUCKET {
            let headers = vec![("retry-after", "2.0".to_owned())];
            return Err(Refusal { status: 429, headers, wait: Duration::from_secs(2) });
        }
        self.filled += 1.0;
        let told = format!("{:.0}/{BUCKET:.0}", self.filled.ceil());
        Ok(vec![("x-shopify-shop-api-call-limit", told)])
    }

    fn page(&self, ask: &Ask, further: &str) -> (Headers, Value) {
        let last = ask.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
        if let Ok(id) = last.parse::<u64>() {
            return (Vec::new(), json!({"order": {"id": id}}));
        }
        // A cursor stands for all that was asked for: nothing but the limit may stand beside it.
        let cursor = ask.query.get("page_info");
        if cursor.is_some() && ask.query.keys().any(|name| name != "page_info" && name != "limit") {
            return (Vec::new(), json!({"errors": "page_info: no other parameter"}));
        }
        let from = cursor.and_then(|text| text.strip_prefix("after-")?.parse().ok()).unwrap_or(0);
        let size = ask.number("limit", 50).clamp(1, 250);
        let link = |next: u64| {
            let path = &ask.path;
            let url = format!("{further}{path}?limit={size}&page_info=after-{next}");
            ("link", format!("<{url}>; rel=\"next\""))
        };
        let headers = ask.next(from, size).map(link).into_iter().collect();
        (headers, json!({"orders": items(from, size, |id| json!({"id": id}))}))
    }
}
