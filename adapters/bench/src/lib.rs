//! What `http-hook` costs, beside building a request by hand and beside its peers.
//!
//! Each scenario is one call over a transport that answers at once: a [`Scenario`] is prepared once, then run
//! many times. Everything that goes into a request is text that the compiler cannot see, and other text for each call.

pub mod by_hand;
pub mod callgrind;
pub mod clients;
pub mod hook;
pub mod measure;
pub mod middleware;
pub mod run;
pub mod smithy;
pub mod tower_retry;

use std::hint::black_box;

/// One call, prepared: running it once more is calling it once more.
pub type Scenario = Box<dyn FnMut()>;

/// What one call is made of. All scenarios send the same requests.
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

    /// Makes it that of another call. Method, host and the names of standard headers stay; of all else a letter or digit
    /// becomes the next one, so that no text is dearer to check, to escape or to encode.
    fn renew(&mut self) {
        let Self { method: _, host: _, endpoint, query, login, password, headers } = self;
        for text in [endpoint, login, password] {
            count_up(text);
        }
        for (name, value) in query {
            count_up(name);
            count_up(value);
        }
        for (name, value) in headers {
            if name.starts_with(CUSTOM) {
                count_up(name);
            }
            count_up(value);
        }
    }
}

/// How the names of headers begin that no standard knows.
const CUSTOM: &str = "x-";

/// Counts up in the letters and digits of a text, the last ones fastest.
fn count_up(text: &mut String) {
    let mut bytes = std::mem::take(text).into_bytes();
    for byte in bytes.iter_mut().rev() {
        match *byte {
            b'z' => *byte = b'a',
            b'9' => *byte = b'0',
            b'a'..=b'y' | b'0'..=b'8' => {
                *byte += 1;
                break;
            }
            _ => {}
        }
    }
    *text = String::from_utf8(bytes).unwrap_or_default();
}

impl Default for Input {
    fn default() -> Self {
        Self::new()
    }
}

/// The inputs of one call after the other, no two alike: nothing can be kept from one call for the next.
#[derive(Default)]
pub struct Inputs(Input);

impl Inputs {
    /// Begins with [`Input::new`], in its place on the heap.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes that of the next call.
    pub fn take(&mut self) -> &Input {
        self.0.renew();
        black_box(&self.0)
    }
}

/// A scenario's name and how it is prepared.
pub type Row = (&'static str, fn() -> Scenario);

/// What is taken off all others: it makes texts, and no call.
pub const TEXTS: &str = "texts";
/// What the hook is measured against.
pub const BASELINE: &str = "request by hand";
/// One whole call through a ready hook, whose connection has the login and the headers.
pub const HOOK: &str = "hook";

/// All scenarios: the texts, what is measured against, then the others in the order of the table.
pub const SCENARIOS: &[Row] = &[
    (TEXTS, texts),
    (BASELINE, by_hand::built),
    ("request by hand, cloned template", by_hand::cloned),
    (HOOK, hook::one_call),
    ("hook, headers given with the call", hook::headers_of_the_call),
    ("hook, headers and login given with the call", hook::all_of_the_call),
    ("hook, run", run::asynchronous),
    ("hook, run, blocking", run::blocking),
    ("hook, in one chain", run::short_form),
    ("hook, in one chain, blocking", run::blocking_short_form),
    ("reqwest-middleware", middleware::plain),
    ("reqwest-middleware + reqwest-retry", middleware::with_retry),
    ("tower::retry", tower_retry::success),
    ("aws-smithy-runtime", smithy::without_retry),
    ("aws-smithy-runtime, standard retry", smithy::standard_retry),
];

/// Makes the texts of a call.
fn texts() -> Scenario {
    let mut inputs = Inputs::new();
    Box::new(move || {
        black_box(inputs.take());
    })
}
