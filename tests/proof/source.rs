//! Rust sources, read well enough to say which module names which item.
//!
//! ```text
//! text ──▶ tokens ──▶ Scan: what a stretch of code names ──▶ Sources: modules, items, and what a path leads to
//! ```
//!
//! Comments are not read, nor what is for tests alone. Macros are not expanded, but paths in them are seen. Of the
//! features, all are taken to be on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A path as it is written, segment by segment.
pub(crate) type Segments = Vec<String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Sign,
    Text,
}

/// A piece of code, and the line it stands on. `::` is one piece, any other sign is of one character.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    kind: Kind,
    text: String,
    line: usize,
}

impl Token {
    fn is(&self, text: &str) -> bool {
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
fn close(tokens: &[Token], open: usize) -> usize {
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
fn end(tokens: &[Token], mut at: usize, only_semicolon: bool) -> usize {
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
struct Visibility {
    shared: bool,
    public: bool,
}

impl Visibility {
    /// That of the item whose first word is at `at`, looking backwards.
    fn before(tokens: &[Token], at: usize) -> Self {
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

/// What a module defines, and what its signature names: fields, arguments, results and bounds that are public.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) module: usize,
    pub(crate) line: usize,
    pub(crate) public: bool,
    pub(crate) names: Vec<Segments>,
}

/// A public function or constant of a type.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) of: Segments,
    pub(crate) name: String,
    pub(crate) module: usize,
    pub(crate) line: usize,
    pub(crate) names: Vec<Segments>,
}

/// An `impl` without a trait.
#[derive(Debug)]
pub(crate) struct Inherent {
    pub(crate) of: Segments,
    pub(crate) module: usize,
    pub(crate) line: usize,
}

/// A module, with a file of its own or without.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) path: Segments,
    pub(crate) file: String,
    pub(crate) public: bool,
    pub(crate) parent: Option<usize>,
    pub(crate) scan: Scan,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    /// The module that is named, or that the named thing stands in.
    pub(crate) module: usize,
    /// The item, if it is one that was read.
    pub(crate) item: Option<usize>,
    /// The module in which the path's last name was looked up.
    pub(crate) through: usize,
}

/// All modules of a crate.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) modules: Vec<Module>,
    pub(crate) items: Vec<Item>,
    pub(crate) members: Vec<Member>,
    pub(crate) inherent: Vec<Inherent>,
    /// Of types: what traits make them name.
    pub(crate) associated: Vec<(usize, Segments, Vec<Segments>)>,
    children: BTreeMap<(usize, String), usize>,
    own: BTreeMap<(usize, String), Vec<usize>>,
}

impl Sources {
    /// Reads a crate from `lib.rs` on; `file` gives a file by its path in `src`.
    pub(crate) fn read(file: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut sources = Self::default();
        let root = file("lib.rs").expect("a lib.rs");
        sources.module(file, &[], "lib.rs", true, None, &tokens(&root));
        sources
    }

    /// Reads the crate whose sources are in that folder.
    pub(crate) fn of_folder(src: &Path) -> Self {
        Self::read(&|file| fs::read_to_string(src.join(file)).ok())
    }

    /// Takes up a module and those in it.
    fn module(
        &mut self,
        file: &dyn Fn(&str) -> Option<String>,
        path: &[String],
        name: &str,
        public: bool,
        parent: Option<usize>,
        tokens: &[Token],
    ) {
        let own = self.modules.len();
        if let (Some(parent), Some(last)) = (parent, path.last()) {
            self.children.insert((parent, last.clone()), own);
        }
        let scan = Scan::default();
        let file_name = name.to_owned();
        self.modules.push(Module { path: path.to_vec(), file: file_name, public, parent, scan });
        let mut inner = Vec::new();
        for head in heads(tokens) {
            let within = |last: &str| path.iter().cloned().chain([last.to_owned()]).collect();
            let what = &tokens[head.at];
            if !what.is("mod") {
                self.item(own, tokens, head);
                continue;
            }
            let (child, open) = (&tokens[head.at + 1].text, head.at + 2);
            let path: Segments = within(child);
            if tokens[open].is("{") {
                let last = close(tokens, open);
                inner.push((open, last));
                let body = &tokens[open + 1..last];
                self.module(file, &path, name, head.how.public, Some(own), body);
                continue;
            }
            let flat = format!("{}.rs", path.join("/"));
            let folder = format!("{}/mod.rs", path.join("/"));
            let found = [flat, folder].into_iter().find_map(|name| Some((file(&name)?, name)));
            let (text, name) = found.unwrap_or_else(|| panic!("{}: no file", path.join("::")));
            self.module(file, &path, &name, head.how.public, Some(own), &self::tokens(&text));
        }
        self.modules[own].scan = Scan::of(tokens, &inner);
    }

    /// Takes up an item that is no module.
    fn item(&mut self, module: usize, tokens: &[Token], head: Head) {
        let Head { at, last, how } = head;
        let kind = tokens[at].text.clone();
        let line = tokens[at].line;
        if kind == "impl" {
            self.block(module, tokens, head);
            return;
        }
        if !["struct", "enum", "union", "trait", "type", "fn", "const", "static"]
            .contains(&kind.as_str())
        {
            return;
        }
        let name = tokens[at + 1].text.clone();
        let names = signature(&tokens[at..last]);
        self.own.entry((module, name.clone())).or_default().push(self.items.len());
        self.items.push(Item { kind, name, module, line, public: how.public, names });
    }

    /// Takes up an `impl`.
    fn block(&mut self, module: usize, tokens: &[Token], head: Head) {
        let Head { at, last, .. } = head;
        let open = (at..last).find(|&at| tokens[at].is("{")).unwrap_or(last - 1);
        let header = &tokens[at + 1..open];
        let header = &header[generics(header)..];
        let is_for = |at: usize| {
            header[at].is("for") && !header.get(at + 1).is_some_and(|token| token.is("<"))
        };
        let bounds = header.iter().position(|token| token.is("where")).unwrap_or(header.len());
        let of_trait = (0..bounds).find(|&at| is_for(at));
        let of = first_path(&header[of_trait.map_or(0, |at| at + 1)..]);
        let line = tokens[at].line;
        let body = &tokens[open + 1..last - 1];
        if of_trait.is_some() {
            let mut names = Vec::new();
            for head in heads(body).filter(|head| body[head.at].is("type")) {
                names.extend(signature(&body[head.at..head.last]));
            }
            self.associated.push((module, of, names));
            return;
        }
        self.associated.push((module, of.clone(), mentioned(&tokens[at + 1..open])));
        self.inherent.push(Inherent { of: of.clone(), module, line });
        for head in heads(body).filter(|head| head.how.public) {
            let item = &body[head.at..head.last];
            let (name, line) = (item[1].text.clone(), item[0].line);
            let names = signature(item);
            self.members.push(Member { of: of.clone(), name, module, line, names });
        }
    }

    /// The folder or file at the top of `src` that a module belongs to; none for `lib.rs`.
    pub(crate) fn room(&self, module: usize) -> Option<&str> {
        let module = &self.modules[module];
        module.path.first().filter(|_| module.file != "lib.rs").map(String::as_str)
    }

    /// Whether a path goes by the root's own names: by anything in `lib.rs` that is no module with a file of its own.
    pub(crate) fn is_named_by_root(&self, from: usize, path: &[String]) -> bool {
        let mut module = from;
        for (at, name) in path.iter().enumerate() {
            module = match name.as_str() {
                "crate" => 0,
                "self" => module,
                "super" => self.modules[module].parent.unwrap_or_default(),
                _ if at == 0 || module != 0 => return false,
                _ => {
                    let child = self.children.get(&(0, name.clone()));
                    return child.is_none_or(|child| self.room(*child).is_none());
                }
            };
        }
        module == 0
    }

    /// What a path leads to, as code of that module writes it; nothing for what is of another crate.
    pub(crate) fn resolve(&self, from: usize, path: &[String]) -> Vec<Target> {
        let mut found = self.follow(from, path, 8);
        found.sort();
        found.dedup();
        found
    }

    fn follow(&self, from: usize, path: &[String], depth: usize) -> Vec<Target> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let mut module = from;
        let mut rest = path;
        let mut rooted = false;
        while let Some((first, others)) = rest.split_first() {
            module = match first.as_str() {
                "crate" => 0,
                "self" => module,
                "super" => self.modules[module].parent.unwrap_or_default(),
                _ => break,
            };
            (rest, rooted) = (others, true);
        }
        let here = Target { module, item: None, through: module };
        let Some((first, others)) = rest.split_first() else { return vec![here] };
        let mut found = Vec::new();
        for target in self.look_up(module, first, depth) {
            match (target.item, others.is_empty()) {
                (None, false) => {
                    found.extend(self.follow_inside(target.module, others, depth));
                }
                _ => found.push(target),
            }
        }
        if found.is_empty() && rooted {
            found.push(here);
        }
        found
    }

    /// As `follow`, in a module that is named already.
    fn follow_inside(&self, module: usize, path: &[String], depth: usize) -> Vec<Target> {
        let inside: Segments =
            ["self".to_owned()].into_iter().chain(path.iter().cloned()).collect();
        self.follow(module, &inside, depth)
    }

    /// What a module calls by that name.
    fn look_up(&self, module: usize, name: &str, depth: usize) -> Vec<Target> {
        let key = (module, name.to_owned());
        let mut found = Vec::new();
        if let Some(&child) = self.children.get(&key) {
            found.push(Target { module: child, item: None, through: module });
        }
        for &item in self.own.get(&key).into_iter().flatten() {
            found.push(Target { module, item: Some(item), through: module });
        }
        let uses = &self.modules[module].scan.uses;
        for one in uses.iter().filter(|one| one.name == name) {
            // `use url::url` would ask for itself.
            let itself = one.path.len() == 1 && one.path[0] == name;
            if !itself {
                let targets = self.follow(module, &one.path, depth);
                found.extend(targets.into_iter().map(|it| Target { through: module, ..it }));
            }
        }
        if found.is_empty() {
            for glob in uses.iter().filter(|one| one.name == "*") {
                for target in self.follow(module, &glob.path, depth) {
                    if target.item.is_none() && target.module != module {
                        let depth = depth.saturating_sub(1);
                        let inner = self.look_up(target.module, name, depth);
                        found.extend(inner.into_iter().map(|it| Target { through: module, ..it }));
                    }
                }
            }
        }
        found
    }
}

/// Where an item's keyword is, and where it ends.
#[derive(Clone, Copy, Debug)]
struct Head {
    at: usize,
    last: usize,
    how: Visibility,
}

/// The items of a module or a block, one after the other.
fn heads(tokens: &[Token]) -> impl Iterator<Item = Head> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.is(text));
        while at < tokens.len() {
            if is(at, "#") {
                at = close(tokens, at + 1 + usize::from(is(at + 1, "!"))) + 1;
                continue;
            }
            let mut how = Visibility::default();
            if is(at, "pub") {
                at += 1;
                how = Visibility { shared: true, public: true };
                if is(at, "(") {
                    at = close(tokens, at) + 1;
                    how.public = false;
                }
            }
            let passing = |at: usize| {
                ["async", "unsafe", "default"].iter().any(|word| is(at, word))
                    || is(at, "const")
                        && ["fn", "unsafe", "async"].iter().any(|next| is(at + 1, next))
            };
            while passing(at) {
                at += 1;
            }
            let value = ["const", "static", "type", "use"].iter().any(|word| is(at, word));
            let head = Head { at, last: end(tokens, at, value), how };
            at = head.last;
            return Some(head);
        }
        None
    })
}

/// How many tokens the generics at the beginning are.
fn generics(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.is("<") {
            depth += 1;
        } else if token.is(">") && !(at > 0 && tokens[at - 1].is("-")) {
            depth -= 1;
        }
        if depth == 0 {
            return if at == 0 { 0 } else { at + 1 };
        }
    }
    tokens.len()
}

/// The first path among tokens.
fn first_path(tokens: &[Token]) -> Segments {
    let is_name = |token: &Token| token.kind == Kind::Word && !token.is("dyn") && !token.is("mut");
    let mut path = Vec::new();
    let Some(mut at) = tokens.iter().position(is_name) else { return path };
    path.push(tokens[at].text.clone());
    while at + 2 < tokens.len() && tokens[at + 1].is("::") && tokens[at + 2].kind == Kind::Word {
        at += 2;
        path.push(tokens[at].text.clone());
    }
    path
}

/// The paths among tokens, and the single words that may be types or constants.
fn mentioned(tokens: &[Token]) -> Vec<Segments> {
    let scan = Scan::of(tokens, &[]);
    // The names of arguments are no types.
    let types = scan.words.into_iter().filter(|word| word.starts_with(char::is_uppercase));
    scan.paths.into_iter().map(|(path, _)| path).chain(types.map(|word| vec![word])).collect()
}

/// What the signature of an item names: no body, no private field, no attribute.
fn signature(item: &[Token]) -> Vec<Segments> {
    let mut kept = Vec::new();
    let kind = item[0].text.as_str();
    let mut at = 2;
    while at < item.len() {
        let token = &item[at];
        match kind {
            "fn" if token.is("{") => break,
            "const" | "static" if token.is("=") => break,
            "struct" | "union" if token.is("{") || token.is("(") => {
                let last = close(item, at);
                kept.extend(public_fields(&item[at + 1..last]));
                at = last;
            }
            "trait" if token.is("{") => {
                let last = close(item, at);
                let body = &item[at + 1..last];
                let inner = heads(body).flat_map(|head| signature(&body[head.at..head.last]));
                return mentioned(&kept).into_iter().chain(inner).collect();
            }
            _ if token.is("#") => at = close(item, at + 1),
            _ => kept.push(token.clone()),
        }
        at += 1;
    }
    mentioned(&kept)
}

/// The types of the fields that are public.
fn public_fields(fields: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let (mut public, mut begins, mut depth) = (false, true, 0_usize);
    let mut at = 0;
    while at < fields.len() {
        let token = &fields[at];
        if token.is("#") {
            at = close(fields, at + 1);
        } else if begins {
            public = token.is("pub") && !fields.get(at + 1).is_some_and(|next| next.is("("));
            begins = false;
            // What does not begin with `pub` is of the type itself.
            if !token.is("pub") {
                continue;
            }
        } else if token.is(",") && depth == 0 {
            begins = true;
        } else {
            match token.text.as_str() {
                "<" | "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                ">" if !fields[at - 1].is("-") => depth -= 1,
                _ => {}
            }
            if public {
                kept.push(token.clone());
            }
        }
        at += 1;
    }
    kept
}
