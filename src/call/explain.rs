//! Which layer says what: every part of a call with where it comes from, for people to read.

use std::collections::BTreeMap;
use std::fmt;

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName, USER_AGENT};
use http::{HeaderMap, Method, Request};

use super::build::{self, Ready};
#[cfg(feature = "cookies")]
use crate::base::Timestamp;
use crate::base::redact::{HIDDEN, ShownUrl, is_open};
use crate::base::{Error, Problem};
use crate::body::Payload;
use crate::hook::{Hook, Layer};
use crate::options::{Options, Proxy};
use crate::request::RequestPlan;
use crate::request::record::Kind;
use crate::response::BELOW_THE_BASE;

/// One part of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fact {
    /// What it is: `url.host`, `header accept`, `option verify`.
    pub what: String,
    /// What it says; `***` in the place of what is the connection's or may be secret, nothing if it is taken out.
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
    /// What the connection holds and probably does not mean, and an endpoint that is a whole URL.
    pub warnings: Vec<Problem>,
}

impl Explanation {
    /// Returns the fact of this name.
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
        self.warnings.iter().try_for_each(|warning| writeln!(f, "  warning: {warning}"))
    }
}

/// What the layers say of one header.
pub(super) struct Said {
    pub(super) name: HeaderName,
    layers: Vec<Layer>,
    /// Whether the uppermost word may be shown.
    pub(super) open: bool,
}

impl Hook {
    /// Tells for every URL part, header and option of a call which layer set it and what that overrode. Of what a stored
    /// connection says, only scheme, host, port and what is no text (times, switches, counts) are told.
    ///
    /// # Errors
    ///
    /// What keeps the plan from being sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::hook::Layer;
    /// use http_hook::{Connection, Hook, RequestPlan};
    ///
    /// let connection = Connection::parse("http://svc:pw@api.example.com/https?X-Team=sales&timeout=20")?;
    /// let hook = Hook::new(&connection)?;
    /// let told = hook.explain(&RequestPlan::get("v1/orders").header("accept", "text/csv"))?;
    ///
    /// let accept = told.get("header accept").expect("a header");
    /// assert_eq!((accept.value.as_deref(), accept.layer), (Some("text/csv"), Layer::Call));
    /// assert_eq!(accept.overrides, [Layer::Default]);
    /// let team = told.get("header x-team").expect("a header");
    /// assert_eq!((team.value.as_deref(), team.layer), (Some("***"), Layer::Connection("extra")));
    /// assert!(!told.to_string().contains("pw"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self, plan: &RequestPlan) -> Result<Explanation, Error> {
        let ready = Ready::new(self, plan.clone(), 0).map_err(|unready| unready.fault)?;
        let mut facts = Vec::new();
        explain_url(self, &ready, &mut facts)?;
        let sent = first(self, &ready, plan)?;
        explain_headers(self, &ready, &sent, &mut facts)?;
        explain_options(self, plan, &mut facts);
        explain_environment(self, &ready, &mut facts);
        let mut warnings = self.warnings().to_vec();
        if build::is_whole_url(&ready) {
            let cure = "leave scheme and host out, or make a hook of that URL's host";
            let says = format!("a whole URL: {BELOW_THE_BASE}");
            warnings.push(Problem::new("endpoint", says).with_hint(cure));
        }
        Ok(Explanation { method: ready.method.clone(), facts, warnings })
    }
}

fn explain_url(hook: &Hook, ready: &Ready, facts: &mut Vec<Fact>) -> Result<(), Error> {
    let sources = hook.sources();
    let origin = hook.origin();
    let or_default = |layer: Option<Layer>| layer.unwrap_or(Layer::Default);
    let mut add = |what: &str, value: String, layer| {
        facts.push(Fact { what: what.to_owned(), value: Some(value), layer, overrides: vec![] });
    };
    add("url.scheme", origin.scheme().as_str().to_owned(), or_default(sources.scheme));
    add("url.host", origin.host().to_owned(), or_default(sources.host));
    add("url.port", origin.port().to_string(), or_default(sources.port));
    if !hook.base().path().is_empty() {
        let value =
            if hook.shows_base() { hook.base().path().to_owned() } else { format!("/{HIDDEN}") };
        add("url.base_path", value, or_default(sources.host));
    }
    if hook.base().has_query() {
        add("url.base_query", HIDDEN.to_owned(), or_default(sources.host));
    }
    let uri = origin.join(ready.target.clone())?;
    let shown = ShownUrl::new(&uri, build::whose(hook, &ready.target));
    // What follows a query of the base lengthens that.
    let (lengthens, endpoint) = (hook.base().has_query(), ready.text.endpoint());
    let has_path = !lengthens && !matches!(endpoint.split(['?', '#']).next(), None | Some(""));
    let path_of = if has_path { Layer::Call } else { or_default(sources.host) };
    add("url.path", shown.path_with_mark(HIDDEN), path_of);
    let asks = if lengthens { !endpoint.is_empty() } else { endpoint.contains('?') };
    let asks = asks || !ready.text.params().is_empty();
    if let Some(query) = shown.query_with_mark(HIDDEN).filter(|_| asks) {
        add("url.query", query, Layer::Call);
    }
    Ok(())
}

/// The first request of a call, with the cookies that it brings along; those that a server set are chosen when it is sent.
pub(super) fn first(
    hook: &Hook,
    ready: &Ready,
    plan: &RequestPlan,
) -> Result<Request<Payload>, Error> {
    #[cfg_attr(not(feature = "cookies"), expect(unused_mut, reason = "it has none"))]
    let mut request = build::request(hook, ready, None, 0)?;
    #[cfg(feature = "cookies")]
    if let Some(own) = plan.rare.as_ref().and_then(|rare| rare.cookies.as_ref()) {
        let (origin, path) = (hook.origin(), ready.target.path());
        let cookies = crate::cookies::kept::Cookies::None.with(origin, own);
        cookies.put_on(origin, path, request.headers_mut(), Timestamp::default());
    }
    #[cfg(not(feature = "cookies"))]
    let _ = plan;
    Ok(request)
}

fn explain_headers(
    hook: &Hook,
    ready: &Ready,
    sent: &Request<Payload>,
    facts: &mut Vec<Fact>,
) -> Result<(), Error> {
    for Said { name, mut layers, open } in said(hook, ready, sent.headers())? {
        let Some(layer) = layers.pop() else { continue };
        layers.dedup();
        let value = sent.headers().get(&name).map(|value| match value.to_str() {
            Ok(text) if open => text.to_owned(),
            _ => HIDDEN.to_owned(),
        });
        facts.push(Fact { what: format!("header {name}"), value, layer, overrides: layers });
    }
    Ok(())
}

/// What the layers say of every header that is sent, and of those that are taken out.
pub(super) fn said(hook: &Hook, ready: &Ready, sent: &HeaderMap) -> Result<Vec<Said>, Error> {
    let mut all: Vec<Said> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut say = |name: &HeaderName, layer, open| {
        let place = *places.entry(name.as_str().to_owned()).or_insert_with(|| {
            all.push(Said { name: name.clone(), layers: Vec::new(), open });
            all.len().saturating_sub(1)
        });
        if let Some(said) = all.get_mut(place) {
            said.layers.push(layer);
            said.open = open;
        }
    };
    for name in [ACCEPT, ACCEPT_ENCODING, USER_AGENT] {
        say(&name, Layer::Default, true);
    }
    for (name, layer) in &hook.sources().headers {
        let value = sent.get(name).and_then(|value| value.to_str().ok());
        let open = value.is_some_and(|value| is_open(name.as_str(), value));
        say(name, *layer, *layer == Layer::Program && open);
    }
    for header in ready.text.headers() {
        let open = match header.kind() {
            Kind::Secret => false,
            Kind::Storable => true,
            Kind::Plain | Kind::Removes => {
                is_open(header.name(), header.value().unwrap_or_default())
            }
        };
        say(&header.header_name()?, Layer::Call, open);
    }
    if let Some((name, _)) = build::proof(hook, ready, hook.origin())? {
        let of_netrc = hook.sources().netrc && !ready.has_own_auth();
        say(&name, if of_netrc { Layer::Netrc } else { Layer::Scheme }, false);
    }
    // What comes with the body, or with what the call asks for.
    for (name, value) in sent {
        if !places.contains_key(name.as_str()) {
            let open = value.to_str().is_ok_and(|value| is_open(name.as_str(), value));
            let open = open && !value.is_sensitive();
            all.push(Said { name: name.clone(), layers: vec![Layer::Call], open });
        }
    }
    Ok(all)
}

fn explain_options(hook: &Hook, plan: &RequestPlan, facts: &mut Vec<Fact>) {
    let empty = Options::default();
    let call = plan.rare.as_ref().and_then(|rare| rare.options.as_deref()).unwrap_or(&empty);
    let sources = hook.sources();
    let layers = [
        (Layer::Default, hook.defaults().options.shown()),
        (Layer::Program, sources.program.shown()),
        (Layer::Connection("extra"), sources.extra.shown()),
        (Layer::Call, call.shown()),
    ];
    for (index, name) in Options::SHOWN.iter().enumerate() {
        let words =
            layers.iter().filter_map(|(layer, shown)| Some((*layer, shown.get(index)?.as_ref()?)));
        let mut said: Vec<_> = words.collect();
        let Some((layer, value)) = said.pop() else { continue };
        let hidden = value.is_text && matches!(layer, Layer::Connection(_));
        let value = if hidden { HIDDEN.to_owned() } else { value.text.clone() };
        let overrides = said.into_iter().map(|(layer, _)| layer).collect();
        facts.push(Fact { what: format!("option {name}"), value: Some(value), layer, overrides });
    }
}

/// What the environment fills in of what nobody says for this origin.
fn explain_environment(hook: &Hook, ready: &Ready, facts: &mut Vec<Fact>) {
    let (proxy, verify) = ready.in_force.of_environment(hook.origin());
    let said = [
        ("option proxies", proxy.map(Proxy::told)),
        ("option verify", verify.map(|verify| format!("{verify:?}"))),
    ];
    for (what, value) in said.into_iter().filter(|(_, value)| value.is_some()) {
        let (layer, overrides) = (Layer::Environment, vec![]);
        facts.push(Fact { what: what.to_owned(), value, layer, overrides });
    }
}
