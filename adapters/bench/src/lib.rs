//! What `http-hook` costs, beside building a request by hand and beside its peers.
//!
//! Each scenario is one call over a transport that answers at once: a [`Scenario`] is prepared once, then run
//! many times. Everything that goes into a request is text that the compiler cannot see.

pub mod by_hand;
pub mod clients;
pub mod hook;
pub mod measure;
pub mod middleware;
pub mod smithy;
pub mod tower_retry;

use std::hint::black_box;

/// One call, prepared: running it once more is calling it once more.
pub type Scenario = Box<dyn FnMut()>;

/// What one call is made of. All scenarios send the same request.
pub struct Input {
    /// `GET`.
    pub method: String,
    /// The host with its scheme, without a path.
    pub host: String,
    /// The path under it.
    pub endpoint: String,
    /// Two pairs, one of which needs encoding.
    pub query: Vec<(String, String)>,
    /// The name for Basic authentication.
    pub login: String,
    /// Its password.
    pub password: String,
    /// Four headers.
    pub headers: Vec<(String, String)>,
}

impl Input {
    /// Makes it from texts that the compiler takes for unknown.
    #[must_use]
    pub fn new() -> Self {
        let text = |text: &str| black_box(text).to_owned();
        let pair = |(name, value)| (text(name), text(value));
        Self {
            method: text("GET"),
            host: text("https://api.example.com"),
            endpoint: text("v1/reports/daily"),
            query: [("page", "17"), ("filter", "name eq 'a b'")].map(pair).into(),
            login: text("reporter"),
            password: text("correct horse battery"),
            headers: [
                ("accept", "application/json"),
                ("user-agent", "reports/1.4"),
                ("x-team", "sales"),
                ("x-request-id", "7f9c24e5-0c1b-4d2a-9f3e"),
            ]
            .map(pair)
            .into(),
        }
    }
}

impl Default for Input {
    fn default() -> Self {
        Self::new()
    }
}

/// A scenario's name and how it is prepared.
pub type Row = (&'static str, fn() -> Scenario);

/// What the hook is measured against.
pub const BASELINE: &str = "request by hand";
/// One whole call through a ready hook, whose connection has the login and the headers.
pub const HOOK: &str = "hook";

/// All scenarios, in the order of the table.
pub const SCENARIOS: &[Row] = &[
    (BASELINE, by_hand::built),
    ("request by hand, cloned template", by_hand::cloned),
    (HOOK, hook::one_call),
    ("hook, headers given with the call", hook::headers_of_the_call),
    ("reqwest-middleware", middleware::plain),
    ("reqwest-middleware + reqwest-retry", middleware::with_retry),
    ("tower::retry", tower_retry::success),
    ("aws-smithy-runtime", smithy::without_retry),
    ("aws-smithy-runtime, standard retry", smithy::standard_retry),
];
