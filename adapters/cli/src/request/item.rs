//! Items: parameters, headers and body of a call as words, in the notation of `HTTPie`.
//!
//! | word | item |
//! | --- | --- |
//! | `name==value` | [`Param`](Item::Param) |
//! | `Name:value`, `Name:`, `Name;` | [`Header`](Item::Header), one taken away, an empty one |
//! | `name=value` | [`Text`](Item::Text) |
//! | `name:=JSON` | [`Json`](Item::Json) |
//! | `name@FILE` | [`File`](Item::File), of a form |
//! | `@FILE` | [`Body`](Item::Body) |
//!
//! With `@` after the separator the value is the text of a file. A backslash before a separator makes it part of
//! the name. The separator that comes first counts, the longest one of those that begin at the same place.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use http_hook::request::to_python_json;
use serde::de::IgnoredAny;

use crate::exit::Problem;

/// The largest file that is taken as a value, in bytes. A body may be of any size: it is not read here.
const MAX_FILE: u64 = 64 << 20;

pub(crate) enum Item {
    Param(String, String),
    /// `None` takes the header away.
    Header(String, Option<String>),
    Text(String, String),
    /// The text of a value, as a body of JSON has it.
    Json(String, String),
    /// A file as a part of a form.
    File(String, PathBuf),
    /// A file as the body, `-` standard input.
    Body(PathBuf),
}

/// The longest first.
const SEPARATORS: [&str; 9] = [":=@", "==@", ":=", "==", "=@", ":@", "=", ":", "@"];

impl Item {
    /// Reads the word that is the item of this number, from 1.
    pub(crate) fn parse(word: &str, number: usize) -> Result<Self, Problem> {
        if let Some(path) = word.strip_prefix('@') {
            return Ok(Self::Body(path.into()));
        }
        let Some((name, separator, value)) = split(word) else {
            return match word.strip_suffix(';') {
                Some(name) => Ok(Self::Header(name.to_owned(), Some(String::new()))),
                // The word may be a secret that lost its separator.
                None => Err(Problem::usage(format!(
                    "item {number} is none of name==value, Header:value, name=value, name:=JSON, name@FILE, @FILE"
                ))),
            };
        };
        if separator == "@" {
            return Ok(Self::File(name, value.into()));
        }
        let value = match separator.strip_suffix('@') {
            Some(_) => text(read(value)?, &name)?,
            None => value.to_owned(),
        };
        Ok(match separator.trim_end_matches('@') {
            "==" => Self::Param(name, value),
            ":" if value.is_empty() => Self::Header(name, None),
            ":" => Self::Header(name, Some(value.trim().to_owned())),
            ":=" => Self::Json(name.clone(), json(&value, &format!("the field {name}"))?),
            _ => Self::Text(name, value),
        })
    }
}

/// An item whose value is as it was written.
pub(crate) struct Word<'a> {
    pub(crate) name: String,
    /// `==`, `:`, `=`, `:=`, one of them with `@`, `@`, or `;` for a header that is empty.
    pub(crate) separator: &'static str,
    pub(crate) value: &'a str,
}

impl<'a> Word<'a> {
    /// Reads the word that is the item of this number, from 1.
    pub(crate) fn parse(word: &'a str, number: usize) -> Result<Self, Problem> {
        if let Some((name, separator, value)) = split(word) {
            return Ok(Self { name, separator, value });
        }
        match word.strip_suffix(';') {
            Some(name) => Ok(Self { name: name.to_owned(), separator: ";", value: "" }),
            None => Err(Problem::usage(format!(
                "item {number} is none of name==value, Header:value, name=value, name:=JSON"
            ))),
        }
    }
}

/// Whether a word that ought to be an endpoint looks like an item: a separator behind a plain name.
pub(crate) fn reads_as_item(word: &str) -> bool {
    let plain = |name: &str| {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
        name.chars().all(fits)
    };
    !word.contains("://") && split(word).is_some_and(|(name, _, _)| plain(&name))
}

/// Reads `NAME:VALUE` as the option `--header` has it.
pub(crate) fn header(word: &str) -> Result<Item, Problem> {
    if let Some(name) = word.strip_suffix(';').filter(|name| !name.contains(':')) {
        return Ok(Item::Header(name.to_owned(), Some(String::new())));
    }
    let Some((name, value)) = word.split_once(':') else {
        return Err(Problem::usage("a header is NAME:VALUE, or NAME: to take it away"));
    };
    let value = value.trim();
    Ok(Item::Header(name.to_owned(), (!value.is_empty()).then(|| value.to_owned())))
}

/// Checks a text in JSON, and writes it as bodies are written; numbers stay as they are, whatever their size.
pub(crate) fn json(text: &str, place: &str) -> Result<String, Problem> {
    let error = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        Problem::usage(format!("{place}: not JSON at line {line}, column {column}"))
    };
    serde_json::from_str::<IgnoredAny>(text).map_err(error)?;
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(next) = rest.chars().next() {
        let len = if next == '"' { end_of_string(rest) } else { next.len_utf8() };
        let (token, after) = rest.split_at(len);
        rest = after;
        match next {
            '"' => out.push_str(&quoted(&serde_json::from_str::<String>(token).map_err(error)?)),
            ',' | ':' => out.extend([next, ' ']),
            ' ' | '\t' | '\n' | '\r' => {}
            other => out.push(other),
        }
    }
    Ok(out)
}

/// Where a string that begins here ends, its quotes included.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// A text as a value in JSON.
pub(crate) fn quoted(text: &str) -> String {
    let bytes = to_python_json(text).expect("a text is a value");
    String::from_utf8(bytes).expect("JSON is ASCII here")
}

/// Splits at the first separator.
fn split(word: &str) -> Option<(String, &'static str, &str)> {
    let mut name = String::new();
    let mut rest = word;
    loop {
        if let Some((separator, value)) = SEPARATORS
            .into_iter()
            .find_map(|separator| Some((separator, rest.strip_prefix(separator)?)))
        {
            return Some((name, separator, value));
        }
        let mut chars = rest.chars();
        let mut next = chars.next()?;
        if next == '\\' && chars.as_str().starts_with(['=', ':', '@', '\\']) {
            next = chars.next()?;
        }
        name.push(next);
        rest = chars.as_str();
    }
}

/// Reads a file, `-` standard input.
pub(crate) fn read(path: &str) -> Result<Vec<u8>, Problem> {
    let problem = |error: io::Error| Problem::local(format!("cannot read {path}: {error}"));
    let source: Box<dyn Read> = match path {
        "-" => Box::new(io::stdin()),
        path => Box::new(fs::File::open(path).map_err(problem)?),
    };
    let mut bytes = Vec::new();
    source.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(problem)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Problem::local(format!("{path} is longer than {MAX_FILE} bytes")));
    }
    Ok(bytes)
}

/// Makes text of a file's bytes; the line end that editors add is no part of it.
pub(crate) fn text(bytes: Vec<u8>, place: &str) -> Result<String, Problem> {
    let mut text = String::from_utf8(bytes)
        .map_err(|_| Problem::usage(format!("the file for {place} is not UTF-8")))?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}
