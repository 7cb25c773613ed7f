//! GitHub: pages by the header `Link`; a quota until a time of the clock, and a limit besides that is told by `Retry-After`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Ask, Headers, ITEMS, Refusal, Style, items};

/// In each second of the clock; GitHub's is 5,000 in an hour.
const QUOTA: u64 = 5;

#[derive(Default)]
pub(super) struct Github {
    /// The second of the clock that is counted, and how many requests came in it.
    window: u64,
    used: u64,
    all: u64,
}

impl Style for Github {
    fn root(&self) -> &'static str {
        "/repos"
    }

    fn credentials(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer secret")
    }

    fn admit(&mut self, now: Duration) -> Result<Headers, Refusal> {
        if self.window != now.as_secs() {
            (self.window, self.used) = (now.as_secs(), 0);
        }
        self.all += 1;
        let reset = self.window + 1;
        let told = |used: u64| {
            vec![
                ("x-ratelimit-limit", QUOTA.to_string()),
                ("x-ratelimit-remaining", QUOTA.saturating_sub(used).to_string()),
                ("x-ratelimit-used", used.to_string()),
                ("x-ratelimit-reset", reset.to_string()),
            ]
        };
        if self.used >= QUOTA {
            let wait = Duration::from_secs(reset).saturating_sub(now);
            return Err(Refusal { status: 403, headers: told(self.used), wait });
        }
        if self.all == 3 {
            // The secondary limit: something is left of the quota, and it refuses all the same.
            let headers = [told(self.used), vec![("retry-after", "1".to_owned())]].concat();
            return Err(Refusal { status: 403, headers, wait: Duration::from_secs(1) });
        }
        self.used += 1;
        Ok(told(self.used))
    }

    fn page(&self, ask: &Ask, further: &str) -> (Headers, Value) {
        let (page, size) = (ask.number("page", 1), ask.number("per_page", 30).clamp(1, 100));
        let from = page.saturating_sub(1).saturating_mul(size);
        let link = |before: u64, rel: &str| {
            let (path, page) = (&ask.path, before / size + 1);
            format!("<{further}{path}?per_page={size}&page={page}>; rel=\"{rel}\"")
        };
        let last = (ITEMS - 1) / size * size;
        let links = match ask.next(from, size) {
            Some(next) => format!("{}, {}", link(next, "next"), link(last, "last")),
            None => format!("{}, {}", link(from.saturating_sub(size), "prev"), link(0, "first")),
        };
        let headers = vec![("link", links), ("etag", etag(ask))];
        (headers, items(from, size, |number| json!({"number": number})).into())
    }

    fn is_kept(&self, ask: &Ask) -> bool {
        ask.kept.as_deref() == Some(&etag(ask))
    }
}

fn etag(ask: &Ask) -> String {
    format!("\"{}-{}\"", ask.number("page", 1), ask.number("per_page", 30))
}
