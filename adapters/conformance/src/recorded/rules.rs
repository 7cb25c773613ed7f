//! Which cases a rule covers: decided by what goes in and what was recorded, never by an id.
//!
//! A rule is a row of the table of deviations in the design, or `quirk`: a result that is marked as an
//! accident of the recorded software. What a rule does not cover is a failure, however it is listed.

use serde_json::Value;

use crate::recorded::case::Case;
use crate::recorded::values::tagged;

/// Tells whether `rule` covers a case that ended in `got`; with `""`, whether any rule does.
#[must_use]
pub fn covers(rule: &str, case: &Case, got: &str) -> bool {
    let refused = got.starts_with("error");
    let quirk = case.quirk && (rule.is_empty() || rule == "quirk");
    let mut rules = RULES
        .iter()
        .filter(|(name, ..)| rule.is_empty() || rule == *name)
        .filter(|(_, only_refused, _)| refused || !only_refused);
    quirk || rules.any(|(_, _, covers)| covers(&View(case)))
}

/// Name, whether it covers refusals only, and the condition.
type Rule = (&'static str, bool, fn(&View) -> bool);

const RULES: [Rule; 15] = [
    ("D1", true, |case| case.host_is_unsafe() || case.uri_has_controls()),
    ("D2", false, |case| case.redirects_elsewhere()),
    ("D3", false, |case| case.options_stick()),
    ("D4", false, |case| case.port_is_elsewhere()),
    ("D5", false, |case| case.uri_is_https()),
    ("D6", false, |case| case.uri_has_options()),
    ("D7", false, |case| case.has_pair_option()),
    ("D8", false, |case| case.login_alone()),
    ("D10", false, |case| case.calls("fn").any(|name| name == "test_connection")),
    ("D15", true, |case| case.headers().any(|(name, _)| !is_token(name))),
    ("D16", true, |case| case.headers().any(|(_, value)| !is_visible(value))),
    ("D17", false, |case| case.headers().any(|(name, _)| is_framing(name))),
    ("D18", true, |case| case.host().is_some_and(|host| !host.is_ascii() || host.contains('@'))),
    ("D19", true, |case| case.host().is_none_or(|host| host.is_empty())),
    ("D21", false, |case| case.final_status().any(|status| matches!(status, 101..=103))),
];

/// A case, as the rules look at it.
struct View<'a>(&'a Case);

impl View<'_> {
    fn connection(&self) -> &Value {
        &self.0.input["connection"]
    }

    fn uri(&self) -> Option<&str> {
        self.connection()["uri"].as_str()
    }

    /// The host field: of the JSON form, else what stands between user info and path of the URI.
    fn host(&self) -> Option<String> {
        if let Some(uri) = self.uri() {
            let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
            let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            return Some(percent_encoding::percent_decode_str(host).decode_utf8_lossy().into());
        }
        self.connection()["json"]["host"].as_str().map(str::to_owned)
    }

    fn host_is_unsafe(&self) -> bool {
        let unsafe_char = |c: char| "@#?\\".contains(c) || c.is_control() || c == ' ';
        self.host().is_some_and(|host| {
            let bare = !host.contains("://");
            host.chars().any(|c| c.is_control()) || bare && host.chars().any(unsafe_char)
        })
    }

    fn uri_has_controls(&self) -> bool {
        self.uri().is_some_and(|uri| uri.starts_with(' ') || uri.chars().any(char::is_control))
    }

    /// All connection and call headers as text; other values are left out.
    fn headers(&self) -> impl Iterator<Item = (&str, &Value)> {
        let extra = self.connection()["json"]["extra"].as_object();
        let calls = self.calls("headers").filter_map(Value::as_object);
        extra.into_iter().chain(calls).flatten().map(|(name, value)| (name.as_str(), value))
    }

    fn calls(&self, member: &str) -> impl Iterator<Item = &Value> {
        let calls = self.0.input["calls"].as_array();
        calls.into_iter().flatten().filter_map(move |call| call.get(member))
    }

    fn answers(&self) -> impl Iterator<Item = &Value> {
        let server = &self.0.input["server"];
        let script = server["script"].as_array();
        script.into_iter().flatten().chain(server.get("default"))
    }

    /// The status of each answer, raw ones by their first line.
    fn final_status(&self) -> impl Iterator<Item = u64> {
        self.answers().filter_map(|answer| {
            let raw = answer["raw"]["text"].as_str();
            let line = raw.and_then(|text| text.split(' ').nth(1)?.get(..3)?.parse().ok());
            answer["status"].as_u64().or(line)
        })
    }

    fn redirects_elsewhere(&self) -> bool {
        let location = |answer: &Value| {
            let headers = answer["headers"].as_array().cloned().unwrap_or_default();
            headers.iter().any(|pair| {
                let name = pair[0].as_str().unwrap_or_default();
                name.eq_ignore_ascii_case("location")
                    && pair[1].as_str().is_some_and(|text| text.contains("//"))
            })
        };
        self.answers().any(location)
    }

    fn options_stick(&self) -> bool {
        let calls = self.0.input["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut options = calls.iter().map(|call| call.get("extra_options").is_some());
        options.by_ref().any(|given| given) && options.any(|given| !given)
    }

    fn port_is_elsewhere(&self) -> bool {
        let host = self.host().unwrap_or_default();
        let after = host.split_once("://").map_or(host.as_str(), |(_, rest)| rest);
        let has_port = match self.uri() {
            Some(uri) => uri.rsplit_once('@').map_or(uri, |(_, rest)| rest).contains(':'),
            None => !self.connection()["json"]["port"].is_null(),
        };
        has_port
            && (after.contains(['/', '?', '#']) || after.contains(':') && !after.starts_with('['))
    }

    fn uri_is_https(&self) -> bool {
        let Some(rest) = self.uri().and_then(|uri| uri.strip_prefix("https://")) else {
            return false;
        };
        rest.split_once('/').is_none_or(|(_, path)| path.is_empty() || path.starts_with('?'))
    }

    fn uri_has_options(&self) -> bool {
        let query = self.uri().and_then(|uri| uri.split_once('?')).map_or("", |(_, query)| query);
        let mut names = query.split('&').filter_map(|pair| pair.split('=').next());
        names.any(|name| OPTIONS.contains(&name))
    }

    fn has_pair_option(&self) -> bool {
        let extra = &self.connection()["json"]["extra"];
        let call = self.calls("extra_options");
        std::iter::once(extra).chain(call).any(|options| {
            ["timeout", "cert"].iter().any(|name| {
                let value = &options[*name];
                value.is_array() || tagged(value, "$tuple").is_some()
            })
        })
    }

    fn login_alone(&self) -> bool {
        let fields = &self.connection()["json"];
        let user = self.uri().and_then(|uri| uri.split_once("://")?.1.rsplit_once('@'));
        let alone = user.is_some_and(|(user, _)| !user.is_empty() && !user.contains(':'));
        alone || fields["login"].is_string() && fields["password"].is_null()
    }
}

/// The names that are options of a connection.
const OPTIONS: [&str; 12] = [
    "stream",
    "cert",
    "proxies",
    "proxy",
    "timeout",
    "verify",
    "verify_ssl",
    "allow_redirects",
    "max_redirects",
    "trust_env",
    "check_response",
    "srv_lookup",
];

fn is_token(name: &str) -> bool {
    http::HeaderName::try_from(name).is_ok()
}

fn is_visible(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().all(|c| c == '\t' || (' '..='~').contains(&c)),
        _ => tagged(value, "$bytes").is_none(),
    }
}

fn is_framing(name: &str) -> bool {
    ["connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade"]
        .contains(&name.to_ascii_lowercase().as_str())
}
