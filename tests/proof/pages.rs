//! What the pages show is what is compiled: rustdoc hides lines that begin with `# `, and no other place does.

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
