//! Rooms in one direction: no folder or file at the top of `src` imports another that imports it back.
//!
//! `cargo test --test proof rooms -- --nocapture` prints who imports whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::source::Sources;

/// The rooms from the top to the bottom; imports go downwards only.
const ORDER: &[&str] = &[
    "blocking",
    "http_hook",
    "fanout",
    "pages",
    "poll",
    "drive",
    "observe",
    "transport",
    "call",
    "hook",
    "request",
    "redirect",
    "auth",
    "cookies",
    "gates",
    "retry",
    "response",
    "connection",
    "options",
    "body",
    "base",
];

/// Types with an `impl` outside of their room, which nothing below calls: room, type.
const ELSEWHERE: &[(&str, &str)] = &[
    ("call", "Hook"),
    ("blocking", "CallBuilder"),
    ("http_hook", "FanoutIter"),
    ("http_hook", "PageIter"),
    ("http_hook", "ItemIter"),
];

/// Who imports whom: the importer, the imported, and the places where it does.
type Graph = BTreeMap<(String, String), BTreeSet<String>>;

/// What was found out about a crate.
#[derive(Debug, Default)]
struct Findings {
    rooms: Graph,
    files: Graph,
    offences: BTreeSet<String>,
}

impl Findings {
    fn of(sources: &Sources, elsewhere: &[(&str, &str)]) -> Self {
        let mut found = Self::default();
        for own in 0..sources.modules.len() {
            let scan = &sources.modules[own].scan;
            for one in &scan.uses {
                // What is only handed on makes nothing depend on it.
                let handed_on = one.shared && !scan.words.contains(&one.name);
                found.import(sources, own, &one.path, one.line, handed_on);
                if one.name == "*" {
                    for word in &scan.words {
                        found.import(sources, own, std::slice::from_ref(word), one.line, handed_on);
                    }
                }
            }
            for (path, line) in &scan.paths {
                found.import(sources, own, path, *line, false);
            }
        }
        for block in &sources.inherent {
            found.inherent(sources, block.module, &block.of, block.line, elsewhere);
        }
        found
    }

    /// Notes where a path leads to, and how it says so.
    fn import(
        &mut self,
        sources: &Sources,
        own: usize,
        path: &[String],
        line: usize,
        silent: bool,
    ) {
        let module = &sources.modules[own];
        let Some(room) = sources.room(own) else { return };
        let place = format!("{}:{line}: {}", module.file, path.join("::"));
        if sources.is_named_by_root(own, path) {
            self.offences.insert(format!("{place}: it is named by the root"));
        }
        // A name that this module has by a `use` is told there.
        let brief = module.scan.uses.iter().any(|one| one.name == path[0]);
        let note = |graph: &mut Graph, from: &str, to: &str| {
            let places = graph.entry((from.to_owned(), to.to_owned())).or_default();
            if !brief || places.is_empty() {
                places.insert(place.clone());
            }
        };
        for target in sources.resolve(own, path) {
            let Some(other) = sources.room(target.module) else { continue };
            let named = sources.room(target.through).unwrap_or(other);
            if named != other && named != room {
                self.offences.insert(format!("{place}: it stands in {other}"));
            }
            if other != room {
                note(&mut self.rooms, room, other);
            }
            let file = &sources.modules[target.module].file;
            if !silent && *file != module.file {
                note(&mut self.files, &module.file, file);
            }
        }
    }

    /// Notes an `impl` of a type of another room.
    fn inherent(
        &mut self,
        sources: &Sources,
        own: usize,
        of: &[String],
        line: usize,
        elsewhere: &[(&str, &str)],
    ) {
        let room = sources.room(own);
        let name = of.last().map_or("", String::as_str);
        let listed = room.is_some_and(|room| elsewhere.contains(&(room, name)));
        for target in sources.resolve(own, of) {
            let home = sources.room(target.module);
            if home != room && !listed {
                let (file, home) = (&sources.modules[own].file, home.unwrap_or("lib.rs"));
                self.offences.insert(format!("{file}:{line}: impl {name}, which stands in {home}"));
            }
        }
    }

    /// All that is wrong; nothing if nothing is.
    fn complaints(&self, order: &[&str]) -> String {
        let mut text = String::new();
        for (what, graph) in [("rooms", &self.rooms), ("files", &self.files)] {
            for circle in circles(graph) {
                let _ = writeln!(text, "{what} in a circle: {}", circle.join(", "));
                for ((from, to), places) in graph {
                    if circle.contains(from) && circle.contains(to) {
                        let _ = writeln!(text, "    {from} -> {to}");
                        for place in places {
                            let _ = writeln!(text, "        {place}");
                        }
                    }
                }
            }
        }
        for ((from, to), places) in &self.rooms {
            let place = |room: &str| order.iter().position(|name| *name == room);
            let wrong = match (place(from), place(to)) {
                (Some(from), Some(to)) => (from > to).then_some("upwards"),
                _ => Some("not both are in the order"),
            };
            if let Some(wrong) = wrong {
                let places: Vec<_> = places.iter().map(String::as_str).collect();
                let _ = writeln!(text, "{from} -> {to}: {wrong}: {}", places.join("; "));
            }
        }
        for offence in &self.offences {
            let _ = writeln!(text, "{offence}");
        }
        text
    }
}

/// Those that import each other, directly or through others.
fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, _) in graph.keys() {
        let mut open = vec![from.as_str()];
        let reached = reached.entry(from).or_default();
        while let Some(at) = open.pop() {
            let next = graph.keys().filter(|(from, _)| from == at).map(|(_, to)| to.as_str());
            open.extend(next.filter(|to| reached.insert(to)));
        }
    }
    let mut circles = BTreeSet::new();
    for (one, all) in &reached {
        let back = |other: &&&str| reached.get(**other).is_some_and(|all| all.contains(one));
        let circle: Vec<String> = all.iter().filter(back).map(|name| (*name).to_owned()).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

#[test]
fn no_room_imports_one_above_it() {
    let sources = Sources::of_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(sources.modules.len() > 10, "the sources were not found");
    let found = Findings::of(&sources, ELSEWHERE);
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in found.rooms.keys() {
        graph.entry(from).or_default().push(to);
    }
    for (from, to) in graph {
        println!("{from} -> {}", to.join(", "));
    }
    let complaints = found.complaints(ORDER);
    assert!(complaints.is_empty(), "{complaints}");
}

/// What is said of a crate of these files; `a`, `b` and `c` are its rooms.
fn said(files: &[(&str, &str)]) -> String {
    let root = (
        "lib.rs",
        "mod a; mod b; mod c; pub use b::{B, inner, inner::Deep}; pub mod open { pub use crate::b::B; }",
    );
    let rest = [
        ("a.rs", ""),
        ("b/mod.rs", "pub(crate) mod inner; pub(crate) struct B; pub(crate) use inner::Deep;"),
        ("b/inner.rs", "pub(crate) struct Deep;"),
        ("c.rs", "pub(crate) struct C;"),
    ];
    let all = || files.iter().chain([&root]).chain(&rest);
    let file =
        |name: &str| all().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned());
    Findings::of(&Sources::read(&file), &[("a", "Listed")]).complaints(&["a", "b", "c"])
}

/// Why, the files, what is said of them.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

#[test]
fn each_rule_is_seen_broken() {
    #[rustfmt::skip]
    let rows: [Row; 32] = [
        // why                              files                                                       what is said of them
        ("downwards",                       &[("a.rs", "use crate::b::B; use crate::c::C;")],           &[]),
        ("upwards",                         &[("c.rs", "use crate::b::B;")],                            &["c -> b: upwards: c.rs:1: crate::b::B"]),
        ("a tree",                          &[("c.rs", "use crate::{a, b::{inner::{Deep}, B as X}};")], &["c -> a: upwards", "crate::b::inner::Deep", "crate::b::B"]),
        ("over lines",                      &[("c.rs", "\nuse crate::{\n    b::B,\n};")],               &["c.rs:3: crate::b::B"]),
        ("a glob",                          &[("c.rs", "use crate::b::*;")],                            &["c -> b: upwards: c.rs:1: crate::b"]),
        ("inline",                          &[("c.rs", "fn f() { crate::b::B; }")],                     &["c -> b: upwards"]),
        ("inline, generic",                 &[("c.rs", "type T = Vec<crate::b::B>;")],                  &["c -> b: upwards"]),
        ("a method of it",                  &[("c.rs", "fn f() { crate::b::B::new(); }")],              &["c -> b: upwards"]),
        ("super",                           &[("c.rs", "use super::b::B;")],                            &["c -> b: upwards"]),
        ("super twice",                     &[("c.rs", "mod x { use super::super::b::B; }")],           &["c -> b: upwards"]),
        ("inline super",                    &[("c.rs", "fn f(b: super::b::B) {}")],                     &["c -> b: upwards"]),
        ("in a function",                   &[("c.rs", "fn f() { use crate::b::B; }")],                 &["c -> b: upwards"]),
        ("in a macro",                      &[("c.rs", "fn f() { vec![crate::b::B] }")],                &["c -> b: upwards"]),
        ("a macro's own",                   &[("c.rs", "macro_rules! m { () => { $crate::b::B } }")],   &["c -> b: upwards"]),
        ("in an attribute",                 &[("c.rs", "#[serde(with = \"crate::b::inner\")] struct S;")], &["c -> b: upwards"]),
        ("handed on",                       &[("c.rs", "pub(crate) use crate::b::B;")],                 &["c -> b: upwards"]),
        ("by a name of its own",            &[("c.rs", "use crate::b as x; pub(crate) struct C; fn f() { x::inner::Deep; }"), ("b/inner.rs", "use crate::c::C; pub(crate) struct Deep;")], &["c -> b: upwards: c.rs:1: crate::b", "files in a circle: b/inner.rs, c.rs"]),
        ("a circle",                        &[("b/mod.rs", "use crate::c::C; pub(crate) struct B;"), ("c.rs", "use crate::b::B; pub(crate) struct C;")], &["rooms in a circle: b, c", "files in a circle: b/mod.rs, c.rs"]),
        ("a circle of three",               &[("a.rs", "use crate::b::B; pub(crate) struct A;"), ("b/mod.rs", "use crate::c::C; pub(crate) struct B;"), ("c.rs", "use crate::a::A; pub(crate) struct C;")], &["rooms in a circle: a, b, c", "files in a circle: a.rs, b/mod.rs, c.rs"]),
        ("files of one room",               &[("b/mod.rs", "pub(crate) mod inner; use inner::Deep; pub(crate) struct B(Deep);"), ("b/inner.rs", "pub(crate) struct Deep(super::B);")], &["files in a circle: b/inner.rs, b/mod.rs"]),
        ("handing on is no circle",         &[("b/inner.rs", "pub(crate) struct Deep(super::B);")],     &[]),
        ("the root",                        &[("a.rs", "use crate::B;")],                               &["a.rs:1: crate::B: it is named by the root"]),
        ("the root, inline",                &[("a.rs", "fn f() { crate::Deep::new(); }")],              &["a.rs:1: crate::Deep::new: it is named by the root"]),
        ("the root, from below",            &[("b/inner.rs", "use super::super::B; pub(crate) struct Deep;")], &["super::super::B: it is named by the root"]),
        ("a module, by the root",           &[("a.rs", "use crate::inner;\nuse crate::inner::Deep;")],   &["a.rs:1: crate::inner: it is named by the root", "a.rs:2: crate::inner::Deep: it is named by the root"]),
        ("a module of the root's own",      &[("a.rs", "use crate::open::B;")],                         &["a.rs:1: crate::open::B: it is named by the root"]),
        ("the root itself",                 &[("a.rs", "use crate as all;\nfn f() { all::B; }")],       &["a.rs:1: crate: it is named by the root"]),
        ("by another room",                 &[("a.rs", "use crate::c::B;"), ("c.rs", "pub(crate) use crate::b::B;")], &["a.rs:1: crate::c::B: it stands in b"]),
        ("impl at home",                    &[("c.rs", "mod x { impl<T: Fn() -> C> super::C {} } pub(crate) struct C;")], &[]),
        ("impl abroad",                     &[("a.rs", "use crate::b::B;\nimpl B {}")],                 &["a.rs:2: impl B, which stands in b"]),
        ("impl of a trait abroad",          &[("a.rs", "use crate::b::B; impl Clone for B {} impl<T> From<T> for B where T: for<'a> X<'a> {}")], &[]),
        ("impl abroad, listed",             &[("a.rs", "use crate::b::Listed; impl Listed {}"), ("b/mod.rs", "pub(crate) mod inner; pub(crate) struct Listed;")], &[]),
    ];
    for (why, files, parts) in rows {
        let said = said(files);
        assert_eq!(said.is_empty(), parts.is_empty(), "{why}: {said}");
        for part in parts {
            assert!(said.contains(part), "{why}: {part} is not in {said}");
        }
    }
}

#[test]
fn what_is_no_import_is_not_seen() {
    let exempt = [
        ("a comment", "// use crate::a::A;\n/* crate::a /* crate::a::A */ crate::a */"),
        ("documentation", "//! [`A`](crate::A)\n/// crate::a::A\npub(crate) struct C;"),
        (
            "a message",
            r##"const A: &str = "see crate::a::A, it's"; const B: &str = r#"crate::"a"::A"#;"##,
        ),
        ("a test", "#[cfg(test)]\nmod tests { use crate::a::A; }"),
        ("a file of tests", "#[cfg(test)]\nmod tests;\n#[cfg(test)]\nuse crate::{a::A};"),
        ("characters", "const A: [char; 3] = ['\"', '\\'', '{']; fn f<'a>(it: &'a str) {}"),
        ("a visibility", "pub(in crate::c) struct C;"),
        (
            "another crate",
            "use http::a::A; use ::std::fmt; fn f() { a::b(); x.collect::<Vec<u8>>(); }",
        ),
        ("itself", "use crate::c::inner::D; pub(crate) mod inner { pub(crate) struct D; }"),
    ];
    for (why, text) in exempt {
        assert_eq!(said(&[("c.rs", text)]), "", "{why}");
    }
}

/// What somebody sees who opens the repository.
#[test]
fn there_are_four_folders_at_the_top() {
    let top = fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap().map(|entry| entry.unwrap());
    let mut folders: Vec<_> = top
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    folders.sort();
    assert_eq!(folders, ["adapters", "fuzz", "src", "tests"]);
}

#[test]
fn no_file_has_outgrown_its_noun() {
    const MOST: usize = 400;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut count = 0;
    for file in super::source::files(&root) {
        count += 1;
        let lines = std::fs::read_to_string(&file).expect("a source").lines().count();
        assert!(lines <= MOST, "{}: {lines} lines, at most {MOST}", file.display());
    }
    assert!(count > 80, "the sources were not found");
}
