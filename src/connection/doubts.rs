//! What an extra may hold, and nobody means: it is used as it is written, and told beside.

use serde_json::Value;

use crate::base::Problem;
use crate::options::OPTION_NAMES;

/// Options that are on or off.
const SWITCHES: [&str; 4] = ["stream", "allow_redirects", "trust_env", "check_response"];

/// Names that say how a call is made, to people and to other programs. Here they are headers, as in Airflow.
const OF_AUTH: [&str; 22] = [
    "access_token",
    "auth",
    "auth_type",
    "authentication",
    "bearer",
    "bearer_token",
    "client_id",
    "client_secret",
    "credentials",
    "grant_type",
    "login",
    "oauth",
    "oauth2",
    "pass",
    "passwd",
    "password",
    "refresh_token",
    "secret",
    "token",
    "token_url",
    "user",
    "username",
];
const OF_RETRIES: [&str; 10] = [
    "backoff",
    "backoff_factor",
    "max_attempts",
    "max_retries",
    "retries",
    "retry",
    "retry_args",
    "retry_delay",
    "retry_limit",
    "total_retries",
];
const OF_CALLS: [&str; 36] = [
    "adapter",
    "all_proxy",
    "base_path",
    "base_url",
    "ca_bundle",
    "ca_cert",
    "conn_type",
    "connect_timeout",
    "data",
    "endpoint",
    "extra_options",
    "follow_redirects",
    "header",
    "headers",
    "http_hook",
    "http_proxy",
    "https_proxy",
    "insecure",
    "json",
    "max_redirs",
    "method",
    "no_proxy",
    "params",
    "port",
    "read_timeout",
    "schema",
    "scheme",
    "ssl",
    "ssl_verify",
    "tcp_keep_alive",
    "tcp_keep_alive_count",
    "tcp_keep_alive_idle",
    "tcp_keep_alive_interval",
    "timeout_seconds",
    "url",
    "verify_cert",
];

/// Says what is odd about an option as it is written; `value` has the type that counts.
pub(super) fn of_option(name: &str, value: &Value) -> Option<Problem> {
    let Value::String(text) = value else { return None };
    let doubt = |message: &str| Problem::new(format!("connection.extra.{name}"), message);
    let meant = meant(text);
    match name {
        "verify" | "verify_ssl" if text.is_empty() => {
            let doubt = doubt("empty, which switches the check of certificates off");
            Some(doubt.with_hint("write true, or leave it out"))
        }
        "verify" | "verify_ssl" | "cert" => {
            let doubt = doubt("read as the name of a file");
            Some(doubt.with_hint(format!("write {} for the value", meant?)))
        }
        switch if SWITCHES.contains(&switch) && !text.is_empty() => {
            let doubt = doubt("a text, and so it counts as true");
            Some(doubt.with_hint(format!("write {}", meant.unwrap_or("true or false"))))
        }
        _ => None,
    }
}

/// The value that people mean by a word, as JSON has it.
fn meant(text: &str) -> Option<&'static str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "false" | "no" | "n" | "off" | "f" | "0" | "disable" | "disabled" => Some("false"),
        "true" | "yes" | "y" | "on" | "t" | "1" | "enable" | "enabled" => Some("true"),
        "none" | "null" | "nil" | "" => Some("null"),
        _ => None,
    }
}

/// Says what is odd about a header of this name: it is called as an option would be.
pub(super) fn of_header(name: &str) -> Option<Problem> {
    let find = |names: &[&'static str]| names.iter().copied().find(|own| is_meant(name, own));
    let doubt = |name: &str| {
        Problem::new(format!("connection.extra.{name}"), "sent as a header, for it is no option")
    };
    if let Some(option) = find(&OPTION_NAMES) {
        return Some(doubt(option).with_hint(format!("the option is written `{option}`")));
    }
    if let Some(own) = find(&OF_AUTH) {
        let hint = "schemes of authentication are set by {\"http_hook\": {\"auth\": {\"scheme\": \"bearer\"}}}";
        return Some(doubt(own).with_hint(hint));
    }
    if let Some(own) = find(&OF_RETRIES) {
        return Some(doubt(own).with_hint("retries are set by {\"http_hook\": {\"retry\": {…}}}"));
    }
    let own = find(&OF_CALLS)?;
    Some(doubt(own).with_hint(format!("the options are {}", OPTION_NAMES.join(", "))))
}

/// Whether a name is this one, but for letter case and what parts its words.
fn is_meant(name: &str, own: &str) -> bool {
    let plain = |name: &str| {
        let chars = name.bytes().filter(u8::is_ascii_alphanumeric);
        chars.map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    let begins = |name: &str| name.bytes().next().map(|byte| byte.to_ascii_lowercase());
    // Hardly any name gets past this.
    name.len() <= 64 && begins(name) == begins(own) && plain(name) == plain(own)
}
