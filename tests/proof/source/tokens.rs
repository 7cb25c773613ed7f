//! Pieces of code.

use std::fs;
use std::path::{Path, PathBuf};

/// A path as it is written, segment by segment.
pub(crate) type Segments = Vec<String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Sign,
    Text,
}

/// A piece of code, and the line it stands on. `::` is one piece, any other sign is of one character.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) line: usize,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

/// The `.rs` files of a folder and of those below it.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for path in entries.map(|entry| entry.expect("a folder that can be read").path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The tokens of a source, without what is for tests alone.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, len) = next(rest);
        let text = &rest[..len];
        if let Some(kind) = kind {
            tokens.push(Token { kind, text: text.trim_start_matches("r#").to_owned(), line });
        }
        line += text.matches('\n').count();
        at += len;
    }
    without_tests(&tokens)
}

/// What a source begins with, and its length. Blanks and comments are nothing.
fn next(rest: &str) -> (Option<Kind>, usize) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let word = |from: usize| from + rest[from..].find(|c| !is_word(c)).unwrap_or(rest.len() - from);
    let first = rest.chars().next().unwrap_or_default();
    if rest.starts_with("//") {
        return (None, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (None, comment(rest));
    }
    if let Some(len) = string(rest) {
        return (Some(Kind::Text), len);
    }
    match first {
        '\'' => character(rest).map_or_else(|| (None, word(1)), |len| (Some(Kind::Text), len)),
        'r' if rest.starts_with("r#") => (Some(Kind::Word), word(2)),
        '0'..='9' => (Some(Kind::Text), word(0)),
        _ if is_word(first) => (Some(Kind::Word), word(0)),
        _ if first.is_whitespace() => (None, first.len_utf8()),
        _ if rest.starts_with("::") => (Some(Kind::Sign), 2),
        _ => (Some(Kind::Sign), first.len_utf8()),
    }
}

/// The length of a comment, which may hold others.
fn comment(rest: &str) -> usize {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 && at < rest.len() {
        if rest[at..].starts_with("/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if rest[at..].starts_with("*/") {
            (at, depth) = (at + 2, depth - 1);
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of a string of any kind, if it begins here.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest.len() - rest.trim_start_matches(['b', 'c', 'r']).len();
    let marks = rest[prefix..].len() - rest[prefix..].trim_start_matches('#').len();
    let body = rest[prefix + marks..].strip_prefix('"').filter(|_| prefix <= 2)?;
    let before = prefix + marks + 1;
    if rest[..prefix].contains('r') {
        let end = format!("\"{}", "#".repeat(marks));
        return body.find(&end).map(|at| before + at + end.len());
    }
    let mut escaped = false;
    for (at, c) in body.char_indices().filter(|_| marks == 0) {
        match c {
            '"' if !escaped => return Some(before + at + 1),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

/// The length of a character in quotes, if it is no lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    if chars.next()?.1 == '\\' {
        chars.next()?;
        return chars.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
}

/// Where the group that begins at `open` ends: the place of its last sign.
pub(super) fn close(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if ["(", "[", "{"].iter().any(|sign| token.is(sign)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|sign| token.is(sign)) {
            depth -= 1;
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len() - 1
}

/// Where the item at `at` ends: behind its `;` or its `{}`; behind the `;` alone if it may have both.
pub(super) fn end(tokens: &[Token], mut at: usize, only_semicolon: bool) -> usize {
    while at < tokens.len() {
        let token = &tokens[at];
        if token.is(";") {
            return at + 1;
        }
        if ["(", "[", "{"].iter().any(|sign| token.is(sign)) {
            let braces = token.is("{");
            at = close(tokens, at);
            if braces && !only_semicolon {
                let more = tokens.get(at + 1).is_some_and(|token| token.is(";"));
                return at + 1 + usize::from(more);
            }
        }
        at += 1;
    }
    at
}

/// Leaves out each item under `#[cfg(test)]` or the like.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at].is("#") || !tokens.get(at + 1).is_some_and(|token| token.is("[")) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let last = close(tokens, at + 1);
        let words: Vec<_> = tokens[at + 2..last].iter().map(|token| token.text.as_str()).collect();
        let for_tests = words.contains(&"test") || words.contains(&"doctest");
        if words.first() != Some(&"cfg") || !for_tests || words.contains(&"not") {
            kept.extend_from_slice(&tokens[at..=last]);
            at = last + 1;
            continue;
        }
        at = last + 1;
        while tokens.get(at).is_some_and(|token| token.is("#")) {
            at = close(tokens, at + 1) + 1;
        }
        at = end(tokens, at, tokens.get(at).is_some_and(|token| token.is("use")));
    }
    kept
}
