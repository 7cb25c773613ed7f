//! The argument `files`, with `data` beside it: a multipart body.

use http_hook::body::multipart::{Multipart, Part};
use http_hook::request::form;
use http_hook::{Error, RequestPlan};
use serde_json::{Map, Value};

use crate::argument::{Argument, plain};
use crate::error::ArgumentError;

const ARGUMENT: &str = "request_kwargs.files";

/// Fields are the pairs of `data`, files are parts.
pub(crate) fn with_files(
    plan: RequestPlan,
    data: &Value,
    files: &Value,
) -> Result<RequestPlan, ArgumentError> {
    let mut body = Multipart::default();
    add_fields(&mut body, data)?;
    for (name, file) in pairs(files)? {
        body.file(part(name, file)?).map_err(|error| ArgumentError::refused(ARGUMENT, error))?;
    }
    Ok(plan.multipart(body))
}

fn add_fields(body: &mut Multipart, data: &Value) -> Result<(), ArgumentError> {
    let refused = |error: Error| ArgumentError::refused("data", error);
    match Argument::read(data) {
        Argument::None => Ok(()),
        Argument::Dict(_) | Argument::List(_) | Argument::Tuple(_) => {
            let encoded = form::from_value(&plain(data)).map_err(refused)?;
            let mut fields = form_urlencoded::parse(encoded.as_bytes());
            fields.try_for_each(|(name, value)| body.field(name, value.into_owned()))
        }
        .map_err(refused),
        _ => {
            let wanted = "must be a dict or a list of pairs beside files";
            Err(ArgumentError::wrong_type("data", wanted))
        }
    }
}

/// The files by name: of a dict, or of a list of pairs.
fn pairs(files: &Value) -> Result<Vec<(&str, &Value)>, ArgumentError> {
    let wrong = || ArgumentError::wrong_type(ARGUMENT, "must be a dict or a list of pairs");
    match Argument::read(files) {
        Argument::Dict(members) => {
            Ok(members.iter().map(|(name, file)| (name.as_str(), file)).collect())
        }
        other => {
            let pairs = other.items().ok_or_else(wrong)?.iter();
            let pairs = pairs.map(|pair| match Argument::read(pair).items() {
                Some([Value::String(name), file]) => Ok((name.as_str(), file)),
                _ => Err(wrong()),
            });
            pairs.collect()
        }
    }
}

/// Bare content takes the field's name as its file name; else it is `(filename, content, content_type, headers)`.
fn part(name: &str, file: &Value) -> Result<Part, ArgumentError> {
    let argument = Argument::read(file);
    if let Argument::File(file) = &argument {
        let of = |name: &str| file.get(name).unwrap_or(&Value::Null);
        let (content_type, headers) = (of("content_type"), of("headers"));
        return whole(name, of("filename"), of("content"), content_type, headers);
    }
    let none = &Value::Null;
    match argument.items() {
        Some([filename, content]) => whole(name, filename, content, none, none),
        Some([filename, content, kind]) => whole(name, filename, content, kind, none),
        Some([filename, content, kind, headers]) => whole(name, filename, content, kind, headers),
        _ => {
            let content = argument.into_bytes().ok_or_else(wrong)?;
            Ok(Part::bytes(name, content).with_filename(name))
        }
    }
}

fn whole(
    name: &str,
    filename: &Value,
    content: &Value,
    content_type: &Value,
    headers: &Value,
) -> Result<Part, ArgumentError> {
    let mut part = Part::bytes(name, Argument::read(content).into_bytes().ok_or_else(wrong)?);
    if let Some(filename) = text(filename)? {
        part = part.with_filename(filename);
    }
    if let Some(content_type) = text(content_type)? {
        part = part.with_content_type(content_type);
    }
    let headers = match Argument::read(headers) {
        Argument::None => &Map::new(),
        Argument::Dict(headers) => headers,
        _ => return Err(wrong()),
    };
    for (name, value) in headers {
        part = part.with_header(name, value.as_str().ok_or_else(wrong)?);
    }
    Ok(part)
}

fn text(value: &Value) -> Result<Option<&str>, ArgumentError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(wrong()),
    }
}

fn wrong() -> ArgumentError {
    let wanted =
        "each must be text or bytes, or a tuple of file name, content, content type and headers";
    ArgumentError::wrong_type(ARGUMENT, wanted)
}
