//! What a stretch of code names.

use std::collections::BTreeSet;

use super::tokens::{Kind, Segments, Token, close, end};

/// A name that a `use` brings into a module. The name of a glob is `*`.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub(crate) name: String,
    pub(crate) path: Segments,
    pub(crate) line: usize,
    /// Whether it is visible outside of its module at all, and outside of its crate.
    pub(crate) shared: bool,
    pub(crate) public: bool,
}

/// What a stretch of code names.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) uses: Vec<Use>,
    /// Paths of two segments or more, outside of `use`, with their lines.
    pub(crate) paths: Vec<(Segments, usize)>,
    /// All words outside of `use`.
    pub(crate) words: BTreeSet<String>,
    /// Those behind a `.` or a `::`.
    pub(crate) members: BTreeSet<String>,
}

impl Scan {
    /// Looks through `tokens`, but for those parts.
    pub(crate) fn of(tokens: &[Token], but: &[(usize, usize)]) -> Self {
        let mut scan = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            let token = &tokens[at];
            let following = |text: &str| tokens.get(at + 1).is_some_and(|token| token.is(text));
            if let Some((_, last)) = but.iter().find(|(first, _)| *first == at) {
                at = *last;
            } else if token.is("use") && !following("<") {
                let last = end(tokens, at, true);
                scan.tree(tokens, at + 1, &Vec::new(), Visibility::before(tokens, at));
                at = last - 1;
            } else if token.is("pub") && following("(") {
                at = close(tokens, at + 1);
            } else if token.is("mod") {
                at += 1;
            } else if token.kind == Kind::Word {
                at = scan.path(tokens, at);
            } else if let Some(path) = quoted(token) {
                scan.paths.push((path, token.line));
            }
            at += 1;
        }
        scan
    }

    /// Takes up the path that begins at `at`; gives the place of its last token.
    fn path(&mut self, tokens: &[Token], at: usize) -> usize {
        let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.is(text));
        let is_word = |at: usize| tokens.get(at).is_some_and(|token| token.kind == Kind::Word);
        let (mut path, mut last) = (vec![tokens[at].text.clone()], at);
        while is(last + 1, "::") && is_word(last + 2) {
            last += 2;
            path.push(tokens[last].text.clone());
        }
        let behind = |sign| at > 0 && is(at - 1, sign);
        self.words.extend(path.iter().cloned());
        self.members.extend(path.iter().skip(1).cloned());
        if behind(".") || behind("::") {
            self.members.insert(path[0].clone());
        }
        if path.len() > 1 && !behind("::") {
            self.paths.push((path, tokens[at].line));
        }
        last
    }

    /// Takes up the tree of a `use` from `at` on; gives the place behind it.
    fn tree(&mut self, tokens: &[Token], at: usize, before: &Segments, how: Visibility) -> usize {
        let mut path = before.clone();
        let mut at = at;
        let line = tokens[at].line;
        loop {
            let token = &tokens[at];
            if token.is("{") {
                let last = close(tokens, at);
                at += 1;
                while at < last {
                    at = self.tree(tokens, at, &path, how);
                    at += usize::from(tokens[at].is(","));
                }
                return last + 1;
            }
            if token.is("*") || token.kind == Kind::Word {
                path.push(token.text.clone());
            }
            at += 1;
            if !tokens[at].is("::") && !token.is("::") {
                break;
            }
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if tokens[at].is("as") {
            name.clone_from(&tokens[at + 1].text);
            at += 2;
        }
        if name == "*" {
            path.pop();
        }
        self.uses.push(Use { name, path, line, shared: how.shared, public: how.public });
        at
    }
}

/// A string that is a path, as some attributes have it.
fn quoted(token: &Token) -> Option<Segments> {
    let inner = token.text.strip_prefix('"')?.strip_suffix('"')?;
    let is_word = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let segments: Segments = inner.split("::").map(str::to_owned).collect();
    (segments.len() > 1 && segments.iter().all(|part| is_word(part))).then_some(segments)
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Visibility {
    pub(super) shared: bool,
    pub(super) public: bool,
}

impl Visibility {
    /// That of the item whose first word is at `at`, looking backwards.
    pub(super) fn before(tokens: &[Token], at: usize) -> Self {
        match at.checked_sub(1).map(|before| &tokens[before]) {
            Some(token) if token.is("pub") => Self { shared: true, public: true },
            Some(token) if token.is(")") => {
                let open = (0..at).rev().find(|&at| tokens[at].is("(")).unwrap_or_default();
                let shared = open > 0 && tokens[open - 1].is("pub");
                Self { shared, public: false }
            }
            _ => Self::default(),
        }
    }
}
