//! The arguments of a recorded call, in the words of the library.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http_hook::body::Replay;
use http_hook::body::multipart::{Multipart, Part};
use http_hook::options::{KeepAlive, Setting};
use http_hook::request::{Data, form};
use http_hook::{Error, Options, RequestPlan};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::recorded::calls::{Fault, auth, method};
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
        let kinds =
            ["type_error", "value_error", "attribute_error", "invalid_header", "unicode_error"];
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
    let method = method(&input["hook"])?;
    let has_body = !matches!(method, Method::GET | Method::HEAD);
    let mut plan = RequestPlan::new(method, endpoint);
    let mut source = None;
    // The fields of a multipart body are its own parts.
    let files = &call["request_kwargs"]["files"];
    let files = files.as_object().is_some_and(|files| !files.is_empty()) || files.is_array();
    if let Some(data) = call.get("data").filter(|data| !(data.is_null() || files && has_body)) {
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
        plan = match name.as_str() {
            "files" if files => {
                with_files(plan, if has_body { &call["data"] } else { &Value::Null }, value)?
            }
            _ => with_keyword(plan, name, value)?,
        };
    }
    Ok(Planned { plan, source })
}

/// Reads the TCP keep-alive arguments of the hook: on where nothing is said, as there.
#[must_use]
pub fn keep_alive(hook: &Value) -> Options {
    let mut options = Options::default();
    let mut names = hook.as_object().into_iter().flat_map(Map::keys);
    if !names.any(|name| name.starts_with("tcp_keep_alive")) {
        return options;
    }
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
            let form = form::from_value(&plain(data)).map_err(|error| Fault::from(&error))?;
            Ok((plan.data(Data::Form(form)), None))
        }
        _ => Err(Inexpressible.into()),
    }
}

/// Pairs without tags: tuples are lists, and a form holds the text of bytes and of odd numbers.
fn plain(value: &Value) -> Value {
    if let Some(number) = tagged(value, "$float") {
        return number.clone();
    }
    if let Some(Ok(text)) = bytes(value).map(String::from_utf8) {
        return text.into();
    }
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => match tagged(value, "$tuple") {
            Some(items) => plain(items),
            None => Value::Object(members.iter().map(|(k, v)| (k.clone(), plain(v))).collect()),
        },
        other => other.clone(),
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
            _ => match form::from_value(&plain(value)) {
                Ok(text) => Ok(plan.params_text(&text)),
                Err(error) => Err(Fault::from(&error)),
            },
        },
        "cookies" => {
            let pairs = value.as_object().ok_or(Inexpressible)?;
            Ok(pairs.iter().fold(plan, |plan, (name, value)| {
                plan.cookie(name, value.as_str().unwrap_or_default())
            }))
        }
        "auth" => Ok(plan.auth(auth::of_call(value)?)),
        "files" => Ok(plan),
        _ => Err(Inexpressible.into()),
    }
}

/// Fields are the pairs of the data, files are parts: a bare text takes the field's name as its file name.
fn with_files(plan: RequestPlan, data: &Value, files: &Value) -> Result<RequestPlan, Fault> {
    let refused = |error: Error| Fault::from(&error);
    let mut body = Multipart::default();
    match data {
        Value::Null => {}
        Value::String(_) => return Err(Inexpressible.into()),
        _ => {
            let encoded = form::from_value(&plain(data)).map_err(refused)?;
            for (name, value) in form_urlencoded::parse(encoded.as_bytes()) {
                body.field(name, value.into_owned()).map_err(refused)?;
            }
        }
    }
    let listed = files.as_array().into_iter().flatten();
    let listed = listed.filter_map(|pair| Some((pair[0].as_str()?, &pair[1])));
    let named = files.as_object().into_iter().flatten();
    for (name, file) in named.map(|(name, file)| (name.as_str(), file)).chain(listed) {
        body.file(part(name, file)?).map_err(refused)?;
    }
    Ok(plan.multipart(body))
}

fn part(name: &str, file: &Value) -> Result<Part, Fault> {
    let Some(file) = tagged(file, "$file") else {
        let content = content(file).ok_or(Inexpressible)?;
        return Ok(Part::bytes(name, content).with_filename(name));
    };
    let mut part = Part::bytes(name, content(&file["content"]).ok_or(Inexpressible)?);
    if let Some(filename) = file["filename"].as_str() {
        part = part.with_filename(filename);
    }
    if let Some(content_type) = file["content_type"].as_str() {
        part = part.with_content_type(content_type);
    }
    for (name, value) in file["headers"].as_object().into_iter().flatten() {
        part = part.with_header(name, value.as_str().unwrap_or_default());
    }
    Ok(part)
}

fn content(value: &Value) -> Option<Vec<u8>> {
    bytes(value).or_else(|| value.as_str().map(|text| text.as_bytes().to_vec()))
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
