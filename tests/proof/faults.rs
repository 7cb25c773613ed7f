//! Each row of `tests/FAULTS.md` names a test that is there, or a page that says why it stays as it is.

use std::fs;
use std::path::Path;

/// What is wrong with a row of the table, if anything.
fn wrong(row: &str, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
    let [_, _, held] = cells[..] else { return Some("it has not three cells".to_owned()) };
    if let Some(page) = held.strip_prefix("decided otherwise: ") {
        let target = page.rsplit_once("](").and_then(|(_, rest)| rest.split([')', '#']).next());
        let found = target.and_then(|target| read(target.trim_start_matches("../")));
        return found.is_none().then(|| "it names no page".to_owned());
    }
    let named: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
    if named.is_empty() {
        return Some("it names no test".to_owned());
    }
    named.into_iter().find_map(|test| {
        let (file, name) = test.split_once("::").unwrap_or((test, ""));
        let Some(source) = read(file) else { return Some(format!("{file} is not there")) };
        let there = ["fn", "def"].iter().any(|word| source.contains(&format!("{word} {name}(")));
        (!name.is_empty() && !there).then(|| format!("{test} is not there"))
    })
}

#[test]
fn every_fault_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("tests/FAULTS.md")).expect("the table");
    let read = |file: &str| fs::read_to_string(root.join(file)).ok();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    let faults: Vec<String> =
        rows.filter_map(|row| wrong(row, read).map(|why| format!("{row}\n    {why}"))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rows_are_checked() {
    let read = |file: &str| match file {
        "a.rs" | "A.md" => Some("fn held() {}".to_owned()),
        "a.py" => Some("def test_held(serve: Any) -> None:".to_owned()),
        _ => None,
    };
    #[rustfmt::skip]
    let rows = [
        ("| 1 | what | `a.rs::held` |",                          None),
        ("| 1 | what | `a.rs` |",                                None),
        ("| 1 | what | `a.rs::held`, `a.rs::gone` |",            Some("a.rs::gone is not there")),
        ("| 1 | what | `a.py::test_held` |",                     None),
        ("| 1 | what | `a.py::held` |",                          Some("a.py::held is not there")),
        ("| 1 | what | `b.rs::held` |",                          Some("b.rs is not there")),
        ("| 1 | what | later |",                                 Some("it names no test")),
        ("| 1 | what |",                                         Some("it has not three cells")),
        ("| 1 | what | decided otherwise: why ([A](../A.md#a)) |", None),
        ("| 1 | what | decided otherwise: why ([B](../B.md)) |", Some("it names no page")),
    ];
    for (row, expected) in rows {
        assert_eq!(wrong(row, read).as_deref(), expected, "{row}");
    }
}
