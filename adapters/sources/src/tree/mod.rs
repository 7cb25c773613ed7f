//! What JSON, YAML and TOML are alike: values, each with the line where it begins.

pub(crate) mod json;
#[cfg(feature = "yaml")]
mod scalar;
#[cfg(feature = "yaml")]
pub(crate) mod yaml;

use std::collections::HashMap;

/// How deep values may be nested.
pub(crate) const MAX_DEPTH: usize = 100;

/// How many values one text may stand for, what repeats them counted each time.
pub(crate) const MAX_NODES: usize = 1 << 20;

/// What is said of a text that has more.
pub(crate) const TOO_MANY: &str = "more values than are read";

/// A value and its line, from 1.
#[derive(Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) tree: Tree,
}

/// A value. A number is the text that JSON has for it.
#[derive(Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { line: 0, tree: Tree::Text(text.into()) }
    }

    pub(crate) fn map(members: Vec<(String, Self)>) -> Self {
        Self { line: 0, tree: Tree::Map(members) }
    }

    /// Prints it as JSON in one line.
    pub(crate) fn to_json(&self) -> String {
        let mut out = String::new();
        self.push(&mut out, None);
        out
    }

    /// Prints it as JSON over lines, each level two blanks in.
    pub(crate) fn to_json_lines(&self) -> String {
        let mut out = String::new();
        self.push(&mut out, Some(0));
        out
    }

    fn push(&self, out: &mut String, indent: Option<usize>) {
        match &self.tree {
            Tree::Null => out.push_str("null"),
            Tree::Bool(true) => out.push_str("true"),
            Tree::Bool(false) => out.push_str("false"),
            Tree::Number(number) => out.push_str(number),
            Tree::Text(text) => push_text(out, text),
            Tree::List(items) => {
                let items = items.iter().map(|item| (None, item));
                push_all(out, ['[', ']'], items, indent);
            }
            Tree::Map(members) => {
                let members = members.iter().map(|(name, value)| (Some(name.as_str()), value));
                push_all(out, ['{', '}'], members, indent);
            }
        }
    }

    /// Whether both are the same JSON: the order of members counts for nothing, as for who reads it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.tree, &other.tree) {
            (Tree::List(a), Tree::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same(b))
            }
            (Tree::Map(a), Tree::Map(b)) => {
                // A connection may have a hundred thousand members.
                let known: HashMap<&str, &Self> =
                    b.iter().map(|(name, node)| (name.as_str(), node)).collect();
                let find = |name: &str| known.get(name);
                a.len() == b.len()
                    && a.iter().all(|(name, a)| find(name).is_some_and(|b| a.is_same(b)))
            }
            (a, b) => a == b,
        }
    }
}

fn push_all<'a>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl ExactSizeIterator<Item = (Option<&'a str>, &'a Node)>,
    indent: Option<usize>,
) {
    out.push(open);
    let inner = indent.map(|indent| indent + 2);
    let is_empty = items.len() == 0;
    for (index, (name, value)) in items.enumerate() {
        out.push_str(match (index, inner) {
            (0, _) => "",
            (_, Some(_)) => ",",
            (_, None) => ", ",
        });
        if let Some(inner) = inner {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', inner));
        }
        if let Some(name) = name {
            push_text(out, name);
            out.push_str(": ");
        }
        value.push(out, inner);
    }
    if let Some(indent) = indent.filter(|_| !is_empty) {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
    }
    out.push(close);
}

/// Writes a text in quotes, in a way that JSON, YAML 1.1 and YAML 1.2 read alike.
pub(crate) fn push_text(out: &mut String, text: &str) {
    use std::fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // What YAML does not print, or breaks lines at.
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
