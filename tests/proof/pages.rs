//! What the pages show is what is compiled: rustdoc hides lines that begin with `# `, and no other place does. And the walk through one
//! call goes by what is there.

use std::fs;
use std::path::{Path, PathBuf};

/// The pages of the project and of each adapter.
fn pages(root: &Path) -> Vec<PathBuf> {
    let adapters = fs::read_dir(root.join("adapters")).unwrap().map(|entry| entry.unwrap().path());
    let folders = [root.to_owned()].into_iter().chain(adapters);
    let files =
        folders.filter(|folder| folder.is_dir()).flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut pages: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages
}

/// The lines of examples in Rust that rustdoc would hide.
fn hidden(page: &str) -> Vec<usize> {
    let (mut within, mut found) = (None, Vec::new());
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), within) {
            (Some(_), Some(_)) => within = None,
            (Some(language), None) => within = Some(language.starts_with("rust")),
            (None, Some(true)) if line.trim() == "#" || line.trim_start().starts_with("# ") => {
                found.push(number + 1);
            }
            _ => {}
        }
    }
    found
}

#[test]
fn no_example_of_a_page_has_hidden_lines() {
    let pages = pages(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(pages.len() > 20, "{} pages", pages.len());
    for page in pages {
        let lines = hidden(&fs::read_to_string(&page).unwrap());
        assert!(lines.is_empty(), "{}: lines {lines:?}", page.display());
    }
}

#[test]
fn hidden_lines_are_found() {
    let page = "# A title\n```sh\n# a comment\n```\n```rust,no_run\n#[test]\n# let a = 1;\n  # b\n#\n```\n# Another\n";
    assert_eq!(hidden(page), [7, 8, 9]);
}

/// The first that is wrong with a step of the walk: each file is there, what is named with a file (`a.rs`, `f`) is in it, and the step's
/// first file calls it.
fn astray(step: &str, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let parts: Vec<&str> = step.split('`').collect();
    let (mut first, mut last) = (None, None);
    for pair in parts.windows(2).enumerate().filter(|(at, _)| at % 2 == 0).map(|(_, pair)| pair) {
        let (between, code) = (pair[0].trim(), pair[1]);
        if Path::new(code).extension().is_some_and(|extension| extension == "rs") {
            let Some(source) = read(code) else { return Some(format!("{code} is not there")) };
            first.get_or_insert_with(|| source.clone());
            last = Some((code, source));
            continue;
        }
        if let (Some((file, source)), ":" | ",") = (last.take(), between) {
            let path = code.split('(').next().unwrap_or(code);
            let (of, name) = path.rsplit_once("::").unwrap_or(("", path));
            let within = of.is_empty() || source.contains(&format!("impl {of} "));
            if !within || !source.contains(&format!("fn {name}(")) {
                return Some(format!("{path} is not in {file}"));
            }
            if !first.as_ref().is_some_and(|first| first.contains(&format!("{name}("))) {
                return Some(format!("{path} is not called"));
            }
        }
    }
    None
}

#[test]
fn the_walk_through_a_call_goes_by_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let walk = page.split("\n## ").find(|part| part.starts_with("One call")).expect("a walk");
    let steps: Vec<&str> = walk.split("\n\n").nth(1).unwrap().split(".\n").collect();
    assert!(steps.len() >= 8, "{} steps", steps.len());
    let read = |file: &str| fs::read_to_string(root.join("src").join(file)).ok();
    for step in steps {
        assert_eq!(astray(step, read), None, "{step}");
    }
}

#[test]
fn a_walk_that_went_astray_is_found() {
    let read = |file: &str| match file {
        "a.rs" => Some("impl State { fn send() { build::fill(); } }".to_owned()),
        "b.rs" => Some("fn fill() {} fn request() {}".to_owned()),
        _ => None,
    };
    for (step, expected) in [
        ("`a.rs`, `State::send`: then `b.rs`,\n   `fill`, builds", None),
        ("`a.rs`: `Call::send` takes", Some("Call::send is not in a.rs")),
        ("`a.rs`: `send(plan)`; `b.rs`, `request`, builds", Some("request is not called")),
        ("`a.rs` has `rules`, and `b.rs`: all", None),
        ("`gone.rs`: `f`", Some("gone.rs is not there")),
    ] {
        assert_eq!(astray(step, read).as_deref(), expected, "{step}");
    }
}
