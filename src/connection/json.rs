//! Reads the JSON form, `{"conn_type": …, "host": …, "extra": {…}}`.

use super::record::{Connection, check_length, invalid, normal_type};
use crate::base::Secret;
use crate::base::json::{Fault, Json};
use crate::base::{Error, redact};

impl Connection {
    /// Reads the JSON form: an object with any of `conn_type`, `description`, `host`, `login`, `password`,
    /// `schema`, `port` and `extra`, or with a `uri` in their place.
    ///
    /// `null` is as good as absent. `port` may be a text of digits; `extra` an object, or its text.
    ///
    /// # Errors
    ///
    /// Kind [`Connection`](crate::ErrorKind::Connection) if the text is not JSON, names a field that is none
    /// or twice, or a field has another type; kind [`Limit`](crate::ErrorKind::Limit) if it is longer than
    /// [`MAX_TEXT`](Self::MAX_TEXT). The error names the field and never repeats any of the text.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::Connection;
    ///
    /// let connection = Connection::from_json(r#"{"host": "api.example.org", "port": "8443"}"#)?;
    /// assert_eq!(connection.port(), Some(8443));
    ///
    /// let error = Connection::from_json(r#"{"hots": "api.example.org"}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "connection: a field that no connection has; is it `host`?");
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, Error> {
        check_length(text)?;
        let Json::Object(members) = Json::read(text).map_err(unreadable)? else {
            return Err(invalid("connection: the JSON form is an object"));
        };
        let mut made = Self::default();
        let mut uri = None;
        for (name, value) in members {
            match name.as_str() {
                "conn_type" | "port" | "extra" if !value.is_truthy() => {}
                "conn_type" => {
                    made.conn_type = to_text("conn_type", value)?.map(|kind| normal_type(&kind));
                }
                "description" => made.description = to_text("description", value)?,
                "host" => made.host = to_text("host", value)?,
                "login" => made.login = to_text("login", value)?,
                "password" => made.password = to_text("password", value)?.map(Secret::new),
                "schema" => made.schema = to_text("schema", value)?,
                "port" => made.port = Some(to_port(&value)?),
                "extra" => made.extra = Some(to_extra(value)),
                "uri" => uri = to_text("uri", value)?,
                "conn_id" => {
                    return Err(invalid(
                        "connection.conn_id: the id is that under which the connection is stored",
                    ));
                }
                other => return Err(unknown(other)),
            }
        }
        let Some(uri) = uri else { return Ok(made) };
        if !made.is_bare() {
            return Err(invalid(
                "connection.uri: stands in place of the other fields, not beside them",
            ));
        }
        Ok(Self { description: made.description, ..Self::from_uri(&uri)? })
    }

    /// Whether nothing but a description is set.
    fn is_bare(&self) -> bool {
        let texts = [&self.conn_type, &self.host, &self.login, &self.schema];
        let secrets = [&self.password, &self.extra];
        texts.into_iter().flatten().all(String::is_empty)
            && secrets.into_iter().flatten().all(|secret| secret.expose().is_empty())
            && self.port.is_none_or(|port| port == 0)
    }
}

fn unreadable(fault: Fault) -> Error {
    invalid(format!("connection: {} (after {} bytes)", fault.kind.says(), fault.at))
}

/// Tells that there is no such field, without its name, which may be a slip of the pen.
fn unknown(name: &str) -> Error {
    let known =
        ["conn_type", "description", "extra", "host", "login", "password", "port", "schema", "uri"];
    match redact::nearest(name, known) {
        Some(near) => {
            invalid(format!("connection: a field that no connection has; is it `{near}`?"))
        }
        None => invalid(format!(
            "connection: a field that no connection has, beside {}",
            known.join(", ")
        )),
    }
}

fn to_text(name: &'static str, value: Json) -> Result<Option<String>, Error> {
    match value {
        Json::Null => Ok(None),
        Json::Text(text) => Ok(Some(text)),
        _ => Err(invalid(format!("connection.{name}: not a text"))),
    }
}

fn to_extra(value: Json) -> Secret {
    match value {
        Json::Text(text) => Secret::new(text),
        other => Secret::new(other.print()),
    }
}

/// Reads a port as Python's `int` does: a whole number, a text of one, a fraction cut off, `true` as 1.
fn to_port(value: &Json) -> Result<i64, Error> {
    let port = match value {
        Json::Bool(value) => Some(i64::from(*value)),
        Json::Number(number) if number.contains(['.', 'e', 'E']) => {
            // Enough for any port, and exact in a double.
            let whole = number.parse::<f64>().unwrap_or(f64::NAN).trunc();
            format!("{whole:.0}").parse().ok()
        }
        Json::Number(number) => number.parse().ok(),
        Json::Text(text) => whole_number(text.trim()),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    };
    port.ok_or_else(|| invalid("connection.port: not a whole number"))
}

/// Reads digits, maybe with a sign and with single `_` between them.
fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    if is_number { text.replace('_', "").parse().ok() } else { None }
}
