//! No test stands where none is run: in the `src` of a crate whose manifest says so.

use std::fs;
use std::path::Path;

use super::source::files;

/// Whether a manifest leaves out the tests of the library.
fn leaves_out(manifest: &str) -> bool {
    let library = manifest.split("\n[").find(|table| table.starts_with("lib]"));
    library.is_some_and(|table| table.lines().any(|line| line == "test = false"))
}

#[test]
fn no_test_is_left_out() {
    let mut crates = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters")).unwrap() {
        let folder = entry.unwrap().path();
        if !leaves_out(&fs::read_to_string(folder.join("Cargo.toml")).unwrap()) {
            continue;
        }
        crates += 1;
        for file in files(&folder.join("src")) {
            let is_test = |line: &str| line.trim_start().starts_with("#[test]");
            let found = fs::read_to_string(&file).unwrap().lines().any(is_test);
            assert!(!found, "{}: nobody runs its tests", file.display());
        }
    }
    assert!(crates > 0, "no crate leaves out its tests any more: then this can go");
}

#[test]
fn manifests_are_read() {
    assert!(leaves_out("[package]\nname = \"a\"\n\n[lib]\ntest = false\n\n[dependencies]\n"));
    assert!(!leaves_out("[package]\nname = \"a\"\n\n[lib]\n\n[[bin]]\ntest = false\n"));
}
