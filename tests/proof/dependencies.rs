//! Each direct dependency has its line of reason in DEPENDENCIES.md, and each line there its dependency.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn manifests(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![root.join("Cargo.toml"), root.join("fuzz/Cargo.toml")];
    for entry in fs::read_dir(root.join("adapters")).unwrap() {
        found.push(entry.unwrap().path().join("Cargo.toml"));
    }
    found.retain(|path| path.exists());
    found
}

/// The names in every table of dependencies: `[dependencies]`, `[target.….dev-dependencies]`, `[dependencies.name]`.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let (before, last) = table.rsplit_once('.').unwrap_or(("", table));
            inside = last.ends_with("dependencies");
            if before.ends_with("dependencies") {
                names.insert(last.to_owned());
            }
        } else if inside && !line.starts_with('#') {
            let end = line.find(['.', ' ', '=']).unwrap_or(0);
            if let Some(name) = line.get(..end).filter(|name| !name.is_empty()) {
                names.insert(name.to_owned());
            }
        }
    }
    names.retain(|name| !name.starts_with("http-hook"));
    names
}

/// The rows of the tables: name and reason.
fn reasons(text: &str) -> BTreeMap<String, String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once("` |"))
        .map(|(name, rest)| (name.to_owned(), rest.trim_matches([' ', '|']).to_owned()))
        .collect()
}

#[test]
fn every_dependency_has_a_reason_and_every_reason_a_dependency() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let reasons = reasons(&fs::read_to_string(root.join("DEPENDENCIES.md")).unwrap());
    let mut used = BTreeSet::new();
    for path in manifests(root) {
        used.extend(dependencies(&fs::read_to_string(&path).unwrap()));
    }
    let has_reason = |name: &&String| reasons.get(*name).is_some_and(|reason| reason.len() > 10);
    let without: Vec<_> = used.iter().filter(|name| !has_reason(name)).collect();
    assert!(without.is_empty(), "no reason is given for {without:?}");
    let stale: Vec<_> = reasons.keys().filter(|name| !used.contains(*name)).collect();
    assert!(stale.is_empty(), "nothing depends on {stale:?}");
}

#[test]
fn manifests_are_read() {
    let rows = [
        // why                       manifest                                     names
        ("inherited", "[dependencies]\nbytes.workspace = true", &["bytes"][..]),
        ("version", "[dev-dependencies]\nbytes = \"1\"\n", &["bytes"]),
        ("table of its own", "[dependencies.isahc]\nversion = \"2\"", &["isahc"]),
        ("workspace", "[workspace.dependencies]\nhttp = \"1\"", &["http"]),
        ("target", "[target.'cfg(unix)'.dependencies]\nlibc = \"1\"", &["libc"]),
        ("our own", "[dependencies]\nhttp-hook-mock.workspace = true", &[]),
        ("another table", "[package]\nname = \"x\"", &[]),
    ];
    for (why, manifest, names) in rows {
        let expected: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(dependencies(manifest), expected, "{why}");
    }
}
