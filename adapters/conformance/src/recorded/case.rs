//! A recorded case, and the files that hold them.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::recorded::deviations::Deviations;

/// One recorded case of `http_hook.json` or `hostile.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// The unique name. Only reports and the list of deviations look at it.
    pub id: String,
    /// The subject.
    #[serde(default)]
    pub category: String,
    /// What is run; it fixes the form of `input` and `expected`.
    #[serde(default)]
    pub kind: String,
    /// What a runner must provide: `second_port`, `tls`, `faults`, ….
    #[serde(default)]
    pub needs: Vec<String>,
    /// Whether the result is a trait of the recorded HTTP client.
    #[serde(default)]
    pub client_specific: bool,
    /// Whether the result follows from an accident of the recorded software.
    #[serde(default)]
    pub quirk: bool,
    /// The input.
    pub input: Value,
    /// What was recorded.
    #[serde(default)]
    pub expected: Value,
    /// Hostile cases: `accept`, `reject` or `no-panic-only`.
    #[serde(default)]
    pub expect: String,
    /// Hostile cases: the exact result of an accepted input.
    #[serde(default)]
    pub normal: Value,
    /// Hostile cases: what has to hold whatever happens.
    #[serde(default)]
    pub must_hold: Vec<String>,
    /// What of it differs on purpose, and is not compared: of `delay`, `statuses`, `method`, `text`.
    #[serde(skip)]
    pub differs: Vec<String>,
}

impl Case {
    /// Makes a case of a file with another form.
    #[must_use]
    pub fn new(id: String, category: String, input: Value) -> Self {
        Self {
            id,
            category,
            kind: String::new(),
            needs: Vec::new(),
            client_specific: false,
            quirk: false,
            input,
            expected: Value::Null,
            expect: String::new(),
            normal: Value::Null,
            must_hold: Vec::new(),
            differs: Vec::new(),
        }
    }
}

/// Where the recorded files are.
#[derive(Clone, Debug)]
pub struct Data {
    own: PathBuf,
    foreign: Option<PathBuf>,
}

impl Data {
    /// The environment variable that names another folder to read from.
    pub const VARIABLE: &str = "HTTP_HOOK_RECORDED";

    /// Takes the folder that [`VARIABLE`](Self::VARIABLE) names, else `own`.
    pub fn open(own: impl Into<PathBuf>) -> Self {
        let foreign = env::var_os(Self::VARIABLE).filter(|folder| !folder.is_empty());
        Self { own: own.into(), foreign: foreign.map(PathBuf::from) }
    }

    /// Tells whether the cases are other than the project's own.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.foreign.is_some()
    }

    /// Reads the cases of a file. `None`: a foreign folder without this file, which is then left out.
    ///
    /// # Panics
    ///
    /// If one of the project's own files is missing, or a file is not what it should be.
    #[must_use]
    pub fn cases(&self, file: &str) -> Option<Vec<Case>> {
        Some(cases(self.value(file)?))
    }

    /// Reads a file of another form.
    ///
    /// # Panics
    ///
    /// As [`cases`](Self::cases).
    #[must_use]
    pub fn value(&self, file: &str) -> Option<Value> {
        match &self.foreign {
            Some(folder) => folder.join(file).exists().then(|| read(&folder.join(file))),
            None => Some(read(&self.own.join(file))),
        }
    }

    /// Reads the list of deviations: the foreign folder's if it has one, else the project's own.
    ///
    /// # Panics
    ///
    /// If it is not such a list.
    #[must_use]
    pub fn deviations(&self) -> Deviations {
        let name = "deviations.toml";
        let foreign = self.foreign.as_ref().map(|folder| folder.join(name));
        Deviations::read(&foreign.filter(|path| path.exists()).unwrap_or(self.own.join(name)))
    }

    /// Gives file and id of all cases in these files, the project's own among them: a list may name each of them.
    #[must_use]
    pub fn ids(&self, files: &[&str]) -> BTreeSet<(String, String)> {
        let mut ids = BTreeSet::new();
        for file in files {
            let foreign = self.cases(file).into_iter().flatten();
            let all = cases(read(&self.own.join(file))).into_iter().chain(foreign);
            ids.extend(all.map(|case| (file.replace(".json", ""), case.id)));
        }
        ids
    }
}

fn read(path: &Path) -> Value {
    let shown = path.display();
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{shown}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{shown}: {error}"))
}

fn cases(mut file: Value) -> Vec<Case> {
    serde_json::from_value(file["cases"].take()).expect("a list of cases")
}
