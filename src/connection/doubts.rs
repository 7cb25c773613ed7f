//! What an extra may hold, and nobody means: it is used as it is written, and told beside.

use serde_json::Value;

use crate::base::Problem;
use crate::options::OPTION_NAMES;

/// Options that are on or off.
const SWITCHES: [&str; 4] = ["stream", "allow_redirects", "trust_env", "check_response"];

/// Names that say how a call is made, to people and to other programs. Here they are headers, as in Airflow.
const OF_AUTH: [&str; 35] = [
    "api_secret",
    "api_token",
    "auth_password",
    "auth_token",
    "bearer_auth",
    "id_token",
    "jwt",
    "user_password",
    "access_token",
    "auth",
    "auth_method",
    "auth_scheme",
    "auth_type",
    "authentication",
    "basic_auth",
    "bearer",
    "bearer_token",
    "client_id",
    "client_secret",
    "credentials",
    "digest_auth",
    "grant_type",
    "http_hook_auth",
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
const OF_RETRIES: [&str; 21] = [
    "backoff",
    "backoff_factor",
    "backoff_max",
    "http_hook_retry",
    "max_attempts",
    "max_retries",
    "max_retry",
    "max_tries",
    "num_retries",
    "retries",
    "retry",
    "retry_args",
    "retry_attempts",
    "retry_count",
    "retry_delay",
    "retry_limit",
    "retry_on_status",
    "retry_policy",
    "retry_statuses",
    "status_forcelist",
    "total_retries",
];
const OF_CALLS: [&str; 102] = [
    "adapter",
    "all_proxy",
    "allow_insecure",
    "allow_unverified",
    "base_path",
    "base_url",
    "ca",
    "ca_bundle",
    "ca_cert",
    "ca_certs",
    "ca_file",
    "ca_path",
    "cacert",
    "cafile",
    "cert_file",
    "certfile",
    "certificate",
    "check_certificate",
    "check_hostname",
    "client_cert",
    "client_certificate",
    "client_key",
    "conn_type",
    "connect_timeout",
    "connection_timeout",
    "cookies",
    "data",
    "disable_ssl_verification",
    "disable_verify",
    "endpoint",
    "extra_options",
    "follow",
    "follow_location",
    "follow_redirects",
    "header",
    "headers",
    "http_hook",
    "http_proxy",
    "http_timeout",
    "https_proxy",
    "ignore_ssl",
    "ignore_ssl_errors",
    "insecure",
    "insecure_skip_verify",
    "json",
    "key_file",
    "keyfile",
    "max_redirs",
    "method",
    "no_proxy",
    "no_verify",
    "no_verify_ssl",
    "params",
    "port",
    "proxy_host",
    "proxy_port",
    "proxy_url",
    "raise_for_status",
    "read_timeout",
    "redirects",
    "request_timeout",
    "schema",
    "scheme",
    "skip_ssl_verification",
    "skip_tls_verify",
    "skip_verify",
    "socket_timeout",
    "ssl",
    "ssl_ca",
    "ssl_cert",
    "ssl_check",
    "ssl_key",
    "ssl_no_verify",
    "ssl_verify",
    "tcp_keep_alive",
    "tcp_keep_alive_count",
    "tcp_keep_alive_idle",
    "tcp_keep_alive_interval",
    "timeout_ms",
    "timeout_sec",
    "timeout_seconds",
    "tls",
    "tls_ca",
    "tls_cert",
    "tls_insecure",
    "tls_key",
    "tls_skip_verify",
    "tls_verify",
    "unverified",
    "url",
    "use_ssl",
    "use_tls",
    "validate_cert",
    "validate_certs",
    "verify_cert",
    "verify_certificate",
    "verify_certificates",
    "verify_certs",
    "verify_host",
    "verify_hostname",
    "verify_peer",
    "verify_tls",
];

/// Says what is odd about an option as it is written; `value` has the type that counts.
pub(super) fn of_option(name: &str, value: &Value) -> Option<Problem> {
    let doubt = |message: &str| Problem::new(format!("connection.extra.{name}"), message);
    let Value::String(text) = value else {
        // Nobody doubts `false`, and null is as good as absent.
        let is_off = matches!(value, Value::Number(_) | Value::Array(_) | Value::Object(_))
            && matches!(name, "verify" | "verify_ssl");
        let doubt =
            is_off.then(|| doubt("empty or 0, which switches the check of certificates off"));
        return doubt.map(|doubt| doubt.with_hint("write false for that, else true"));
    };
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
    let options = || format!("the options are {}", OPTION_NAMES.join(", "));
    if let Some(own) = find(&OF_CALLS) {
        return Some(doubt(own).with_hint(options()));
    }
    let word = word_of_option(name)?;
    let message = format!("a header whose name has `{word}` in it is sent, for it is no option");
    Some(Problem::new("connection.extra", message).with_hint(options()))
}

/// The word that says that a name is that of an option: `rejectUnauthorized`, `extra__http__verify`. Names of headers have
/// no capital inside a word, and a `-` where others have a `_`.
fn word_of_option(name: &str) -> Option<&'static str> {
    const WORDS: [&str; 17] = [
        "cert",
        "certificate",
        "certificates",
        "certs",
        "hostname",
        "insecure",
        "proxy",
        "redirects",
        "retries",
        "retry",
        "ssl",
        "timeout",
        "tls",
        "trust",
        "unauthorized",
        "verification",
        "verify",
    ];
    if name.len() > 64 || name.contains('-') {
        return None;
    }
    let (mut words, mut word, mut after_small) = (Vec::new(), String::new(), false);
    for c in name.chars() {
        let is_of_word = c.is_ascii_alphanumeric();
        let begins = after_small && c.is_ascii_uppercase();
        if (begins || !is_of_word) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        word.extend(is_of_word.then_some(c.to_ascii_lowercase()));
    }
    words.push(word);
    WORDS.into_iter().find(|known| words.len() > 1 && words.iter().any(|word| word == known))
}

/// Says that a text is no JSON, and so is no option and no header.
pub(super) fn of_no_json() -> Problem {
    let doubt = Problem::new("connection.extra", "not JSON, and so it is left out");
    doubt.with_hint("write an object: {\"verify\": false}")
}

/// Whether a text is meant as the settings, and not as a header of their name.
pub(super) fn is_settings(name: &str, text: &str) -> bool {
    text.contains('{') && is_meant(name, "http_hook")
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
