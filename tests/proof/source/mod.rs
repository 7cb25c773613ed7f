//! Rust sources, read well enough to say which module names which item.
//!
//! ```text
//! text ──▶ tokens ──▶ Scan: what a stretch of code names ──▶ Sources: modules, items, and what a path leads to
//! ```
//!
//! Comments are not read, nor what is for tests alone. Macros are not expanded, but paths in them are seen. Of the
//! features, all are taken to be on.

mod heads;
mod scan;
mod tokens;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use heads::{Head, first_path, generics, heads, mentioned, signature};
pub(crate) use scan::Scan;
use tokens::close;
pub(crate) use tokens::{Segments, Token, files, tokens};

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
