//! Cases of kind `connection`: what a connection reads as, and what it prints as.

use http_hook::{Connection, ConnectionId, Error, ErrorKind, Secret};
use serde_json::{Map, Value, json};

use crate::recorded::case::Case;
use crate::recorded::compare::difference;
use crate::recorded::report::Verdict;
use crate::recorded::values::substitute;

/// Reads `input.connection`; `None` for an id that no source knows.
///
/// # Errors
///
/// What the library says of the text.
///
/// # Panics
///
/// If the case has none of the forms.
pub fn read(connection: &Value) -> Option<Result<Connection, Error>> {
    let text = |name: &str| connection.get(name).and_then(Value::as_str);
    Some(match (text("uri"), connection.get("json"), text("json_text")) {
        (Some(uri), ..) => Connection::from_uri(uri),
        (_, Some(value), _) => Connection::from_json(&value.to_string()),
        (.., Some(text)) => Connection::from_json(text),
        _ if connection.is_null() => return None,
        _ => panic!("not a connection: {connection}"),
    })
}

/// Runs one case.
#[must_use]
pub fn run(case: &Case) -> Verdict {
    let input = substitute(&case.input, false);
    let expected = substitute(&case.expected, true);
    let id = input.get("conn_id").and_then(Value::as_str).unwrap_or("c");
    let read = read(&input["connection"]).expect("a connection");
    match (read, expected.get("error")) {
        (Err(error), Some(recorded)) if refuses(&error, recorded) => Verdict::Passed,
        (Err(error), _) => Verdict::differs(
            expected.get("error").unwrap_or(&expected["fields"]).to_string(),
            format!("error {:?}: {error}", error.kind()),
        ),
        (Ok(connection), _) => {
            let connection = match ConnectionId::new(id) {
                Ok(id) => connection.with_id(id),
                Err(_) => connection,
            };
            compare(&expected, &connection, id)
        }
    }
}

/// Tells whether an error of the library is the refusal that was recorded: any error of a connection is.
/// The texts are not compared: the recorded ones hold the password.
fn refuses(error: &Error, recorded: &Value) -> bool {
    let kind = recorded["kind"].as_str().unwrap_or_default();
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Limit)
        && matches!(kind, "value_error" | "type_error" | "airflow_error" | "invalid_json")
}

fn compare(expected: &Value, connection: &Connection, id: &str) -> Verdict {
    let got = json!({
        "fields": fields(connection, id),
        "extra_object": extra_object(connection),
        "uri": connection.to_uri().expose(),
        "json": serde_json::from_str::<Value>(connection.to_json().expose()).unwrap_or_default(),
        "reparsed": reparsed(connection, id),
    });
    let mut expected = expected.clone();
    if let Some(json) = expected.get_mut("json").filter(|json| json.is_string()) {
        *json = serde_json::from_str(json.as_str().unwrap_or_default()).unwrap_or_default();
    }
    difference(&expected, &got).unwrap_or(Verdict::Passed)
}

/// The fields as recorded.
#[must_use]
pub fn fields(connection: &Connection, id: &str) -> Value {
    json!({
        "conn_type": connection.conn_type(),
        "host": connection.host(),
        "login": connection.login(),
        "password": connection.password().map(Secret::expose),
        "schema": connection.schema(),
        "port": connection.port(),
        "description": connection.description(),
        "conn_id": id,
        "extra": connection.extra().map(Secret::expose),
    })
}

/// The extra as the original gives it: an object that cannot be read is empty.
fn extra_object(connection: &Connection) -> Value {
    let text = connection.extra().map_or("", Secret::expose);
    serde_json::from_str(text).unwrap_or_else(|_| Value::Object(Map::new()))
}

/// The printed URI read again. Null and empty are the same for host, schema and type.
fn reparsed(connection: &Connection, id: &str) -> Value {
    let again = match Connection::from_uri(connection.to_uri().expose()) {
        Ok(again) => again,
        Err(error) => return json!({"error": error.to_string()}),
    };
    let plain = |connection: &Connection| {
        let mut fields = fields(connection, id);
        let members = fields.as_object_mut().expect("an object");
        members.remove("description");
        members.remove("conn_id");
        fields
    };
    let level = |mut fields: Value| {
        for name in ["host", "schema", "conn_type"] {
            if fields[name].is_null() {
                fields[name] = "".into();
            }
        }
        fields
    };
    let (fields, again) = (plain(connection), plain(&again));
    match level(fields) == level(again.clone()) {
        true => json!({"same": true}),
        false => json!({"same": false, "fields": again}),
    }
}
