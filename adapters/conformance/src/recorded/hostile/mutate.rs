//! Changes of a stored text, as `HOSTILE.md` describes them.

use serde_json::{Map, Value};

/// Gives the changed texts: one, or one for each place that an operation acts on.
///
/// # Panics
///
/// If an operation is not known.
#[must_use]
pub fn mutations(stored: &str, operations: &[Value]) -> Vec<String> {
    let mut texts = vec![stored.to_owned()];
    for operation in operations {
        texts = texts.iter().flat_map(|text| apply(text, operation)).collect();
    }
    texts
}

fn apply(text: &str, operation: &Value) -> Vec<String> {
    let name = operation["op"].as_str().expect("an operation");
    let string = |member: &str| operation[member].as_str().unwrap_or_default();
    let one = |text: String| vec![text];
    match name {
        "truncate" => {
            let number =
                |name: &str| Some(usize::try_from(operation[name].as_u64()?).expect("small"));
            let from_end = number("bytes_from_end").unwrap_or_default();
            let cut = match number("percent") {
                Some(percent) => text.len() * percent / 100,
                None => text.len().saturating_sub(from_end),
            };
            one(String::from_utf8_lossy(&text.as_bytes()[..cut]).into_owned())
        }
        "append" => one(format!("{text}{}", string("text"))),
        "prepend" => one(format!("{}{text}", string("text"))),
        "append-copy" => one(format!("{text}{text}")),
        "wrap" => one(format!("[{text}]")),
        _ => {
            let Ok(value) = serde_json::from_str(text) else { return one(text.to_owned()) };
            let changed = structural(&value, name, operation);
            if changed.is_empty() { one(text.to_owned()) } else { changed }
        }
    }
}

/// Operations on the value that the text stands for.
fn structural(value: &Value, name: &str, operation: &Value) -> Vec<String> {
    let new = &operation["value"];
    let text = |member: &str| operation[member].as_str().unwrap_or_default();
    let mut whole = value.clone();
    match name {
        "reserialise" => return vec![reserialise(value, text("style"))],
        "set-version" | "add-to-version" => {
            let members = whole.as_object_mut().into_iter().flatten();
            for (_, version) in members.filter(|(name, _)| name.contains("version")) {
                *version = match operation.get("by").and_then(Value::as_i64) {
                    Some(by) => (version.as_i64().unwrap_or_default() + by).into(),
                    None => new.clone(),
                };
            }
        }
        "set-named" => set_named(&mut whole, text("name_contains"), new),
        "replace-in-strings" => replace(&mut whole, text("find"), text("with")),
        "add-member" => {
            if let Some(members) = whole.as_object_mut() {
                members.insert(text("name").to_owned(), new.clone());
            }
        }
        "duplicate-each-member" => return duplicated(value),
        _ => return each(value, name, operation),
    }
    vec![whole.to_string()]
}

fn reserialise(value: &Value, style: &str) -> String {
    match style {
        "pretty" => serde_json::to_string_pretty(value).expect("a value"),
        "sorted-keys" => ordered(value, false).to_string(),
        "reverse-keys" => ordered(value, true).to_string(),
        other => panic!("unknown style {other}"),
    }
}

fn ordered(value: &Value, reverse: bool) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| ordered(item, reverse)).collect(),
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            if reverse {
                names.reverse();
            } else {
                names.sort();
            }
            let members =
                names.into_iter().map(|name| (name.clone(), ordered(&members[name], reverse)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

fn set_named(value: &mut Value, part: &str, new: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| set_named(item, part, new)),
        Value::Object(members) => {
            for (name, value) in members {
                if name.contains(part) { *value = new.clone() } else { set_named(value, part, new) }
            }
        }
        _ => {}
    }
}

fn replace(value: &mut Value, find: &str, with: &str) {
    match value {
        Value::String(text) => *text = text.replace(find, with),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, find, with)),
        Value::Object(members) => members.values_mut().for_each(|item| replace(item, find, with)),
        _ => {}
    }
}

/// All places in a value, as JSON pointers.
fn places(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        Value::Object(members) => {
            let escape = |name: &String| name.replace('~', "~0").replace('/', "~1");
            members.iter().map(|(name, value)| (escape(name), value)).collect()
        }
        _ => Vec::new(),
    };
    let below = |(name, value): (String, &Value)| {
        let own = format!("/{name}");
        let deeper: Vec<String> =
            places(value).iter().map(|place| format!("{own}{place}")).collect();
        std::iter::once(own).chain(deeper).collect::<Vec<_>>()
    };
    children.into_iter().flat_map(below).collect()
}

/// One changed text for each place that the operation acts on.
fn each(value: &Value, name: &str, operation: &Value) -> Vec<String> {
    let new = &operation["value"];
    let mut texts = Vec::new();
    for place in places(value) {
        let mut whole = value.clone();
        let at = whole.pointer_mut(&place).expect("a place");
        match name {
            "set-each-number" if at.is_number() => *at = new.clone(),
            "set-each-string" if at.is_string() => *at = new.clone(),
            "set-each-value" => *at = new.clone(),
            "append-to-each-string" if at.is_string() => {
                let more = operation["text"].as_str().unwrap_or_default();
                *at = format!("{}{more}", at.as_str().unwrap_or_default()).into();
            }
            "remove-each-member" => {
                let (parent, member) = place.rsplit_once('/').expect("a place");
                let member = member.replace("~1", "/").replace("~0", "~");
                match whole.pointer_mut(parent).and_then(Value::as_object_mut) {
                    Some(members) => members.shift_remove(&member),
                    None => continue,
                };
            }
            "set-each-number" | "set-each-string" | "append-to-each-string" => continue,
            other => panic!("unknown operation {other}"),
        }
        texts.push(whole.to_string());
    }
    texts
}

/// Each member twice, which no value can hold: written by hand.
fn duplicated(value: &Value) -> Vec<String> {
    let objects = std::iter::once(String::new()).chain(places(value));
    let mut texts = Vec::new();
    for place in objects {
        let Some(members) = value.pointer(&place).and_then(Value::as_object) else { continue };
        for name in members.keys() {
            let mut whole = value.clone();
            let marker = "duplicate-marker";
            let twice = twice(members, name);
            *whole.pointer_mut(&place).expect("a place") = marker.into();
            texts.push(whole.to_string().replace(&format!("\"{marker}\""), &twice));
        }
    }
    texts
}

fn twice(members: &Map<String, Value>, name: &str) -> String {
    let member = |name: &str| format!("{}:{}", Value::from(name), members[name]);
    let all: Vec<String> = members.keys().map(|name| member(name)).collect();
    format!("{{{},{}}}", all.join(","), member(name))
}
