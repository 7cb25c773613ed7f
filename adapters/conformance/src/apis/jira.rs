//! Jira: `startAt`, `maxResults` and `total` of old, `nextPageToken` and `isLast` of today; a bucket of requests.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Ask, Headers, ITEMS, Refusal, Style, items};

const BUCKET: f64 = 12.0;
const A_SECOND: f64 = 10.0;

#[derive(Default)]
pub(super) struct Jira {
    used: f64,
    /// Since 1970.
    at: Duration,
}

impl Style for Jira {
    fn root(&self) -> &'static str {
        "/rest"
    }

    fn credentials(&self) -> (&'static str, &'static str) {
        ("authorization", "Basic cmVhZGVyOnNlY3JldA==")
    }

    fn admit(&mut self, now: Duration) -> Result<Headers, Refusal> {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        (self.used, self.at) = ((self.used - passed * A_SECOND).max(0.0), now);
        let told = |left: f64| {
            vec![
                ("x-ratelimit-limit", format!("{BUCKET:.0}")),
                ("x-ratelimit-remaining", format!("{:.0}", left.floor())),
            ]
        };
        if self.used + 1.0 > BUCKET {
            let headers = [told(0.0), vec![("retry-after", "1".to_owned())]].concat();
            return Err(Refusal { status: 429, headers, wait: Duration::from_secs(1) });
        }
        self.used += 1.0;
        Ok(told(BUCKET - self.used))
    }

    fn page(&self, ask: &Ask, _further: &str) -> (Headers, Value) {
        let issue = |id: u64| json!({"id": id.to_string(), "key": format!("SHOP-{id}")});
        if ask.path.ends_with("/jql") {
            let token = ask.query.get("nextPageToken");
            let from = token.and_then(|text| text.strip_prefix("from-")?.parse().ok()).unwrap_or(0);
            let size = ask.number("maxResults", 50).clamp(1, 100);
            let next = ask.next(from, size);
            let mut body = json!({"issues": items(from, size, issue), "isLast": next.is_none()});
            if let Some(next) = next {
                body["nextPageToken"] = format!("from-{next}").into();
            }
            return (Vec::new(), body);
        }
        // No more than 20 at once, whatever is asked for.
        let (from, size) = (ask.number("startAt", 0), ask.number("maxResults", 50).clamp(1, 20));
        let issues = items(from, size, issue);
        let body = json!({"startAt": from, "maxResults": size, "total": ITEMS, "issues": issues});
        (Vec::new(), body)
    }

    fn redirects(&self) -> bool {
        true
    }
}
