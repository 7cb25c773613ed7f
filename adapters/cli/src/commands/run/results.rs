//! What comes of the calls: a line for each, and how many there are of each kind.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use http_hook::Sent;
use http_hook::response::Outcome;

use crate::exit::Problem;
use crate::screen;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ok,
    Failed,
    /// A request that may not be repeated was under way, and nobody knows what became of it.
    MayHaveActed,
    /// Nothing was sent: the line is no call.
    Invalid,
}

impl Verdict {
    /// Tells of an outcome; `risky`: something was sent that may not be repeated.
    pub(crate) fn of(outcome: &Outcome, risky: bool) -> Self {
        if outcome.passed() {
            return Self::Ok;
        }
        let unknown = outcome.status().is_none() && outcome.sent() != Sent::No;
        if risky && unknown { Self::MayHaveActed } else { Self::Failed }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::MayHaveActed => "may_have_acted",
            Self::Invalid => "invalid",
        }
    }
}

/// Verdict and status as a number, to be kept beside an outcome.
pub(crate) fn mark(verdict: Verdict, status: Option<u16>) -> u64 {
    let verdict = match verdict {
        Verdict::Ok => 0,
        Verdict::Failed => 1,
        Verdict::MayHaveActed => 2,
        Verdict::Invalid => 3,
    };
    verdict << 16 | u64::from(status.unwrap_or(0))
}

#[cfg(feature = "journal")]
pub(crate) fn unmark(mark: u64) -> (Verdict, Option<u16>) {
    let verdict = match mark >> 16 {
        0 => Verdict::Ok,
        1 => Verdict::Failed,
        2 => Verdict::MayHaveActed,
        _ => Verdict::Invalid,
    };
    (verdict, u16::try_from(mark & 0xffff).ok().filter(|status| *status != 0))
}

/// Where results go.
pub(crate) struct Results {
    out: Mutex<BufWriter<Box<dyn Write + Send>>>,
    /// Whether whoever read them has read enough, or they cannot be written.
    closed: AtomicBool,
    problem: Mutex<Option<Problem>>,
    name: OnceLock<String>,
    /// Whether each call is told of on stderr.
    tells: bool,
    pub(crate) ok: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) may_have_acted: AtomicU64,
    pub(crate) invalid: AtomicU64,
    /// How many calls that are not ok ended with each status; 0: without an answer.
    not_ok: Mutex<BTreeMap<u16, u64>>,
}

impl Results {
    /// Results that go nowhere before they are [opened](Self::open): what is in the file is kept until the run is sure to begin.
    pub(crate) fn new(tells: bool) -> Self {
        Self {
            tells,
            out: Mutex::new(BufWriter::new(Box::new(io::sink()))),
            closed: AtomicBool::new(false),
            problem: Mutex::default(),
            name: OnceLock::new(),
            ok: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            may_have_acted: AtomicU64::new(0),
            invalid: AtomicU64::new(0),
            not_ok: Mutex::default(),
        }
    }

    /// Has results go to a file, or to stdout.
    pub(crate) fn open(&self, path: Option<&Path>) -> Result<(), Problem> {
        let path = path.filter(|path| path.as_os_str() != "-");
        let name = path.map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
        let name = self.name.get_or_init(|| name);
        let out: Box<dyn Write + Send> = match path {
            None => Box::new(io::stdout()),
            Some(path) => Box::new(File::create(path).map_err(|error| problem(name, &error))?),
        };
        let out = BufWriter::with_capacity(1 << 16, out);
        *self.out.lock().unwrap_or_else(PoisonError::into_inner) = out;
        Ok(())
    }

    /// Counts a result and writes its line. `what` is JSON under the name `key`.
    pub(crate) fn put(
        &self,
        (id, line): (&str, u64),
        verdict: Verdict,
        status: Option<u16>,
        (key, what): (&str, &str),
    ) {
        let count = match verdict {
            Verdict::Ok => &self.ok,
            Verdict::Failed => &self.failed,
            Verdict::MayHaveActed => &self.may_have_acted,
            Verdict::Invalid => &self.invalid,
        };
        count.fetch_add(1, Ordering::Relaxed);
        if matches!(verdict, Verdict::Failed | Verdict::MayHaveActed) {
            let mut not_ok = self.not_ok.lock().unwrap_or_else(PoisonError::into_inner);
            *not_ok.entry(status.unwrap_or(0)).or_default() += 1;
        }
        if self.tells {
            let status = status.map(|status| format!(", {status}")).unwrap_or_default();
            let name = screen::line(id);
            screen::error(&format!("line {line} ({name}): {}{status}", verdict.name()));
        }
        let mut text = String::with_capacity(what.len() + id.len() + 80);
        text.push_str("{\"id\":");
        text.push_str(&serde_json::to_string(id).unwrap_or_default());
        text.push_str(",\"line\":");
        text.push_str(&line.to_string());
        text.push_str(",\"result\":\"");
        text.push_str(verdict.name());
        text.push('"');
        if let Some(status) = status {
            text.push_str(",\"status\":");
            text.push_str(&status.to_string());
        }
        text.push_str(",\"");
        text.push_str(key);
        text.push_str("\":");
        text.push_str(what);
        text.push_str("}\n");
        let text = if text.is_ascii() { text } else { screen::escaped(&text) };
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let written = out.write_all(text.as_bytes());
        drop(out);
        self.note(written);
    }

    /// Writes what has gathered.
    pub(crate) fn flush(&self) {
        let flushed = self.out.lock().unwrap_or_else(PoisonError::into_inner).flush();
        self.note(flushed);
    }

    /// Writes what has gathered, unless somebody is about to: who reads them may never read on.
    pub(crate) fn try_flush(&self) {
        if let Ok(mut out) = self.out.try_lock() {
            let flushed = out.flush();
            drop(out);
            self.note(flushed);
        }
    }

    fn note(&self, written: io::Result<()>) {
        let Err(error) = written else { return };
        if !self.closed.swap(true, Ordering::AcqRel) && error.kind() != io::ErrorKind::BrokenPipe {
            let mut noted = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
            let name = self.name.get().map_or("results", String::as_str);
            *noted = Some(problem(name, &error));
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn problem(&self) -> Option<Problem> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tells how those ended that are not ok: `404 twice` as `404: 2`.
    pub(crate) fn statuses(&self) -> String {
        let not_ok = self.not_ok.lock().unwrap_or_else(PoisonError::into_inner);
        let told = not_ok.iter().map(|(status, count)| match status {
            0 => format!("{count} without an answer"),
            status => format!("{count} with {status}"),
        });
        told.collect::<Vec<_>>().join(", ")
    }

    /// Counts all results.
    pub(crate) fn count(&self) -> u64 {
        let all = [&self.ok, &self.failed, &self.may_have_acted, &self.invalid];
        all.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

fn problem(name: &str, error: &io::Error) -> Problem {
    Problem::local(format!("cannot write {name}: {error}"))
}
