//! Prints a connection in its two text forms.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::record::Connection;
use crate::base::Secret;
use crate::base::json::Json;
use crate::base::url::origin::is_scheme;
use crate::connection::uri::EXTRA;

/// What Python's `quote` encodes: all but letters, digits and four marks.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~');
/// The same less the blank, which a form writes `+`.
const QUOTED_IN_FORM: &AsciiSet = &QUOTED.remove(b' ');

impl Connection {
    /// Prints the URI form, as Airflow's `get_uri`.
    ///
    /// The id and the description are lost, and so is the difference between an empty and an absent host or
    /// schema. An extra of texts alone becomes a query, any other one `__extra__`.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::Connection;
    ///
    /// let connection = Connection::new().with_conn_type("http").with_host("api.example.org").with_login("me@x");
    /// assert_eq!(connection.to_uri().expose(), "http://me%40x@api.example.org");
    /// ```
    #[must_use]
    pub fn to_uri(&self) -> Secret {
        let mut uri = match self.conn_type() {
            None | Some("") => "//".to_owned(),
            Some(conn_type) => conn_type.to_lowercase().replace('_', "-") + "://",
        };
        let host = self.host().unwrap_or_default();
        let host = match host.split_once("://") {
            // What is no protocol, or one of nothing, stays a part of the host, encoded, and is read again as that.
            Some((protocol, host))
                if is_scheme(protocol)
                    && !host.is_empty()
                    && self.conn_type() != Some(protocol) =>
            {
                uri.push_str(protocol);
                uri.push_str("://");
                host
            }
            _ => host,
        };
        let before_user = uri.len();
        uri.extend(self.login().into_iter().flat_map(|login| utf8_percent_encode(login, QUOTED)));
        if let Some(password) = self.password() {
            uri.push(':');
            uri.extend(utf8_percent_encode(password.expose(), QUOTED));
        }
        let has_user = uri.len() > before_user;
        uri.push_str(if has_user { "@" } else { "" });
        uri.extend(utf8_percent_encode(host, QUOTED));
        if let Some(port) = self.port().filter(|port| *port != 0) {
            uri.push_str(if host.is_empty() && !has_user { "@" } else { "" });
            // Writing to a `String` does not fail.
            let _ = write!(uri, ":{port}");
        }
        let schema = self.schema().unwrap_or_default();
        if !schema.is_empty() {
            uri.push('/');
            uri.extend(utf8_percent_encode(schema, QUOTED));
        }
        if let Some(extra) = self.extra().map(Secret::expose).filter(|extra| !extra.is_empty()) {
            uri.push_str(if schema.is_empty() { "/?" } else { "?" });
            push_query(&mut uri, extra);
        }
        Secret::new(uri)
    }

    /// Prints the JSON form, as Airflow's `as_json`: all fields but the id, without those that are absent.
    ///
    /// The extra is printed as the value it holds, and left out if that is empty or not JSON.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::Connection;
    ///
    /// let connection = Connection::from_uri("http://api.example.org:8443/https")?;
    /// assert_eq!(
    ///     connection.to_json().expose(),
    ///     r#"{"conn_type": "http", "host": "api.example.org", "schema": "https", "port": 8443}"#
    /// );
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Secret {
        let extra = self.extra().and_then(|extra| Json::read(extra.expose()).ok());
        let text = |value: Option<&str>| value.map(|value| Json::Text(value.to_owned()));
        let members = [
            ("conn_type", text(self.conn_type())),
            ("description", text(self.description())),
            ("host", text(self.host())),
            ("login", text(self.login())),
            ("password", text(self.password().map(Secret::expose))),
            ("schema", text(self.schema())),
            ("port", self.port().map(|port| Json::Number(port.to_string()))),
            ("extra", extra.filter(Json::is_truthy)),
        ];
        let present =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Secret::new(Json::Object(present.collect()).print())
    }
}

/// Prints an extra as a query that is read as the same extra.
fn push_query(uri: &mut String, extra: &str) {
    let start = uri.len();
    if let Ok(Json::Object(members)) = Json::read(extra) {
        let pairs = members.iter().map_while(|(name, value)| match value {
            Json::Text(value) => Some((name.as_str(), value.as_str())),
            _ => None,
        });
        for (index, (name, value)) in pairs.clone().enumerate() {
            uri.push_str(if index == 0 { "" } else { "&" });
            push_pair(uri, name, value);
        }
        if !members.is_empty() && pairs.count() == members.len() {
            return;
        }
    }
    uri.truncate(start);
    push_pair(uri, EXTRA, extra);
}

fn push_pair(uri: &mut String, name: &str, value: &str) {
    for (text, after) in [(name, "="), (value, "")] {
        for piece in utf8_percent_encode(text, QUOTED_IN_FORM) {
            uri.push_str(&piece.replace(' ', "+"));
        }
        uri.push_str(after);
    }
}
