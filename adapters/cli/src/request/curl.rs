//! A body as options of curl: written out where it is small, with variables of the shell for what sounds secret or was read from files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use http_hook::observe::sounds_secret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::body::{Body, Field, Value, type_of_file};
use super::item::Word;
use crate::args::CallArgs;
use crate::output::{elements, members};

/// The longest text that is written out, in bytes.
const LONGEST: usize = 8 << 10;

/// A body as options of curl.
#[derive(Default)]
pub(crate) struct CurlBody {
    pub(crate) options: Vec<String>,
    /// The variables in them, and what they stand for.
    pub(crate) variables: BTreeMap<String, String>,
    /// Whether curl writes the content type: its boundary is its own.
    pub(crate) is_parts: bool,
    /// The fields whose values were read from files.
    from_files: BTreeSet<String>,
}

impl CurlBody {
    /// Writes the body of a call; `None` if it is too long for a command.
    pub(crate) fn new(body: &Body, call: &CallArgs) -> Option<Self> {
        let words = call.words.iter().filter_map(|word| Word::parse(word, 0).ok());
        let read = words.filter(|word| word.separator.len() > 1 && word.separator.ends_with('@'));
        let mut own = Self { from_files: read.map(|word| word.name).collect(), ..Self::default() };
        match body {
            Body::None => {}
            Body::File(path) => own.file(&path.to_string_lossy()),
            Body::Stdin => own.file("-"),
            Body::Json(text) => match call.request.json.as_deref().and_then(file_of) {
                Some(path) => own.file(path),
                None => own.text(text)?,
            },
            Body::Data(bytes, _) => own.text(std::str::from_utf8(bytes).ok()?)?,
            Body::Form(pairs) => {
                for (name, value) in pairs {
                    let name_sent = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
                    own.pair("--data-urlencode", &name_sent, name, value)?;
                }
            }
            Body::Parts(fields) => {
                own.is_parts = true;
                for field in fields {
                    own.part(field)?;
                }
            }
        }
        Some(own)
    }

    fn file(&mut self, path: &str) {
        self.options.push(format!("--data-binary {}", quoted(&format!("@{path}"))));
    }

    fn hides(&self, name: &str) -> bool {
        sounds_secret(name) || self.from_files.contains(name)
    }

    /// The variable that stands for something hidden.
    fn variable(&mut self, name: &str, of: String) -> String {
        let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name = format!("HTTP_HOOK_BODY_{}", name.chars().map(upper).collect::<String>());
        let mut variable = name.clone();
        let mut next = 2;
        while self.variables.contains_key(&variable) {
            variable = format!("{name}_{next}");
            next += 1;
        }
        self.variables.insert(variable.clone(), of);
        variable
    }

    /// A text in one piece.
    fn text(&mut self, text: &str) -> Option<()> {
        if text.len() > LONGEST || text.starts_with('@') {
            return None;
        }
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        let names =
            || text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name);
        let word = if is_json {
            let (mut word, known) = (String::new(), self.variables.len());
            self.json(text.trim(), &mut word);
            if self.variables.len() == known { quoted(text) } else { format!("'{word}'") }
        } else if names().any(sounds_secret) {
            self.variables.insert("HTTP_HOOK_BODY".to_owned(), "the text of the body".to_owned());
            "\"$HTTP_HOOK_BODY\"".to_owned()
        } else {
            quoted(text)
        };
        self.options.push(format!("--data-binary {}", word.trim_end_matches("''")));
        Some(())
    }

    /// Writes a value between single quotes, with what is hidden outside of them.
    fn json(&mut self, value: &str, word: &mut String) {
        if let Some(members) = members(value) {
            word.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                word.push_str(if index == 0 { "" } else { ", " });
                word.push_str(&inner(&super::item::quoted(&name)));
                word.push_str(": ");
                if self.hides(&name) {
                    let variable = self.variable(&name, format!("the field {name}, as JSON"));
                    let _ = write!(word, "'\"${variable}\"'");
                } else {
                    self.json(value, word);
                }
            }
            word.push('}');
        } else if let Some(elements) = elements(value) {
            word.push('[');
            for (index, value) in elements.into_iter().enumerate() {
                word.push_str(if index == 0 { "" } else { ", " });
                self.json(value, word);
            }
            word.push(']');
        } else {
            word.push_str(&inner(value));
        }
    }

    /// A pair of a form; `sent` is its name as curl takes it.
    fn pair(&mut self, option: &str, sent: &str, name: &str, value: &str) -> Option<()> {
        if value.len() > LONGEST {
            return None;
        }
        let word = if self.hides(name) {
            let variable = self.variable(name, format!("the field {name}"));
            format!("{}\"${variable}\"", quoted(&format!("{sent}=")))
        } else {
            quoted(&format!("{sent}={value}"))
        };
        self.options.push(format!("{option} {word}"));
        Some(())
    }

    fn part(&mut self, Field { name, value }: &Field) -> Option<()> {
        if name.contains('=') {
            return None;
        }
        match value {
            Value::Text(text) | Value::Json(text) => self.pair("--form-string", name, name, text),
            Value::File(path, kind) => {
                let named = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
                let kind = kind.as_deref().unwrap_or_else(|| type_of_file(path));
                let word = quoted(&format!("{name}=@\"{named}\";type={kind}"));
                self.options.push(format!("--form {word}"));
                Some(())
            }
        }
    }
}

/// The file that an option names.
fn file_of(text: &str) -> Option<&str> {
    text.strip_prefix('@').filter(|path| !Path::new(path).as_os_str().is_empty())
}

/// A text within single quotes of a POSIX shell.
fn inner(text: &str) -> String {
    text.replace('\'', "'\\''")
}

/// A text as one word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", inner(text))
}
