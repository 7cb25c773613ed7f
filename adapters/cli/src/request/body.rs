//! Bodies as they were given: in memory, of a file, of standard input, of several parts.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use http_hook::blocking::Body as Flow;
use http_hook::body::multipart::{Multipart, Part};
use http_hook::body::{Replay, Upload};
use http_hook::{RequestPlan, Sent, TransportError, TransportErrorKind as Kind};

use super::item::{self, quoted};
use crate::args::RequestArgs;
use crate::exit::Problem;

/// How much of standard input is kept, in bytes, so that a short one can be sent again.
const KEPT: u64 = 1 << 20;

/// Where the body of a call is from that is not in memory.
pub(crate) type Source = Box<dyn FnMut() -> Result<Flow, TransportError> + Send>;

/// The body as it was given, before the method is known.
pub(crate) enum Body {
    None,
    /// Bytes, and what they are.
    Data(Vec<u8>, &'static str),
    Json(String),
    Form(Vec<(String, String)>),
    Parts(Vec<Field>),
    File(PathBuf),
    Stdin,
}

/// A field of the body.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    Text(String),
    /// As JSON has it.
    Json(String),
    /// A file, and what it is unless its name tells.
    File(PathBuf, Option<String>),
}

impl Body {
    /// Makes the one body of all that was given.
    pub(crate) fn new(
        options: &RequestArgs,
        mut fields: Vec<Field>,
        file: Option<&Path>,
    ) -> Result<Self, Problem> {
        let mut bodies = Vec::new();
        let mut given = Vec::new();
        if let Some(data) = &options.data {
            given.push("-d");
            bodies.push(match data.strip_prefix('@') {
                Some(path) => Self::of_path(Path::new(path)),
                None => Self::Data(data.clone().into_bytes(), type_of_text(data)),
            });
        }
        given.extend(file.map(|_| "the item @FILE"));
        bodies.extend(file.map(Self::of_path));
        if let Some(json) = &options.json {
            given.push("--json");
            let bytes = match json.strip_prefix('@') {
                Some(path) => item::read(path)?,
                None => json.clone().into_bytes(),
            };
            bodies.push(Self::Json(item::json(&item::text(bytes, "--json")?, "--json")?));
        }
        for part in &options.parts {
            fields.push(part_of(part)?);
        }
        if !fields.is_empty() {
            given.push("the fields");
            bodies.push(of_fields(fields, options)?);
        }
        if bodies.len() > 1 {
            let given = given.join(" and ");
            return Err(Problem::usage(format!("there is more than one body: {given}")));
        }
        Ok(bodies.pop().unwrap_or(Self::None))
    }

    fn of_path(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path.to_owned()) }
    }

    /// Reads a file or standard input into memory.
    pub(crate) fn held(self) -> Result<Self, Problem> {
        Ok(match self {
            Self::File(path) => {
                let bytes = item::read(&path.to_string_lossy())?;
                Self::Data(bytes, type_of_file(&path))
            }
            Self::Stdin => Self::Data(item::read("-")?, "application/octet-stream"),
            Self::Parts(_) => {
                return Err(Problem::usage("a form with files is sent by `call` alone"));
            }
            other => other,
        })
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Adds the body to a plan, and gives where it is from unless the plan holds it.
    pub(crate) fn put_on(
        self,
        mut plan: RequestPlan,
        typed: bool,
        seed: u64,
    ) -> Result<(RequestPlan, Option<Source>), Problem> {
        let content_type = |plan: RequestPlan, value: &str| {
            if typed { plan } else { plan.storable_header("content-type", value) }
        };
        Ok(match self {
            Self::None => (plan, None),
            Self::Data(bytes, kind) => (content_type(plan, kind).data(bytes), None),
            Self::Json(text) => (plan.json_text(text), None),
            Self::Form(pairs) => (plan.form(pairs), None),
            Self::File(path) => {
                let mut upload = upload(&path)?;
                plan = content_type(plan, type_of_file(&path));
                (
                    plan.external(upload.len(), replay_of(&upload)),
                    Some(Box::new(move || upload.open())),
                )
            }
            Self::Stdin => {
                plan = content_type(plan, "application/octet-stream");
                let mut begin = Vec::new();
                let read = io::stdin().take(KEPT).read_to_end(&mut begin);
                read.map_err(|error| {
                    Problem::local(format!("cannot read standard input: {error}"))
                })?;
                if (begin.len() as u64) < KEPT {
                    return Ok((plan.data(begin), None));
                }
                let mut rest = Some(io::Cursor::new(begin).chain(io::stdin()));
                let open = move || match rest.take() {
                    Some(rest) => Ok(Flow::reader(None, rest)),
                    None => Err(TransportError::new(Kind::RequestBody, Sent::No)
                        .with_source("standard input can be read once only")),
                };
                (plan.external(None, Replay::Once), Some(Box::new(open)))
            }
            Self::Parts(fields) => {
                let (body, mut uploads) = parts(fields, seed)?;
                let plan = plan.multipart_body(&body);
                let open = move || {
                    let parts = uploads.iter_mut().map(Upload::open);
                    body.join_blocking(parts.collect::<Result<Vec<_>, _>>()?)
                };
                (plan, Some(Box::new(open)))
            }
        })
    }
}

fn of_fields(fields: Vec<Field>, options: &RequestArgs) -> Result<Body, Problem> {
    let has_files = fields.iter().any(|field| matches!(field.value, Value::File(..)));
    let is_form = options.form || !options.parts.is_empty();
    if has_files && !is_form {
        return Err(Problem::usage("name@FILE is a file of a form")
            .with_hint("add --form; `@FILE` alone is the body, `name=@FILE` the text of a file"));
    }
    if !is_form {
        return Ok(object(fields));
    }
    if let Some(field) = fields.iter().find(|field| matches!(field.value, Value::Json(_))) {
        return Err(Problem::usage(format!("{}:= has no meaning in a form", field.name)));
    }
    if has_files || !options.parts.is_empty() {
        return Ok(Body::Parts(fields));
    }
    let pairs = fields.into_iter().filter_map(|field| match field.value {
        Value::Text(text) => Some((field.name, text)),
        Value::Json(_) | Value::File(..) => None,
    });
    Ok(Body::Form(pairs.collect()))
}

/// Of two fields of one name the last one counts, in the place of the first.
fn object(fields: Vec<Field>) -> Body {
    let mut members: Vec<(String, String)> = Vec::new();
    for Field { name, value } in fields {
        let value = match value {
            Value::Text(text) => quoted(&text),
            Value::Json(text) => text,
            Value::File(..) => continue,
        };
        match members.iter_mut().find(|(own, _)| *own == name) {
            Some(member) => member.1 = value,
            None => members.push((name, value)),
        }
    }
    let members = members.iter().map(|(name, value)| format!("{}: {value}", quoted(name)));
    Body::Json(format!("{{{}}}", members.collect::<Vec<_>>().join(", ")))
}

/// Reads `name=value`, `name=@FILE` and `name=@FILE;type=TYPE`, as curl has them.
fn part_of(word: &str) -> Result<Field, Problem> {
    let Some((name, value)) = word.split_once('=') else {
        return Err(Problem::usage("a part of a form is NAME=TEXT or NAME=@FILE"));
    };
    let value = match value.strip_prefix('@') {
        Some(path) => match path.split_once(";type=") {
            Some((path, kind)) => Value::File(path.into(), Some(kind.to_owned())),
            None => Value::File(path.into(), None),
        },
        None => Value::Text(value.to_owned()),
    };
    Ok(Field { name: name.to_owned(), value })
}

type Parts = (http_hook::body::multipart::MultipartBody, Vec<Upload<Flow>>);

fn parts(fields: Vec<Field>, seed: u64) -> Result<Parts, Problem> {
    let mut form = Multipart::default();
    let mut sources = Vec::new();
    for Field { name, value } in fields {
        let added = match value {
            Value::Text(text) | Value::Json(text) => form.field(name, text),
            Value::File(path, kind) => {
                let upload = upload(&path)?;
                let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let part = Part::source(name, upload.len(), replay_of(&upload))
                    .with_filename(own)
                    .with_content_type(kind.as_deref().unwrap_or_else(|| type_of_file(&path)));
                sources.push(upload);
                form.file(part)
            }
        };
        added.map_err(|error| Problem::of_error(&error))?;
    }
    let body = form.write(seed).map_err(|error| Problem::of_error(&error))?;
    Ok((body, sources))
}

/// Opens a file as a body: each send gets all of it, unless it is a pipe or the like.
fn upload(path: &Path) -> Result<Upload<Flow>, Problem> {
    let problem =
        |error: io::Error| Problem::local(format!("cannot read {}: {error}", path.display()));
    fs::File::open(path).map_err(problem)?;
    http_hook_clock::file(path).map_err(problem)
}

/// What has a length is a file, and can be read again.
fn replay_of(upload: &Upload<Flow>) -> Replay {
    if upload.len().is_some() { Replay::Again } else { Replay::Once }
}

/// What a text is likely to be: JSON if it reads so, else a form, as for curl.
fn type_of_text(text: &str) -> &'static str {
    let json = text.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if json { "application/json" } else { "application/x-www-form-urlencoded" }
}

/// What a file is likely to be, by the end of its name.
pub(super) fn type_of_file(path: &Path) -> &'static str {
    let end = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match end.as_str() {
        "json" => "application/json",
        "ndjson" | "jsonl" => "application/x-ndjson",
        "csv" => "text/csv",
        "txt" | "log" => "text/plain",
        "xml" => "application/xml",
        "html" | "htm" => "text/html",
        "yaml" | "yml" => "application/yaml",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gz" => "application/gzip",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}
