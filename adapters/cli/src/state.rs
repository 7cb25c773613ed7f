//! A call in a file, while it is under way and while it waits; the pages of an answer, and a poll, between two calls.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use http_hook::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::exit::Problem;
use crate::output::Target;
use crate::private::{self, Claim, with_end};

/// The longest kept call, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// What is kept of a call.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    schema: u32,
    /// What is kept.
    #[serde(default)]
    pub(crate) what: What,
    /// What finds the connection again: an id, or a URL without credentials.
    pub(crate) connection: String,
    /// The file that is the body.
    pub(crate) body: Option<PathBuf>,
    /// A digest of what that file holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body_sha256: Option<String>,
    /// How the pages of an answer are printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<String>,
    /// What makes other values of what is printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jq: Option<String>,
    /// Whether redirects are followed where neither call nor connection say.
    #[serde(default)]
    pub(crate) follows: bool,
    /// Whether the call says that they are, and how many at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) allow_redirects: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_redirects: Option<u32>,
    /// The file that the result goes to, and how much of it pages have written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<(PathBuf, u64)>,
    /// The call as the library stores it.
    pub(crate) call: String,
}

/// What a state is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    #[default]
    Call,
    Pages,
    Poll,
}

/// Where a call is kept.
pub(crate) struct StateFile {
    path: PathBuf,
    state: State,
    /// How much of the output is written.
    written: Cell<u64>,
    kept: Cell<bool>,
    /// Whether it could not be written.
    unwritten: Cell<bool>,
    /// Whether the part of the output was written by the same call before.
    owns_part: bool,
    _claim: Claim,
}

impl StateFile {
    /// Makes a place for a call; nothing is written yet.
    pub(crate) fn new(
        path: &Path,
        what: What,
        connection: String,
        body: Option<PathBuf>,
        target: &Target,
    ) -> Result<Self, Problem> {
        let path = &private::place_of(path)?;
        apart(path, target)?;
        let claim = claim(path)?;
        // What is there has to be a state, too: nothing else is replaced.
        let is_empty = fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() == 0);
        let before = match fs::symlink_metadata(path) {
            Ok(_) if !is_empty => Some(State::read(path)?),
            _ => None,
        };
        let body_sha256 = body.as_deref().map(sha256).transpose()?.flatten();
        let (items, jq, call, follows) = (None, None, String::new(), false);
        let output = match target {
            Target::File(path) => Some((std::path::absolute(path).unwrap_or(path.clone()), 0)),
            Target::Stdout => None,
        };
        let state = State {
            schema: 1,
            what,
            connection,
            body,
            body_sha256,
            items,
            jq,
            follows,
            allow_redirects: None,
            max_redirects: None,
            output,
            call,
        };
        let output = before.filter(|before| before.what == What::Pages);
        let output = output.and_then(|before| before.output);
        let owns_part = match (&output, target) {
            (Some((before, _)), Target::File(place)) => private::is_same(before, place),
            _ => false,
        };
        Ok(Self { owns_part, ..Self::of(path, state, claim) })
    }

    /// The same for a call that is kept already, which nobody else may take up meanwhile.
    pub(crate) fn taken(path: &Path) -> Result<Self, Problem> {
        let path = &private::place_of(path)?;
        let claim = claim(path)?;
        let file = Self::of(path, State::read(path)?, claim);
        file.kept.set(true);
        let file = Self { owns_part: true, ..file };
        if let (Some(body), Some(_)) = (&file.state.body, &file.state.body_sha256) {
            file.check(body)?;
        }
        Ok(file)
    }

    /// The body has to be what it was.
    fn check(&self, body: &Path) -> Result<(), Problem> {
        if sha256(body)? == self.state.body_sha256 {
            return Ok(());
        }
        Err(Problem::local(format!("{}: the body is another one by now", body.display())))
    }

    fn of(path: &Path, state: State, claim: Claim) -> Self {
        let written = Cell::new(state.output.as_ref().map_or(0, |(_, written)| *written));
        let (path, kept, unwritten) = (path.to_owned(), Cell::new(false), Cell::new(false));
        Self { path, state, written, kept, unwritten, owns_part: false, _claim: claim }
    }

    /// Says what is made of what is printed: the items of pages, the values of an expression.
    pub(crate) fn printing(mut self, items: Option<String>, jq: Option<String>) -> Self {
        (self.state.items, self.state.jq) = (items, jq);
        self
    }

    /// Says that redirects are followed unless somebody says otherwise.
    pub(crate) fn following(mut self, follows: bool) -> Self {
        self.state.follows = follows;
        self
    }

    /// Says what the call itself says of redirects.
    pub(crate) fn redirecting(mut self, allowed: Option<bool>, most: Option<u32>) -> Self {
        (self.state.allow_redirects, self.state.max_redirects) = (allowed, most);
        self
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a part of the output that is there is one of this state.
    pub(crate) const fn owns_part(&self) -> bool {
        self.owns_part
    }

    /// The output has to be another file than the state.
    pub(crate) fn apart(&self, target: &Target) -> Result<(), Problem> {
        apart(&self.path, target)
    }

    /// Whether the file could not be written: nothing is wrong with what was to be kept.
    pub(crate) fn unwritten(&self) -> bool {
        self.unwritten.get()
    }

    /// Takes note of how much of the output is written.
    pub(crate) fn wrote(&self, bytes: u64) {
        self.written.set(bytes);
    }

    /// Writes the call down.
    pub(crate) fn keep(&self, stored: Result<String, Error>) -> Result<(), Error> {
        let mut state = State { call: stored?, ..self.state.clone() };
        if let Some((_, written)) = &mut state.output {
            *written = self.written.get();
        }
        let text = serde_json::to_string(&state).unwrap_or_default();
        private::write(&self.path, &text).map_err(|problem| {
            self.unwritten.set(true);
            Error::new(ErrorKind::NotStorable, problem.message().to_owned())
        })?;
        self.kept.set(true);
        Ok(())
    }

    /// Removes the file: the call is over.
    pub(crate) fn remove(&self) {
        if self.kept.get() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A state in the place of the output, or of its part, would be lost, and so would they.
fn apart(path: &Path, target: &Target) -> Result<(), Problem> {
    let Target::File(place) = target else { return Ok(()) };
    let ends =
        |place: &Path| [place.to_owned(), with_end(place, ".part"), with_end(place, ".lock")];
    let clash = ends(place).iter().any(|other| private::is_same(path, other))
        || ends(path).iter().any(|other| private::is_same(other, place));
    if clash {
        return Err(Problem::usage("--save-state and -o are in each other's way: name two files"));
    }
    Ok(())
}

fn claim(path: &Path) -> Result<Claim, Problem> {
    let shown = path.display();
    let claim = Claim::of(path)
        .map_err(|error| Problem::local(format!("cannot write beside {shown}: {error}")))?;
    claim.ok_or_else(|| Problem::local(format!("{shown}: another process goes on with it")))
}

/// Gives the digest of a file, and nothing of what can be read once only.
fn sha256(path: &Path) -> Result<Option<String>, Problem> {
    let problem = |error| Problem::local(format!("the body: {}: {error}", path.display()));
    if !fs::metadata(path).map_err(problem)?.is_file() {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(problem)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer).map_err(problem)? {
            0 => return Ok(Some(hex(&hash.finalize()))),
            count => hash.update(&buffer[..count]),
        }
    }
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

impl State {
    /// Reads what was kept.
    fn read(path: &Path) -> Result<Self, Problem> {
        let shown = path.display();
        let text = private::read(path, MAX_FILE)
            .map_err(|error| Problem::local(format!("cannot read {shown}: {error}")))?;
        let state: Option<Self> = serde_json::from_str(&text).ok();
        state.filter(|state| state.schema == 1).ok_or_else(|| {
            Problem::usage(format!("{shown}: not a call that --save-state has kept"))
        })
    }
}
