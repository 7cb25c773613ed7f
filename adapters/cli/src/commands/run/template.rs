//! From a line to a plan: by a template with fields, or as the line itself says.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::Method;
use http_hook::RequestPlan;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::lines::Line;
use crate::args::RequestArgs;
use crate::exit::Problem;
use crate::request::Words;
use crate::request::item::{self, Word};

/// What is escaped of a field in an endpoint: all but what RFC 3986 calls unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What makes calls of lines.
pub(crate) enum Template {
    /// Each line is a call.
    Plans(Option<Method>),
    /// Each line fills this.
    Filled(Box<Filled>),
}

pub(crate) struct Filled {
    method: Method,
    endpoint: Text,
    params: Vec<(Text, Text)>,
    headers: Vec<(String, Option<Text>)>,
    body: Body,
    id: Option<String>,
}

enum Body {
    None,
    Data(Text, &'static str),
    Json(Text),
    Fields(Vec<(Text, Value)>),
    Form(Vec<(Text, Text)>),
}

enum Value {
    Text(Text),
    Json(Text),
}

/// A text with fields in it.
struct Text {
    pieces: Vec<Piece>,
    is_json: bool,
}

enum Piece {
    Plain(String),
    /// A field, and whether it is within a string of JSON.
    Field(String, bool),
}

/// The id of a call, and its plan.
pub(crate) type Made = (Option<String>, Result<RequestPlan, String>);

impl Template {
    /// Reads the words of a template; `endpoint` is that of the words, or of a whole URL.
    pub(crate) fn new(
        words: Option<&Words<'_>>,
        endpoint: &str,
        request: &RequestArgs,
        id: Option<&str>,
    ) -> Result<Self, Problem> {
        if !request.parts.is_empty() {
            return Err(Problem::usage("--part: a run sends no form of several parts"));
        }
        let Some(words) = words else {
            let body = request.data.is_some() || request.json.is_some() || request.form;
            if body || id.is_some() {
                let what = if body { "a body" } else { "--id" };
                return Err(Problem::usage(format!(
                    "{what} needs a template: there is no ENDPOINT"
                )));
            }
            let method = if request.head { Some("HEAD") } else { request.method.as_deref() };
            let method = method.map(method_of).transpose().map_err(Problem::usage)?;
            return Ok(Self::Plans(method));
        };
        let mut filled = Filled {
            method: Method::GET,
            endpoint: Text::new(endpoint),
            params: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
            id: id.map(str::to_owned),
        };
        let mut fields = Vec::new();
        for (index, word) in words.items.iter().enumerate() {
            match Word::parse(word, index + 1)? {
                Word { separator: "==", name, value } => {
                    filled.params.push((Text::new(&name), Text::new(value)));
                }
                Word { separator: ":", name, value } => {
                    let value = (!value.is_empty()).then(|| Text::new(value.trim()));
                    filled.headers.push((name, value));
                }
                Word { separator: "=", name, value } => {
                    fields.push((Text::new(&name), Value::Text(Text::new(value))));
                }
                Word { separator: ":=", name, value } => {
                    let place = format!("the field {name}");
                    fields.push((Text::new(&name), Value::Json(Text::json(value, &place)?)));
                }
                Word { separator: ";", name, .. } => {
                    filled.headers.push((name, Some(Text::new(""))));
                }
                _ => {
                    return Err(Problem::usage(
                        "a run sends no files: the fields of a line are texts",
                    ));
                }
            }
        }
        let mut bodies = Vec::new();
        if let Some(data) = &request.data {
            if data.starts_with('@') {
                return Err(Problem::usage("--data: a run sends no files"));
            }
            let json = data.trim_start().starts_with(['{', '[']) && Text::json(data, "").is_ok();
            let kind = if json { "application/json" } else { "application/x-www-form-urlencoded" };
            let text = if json { Text::json(data, "--data")? } else { Text::new(data) };
            bodies.push(Body::Data(text, kind));
        }
        if let Some(json) = &request.json {
            let text = match json.strip_prefix('@') {
                Some(path) => item::text(item::read(path)?, "--json")?,
                None => json.clone(),
            };
            bodies.push(Body::Json(Text::json(&text, "--json")?));
        }
        if !fields.is_empty() && request.form {
            let pairs = fields.into_iter().map(|(name, value)| match value {
                Value::Text(text) => Ok((name, text)),
                Value::Json(_) => Err(Problem::usage(":= has no meaning in a form")),
            });
            bodies.push(Body::Form(pairs.collect::<Result<_, _>>()?));
        } else if !fields.is_empty() {
            bodies.push(Body::Fields(fields));
        }
        if bodies.len() > 1 {
            return Err(Problem::usage("there is more than one body"));
        }
        filled.body = bodies.pop().unwrap_or(Body::None);
        let guessed = if matches!(filled.body, Body::None) { Method::GET } else { Method::POST };
        filled.method = words.method.clone().unwrap_or(guessed);
        Ok(Self::Filled(Box::new(filled)))
    }

    /// Makes the call of a line.
    pub(crate) fn call(&self, line: &Line) -> Made {
        match (self, &line.row) {
            (Self::Plans(method), None) => planned(&line.text, method.as_ref()),
            (Self::Plans(method), Some((names, row))) => {
                of_row(names.iter().zip(row.iter()), method.as_ref())
            }
            (Self::Filled(filled), None) => match fields(&line.text) {
                Ok(fields) => filled.call(&Fields::Json(&fields)),
                Err(error) => (None, Err(error)),
            },
            (Self::Filled(filled), Some((names, row))) => filled.call(&Fields::Row(names, row)),
        }
    }
}

type Object<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

fn fields(text: &[u8]) -> Result<Object<'_>, String> {
    serde_json::from_slice(text).map_err(|error| not_json(&error))
}

/// Without the text, which may hold what is secret.
fn not_json(error: &serde_json::Error) -> String {
    let column = error.column();
    if error.is_data() {
        // What serde says of a field names the field, and shows no value but a number or a word of another kind.
        let says = error.to_string();
        let says = says.split(" at line ").next().unwrap_or_default();
        if says.starts_with("unknown field")
            || says.starts_with("missing field")
            || says.starts_with("duplicate field")
        {
            return says.to_owned();
        }
        return format!("not an object of the fields that are known, at column {column}");
    }
    format!("not JSON at column {column}")
}

enum Fields<'a> {
    Json(&'a Object<'a>),
    Row(&'a csv::StringRecord, &'a csv::StringRecord),
}

impl Fields<'_> {
    fn text(&self, name: &str) -> Result<Cow<'_, str>, String> {
        let found = match self {
            Self::Json(fields) => {
                let Some(value) = fields.get(name) else { return Err(absent(name)) };
                return text_of(value).ok_or_else(|| format!("the field {name} is no text"));
            }
            Self::Row(names, row) => {
                names.iter().position(|own| own == name).and_then(|at| row.get(at))
            }
        };
        found.map(Cow::Borrowed).ok_or_else(|| absent(name))
    }

    fn json(&self, name: &str) -> Result<Cow<'_, str>, String> {
        match self {
            Self::Json(fields) => match fields.get(name) {
                Some(value) => Ok(Cow::Borrowed(value.get())),
                None => Err(absent(name)),
            },
            Self::Row(..) => {
                let text = self.text(name)?;
                match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
                    Ok(_) => Ok(text),
                    Err(_) => Err(format!("the field {name} is not JSON")),
                }
            }
        }
    }
}

fn absent(name: &str) -> String {
    format!("there is no field {name}")
}

/// A value as a text: what is a text, a number, true or false.
fn text_of(value: &RawValue) -> Option<Cow<'_, str>> {
    let raw = value.get();
    match raw.as_bytes().first()? {
        b'"' => match raw.get(1..raw.len() - 1) {
            Some(inner) if !inner.contains('\\') => Some(Cow::Borrowed(inner)),
            _ => serde_json::from_str(raw).ok().map(Cow::Owned),
        },
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

impl Filled {
    fn call(&self, fields: &Fields<'_>) -> Made {
        let id = match &self.id {
            Some(name) => match fields.text(name) {
                Ok(id) => Some(id.into_owned()),
                Err(error) => return (None, Err(error)),
            },
            None => fields.text("id").ok().map(Cow::into_owned),
        };
        (id, self.plan(fields))
    }

    fn plan(&self, fields: &Fields<'_>) -> Result<RequestPlan, String> {
        let endpoint = self.endpoint.fill(fields, true)?;
        let mut plan = RequestPlan::new(self.method.clone(), endpoint);
        for (name, value) in &self.params {
            plan = plan.param(&name.fill(fields, false)?, value.fill(fields, false)?);
        }
        let mut typed = self.method == Method::GET;
        for (name, value) in &self.headers {
            typed |= name.eq_ignore_ascii_case("content-type");
            plan = match value {
                // It stands in a file that anybody may read who may read the journal.
                Some(value) => plan.storable_header(name, &value.fill(fields, false)?),
                None => plan.without_header(name),
            };
        }
        match &self.body {
            Body::None => {}
            Body::Data(text, kind) => {
                plan = plan.data(text.fill(fields, false)?.into_owned().into_bytes());
                if !typed {
                    plan = plan.storable_header("content-type", kind);
                }
            }
            Body::Json(text) => plan = plan.json_text(text.fill(fields, false)?.into_owned()),
            Body::Form(pairs) => {
                let filled = pairs.iter().map(|(name, value)| {
                    Ok((name.fill(fields, false)?, value.fill(fields, false)?))
                });
                plan = plan.form(filled.collect::<Result<Vec<_>, String>>()?);
            }
            Body::Fields(members) => plan = plan.json_text(object(members, fields)?),
        }
        Ok(plan)
    }
}

fn object(members: &[(Text, Value)], fields: &Fields<'_>) -> Result<String, String> {
    let mut out = String::from("{");
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(&item::quoted(&name.fill(fields, false)?));
        out.push_str(": ");
        match value {
            Value::Text(text) => out.push_str(&item::quoted(&text.fill(fields, false)?)),
            Value::Json(text) => out.push_str(&text.fill(fields, false)?),
        }
    }
    out.push('}');
    Ok(out)
}

impl Text {
    fn new(text: &str) -> Self {
        Self { pieces: pieces(text, false), is_json: false }
    }

    /// A text of JSON, once its fields are filled in.
    fn json(text: &str, place: &str) -> Result<Self, Problem> {
        let pieces = pieces(text, true);
        let sample = pieces.iter().map(|piece| match piece {
            Piece::Plain(text) => text.as_str(),
            Piece::Field(_, true) => "",
            Piece::Field(_, false) => "0",
        });
        item::json(&sample.collect::<String>(), place)?;
        Ok(Self { pieces, is_json: true })
    }

    fn fill(&self, fields: &Fields<'_>, escaped: bool) -> Result<Cow<'_, str>, String> {
        match self.pieces.as_slice() {
            [] => return Ok(Cow::Borrowed("")),
            [Piece::Plain(text)] => return Ok(Cow::Borrowed(text)),
            _ => {}
        }
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Plain(text) => out.push_str(text),
                Piece::Field(name, false) if self.is_json => out.push_str(&fields.json(name)?),
                Piece::Field(name, _) => {
                    let text = fields.text(name)?;
                    if escaped {
                        out.extend(utf8_percent_encode(&text, ESCAPED));
                    } else if self.is_json {
                        let quoted = item::quoted(&text);
                        out.push_str(&quoted[1..quoted.len() - 1]);
                    } else {
                        out.push_str(&text);
                    }
                }
            }
        }
        Ok(Cow::Owned(out))
    }
}

/// Cuts a text at its fields.
fn pieces(text: &str, json: bool) -> Vec<Piece> {
    let (mut out, mut plain, mut rest) = (Vec::new(), String::new(), text);
    let (mut is_text, mut is_escaped) = (false, false);
    while let Some(next) = rest.chars().next() {
        let doubled = rest.strip_prefix("{{").and_then(field);
        if let Some((name, after)) =
            doubled.and_then(|(name, after)| Some((name, after.strip_prefix('}')?)))
        {
            plain.push_str(&rest[1..name.len() + 3]);
            rest = after;
            continue;
        }
        if let Some((name, after)) = rest.strip_prefix('{').and_then(field) {
            if !plain.is_empty() {
                out.push(Piece::Plain(std::mem::take(&mut plain)));
            }
            out.push(Piece::Field(name.to_owned(), is_text));
            rest = after;
            continue;
        }
        if json {
            is_text ^= next == '"' && !is_escaped;
            is_escaped = next == '\\' && !is_escaped;
        }
        plain.push(next);
        rest = &rest[next.len_utf8()..];
    }
    if !plain.is_empty() {
        out.push(Piece::Plain(plain));
    }
    out
}

/// The name of a field that begins here, and what is after its brace.
fn field(rest: &str) -> Option<(&str, &str)> {
    let (name, after) = rest.split_once('}')?;
    let begins = |c: char| c.is_alphabetic() || c == '_';
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    (name.starts_with(begins) && name.chars().all(fits)).then_some((name, after))
}

/// A line that is a call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: Option<String>,
    #[serde(borrow)]
    endpoint: Cow<'a, str>,
    #[serde(borrow)]
    query: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<BTreeMap<Cow<'a, str>, Option<String>>>,
    #[serde(borrow)]
    json: Option<&'a RawValue>,
    body: Option<String>,
    #[serde(borrow)]
    form: Option<Object<'a>>,
    idempotency_key: Option<String>,
}

fn planned(text: &[u8], method: Option<&Method>) -> Made {
    let line: Planned<'_> = match serde_json::from_slice(text) {
        Ok(line) => line,
        Err(error) => return (None, Err(not_json(&error))),
    };
    let id = match line.id.map(|id| text_of(id).filter(|id| !id.is_empty())) {
        Some(None) => return (None, Err("the id is no text or number".to_owned())),
        id => id.flatten().map(Cow::into_owned),
    };
    (id, line.plan(method))
}

impl Planned<'_> {
    fn plan(self, method: Option<&Method>) -> Result<RequestPlan, String> {
        let bodies = [self.json.is_some(), self.body.is_some(), self.form.is_some()];
        if bodies.iter().filter(|is| **is).count() > 1 {
            return Err("there is more than one body".to_owned());
        }
        let method = method_for(self.method.as_deref(), method, bodies.contains(&true))?;
        let mut plan = RequestPlan::new(method, &self.endpoint);
        if let Some(query) = self.query {
            plan = with_query(plan, query)?;
        }
        for (name, value) in self.headers.unwrap_or_default() {
            plan = match value {
                Some(value) => plan.storable_header(&name, &value),
                None => plan.without_header(&name),
            };
        }
        if let Some(json) = self.json {
            plan = plan.json_text(json.get().to_owned());
        } else if let Some(body) = self.body {
            plan = plan.data(body.into_bytes());
        } else if let Some(form) = self.form {
            let pairs = form.iter().map(|(name, value)| {
                let value = text_of(value).ok_or_else(|| format!("the field {name} is no text"))?;
                Ok((name, value))
            });
            plan = plan.form(pairs.collect::<Result<Vec<_>, String>>()?);
        }
        if let Some(key) = self.idempotency_key {
            plan = plan.storable_header("idempotency-key", &key).idempotency_key();
        }
        Ok(plan)
    }
}

fn with_query(mut plan: RequestPlan, query: &RawValue) -> Result<RequestPlan, String> {
    if query.get().starts_with('"') {
        let text = text_of(query).unwrap_or_default();
        return Ok(plan.params_text(&text));
    }
    let wrong = || "query is neither an object nor a text".to_owned();
    let pairs: Object<'_> = serde_json::from_str(query.get()).map_err(|_| wrong())?;
    for (name, value) in pairs {
        let wrong = || format!("the parameter {name} is no text");
        if value.get().starts_with('[') {
            let members: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(|_| wrong())?;
            for member in members {
                plan = plan.param(&name, text_of(member).ok_or_else(wrong)?);
            }
        } else {
            plan = plan.param(&name, text_of(value).ok_or_else(wrong)?);
        }
    }
    Ok(plan)
}

fn of_row<'a>(row: impl Iterator<Item = (&'a str, &'a str)>, method: Option<&Method>) -> Made {
    let mut columns = BTreeMap::new();
    for (name, value) in row {
        if !["id", "method", "endpoint", "json", "body", "idempotency_key"].contains(&name) {
            return (None, Err(format!("unknown column {name}")));
        }
        if !value.is_empty() {
            columns.insert(name, value);
        }
    }
    let get = |name: &str| columns.get(name).copied();
    let plan = || {
        let endpoint = get("endpoint").ok_or("there is no endpoint")?;
        let (json, body) = (get("json"), get("body"));
        if json.is_some() && body.is_some() {
            return Err("there is more than one body".to_owned());
        }
        let has_body = json.is_some() || body.is_some();
        let method = method_for(get("method"), method, has_body)?;
        let mut plan = RequestPlan::new(method, endpoint);
        if let Some(json) = json {
            serde_json::from_str::<serde::de::IgnoredAny>(json)
                .map_err(|_| "the column json is not JSON")?;
            plan = plan.json_text(json.to_owned());
        } else if let Some(body) = body {
            plan = plan.data(body.as_bytes().to_vec());
        }
        if let Some(key) = get("idempotency_key") {
            plan = plan.storable_header("idempotency-key", key).idempotency_key();
        }
        Ok(plan)
    };
    (get("id").map(str::to_owned), plan())
}

fn method_for(own: Option<&str>, given: Option<&Method>, has_body: bool) -> Result<Method, String> {
    match (own, given) {
        (Some(own), _) => method_of(own),
        (None, Some(given)) => Ok(given.clone()),
        (None, None) if has_body => Ok(Method::POST),
        (None, None) => Ok(Method::GET),
    }
}

fn method_of(text: &str) -> Result<Method, String> {
    text.parse().map_err(|_| "the method is not a token".to_owned())
}
