//! Which layer says what: every part of a call with where it comes from, for people to read.

use std::fmt;

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderName, USER_AGENT};
use http::{HeaderMap, Method};

use crate::connection::{Connection, is_secret};
use crate::error::Error;
use crate::hook::Hook;
use crate::request::build::{self, Ready};
use crate::request::plan::RequestPlan;
use crate::request::{Options, Payload};

/// Where something comes from, the lowest layer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// Nobody said anything.
    Default,
    /// The environment that was passed in.
    Environment,
    /// What the program set on the hook.
    Program,
    /// The stored connection: one of its fields.
    Connection(&'static str),
    /// The call.
    Call,
    /// The authentication scheme.
    Scheme,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::Program => f.write_str("program"),
            Self::Connection(field) => write!(f, "connection.{field}"),
            Self::Call => f.write_str("call"),
            Self::Scheme => f.write_str("authentication"),
        }
    }
}

/// One part of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fact {
    /// What it is: `url.host`, `header accept`, `option verify`.
    pub what: String,
    /// What it says; `***` in the place of anything that may be secret, nothing if it is taken out.
    pub value: Option<String>,
    /// Who says so.
    pub layer: Layer,
    /// Who else said something, and does not count: the lowest layer first.
    pub overrides: Vec<Layer>,
}

/// Every part of a call, and where it comes from. `Display` prints a line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The method.
    pub method: Method,
    /// URL, headers and options, in this order.
    pub facts: Vec<Fact>,
}

impl Explanation {
    /// Gives the fact of this name.
    #[must_use]
    pub fn get(&self, what: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.what == what)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.method)?;
        for fact in &self.facts {
            let value = fact.value.as_deref().unwrap_or("(taken out)");
            write!(f, "  {:<24} {value:<28} {}", fact.what, fact.layer)?;
            for (index, over) in fact.overrides.iter().enumerate() {
                write!(f, "{}{over}", if index == 0 { ", over " } else { " and " })?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Where the parts of a hook come from, kept beside them.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Every layer's word on a header, in order; whether it sets the name or takes it out.
    pub(crate) headers: Vec<(HeaderName, Layer, bool)>,
    pub(crate) scheme: Option<Layer>,
    pub(crate) host: Option<Layer>,
    pub(crate) port: Option<Layer>,
    pub(crate) program: Options,
    pub(crate) extra: Options,
}

impl Sources {
    /// Reads which fields of a connection make its base URL.
    pub(crate) fn of(connection: &Connection, has_default_host: bool) -> Self {
        let host = connection.host().filter(|host| !host.is_empty());
        let whole = host.is_some_and(|host| host.contains("://"));
        let scheme = match (whole, connection.schema()) {
            (true, _) => Layer::Connection("host"),
            (false, Some(schema)) if !schema.is_empty() => Layer::Connection("schema"),
            (false, Some(_)) if connection.conn_type() == Some("https") => {
                Layer::Connection("conn_type")
            }
            _ => Layer::Default,
        };
        let port = connection.port().filter(|port| *port != 0).map(|_| Layer::Connection("port"));
        let host = match host {
            Some(_) => Layer::Connection("host"),
            None if has_default_host => Layer::Program,
            None => Layer::Default,
        };
        Self { scheme: Some(scheme), host: Some(host), port, ..Self::default() }
    }
}

impl Hook {
    /// Tells for every URL part, header and option of a call which layer set it and what that overrode.
    ///
    /// # Errors
    ///
    /// What keeps the plan from being sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Connection, Hook, Layer, RequestPlan};
    ///
    /// let connection = Connection::parse("http://svc:pw@api.example.com/https?X-Team=sales&timeout=20")?;
    /// let hook = Hook::new(&connection)?;
    /// let told = hook.explain(&RequestPlan::get("v1/orders").header("accept", "text/csv"))?;
    ///
    /// let accept = told.get("header accept").expect("a header");
    /// assert_eq!((accept.value.as_deref(), accept.layer), (Some("text/csv"), Layer::Call));
    /// assert_eq!(accept.overrides, [Layer::Default]);
    /// assert_eq!(told.get("header x-team").map(|fact| fact.layer), Some(Layer::Connection("extra")));
    /// assert!(!told.to_string().contains("pw"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self, plan: &RequestPlan) -> Result<Explanation, Error> {
        let ready = Ready::new(self, plan.clone(), 0).map_err(|error| *error)?;
        let mut facts = Vec::new();
        self.explain_url(&ready, plan, &mut facts);
        self.explain_headers(&ready, &mut facts)?;
        self.explain_options(plan, &mut facts);
        Ok(Explanation { method: ready.method.clone(), facts })
    }

    /// Writes a call as a command of curl that does the same single send.
    ///
    /// It runs as it is once the variables it names are set: `$HTTP_HOOK_…` stands in the place of every secret, and
    /// `@body` in that of a body that is not shown.
    ///
    /// # Errors
    ///
    /// What keeps the plan from being sent.
    pub fn to_curl(&self, plan: &RequestPlan) -> Result<String, Error> {
        let ready = Ready::new(self, plan.clone(), 0).map_err(|error| *error)?;
        let request = build::request(self, &ready, None, 0)?;
        let mut command = format!("curl --request {}", request.method());
        for (name, value) in request.headers() {
            let shown = show(name, request.headers());
            let value = match shown.as_deref() {
                Some("***") | None => format!("\"{name}: ${}\"", variable(name.as_str())),
                Some(_) => quoted(&format!("{name}: {}", value.to_str().unwrap_or_default())),
            };
            command.push_str(" --header ");
            command.push_str(&value);
        }
        if !ready.payload.is_empty() {
            command.push_str(" --data-binary @body");
        }
        command.push(' ');
        command.push_str(&curl_url(&request));
        Ok(command)
    }

    fn explain_url(&self, ready: &Ready, plan: &RequestPlan, facts: &mut Vec<Fact>) {
        let sources = self.sources();
        let origin = self.origin();
        let or_default = |layer: Option<Layer>| layer.unwrap_or(Layer::Default);
        let mut add = |what: &str, value: String, layer, overrides| {
            facts.push(Fact { what: what.to_owned(), value: Some(value), layer, overrides });
        };
        add("url.scheme", origin.scheme().as_str().to_owned(), or_default(sources.scheme), vec![]);
        add("url.host", origin.host().to_owned(), or_default(sources.host), vec![]);
        add("url.port", origin.port().to_string(), or_default(sources.port), vec![]);
        if !self.base().path().is_empty() {
            let layer = or_default(sources.host);
            add("url.base_path", self.base().path().to_owned(), layer, vec![]);
        }
        add("url.path", ready.target.path().to_owned(), Layer::Call, vec![]);
        if let Some(query) = ready.target.query() {
            let names =
                form_urlencoded::parse(query.as_bytes()).map(|(name, _)| format!("{name}=***"));
            let layer = if plan.endpoint.is_empty() && plan.params.is_empty() {
                or_default(sources.host)
            } else {
                Layer::Call
            };
            add("url.query", names.collect::<Vec<_>>().join("&"), layer, vec![]);
        }
    }

    fn explain_headers(&self, ready: &Ready, facts: &mut Vec<Fact>) -> Result<(), Error> {
        let sent = build::request(self, ready, None, 0)?;
        let mut said: Vec<(HeaderName, Layer, bool)> =
            [ACCEPT, ACCEPT_ENCODING, USER_AGENT].map(|name| (name, Layer::Default, true)).into();
        said.extend(self.sources().headers.iter().cloned());
        said.extend(
            ready.headers.iter().map(|(name, value)| (name.clone(), Layer::Call, value.is_some())),
        );
        let mut proof = HeaderMap::new();
        build::auth_of(self, ready).add_to(&mut proof);
        said.extend(proof.keys().map(|name| (name.clone(), Layer::Scheme, true)));

        let mut names: Vec<&HeaderName> = Vec::new();
        for (name, _, _) in &said {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        for name in names {
            let mut layers: Vec<Layer> =
                said.iter().filter(|(own, _, _)| own == name).map(|(_, layer, _)| *layer).collect();
            let Some(layer) = layers.pop() else { continue };
            layers.dedup();
            let value = show(name, sent.headers());
            facts.push(Fact { what: format!("header {name}"), value, layer, overrides: layers });
        }
        Ok(())
    }

    fn explain_options(&self, plan: &RequestPlan, facts: &mut Vec<Fact>) {
        let empty = Options::default();
        let call = plan.options.as_deref().unwrap_or(&empty);
        let sources = self.sources();
        let layers = [
            (Layer::Default, self.default_options()),
            (Layer::Program, &sources.program),
            (Layer::Connection("extra"), &sources.extra),
            (Layer::Call, call),
        ];
        for (index, (what, _)) in call.shown().into_iter().enumerate() {
            let mut said: Vec<(Layer, String)> = layers
                .iter()
                .filter_map(|(layer, options)| {
                    let (_, value) = options.shown().into_iter().nth(index)?;
                    Some((*layer, value?))
                })
                .collect();
            let Some((layer, value)) = said.pop() else { continue };
            let overrides = said.into_iter().map(|(layer, _)| layer).collect();
            let what = format!("option {what}");
            facts.push(Fact { what, value: Some(value), layer, overrides });
        }
    }
}

/// A header as it may be shown: `***` unless it is known to be harmless, nothing if it is not sent.
fn show(name: &HeaderName, headers: &HeaderMap) -> Option<String> {
    const HARMLESS: [&str; 8] = [
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "content-type",
        "host",
        "range",
        "user-agent",
    ];
    let value = headers.get(name)?;
    let harmless = *name != AUTHORIZATION && HARMLESS.contains(&name.as_str());
    let text = value.to_str().ok().filter(|_| harmless);
    Some(text.unwrap_or("***").to_owned())
}

fn curl_url(request: &http::Request<Payload>) -> String {
    let uri = request.uri();
    let (base, query) = match (uri.to_string(), uri.query()) {
        (text, None) => return quoted(&text),
        (text, Some(query)) => (text.split('?').next().unwrap_or_default().to_owned(), query),
    };
    let mut url = quoted(&format!("{base}?"));
    for (index, pair) in query.split('&').enumerate() {
        if index > 0 {
            url.push_str("'&'");
        }
        let name = pair.split('=').next().unwrap_or_default();
        if is_secret(name) {
            url.push_str(&quoted(&format!("{name}=")));
            url.push_str("\"$");
            url.push_str(&variable(name));
            url.push('"');
        } else {
            url.push_str(&quoted(pair));
        }
    }
    url
}

/// The shell variable that stands for a secret.
fn variable(name: &str) -> String {
    let upper =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("HTTP_HOOK_{}", upper.collect::<String>())
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
