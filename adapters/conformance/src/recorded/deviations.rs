//! Deliberate differences: `tests/data/deviations.toml`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// The list of deliberate differences.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviations {
    #[serde(default)]
    deviation: Vec<Deviation>,
}

/// One entry: a rule, why, and the cases that differ by it; of `http_hook` unless it names another file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    #[serde(default = "http_hook")]
    file: String,
    rule: String,
    reason: String,
    ids: Vec<String>,
    /// Of `delay`, `statuses`, `method` and `text`: all else of these cases is as recorded.
    #[serde(default)]
    differs: Vec<String>,
}

fn http_hook() -> String {
    "http_hook".into()
}

impl Deviations {
    /// Reads the list.
    ///
    /// # Panics
    ///
    /// If the file is missing or is not such a list, or names a case twice.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let shown = path.display();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{shown}: {error}"));
        let list: Self = toml::from_str(&text).unwrap_or_else(|error| panic!("{shown}: {error}"));
        let mut seen = BTreeSet::new();
        for entry in &list.deviation {
            let number = entry.rule.strip_prefix('D').and_then(|n| n.parse::<u8>().ok());
            let known = ["quirk", "client"].contains(&entry.rule.as_str())
                || number.is_some_and(|n| (1..=26).contains(&n));
            assert!(known, "{shown}: no rule {:?}", entry.rule);
            assert!(!entry.reason.is_empty(), "{shown}: {} without a reason", entry.rule);
            let parts = ["delay", "statuses", "method", "text"];
            let named = entry.differs.iter().all(|part| parts.contains(&part.as_str()));
            assert!(named, "{shown}: {}: of {parts:?} alone", entry.rule);
            assert!(
                entry.rule != "D13" || !entry.differs.is_empty() && entry.ids.len() <= 20,
                "{shown}: D13 says what differs, of 20 cases at most"
            );
            for id in &entry.ids {
                assert!(seen.insert((&entry.file, id)), "{shown}: {id} stands twice");
            }
        }
        list
    }

    /// Gives the rule by which a case of a file differs.
    #[must_use]
    pub fn rule(&self, file: &str, id: &str) -> Option<&str> {
        let mut entries = self.deviation.iter().filter(|entry| entry.file == file);
        let entry = entries.find(|entry| entry.ids.iter().any(|one| one == id))?;
        Some(&entry.rule)
    }

    /// Tells what of a case differs, if that is all.
    #[must_use]
    pub fn differs(&self, file: &str, id: &str) -> &[String] {
        let mut entries = self.deviation.iter().filter(|entry| entry.file == file);
        let entry = entries.find(|entry| entry.ids.iter().any(|one| one == id));
        entry.map(|entry| entry.differs.as_slice()).unwrap_or_default()
    }

    /// Names all cases in the list, each with its file.
    pub fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.deviation
            .iter()
            .flat_map(|entry| entry.ids.iter().map(|id| (entry.file.as_str(), id.as_str())))
    }
}
