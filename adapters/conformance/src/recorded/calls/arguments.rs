//! The arguments of a recorded call, in the words of the library.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_hook::{Data, KeepAlive, Options, Replay, RequestPlan, Setting, form};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::recorded::calls::{Fault, method};
use crate::recorded::values::{tagged, untuple};

/// A plan, and the bytes of its source if the driver has to hold one.
pub struct Planned {
    /// The plan.
    pub plan: RequestPlan,
    /// What the source gives.
    pub source: Option<Vec<u8>>,
}

/// What the types of the library leave no room for: the compiler refuses it, where the original's language
/// does so when it runs.
pub struct Inexpressible;

impl From<Inexpressible> for Fault {
    fn from(_: Inexpressible) -> Self {
        let kinds = ["type_error", "value_error", "invalid_header", "unicode_error"];
        Self::new(&kinds, "cannot be expressed: the types leave no room for it")
    }
}

/// Plans a call.
///
/// # Errors
///
/// What cannot be expressed, and what the library refuses at once.
pub fn plan(input: &Value, call: &Value) -> Result<Planned, Fault> {
    let endpoint = call["endpoint"].as_str().unwrap_or_default();
    let mut plan = RequestPlan::new(method(&input["hook"])?, endpoint);
    let mut source = None;
    if let Some(data) = call.get("data").filter(|data| !data.is_null()) {
        (plan, source) = with_data(plan, data)?;
    }
    for (name, value) in call["headers"].as_object().into_iter().flatten() {
        plan = with_header(plan, name, value)?;
    }
    if let Some(options) = call["extra_options"].as_object() {
        let options: Map<String, Value> =
            options.iter().map(|(name, value)| (name.clone(), untuple(value))).collect();
        let options = Options::from_json(&options).map_err(|problems| {
            let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let kinds = ["invalid_timeout", "type_error", "value_error", "os_error"];
            Fault::new(&kinds, &texts.join("; "))
        })?;
        plan = plan.options(options);
    }
    for (name, value) in call["request_kwargs"].as_object().into_iter().flatten() {
        plan = with_keyword(plan, name, value)?;
    }
    Ok(Planned { plan, source })
}

/// Reads the TCP keep-alive arguments of the hook: on by default, as there.
#[must_use]
pub fn keep_alive(hook: &Value) -> Options {
    let seconds = |name: &str| hook[name].as_u64().map(Duration::from_secs);
    let usual = KeepAlive::default();
    let on = KeepAlive {
        idle: seconds("tcp_keep_alive_idle").unwrap_or(usual.idle),
        interval: seconds("tcp_keep_alive_interval").unwrap_or(usual.interval),
        count: hook["tcp_keep_alive_count"]
            .as_u64()
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(usual.count),
    };
    let mut options = Options::default();
    options.keep_alive = match hook["tcp_keep_alive"].as_bool() {
        Some(false) => Setting::Unset,
        _ => Setting::Set(on),
    };
    options
}

fn with_data(plan: RequestPlan, data: &Value) -> Result<(RequestPlan, Option<Vec<u8>>), Fault> {
    if let Some(bytes) = bytes(data) {
        return Ok((plan.data(bytes), None));
    }
    if let Some(text) = tagged(data, "$stream").and_then(Value::as_str) {
        let source = text.as_bytes().to_vec();
        return Ok((plan.external(Some(source.len() as u64), Replay::Once), Some(source)));
    }
    if let Some(chunks) = tagged(data, "$chunks").and_then(Value::as_array) {
        let source = chunks.iter().filter_map(Value::as_str).collect::<String>().into_bytes();
        return Ok((plan.external(None, Replay::Once), Some(source)));
    }
    match data {
        Value::String(text) => Ok((plan.data(text.as_str()), None)),
        Value::Object(_) | Value::Array(_) => {
            let form = form::from_value(&untuple(data)).map_err(|error| Fault::from(&error))?;
            Ok((plan.data(Data::Form(form)), None))
        }
        _ => Err(Inexpressible.into()),
    }
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(tagged(value, "$bytes")?.as_str()?).ok()
}

fn with_header(plan: RequestPlan, name: &str, value: &Value) -> Result<RequestPlan, Fault> {
    let bytes = bytes(value).map(String::from_utf8);
    match (value, &bytes) {
        (Value::Null, _) => Ok(plan.without_header(name)),
        (Value::String(text), _) | (_, Some(Ok(text))) => Ok(plan.header(name, text)),
        _ => Err(Inexpressible.into()),
    }
}

fn with_keyword(plan: RequestPlan, name: &str, value: &Value) -> Result<RequestPlan, Fault> {
    match name {
        _ if value.is_null() => Ok(plan),
        "json" => Ok(plan.json(&Tagged(value))),
        "params" => match value {
            Value::String(text) => Ok(plan.params_text(text)),
            _ => match form::from_value(&untuple(value)) {
                Ok(text) => Ok(plan.params_text(&text)),
                Err(error) => Err(Fault::from(&error)),
            },
        },
        "cookies" => {
            let pairs = value.as_object().into_iter().flatten();
            let pairs: Vec<String> = pairs
                .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
                .collect();
            Ok(plan.header("cookie", &pairs.join("; ")))
        }
        "files" => with_files(plan, value),
        _ => Err(Inexpressible.into()),
    }
}

fn with_files(plan: RequestPlan, files: &Value) -> Result<RequestPlan, Fault> {
    let _ = files;
    let _ = &plan;
    Err(Inexpressible.into())
}

/// A JSON argument in which `$float` stands for numbers that JSON lacks.
struct Tagged<'a>(&'a Value);

impl Serialize for Tagged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Tagged(item))?;
                }
                list.end()
            }
            Value::Object(members) => match tagged(self.0, "$float").and_then(Value::as_str) {
                Some("inf") => serializer.serialize_f64(f64::INFINITY),
                Some("-inf") => serializer.serialize_f64(f64::NEG_INFINITY),
                Some(_) => serializer.serialize_f64(f64::NAN),
                None => {
                    let mut map = serializer.serialize_map(Some(members.len()))?;
                    for (name, value) in members {
                        map.serialize_entry(name, &Tagged(value))?;
                    }
                    map.end()
                }
            },
            other => other.serialize(serializer),
        }
    }
}
