//! Servers that page, and limit how often they are asked, as GitHub, Shopify, `OData` services and Jira do, over which examples run.
//!
//! Each has a list of [`ITEMS`] items, another one that leads back to itself (`circle` in the place of its name), and one that
//! leads to another origin (`moved`). Every fourth request that is allowed is answered with a 503. Limits are those of the API, over
//! seconds in the place of minutes or hours.

mod github;
mod jira;
mod odata;
mod shopify;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::server::{Reply, Route, Seen, Server, serve};

/// How many items each list has; they are numbered from 1.
pub const ITEMS: u64 = 237;

type Headers = Vec<(&'static str, String)>;

/// What one API does in its own way.
trait Style: Send {
    /// The first segment of its paths.
    fn root(&self) -> &'static str;

    /// The header with the credentials, and what it holds.
    fn credentials(&self) -> (&'static str, &'static str);

    /// Takes note of a request at `now`, since 1970, if it is allowed; gives what is told of the limit.
    fn admit(&mut self, now: Duration) -> Result<Headers, Refusal>;

    /// Answers with a page; `further` is the origin of the pages behind it.
    fn page(&self, ask: &Ask, further: &str) -> (Headers, Value);

    /// Whether the client has that page already, so that asking costs nothing.
    fn is_kept(&self, _ask: &Ask) -> bool {
        false
    }

    /// Whether what has moved is told by a redirect: in its pages are no links.
    fn redirects(&self) -> bool {
        false
    }
}

/// A request that is not allowed.
struct Refusal {
    status: u16,
    headers: Headers,
    /// For how long it asks to be left alone.
    wait: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Whole,
    /// Each page leads to the first one.
    Circle,
    /// All pages but the first one are elsewhere.
    Moved,
}

/// What is asked for.
struct Ask {
    path: String,
    query: BTreeMap<String, String>,
    list: List,
    /// The value of `If-None-Match`.
    kept: Option<String>,
}

impl Ask {
    fn read(seen: &Seen) -> Self {
        let target = seen.target();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let lower = target.to_ascii_lowercase();
        let list = match () {
            () if lower.contains("circle") => List::Circle,
            () if lower.contains("moved") => List::Moved,
            () => List::Whole,
        };
        Self {
            path: path.to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            list,
            kept: seen.text("if-none-match"),
        }
    }

    fn number(&self, name: &str, otherwise: u64) -> u64 {
        self.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    }

    /// How many items come before the next page.
    fn next(&self, from: u64, size: u64) -> Option<u64> {
        let next = from.saturating_add(size);
        if self.list == List::Circle { Some(0) } else { (next < ITEMS).then_some(next) }
    }
}

/// The items of a page, each made of its number.
fn items(from: u64, size: u64, item: impl Fn(u64) -> Value) -> Vec<Value> {
    (from..from.saturating_add(size).min(ITEMS)).map(|before| item(before + 1)).collect()
}

/// What a server saw.
#[derive(Clone, Copy, Debug, Default)]
struct Log {
    requests: u32,
    allowed: u32,
    /// Refused, because there were too many.
    refused: u32,
    /// Asked before the wait was over that a refusal had asked for.
    early: u32,
    /// Answered with a 503.
    faults: u32,
    strangers: u32,
    circles: u32,
    /// Requests to the other origin, and those with credentials.
    elsewhere: u32,
    given_away: u32,
    closed_until: Option<Instant>,
}

/// A server of one of these APIs on loopback, and one of another origin that some of its pages lead to.
///
/// # Examples
///
/// ```
/// use http_hook_conformance::apis::Api;
/// use std::io::{Read, Write};
///
/// let api = Api::github();
///
/// let mut client = std::net::TcpStream::connect(api.base().trim_start_matches("http://"))?;
/// write!(client, "GET /repos/octo/shop/issues HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer secret\r\n\r\n")?;
/// let mut status = [0; 12];
/// client.read_exact(&mut status)?;
///
/// assert_eq!(&status, b"HTTP/1.1 200");
/// assert!(api.faults([]).contains(&"not every item came once, in order"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Api {
    name: &'static str,
    home: Server,
    other: Server,
    routes: Vec<Route>,
    log: Arc<Mutex<Log>>,
}

impl Api {
    /// GitHub: `repos/octo/shop/issues` for the token `secret`. Five requests in each second of the clock, counted in headers, and once
    /// a 403 with `Retry-After` besides.
    #[must_use]
    pub fn github() -> Self {
        Self::of("GitHub", github::Github::default)
    }

    /// Shopify: `admin/api/2026-01/orders.json` for the `X-Shopify-Access-Token` `secret`. A bucket of four requests that leaks ten a second.
    #[must_use]
    pub fn shopify() -> Self {
        Self::of("Shopify", shopify::Shopify::default)
    }

    /// An `OData` service: `odata/Orders` for the user `reader` with the password `secret`. Six requests in a second, then a 429.
    #[must_use]
    pub fn odata() -> Self {
        Self::of("OData", odata::OData::default)
    }

    /// Jira: `rest/api/2/search` and `rest/api/3/search/jql` for `reader` with the token `secret`. Twelve requests at once, ten a second.
    #[must_use]
    pub fn jira() -> Self {
        Self::of("Jira", jira::Jira::default)
    }

    fn of<S: Style + 'static>(name: &'static str, style: fn() -> S) -> Self {
        let (home, other, log) = (serve(), serve(), Arc::new(Mutex::new(Log::default())));
        let [here, there] = [&home, &other].map(|server| format!("http://{}", server.addr()));
        let desk = || Desk {
            style: style(),
            here: here.clone(),
            there: there.clone(),
            log: Arc::clone(&log),
        };
        let (mut desk, mut away) = (desk(), desk());
        let root = desk.style.root();
        let routes = vec![
            home.answer_at(root, move |seen| desk.answer(seen)),
            other.answer_at(root, move |seen| away.elsewhere(seen)),
        ];
        Self { name, home, other, routes, log }
    }

    /// Gives the URL of the server.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.home.addr())
    }

    /// Tells what was not as it has to be; `numbers` are those of the items that came of the list.
    #[must_use]
    pub fn faults(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<&'static str> {
        let log = *self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = [
            (numbers.into_iter().eq(1..=ITEMS), "not every item came once, in order"),
            (log.early == 0, "it was asked again before the wait that it had asked for was over"),
            (log.strangers == 0, "it was asked without credentials"),
            (log.faults > 0, "too little was asked for a fault"),
            (
                (1..9).contains(&log.circles),
                "the list that leads to itself was read on and on, or never",
            ),
            (log.elsewhere > 0, "the list that leads elsewhere was not read"),
            (log.given_away == 0, "another origin was given the credentials"),
        ];
        rows.into_iter().filter(|(holds, _)| !holds).map(|(_, fault)| fault).collect()
    }

    /// Counts the requests that were refused because there were too many.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).refused
    }

    /// Looks whether all was done as it has to be, and says how.
    ///
    /// # Panics
    ///
    /// If there are [faults](Self::faults).
    pub fn done(self, numbers: impl IntoIterator<Item = u64>) {
        let faults = self.faults(numbers);
        assert!(faults.is_empty(), "{}: {faults:?}; {self:?}", self.name);
        let log = *self.log.lock().unwrap_or_else(PoisonError::into_inner);
        println!(
            "{}: every item once; {} requests, {} answered with a 503, {} refused, none before its time",
            self.name, log.requests, log.faults, log.refused,
        );
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("home", &self.home.addr())
            .field("other", &self.other.addr())
            .field("routes", &self.routes.len())
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

/// Where requests are answered.
struct Desk<S> {
    style: S,
    here: String,
    there: String,
    log: Arc<Mutex<Log>>,
}

impl<S: Style> Desk<S> {
    fn answer(&mut self, seen: &Seen) -> Reply {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ask = Ask::read(seen);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.requests += 1;
        log.circles += u32::from(ask.list == List::Circle);
        let (name, value) = self.style.credentials();
        if seen.text(name).as_deref() != Some(value) {
            log.strangers += 1;
            return Reply::status(401, &[], b"");
        }
        log.early += u32::from(log.closed_until.is_some_and(|until| Instant::now() < until));
        if self.style.is_kept(&ask) {
            return Reply::status(304, &[], b"");
        }
        let headers = match self.style.admit(now) {
            Ok(headers) => headers,
            Err(refusal) => {
                log.refused += 1;
                log.closed_until = log.closed_until.max(Instant::now().checked_add(refusal.wait));
                return reply(refusal.status, &refusal.headers, "");
            }
        };
        log.allowed += 1;
        if log.allowed % 4 == 0 {
            log.faults += 1;
            return reply(503, &headers, "");
        }
        if ask.list == List::Moved && self.style.redirects() {
            let location = format!("{}{}", self.there, seen.target());
            return reply(307, &[("location", location)], "");
        }
        let further = if ask.list == List::Moved { &self.there } else { &self.here };
        let (more, body) = self.style.page(&ask, further);
        reply(200, &[headers, more].concat(), &body.to_string())
    }

    /// Answers as another origin, to anybody.
    fn elsewhere(&mut self, seen: &Seen) -> Reply {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.elsewhere += 1;
        let secret = |(_, value): &(String, Vec<u8>)| {
            let text = String::from_utf8_lossy(value);
            text.contains("secret") || text.contains(self.style.credentials().1)
        };
        log.given_away += u32::from(seen.headers().iter().any(secret));
        let (headers, body) = self.style.page(&Ask::read(seen), &self.there);
        reply(200, &headers, &body.to_string())
    }
}

fn reply(status: u16, headers: &[(&str, String)], body: &str) -> Reply {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Reply::status(status, &headers, body.as_bytes())
}
