//! Nothing is public for its tests alone: each public item has a caller, or stands in the signature of one that has.
//!
//! Callers are the sources and examples of the adapters, and the README. A type that is never named counts as used if
//! a public item that is used has it as a field, an argument, a result or a bound.
//! `cargo test --test proof callers -- --nocapture` prints what has none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::source::{Scan, Segments, Sources, files, tokens};

/// The most that there may be: what there is today. It falls with each that goes.
const TYPES: usize = 109;
const ROOT_NAMES: usize = 32;

/// Items without a caller that are there for a reason: path, why.
const LISTED: &[(&str, &str)] = &[
    ("CallBuilder", "what `HttpHook::get` and its like begin"),
    ("auth::TokenCache", "for those who keep tokens in a store of their own"),
    ("gates::Budget", "for those who bring gates or budgets of their own"),
    ("observe::Durations", "for those who watch a program of their own"),
    ("observe::Progress", "for those who watch a program of their own"),
    ("observe::Series", "for those who watch a program of their own"),
    ("observe::Spans", "for those who watch a program of their own"),
    ("pages::ItemIter", "of what `HttpHook::pages` gives"),
    ("pages::PageIter", "of what `HttpHook::pages` gives"),
    ("pages::link", "for those who read a response by hand"),
    ("request::Filter", "what `RequestPlan::response_filter` takes"),
    ("request::form::encode", "for those who write a body by hand"),
    ("request::form::encode_into", "for those who write a body by hand"),
    ("response::hints::after", "for those who read a response by hand"),
    ("response::hints::rate_limit", "for those who read a response by hand"),
    ("response::hints::retry_after", "for those who read a response by hand"),
    ("response::hints::wait", "for those who read a response by hand"),
    ("retry::FailureClass", "for those who bring gates or budgets of their own"),
    ("retry::is_idempotent", "for those who decide by hand whether to send again"),
    ("transport::from_fn", "for authors of transports and drivers"),
];

/// Adapters that measure or test, and are no callers.
const NO_CALLERS: &[&str] = &["bench", "foreign"];

/// The public items of a crate, by their places in it, with the paths that a caller can name them by.
fn public(sources: &Sources) -> BTreeMap<usize, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::new();
    visit(sources, 0, "", &mut seen, &mut found);
    found
}

fn visit(
    sources: &Sources,
    module: usize,
    path: &str,
    seen: &mut BTreeSet<(usize, String)>,
    found: &mut BTreeMap<usize, BTreeSet<String>>,
) {
    if !seen.insert((module, path.to_owned())) || path.matches("::").count() > 6 {
        return;
    }
    let within =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") };
    for (at, item) in sources.items.iter().enumerate() {
        if item.module == module && item.public {
            found.entry(at).or_default().insert(within(&item.name));
        }
    }
    for (at, child) in sources.modules.iter().enumerate() {
        if let (Some(name), true) =
            (child.path.last(), child.parent == Some(module) && child.public)
        {
            visit(sources, at, &within(name), seen, found);
        }
    }
    for one in sources.modules[module].scan.uses.iter().filter(|one| one.public) {
        for target in sources.resolve(module, &one.path) {
            let glob = one.name == "*";
            match target.item {
                Some(item) if sources.items[item].public => {
                    found.entry(item).or_default().insert(within(&one.name));
                }
                None if glob => visit(sources, target.module, path, seen, found),
                None if target.module != module => {
                    visit(sources, target.module, &within(&one.name), seen, found);
                }
                _ => {}
            }
        }
    }
}

/// What some code calls of the crate `http_hook`.
#[derive(Debug, Default)]
struct Calls {
    items: BTreeSet<usize>,
    members: BTreeSet<String>,
}

impl Calls {
    fn add(&mut self, sources: &Sources, code: &str) {
        let scan = Scan::of(&tokens(code), &[]);
        let ours = |path: &[String]| path.first().is_some_and(|first| first == "http_hook");
        let mut names: BTreeMap<&str, &[String]> = BTreeMap::new();
        for one in scan.uses.iter().filter(|one| ours(&one.path)) {
            self.call(sources, &one.path);
            names.insert(&one.name, &one.path);
            for word in scan.words.iter().filter(|_| one.name == "*") {
                self.call(sources, &[one.path.as_slice(), std::slice::from_ref(word)].concat());
            }
        }
        for (path, _) in &scan.paths {
            if ours(path) {
                self.call(sources, path);
            } else if let Some(begin) = names.get(path[0].as_str()) {
                self.call(sources, &[*begin, &path[1..]].concat());
            }
        }
        self.members.extend(scan.members);
    }

    fn call(&mut self, sources: &Sources, path: &[String]) {
        let inside: Segments =
            ["crate".to_owned()].into_iter().chain(path.iter().skip(1).cloned()).collect();
        self.items.extend(sources.resolve(0, &inside).into_iter().filter_map(|it| it.item));
    }

    /// The items that are called, and those in the signatures of called ones.
    fn reached(&self, sources: &Sources) -> BTreeSet<usize> {
        let items = |module: usize, path: &[String]| {
            sources.resolve(module, path).into_iter().filter_map(|target| target.item)
        };
        // What an item names by its members that are called, and by its traits.
        let mut more: BTreeMap<usize, Vec<(usize, &Segments)>> = BTreeMap::new();
        for member in sources.members.iter().filter(|one| self.members.contains(&one.name)) {
            for item in items(member.module, &member.of) {
                let names = member.names.iter().map(|path| (member.module, path));
                more.entry(item).or_default().extend(names);
            }
        }
        for (module, of, names) in &sources.associated {
            for item in items(*module, of) {
                more.entry(item).or_default().extend(names.iter().map(|path| (*module, path)));
            }
        }
        let mut reached = BTreeSet::new();
        let mut open: Vec<usize> = self.items.iter().copied().collect();
        while let Some(at) = open.pop() {
            if !reached.insert(at) {
                continue;
            }
            let item = &sources.items[at];
            let own = item.names.iter().map(|path| (item.module, path));
            let more = more.get(&at).into_iter().flatten().copied();
            for (module, path) in own.chain(more) {
                open.extend(items(module, path));
            }
        }
        reached
    }
}

/// What was found out about the public face of a crate.
#[derive(Debug, Default)]
struct Face {
    types: usize,
    root_names: BTreeSet<String>,
    /// Public items that nobody calls.
    uncalled: BTreeSet<String>,
    /// Public functions and constants of types that nobody calls, by their names alone.
    uncalled_members: BTreeSet<String>,
    /// Public items that have two names or more.
    named_twice: Vec<String>,
}

impl Face {
    fn of(sources: &Sources, calls: &Calls, listed: &[(&str, &str)]) -> Self {
        let public = public(sources);
        let reached = calls.reached(sources);
        let mut face = Self::default();
        for (&at, paths) in &public {
            let item = &sources.items[at];
            let is_type =
                ["struct", "enum", "trait", "type", "union"].contains(&item.kind.as_str());
            face.types += usize::from(is_type);
            face.root_names.extend(paths.iter().filter(|path| !path.contains("::")).cloned());
            if paths.len() > 1 {
                let paths: Vec<_> = paths.iter().map(String::as_str).collect();
                face.named_twice.push(paths.join(", "));
            }
            let spared = listed.iter().any(|(path, _)| paths.contains(*path));
            if reached.contains(&at) == spared {
                let path = paths.iter().min_by_key(|path| path.len()).cloned().unwrap_or_default();
                let place = format!("{}:{}", sources.modules[item.module].file, item.line);
                let why = if spared { "is listed, but has a caller" } else { "has no caller" };
                face.uncalled.insert(format!("{} {path} ({place}) {why}", item.kind));
            }
        }
        for member in &sources.members {
            let of = sources.resolve(member.module, &member.of);
            let of = of.into_iter().filter_map(|target| target.item);
            let is_public = of.clone().any(|item| public.contains_key(&item));
            if is_public && !calls.members.contains(&member.name) {
                let place = format!("{}:{}", sources.modules[member.module].file, member.line);
                let name = format!("{}::{}", member.of.join("::"), member.name);
                face.uncalled_members.insert(format!("{name} ({place})"));
            }
        }
        face
    }
}

/// The blocks of Rust in a text, as they are compiled.
fn blocks(markdown: &str) -> String {
    let mut code = String::new();
    let mut inside = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            inside = line == "```rust";
        } else if inside {
            code.push_str(line.strip_prefix("# ").unwrap_or(line));
            code.push('\n');
        }
    }
    code
}

#[test]
fn everything_public_has_a_caller() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = Sources::of_folder(&root.join("src"));
    let mut calls = Calls::default();
    calls.add(&sources, &blocks(&fs::read_to_string(root.join("README.md")).expect("a README")));
    let mut adapters = 0;
    for entry in fs::read_dir(root.join("adapters")).expect("adapters") {
        let adapter = entry.expect("an adapter").path();
        let name = adapter.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if NO_CALLERS.contains(&name.as_str()) {
            continue;
        }
        adapters += 1;
        for file in ["src", "examples"].iter().flat_map(|folder| files(&adapter.join(folder))) {
            calls.add(&sources, &fs::read_to_string(file).expect("a source"));
        }
    }
    assert!(adapters > 5, "the adapters were not found");
    let face = Face::of(&sources, &calls, LISTED);
    println!("{} public types, at most {TYPES}", face.types);
    println!("{} names in the root, at most {ROOT_NAMES}", face.root_names.len());
    println!("{} named twice:\n    {}", face.named_twice.len(), face.named_twice.join("\n    "));
    let members: Vec<_> = face.uncalled_members.iter().map(String::as_str).collect();
    println!("{} of types without a caller:\n    {}", members.len(), members.join("\n    "));
    let uncalled: Vec<_> = face.uncalled.iter().map(String::as_str).collect();
    assert!(uncalled.is_empty(), "{} items:\n    {}", uncalled.len(), uncalled.join("\n    "));
    assert!(face.types <= TYPES, "{} public types", face.types);
    assert!(face.root_names.len() <= ROOT_NAMES, "{:?}", face.root_names);
}

/// The face of a crate, with that in its `inner.rs` and that called.
fn face(inner: &str, code: &str, listed: &[(&str, &str)]) -> Face {
    let root = "mod inner; pub mod open; pub use inner::*; pub use open::Twice;";
    let file = |name: &str| match name {
        "lib.rs" => Some(root.to_owned()),
        "inner.rs" => Some(inner.to_owned()),
        "open.rs" => Some("pub struct Twice; pub(crate) struct Own; pub fn make() {}".to_owned()),
        _ => None,
    };
    let sources = Sources::read(&file);
    let mut calls = Calls::default();
    calls.add(&sources, "use http_hook::{Twice, open::make};");
    calls.add(&sources, code);
    Face::of(&sources, &calls, listed)
}

#[test]
fn what_has_no_caller_is_seen() {
    #[rustfmt::skip]
    let rows: [(&str, &str, &str, &[&str]); 19] = [
        // why                          the crate                                       its caller                                      without a caller
        ("nobody",                      "pub struct A;",                                "",                                             &["A"]),
        ("imported",                    "pub struct A;",                                "use http_hook::A;",                            &[]),
        ("imported with others",        "pub struct A; pub struct B;",                  "use http_hook::{A, self as x};",               &["B"]),
        ("a glob",                      "pub struct A; pub struct B;",                  "use http_hook::*; fn f(a: A) {}",              &["B"]),
        ("inline",                      "pub fn a() {} pub fn b() {}",                  "fn f() { http_hook::a() }",                    &["b"]),
        ("by a module",                 "pub mod m { pub struct A; pub struct B; }",    "use http_hook::m; type X = m::A;",             &["m::B"]),
        ("of another crate",            "pub struct A;",                                "use other::A;",                                &["A"]),
        ("in tests",                    "pub struct A;",                                "#[cfg(test)] mod tests { use http_hook::A; }", &["A"]),
        ("in a comment",                "pub struct A;",                                "/// [http_hook::A]\nfn f() {}",                &["A"]),
        ("a constant",                  "pub const A: u8 = 1; pub const B: u8 = 2;",    "fn f() { http_hook::A; }",                     &["B"]),
        ("a field",                     "pub struct A { pub b: Vec<B>, c: C } pub struct B; pub struct C;", "use http_hook::A;",        &["C"]),
        ("a field of a tuple",          "pub struct A(pub B, C); pub struct B; pub struct C;", "use http_hook::A;",                     &["C"]),
        ("a variant",                   "pub enum A { One(B), Two { c: C } } pub struct B; pub struct C;", "use http_hook::A;",         &[]),
        ("an argument, a result",       "pub fn a(b: &B) -> C { D } pub struct B; pub struct C; pub struct D;", "use http_hook::a;",    &["D"]),
        ("a bound",                     "pub struct A<T: B>(T); pub trait B {}",        "use http_hook::A;",                            &[]),
        ("a method that is called",     "pub struct A; impl A { pub fn b(&self) -> B { B } pub fn c(&self) -> C { C } } pub struct B; pub struct C;", "fn f(a: http_hook::A) { a.b(); }", &["C"]),
        ("a method of a trait",         "pub trait A { fn b(&self) -> B { C } } pub struct B; pub struct C;", "use http_hook::A;",      &["C"]),
        ("a trait's type",              "pub struct A; impl FromStr for A { type Err = B; fn from(c: C) {} } pub struct B; pub struct C;", "use http_hook::A;", &["C"]),
        ("in the signature of one that has none", "pub fn a(b: B) {} pub struct B;",    "",                                             &["a", "B"]),
    ];
    for (why, inner, code, expected) in rows {
        let face = face(inner, code, &[]);
        let found: BTreeSet<_> =
            face.uncalled.iter().filter_map(|line| line.split(' ').nth(1)).collect();
        assert_eq!(found, expected.iter().copied().collect(), "{why}");
    }
}

#[test]
fn what_is_public_is_counted() {
    let inner = "pub struct A; pub(crate) struct B; struct C; pub enum D {} pub trait E {} \
        pub type F = A; pub fn g() {} pub const H: u8 = 1; mod no { pub struct I; } \
        pub mod yes { pub struct J; impl J { pub fn used(&self) {} pub fn unused(&self) {} fn own(&self) {} } }";
    let face = face(inner, "fn f() { j.used() }", &[("A", "for a reason"), ("Twice", "no more")]);
    assert_eq!(face.types, 6, "A, D, E, F, J, Twice");
    assert_eq!(face.root_names.iter().map(String::as_str).collect::<String>(), "ADEFHTwiceg");
    assert_eq!(face.named_twice, ["Twice, open::Twice"]);
    assert_eq!(face.uncalled_members.len(), 1);
    let told: Vec<_> = face.uncalled.iter().map(String::as_str).collect();
    assert!(!told.iter().any(|line| line.contains(" A ")), "{told:?}");
    assert!(told.contains(&"struct Twice (open.rs:1) is listed, but has a caller"), "{told:?}");
}

#[test]
fn examples_in_a_text_are_read() {
    let text = "# A\n```rust\n# use a::A;\nuse b::B;\n```\n```sh\nuse c::C;\n```\n";
    assert_eq!(blocks(text), "use a::A;\nuse b::B;\n");
}
