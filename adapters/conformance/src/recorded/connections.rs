//! Cases of kind `connection`: what a connection reads as, and what it prints as.

use http_hook::{Connection, Error, ErrorKind, Secret};
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
#[must_use]
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
        (Ok(connection), _) => match connection.with_id(id) {
            Ok(connection) => compare(&expected, &connection),
            Err(error) => Verdict::differs("a connection", format!("error {error}")),
        },
    }
}

/// Tells whether an error of the library is the refusal that was recorded: any error of a connection is.
/// The texts are not compared: the recorded ones hold the password.
fn refuses(error: &Error, recorded: &Value) -> bool {
    let kind = recorded["kind"].as_str().unwrap_or_default();
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Limit)
        && matches!(
            kind,
            "value_error" | "type_error" | "attribute_error" | "airflow_error" | "invalid_json"
        )
}

fn compare(expected: &Value, connection: &Connection) -> Verdict {
    let got = json!({
        "fields": fields(connection),
        "extra_object": extra_object(connection),
        "uri": connection.to_uri().expose(),
        "json": python(connection.to_json().expose()).unwrap_or_default(),
        "reparsed": reparsed(connection),
    });
    let mut expected = expected.clone();
    if let Some(json) = expected.get_mut("json").filter(|json| json.is_string()) {
        *json = serde_json::from_str(json.as_str().unwrap_or_default()).unwrap_or_default();
    }
    difference(&expected, &got).unwrap_or(Verdict::Passed)
}

/// The fields as recorded.
#[must_use]
pub fn fields(connection: &Connection) -> Value {
    json!({
        "conn_type": connection.conn_type(),
        "host": connection.host(),
        "login": connection.login(),
        "password": connection.password().map(Secret::expose),
        "schema": connection.schema(),
        "port": connection.port(),
        "description": connection.description(),
        "conn_id": connection.id(),
        "extra": connection.extra().map(Secret::expose),
    })
}

/// The extra as the original gives it: an object that cannot be read is empty.
fn extra_object(connection: &Connection) -> Value {
    let text = connection.extra().map_or("", Secret::expose);
    python(text).unwrap_or_else(|| Value::Object(Map::new()))
}

/// Reads JSON in which numbers may be infinite, as Python prints it: such a number is tagged.
fn python(text: &str) -> Option<Value> {
    let mut inside = false;
    let parts = text.split('"').scan("", |before, part| {
        let escaped = before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
        inside ^= !escaped;
        *before = part;
        Some(if inside { tag_numbers(part) } else { part.to_owned() })
    });
    serde_json::from_str(&parts.collect::<Vec<_>>().join("\"")).ok()
}

fn tag_numbers(text: &str) -> String {
    let tagged = text.replace("-Infinity", "{\"$float\":\"-inf\"}");
    tagged.replace("Infinity", "{\"$float\":\"inf\"}").replace("NaN", "{\"$float\":\"nan\"}")
}

/// The printed URI read again. Null and empty are the same for host, schema, type and extra.
fn reparsed(connection: &Connection) -> Value {
    let again = match Connection::from_uri(connection.to_uri().expose()) {
        Ok(again) => again,
        Err(error) => return json!({"error": error.to_string()}),
    };
    let plain = |connection: &Connection| {
        let mut fields = fields(connection);
        let members = fields.as_object_mut().expect("an object");
        members.remove("description");
        members.remove("conn_id");
        fields
    };
    let level = |mut fields: Value| {
        // An empty extra is none: what a caller reads of it is the same empty object.
        for name in ["host", "schema", "conn_type", "extra"] {
            if fields[name].is_null() {
                fields[name] = "".into();
            }
        }
        fields
    };
    let (fields, again) = (plain(connection), plain(&again));
    if level(fields) == level(again.clone()) {
        json!({"same": true})
    } else {
        json!({"same": false, "fields": again})
    }
}
