//! From a line to a plan: by a template with fields, or as the line itself says.

use std::borrow::Cow;

use http::Method;
use http_hook::RequestPlan;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::fields::{Fields, fields};
use super::lines::Line;
use super::planned::{check_columns, of_row, planned};
use crate::args::RequestArgs;
use crate::exit::Problem;
use crate::request::Words;
use crate::request::item::{self, Word};
use crate::request::method_of;

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
    /// The text of `--json`, which may have stood in a file.
    json: String,
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
pub(super) type Made = (Option<String>, Result<RequestPlan, String>);

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
            json: String::new(),
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
            filled.json = text;
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

    /// Returns the text of `--json`, wherever it stood.
    pub(crate) fn json(&self) -> &str {
        match self {
            Self::Plans(_) => "",
            Self::Filled(filled) => &filled.json,
        }
    }

    /// Checks that a file with these columns has what is filled in: what no line has is told once.
    pub(crate) fn check(&self, names: Option<&csv::StringRecord>) -> Result<(), Problem> {
        let Some(names) = names.filter(|names| !names.is_empty()) else { return Ok(()) };
        let Self::Filled(filled) = self else { return check_columns(names) };
        let row = names.iter().map(|_| "0").collect();
        filled.call(&Fields::Row(names, &row)).1.map(|_| ()).map_err(|error| {
            let names = names.iter().collect::<Vec<_>>().join(", ");
            Problem::usage(format!("the template: {error}"))
                .with_hint(format!("the columns are {}", crate::screen::line(&names)))
        })
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
        let endpoint = self.endpoint.fill_path(fields)?;
        let mut plan = RequestPlan::new(self.method.clone(), endpoint);
        for (name, value) in &self.params {
            plan = plan.param(&name.fill(fields)?, value.fill(fields)?);
        }
        let mut typed = self.method == Method::GET;
        for (name, value) in &self.headers {
            typed |= name.eq_ignore_ascii_case("content-type");
            plan = match value {
                // It stands in a file that anybody may read who may read the journal.
                Some(value) => plan.storable_header(name, &value.fill(fields)?),
                None => plan.without_header(name),
            };
        }
        match &self.body {
            Body::None => {}
            Body::Data(text, kind) => {
                plan = plan.data(text.fill(fields)?.into_owned().into_bytes());
                if !typed {
                    plan = plan.storable_header("content-type", kind);
                }
            }
            Body::Json(text) => plan = plan.json_text(text.fill(fields)?.into_owned()),
            Body::Form(pairs) => {
                let filled =
                    pairs.iter().map(|(name, value)| Ok((name.fill(fields)?, value.fill(fields)?)));
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
        out.push_str(&item::quoted(&name.fill(fields)?));
        out.push_str(": ");
        match value {
            Value::Text(text) => out.push_str(&item::quoted(&text.fill(fields)?)),
            Value::Json(text) => out.push_str(&text.fill(fields)?),
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

    /// Fills in an endpoint: a field stays in its part of the path, and leaves it a name.
    fn fill_path(&self, fields: &Fields<'_>) -> Result<Cow<'_, str>, String> {
        if let Some(text) = self.plain() {
            return Ok(Cow::Borrowed(text));
        }
        let mut out = String::new();
        // The field that the part at hand has, and where that begins.
        let (mut named, mut begin) = (None, 0);
        let mut is_path = true;
        for piece in &self.pieces {
            match piece {
                Piece::Plain(text) => {
                    for char in text.chars() {
                        if is_path && matches!(char, '/' | '?' | '#') {
                            check_part(named.take(), &out[begin..])?;
                            begin = out.len() + 1;
                            is_path = char == '/';
                        }
                        out.push(char);
                    }
                }
                Piece::Field(name, _) => {
                    out.extend(utf8_percent_encode(&fields.text(name)?, ESCAPED));
                    named = Some(name.as_str()).filter(|_| is_path);
                }
            }
        }
        check_part(named, &out[begin..])?;
        Ok(Cow::Owned(out))
    }

    /// The text, if it has no fields.
    fn plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Plain(text)] => Some(text),
            _ => None,
        }
    }

    fn fill(&self, fields: &Fields<'_>) -> Result<Cow<'_, str>, String> {
        if let Some(text) = self.plain() {
            return Ok(Cow::Borrowed(text));
        }
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Plain(text) => out.push_str(text),
                Piece::Field(name, false) if self.is_json => out.push_str(&fields.json(name)?),
                Piece::Field(name, _) => {
                    let text = fields.text(name)?;
                    if self.is_json {
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

/// Refuses a part of a path that a field makes another one than it stands for: an empty one, or one that servers go back by. What is behind
/// a `;` is no part of its name, and an escaped dot is one.
fn check_part(field: Option<&str>, part: &str) -> Result<(), String> {
    let name: Vec<u8> = percent_decode_str(part.split(';').next().unwrap_or_default()).collect();
    match field {
        Some(field) if matches!(name.as_slice(), b"" | b"." | b"..") => {
            Err(format!("the field {field} makes a part of the path that is empty, . or .."))
        }
        _ => Ok(()),
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
