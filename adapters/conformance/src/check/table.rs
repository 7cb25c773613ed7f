//! The table of transports: one line a check, one column a client.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::report::{Report, Row};

const HEAD: &str = "\
# What each transport passes

One line a check, one column a client. `fault` is the row of the fault matrix. “not offered”: the hook refuses a call that
needs it. Each transport's own test writes its column, and fails if what is written here is not what it sees:

    HTTP_HOOK_WRITE_TABLE=1 cargo test --workspace --test transport conforms

";
const FAULTS: &str = "
## The fault matrix

Which checks show a row of `fault`; where no socket can show one, what else does.

| fault | checks |
| --- | --- |
";
/// What is not for a transport to do, or not for a socket to show. `tests/` is the core's.
const ELSEWHERE: [(u8, &str); 25] = [
    (2, "a name that resolves later: the kind decides, `src/gates/tests/decisions.rs`"),
    (25, "bombs and garbage: `src/response/decode/tests/codings.rs`"),
    (26, "loops: `tests/redirect/calls.rs`"),
    (27, "`tests/redirect/chains.rs`, `tests/redirect/calls.rs`"),
    (28, "`tests/redirect/rules.rs`"),
    (29, "as a redirect: `tests/redirect/rules.rs`, `tests/redirect/calls.rs`"),
    (30, "`tests/redirect/chains.rs`, `tests/machine/steps.rs`"),
    (31, "`tests/redirect/calls.rs`"),
    (32, "`tests/retry/hints.rs`"),
    (33, "`tests/retry/engine.rs`, `src/gates/tests/aws.rs`"),
    (34, "before a transport: `tests/request/url.rs`, `tests/request/headers.rs`"),
    (36, "`tests/request/proxy.rs`"),
    (37, "`tests/machine/steps.rs`, `tests/proof/properties.rs`"),
    (38, "`tests/machine/steps.rs`, `tests/proof/properties.rs`"),
    (39, "`tests/machine/steps.rs`"),
    (40, "what is told: `tests/machine/driver.rs`"),
    (41, "`tests/machine/driver.rs`, `tests/auth/flow.rs`"),
    (42, "does not compile: each state is a value that its moves consume"),
    (43, "`tests/machine/stored.rs`"),
    (44, "`tests/machine/stored.rs`"),
    (45, "`tests/machine/stored.rs`"),
    (46, "`tests/machine/stored.rs`"),
    (47, "`tests/auth/flow.rs`"),
    (49, "for whoever keeps the state"),
    (50, "each client's `tests/transport/descriptors.rs`"),
];
const WRITE: &str = "HTTP_HOOK_WRITE_TABLE";

/// By check: cells by client.
type Cells = BTreeMap<String, BTreeMap<String, String>>;

impl Report {
    /// Compares this report with its column in the table at `path`, or writes it there if `HTTP_HOOK_WRITE_TABLE` is set.
    ///
    /// # Panics
    ///
    /// If the table says something else, or cannot be read or written.
    pub fn assert_in_table(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        let mut cells = parse(&fs::read_to_string(path).unwrap_or_default());
        if std::env::var_os(WRITE).is_none() {
            for row in self.rows() {
                let is = cells.get(row.name).and_then(|cells| cells.get(self.client()));
                let should = row.cell();
                assert_eq!(is, Some(&should), "{}: {}; set {WRITE}=1", self.client(), row.name);
            }
            return;
        }
        for row in self.rows() {
            let own = cells.entry(row.name.to_owned()).or_default();
            own.insert(self.client().to_owned(), row.cell());
        }
        fs::write(path, print(self.rows(), &cells)).expect("the table can be written");
    }
}

fn parse(table: &str) -> Cells {
    let table = table.split_once(FAULTS).map_or(table, |(table, _)| table);
    let mut lines = table.lines().filter(|line| line.starts_with('|')).map(split);
    let clients = lines.next().unwrap_or_default();
    let row = |line: Vec<String>| {
        let name = line.first().cloned().unwrap_or_default();
        (name, clients.iter().cloned().zip(line).skip(3).collect())
    };
    lines.skip(1).map(row).collect()
}

fn split(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn print(rows: &[Row], cells: &Cells) -> String {
    let mut clients: Vec<&String> = cells.values().flat_map(BTreeMap::keys).collect();
    clients.sort();
    clients.dedup();
    let mut table = HEAD.to_owned();
    let mut line = |cells: Vec<&str>| {
        let _ = writeln!(table, "| {} |", cells.join(" | "));
    };
    let names = clients.iter().map(|client| client.as_str());
    line(["check", "fault", "expected"].into_iter().chain(names).collect());
    line(vec!["---"; 3 + clients.len()]);
    for row in rows {
        let fault = row.fault.map(|fault| fault.to_string()).unwrap_or_default();
        let own = cells.get(row.name);
        let own = clients.iter().map(|client| own.and_then(|own| own.get(*client)));
        let own = own.map(|cell| cell.map_or("", String::as_str));
        line([row.name, &fault, row.expected].into_iter().chain(own).collect());
    }
    table + FAULTS + &by_fault(rows)
}

fn by_fault(rows: &[Row]) -> String {
    let mut shown: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for row in rows {
        if let Some(fault) = row.fault {
            shown.entry(fault).or_default().push(format!("`{}`", row.name));
        }
    }
    for (fault, place) in ELSEWHERE {
        shown.entry(fault).or_default().push(place.to_owned());
    }
    let line = |table, (fault, places): (u8, Vec<String>)| {
        format!("{table}| {fault} | {} |\n", places.join(", "))
    };
    shown.into_iter().fold(String::new(), line)
}
