//! Which cases a rule covers: decided by what goes in and what was recorded, never by an id.
//!
//! A rule is a row of the table of deviations in the design, `quirk`: a result that is marked as an accident of
//! the recorded software, or `client`: one that is marked as a trait of the recorded HTTP client. What a rule does not cover is a failure, however it is listed.

use serde_json::Value;

use crate::recorded::calls::WRAPPER;
use crate::recorded::case::Case;
use crate::recorded::values::tagged;

/// Tells whether `rule` covers a case that differs so; with `""`, whether any rule does.
#[must_use]
pub fn covers(rule: &str, case: &Case, expected: &str, got: &str) -> bool {
    let view = View { case, expected, got, refused: got.starts_with("error") };
    let mut rules = RULES.iter().filter(|(name, _)| rule.is_empty() || rule == *name);
    rules.any(|(_, covers)| covers(&view))
}

/// A rule's name, and whether it covers a difference.
type Rule = (&'static str, fn(&View) -> bool);

const RULES: [Rule; 24] = [
    ("quirk", |case| case.case.quirk),
    ("client", |case| case.case.client_specific),
    ("D1", |case| case.refused && (case.host_is_unsafe() || case.uri_has_controls())),
    ("D2", |case| {
        case.redirects_elsewhere()
            && (case.got.contains("from https to http") || case.expected.contains("headers"))
    }),
    ("D3", |case| case.is_call() && case.options_stick() && case.expected.starts_with("call ")),
    ("D4", |case| case.is_call() && case.port_is_elsewhere()),
    ("D5", |case| case.is_call() && case.uri_is_https() && case.expected.contains("http://")),
    ("D6", |case| case.is_call() && case.uri_has_options()),
    ("D7", |case| case.is_call() && case.has_pair_option()),
    ("D8", |case| case.is_call() && case.login_alone() && case.expected.contains("Basic")),
    ("D10", |case| case.is_call() && case.calls("fn").any(|name| name == "test_connection")),
    ("D11", |case| case.refused && case.retries_by_class()),
    ("D12", |case| {
        // Where a source fails; and going on over it comes to what was recorded.
        case.refused
            && case.case.kind == "lookup"
            && !case.got.starts_with("error NotDefined")
            && !case.got.contains("though it goes on")
    }),
    // What else may differ is told by the entry, and compared.
    ("D13", |case| case.case.kind == "async"),
    ("D15", |case| case.refused && case.headers().iter().any(|(name, _)| !is_token(name))),
    ("D16", |case| case.refused && case.headers().iter().any(|(_, value)| !is_visible(value))),
    ("D17", |case| {
        case.sets_framing() && case.refused
            || case.sets_host() && case.redirects_elsewhere()
            || case.shows_proxy_credentials() && case.refused
    }),
    ("D18", |case| case.refused && case.host_is_foreign()),
    ("D19", |case| case.refused && case.host().is_none_or(|host| host.is_empty())),
    ("D21", |case| {
        case.is_call() && case.final_status().any(|status| (101..=103).contains(&status))
    }),
    ("D22", |case| case.expected.starts_with(WRAPPER)),
    ("D24", |case| case.tells_field_and_cure()),
    ("D25", |case| {
        case.is_call() && !case.refused && case.host().is_some_and(|host| host.ends_with('.'))
    }),
    ("D26", |case| {
        case.case.kind == "connection_file"
            && case.case.input["name"]
                .as_str()
                .is_some_and(|name| name.to_lowercase().ends_with(".toml"))
    }),
];

/// A case, as the rules look at it.
struct View<'a> {
    case: &'a Case,
    /// What was recorded, where it differs: `call 2: timeout 5`.
    expected: &'a str,
    /// What the library did instead.
    got: &'a str,
    /// Whether the library ended in an error.
    refused: bool,
}

impl View<'_> {
    /// The recorded text repeats a URL that may be secret; here it ends after what is wrong, then come field and cure. The kind
    /// of the error is the recorded one.
    fn tells_field_and_cure(&self) -> bool {
        const SAME: &str = "Invalid base URL: Missing scheme ";
        let kind = self.expected.split_whitespace().next().unwrap_or_default();
        let is_same_kind = !self.refused || self.got.contains(kind);
        self.expected.contains(&format!("{SAME}in "))
            && self.got.contains(&format!("{SAME}(connection."))
            && is_same_kind
    }

    /// The class puts credentials for a proxy on requests to the origin.
    fn shows_proxy_credentials(&self) -> bool {
        self.case.input["hook"]["auth_type"].as_str().is_some_and(|name| {
            ["proxy", "HTTPProxyAuth"].contains(&name.rsplit('.').next().unwrap_or_default())
        })
    }

    fn connection(&self) -> &Value {
        &self.case.input["connection"]
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
            host.chars().any(char::is_control) || bare && host.chars().any(unsafe_char)
        })
    }

    fn uri_has_controls(&self) -> bool {
        self.uri().is_some_and(|uri| uri.starts_with(' ') || uri.chars().any(char::is_control))
    }

    /// All headers of the connection and of the calls.
    fn headers(&self) -> Vec<(String, Value)> {
        let extra = &self.connection()["json"]["extra"];
        let text = extra.as_str().and_then(|text| serde_json::from_str(text).ok());
        let extra = text.unwrap_or_else(|| extra.clone());
        let objects = std::iter::once(&extra).chain(self.calls("headers"));
        let members = objects.filter_map(Value::as_object).flatten();
        let query = self.uri().and_then(|uri| uri.split_once('?')).map_or("", |(_, query)| query);
        let query = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())));
        members.map(|(name, value)| (name.clone(), value.clone())).chain(query).collect()
    }

    fn sets_framing(&self) -> bool {
        self.headers().iter().any(|(name, _)| is_framing(name))
    }

    fn sets_host(&self) -> bool {
        self.headers().iter().any(|(name, _)| name.eq_ignore_ascii_case("host"))
    }

    fn is_call(&self) -> bool {
        self.case.kind == "http"
    }

    /// Whether a class stands where a predicate should.
    fn retries_by_class(&self) -> bool {
        fn has(value: &Value) -> bool {
            match value {
                Value::Object(members) => {
                    members.contains_key("exception_class") || members.values().any(has)
                }
                Value::Array(items) => items.iter().any(has),
                _ => false,
            }
        }
        self.calls("retry").any(has)
    }

    fn host_is_foreign(&self) -> bool {
        self.host().is_some_and(|host| !host.is_ascii() || host.contains('@'))
    }

    fn calls(&self, member: &str) -> impl Iterator<Item = &Value> {
        let calls = self.case.input["calls"].as_array();
        calls.into_iter().flatten().filter_map(move |call| call.get(member))
    }

    fn answers(&self) -> impl Iterator<Item = &Value> {
        let server = &self.case.input["server"];
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
        let calls = self.case.input["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
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
        let parts = self.uri().and_then(|uri| uri.split_once("://"));
        let Some((_, rest)) = parts.filter(|(name, _)| name.eq_ignore_ascii_case("https")) else {
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
