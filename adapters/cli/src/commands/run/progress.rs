//! How far a run is, on a terminal, and the report at its end.

use std::fmt::Write as _;
use std::fs;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::results::Results;
use super::work::Pool;
use crate::args::RunArgs;
use crate::commands::Context;
use crate::screen;

/// How often progress is drawn, and results are written.
const TICK: Duration = Duration::from_millis(200);

/// What the report is made of.
pub(super) struct Report {
    began: Instant,
    read: Arc<AtomicU64>,
    /// The length of the file, in bytes.
    len: Option<u64>,
    /// How many calls had ended before.
    before: u64,
    /// How many calls were under way or waited.
    taken_up: u64,
    quiet: bool,
    shown: bool,
    again: Option<String>,
    /// Whether the calls that are left are in standard input.
    pub(super) is_stdin: bool,
}

impl Report {
    pub(super) fn new(
        args: &RunArgs,
        context: &Context,
        read: Arc<AtomicU64>,
        before: u64,
        taken_up: u64,
    ) -> Self {
        let len = fs::metadata(&args.file).ok().filter(fs::Metadata::is_file);
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            began: Instant::now(),
            read,
            len: len.map(|about| about.len()),
            before,
            taken_up,
            quiet: context.quiet > 0,
            shown: context.quiet == 0
                && context.verbose == 0
                && !dumb
                && std::io::stderr().is_terminal(),
            again: args.journal.as_ref().map(|path| path.display().to_string()),
            is_stdin: args.file.as_os_str() == "-",
        }
    }

    /// Says what is waited for, and what another signal does.
    pub(super) fn interrupted(&self, pool: &Pool) {
        if self.quiet {
            return;
        }
        let busy = pool.lock().busy;
        if self.shown {
            // Below the progress, which stays.
            screen::error("");
        }
        screen::error(&format!(
            "interrupted: nothing more is begun, {busy} under way may end; a second signal ends at once"
        ));
    }

    fn rate(&self, results: &Results) -> f64 {
        let count = results.count().saturating_sub(self.before);
        let seconds = self.began.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "it is shown rounded")]
        let count = count as f64;
        if seconds > 0.0 { count / seconds } else { 0.0 }
    }

    fn line(&self, pool: &Pool) -> String {
        let results = &pool.results;
        let (busy, waiting) = {
            let state = pool.lock();
            (state.busy, state.waiting())
        };
        let bad = results.count() - results.ok.load(Ordering::Relaxed);
        let percent = self.len.filter(|len| *len > 0).map(|len| {
            format!("{} % read, ", self.read.load(Ordering::Relaxed).saturating_mul(100) / len)
        });
        let (count, rate) = (results.count(), self.rate(results));
        let percent = percent.unwrap_or_default();
        format!(
            "{count} calls ({percent}{bad} not ok), {rate:.0}/s, {busy} under way, {waiting} waiting"
        )
    }

    /// Prints what came of the run.
    pub(super) fn print(
        &self,
        results: &Results,
        left: Option<u64>,
        unreadable: u64,
        can_go_on: bool,
    ) {
        if self.quiet {
            return;
        }
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut text = format!("{} ok, {} failed", of(&results.ok), of(&results.failed));
        let may = of(&results.may_have_acted);
        let _ = write!(text, ", {may} may have acted");
        for (count, what) in [(of(&results.invalid), "invalid"), (unreadable, "unreadable")] {
            if count > 0 {
                let _ = write!(text, ", {count} {what}");
            }
        }
        match left {
            Some(left) => {
                let _ = write!(text, ", {left} left");
            }
            None => text.push_str(", the rest of standard input left"),
        }
        let seconds = screen::took(self.began.elapsed());
        let _ = write!(text, "; {seconds}, {:.0} calls a second", self.rate(results));
        if self.before > 0 || self.taken_up > 0 {
            let (before, taken_up) = (self.before, self.taken_up);
            let _ = write!(text, "; {before} had ended before, {taken_up} were taken up");
        }
        let bad = results.statuses();
        if !bad.is_empty() {
            let _ = write!(text, "; not ok: {bad}");
        }
        // In a log it stays one line.
        let width = if std::io::stderr().is_terminal() { screen::width() } else { usize::MAX };
        screen::error(&screen::wrap(&format!("run: {text}"), width, 2));
        if let (Some(path), true) = (&self.again, can_go_on && left != Some(0)) {
            screen::error(&screen::field("go on", &format!("--journal {path} --resume")));
        }
    }
}

/// Writes results and draws progress until everything is done.
pub(super) fn watch(pool: &Pool, report: &Report) {
    let bar = report.shown.then(|| {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar
    });
    loop {
        let state = pool.lock();
        // One that waits for standard input is not waited for.
        let over = state.threads == 0 || pool.is_stopped() && state.busy == 0;
        if over {
            break;
        }
        let (state, _) =
            pool.ended.wait_timeout(state, TICK).unwrap_or_else(std::sync::PoisonError::into_inner);
        drop(state);
        pool.results.flush();
        if let Some(bar) = &bar {
            bar.set_message(report.line(pool));
            bar.tick();
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}
