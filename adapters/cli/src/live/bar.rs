//! What moves on a terminal: the countdown of a wait, and the progress of a transfer.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use http_hook::TransportError;
use http_hook::blocking::Body;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::request::Source;
use crate::screen;

/// A transfer that is over by then is not drawn.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often a countdown is drawn.
const TICK: Duration = Duration::from_millis(100);
/// A shorter wait is not counted down.
const LONG: Duration = Duration::from_millis(500);

/// What is drawn on stderr, one thing at a time. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Bars {
    shown: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    /// Files that are no result yet.
    partial: Vec<PathBuf>,
}

impl Bars {
    /// Draws on a terminal that can be drawn on, and nowhere else.
    pub(crate) fn new(wanted: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { shown: wanted && !dumb && io::stderr().is_terminal(), state: Arc::default() }
    }

    /// Sleeps, and counts down meanwhile.
    pub(crate) fn sleep(&self, wait: Duration, why: &str) {
        if !self.shown || wait < LONG {
            return thread::sleep(wait);
        }
        let end = Instant::now() + wait;
        let bar = self.draw(None, "     {spinner} {msg}");
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            let text = format!("goes on in {}{why}", screen::seconds(left));
            bar.set_message(cut(&text, screen::width().saturating_sub(8)));
            bar.tick();
            thread::sleep(left.min(TICK));
        }
        self.clear();
    }

    /// Begins to measure a transfer.
    pub(crate) fn meter(&self, what: &'static str, len: Option<u64>) -> Meter {
        Meter { bars: self.clone(), what, len, count: 0, began: Instant::now(), bar: None }
    }

    /// Takes away what is drawn, so that a line can be printed.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self.lock().bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Names the file that is to be removed should the command be interrupted.
    pub(crate) fn partial(&self, paths: Vec<PathBuf>) {
        self.lock().partial = paths;
    }

    /// Leaves nothing half done behind.
    pub(crate) fn give_up(&self) {
        self.clear();
        for path in std::mem::take(&mut self.lock().partial) {
            let _ = fs::remove_file(path);
        }
    }

    fn draw(&self, len: Option<u64>, template: &str) -> ProgressBar {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar = ProgressBar::with_draw_target(len, target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        self.clear();
        self.lock().bar = Some(bar.clone());
        bar
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Measures one transfer.
pub(crate) struct Meter {
    bars: Bars,
    what: &'static str,
    len: Option<u64>,
    count: u64,
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Meter {
    /// Takes note of bytes that went through.
    pub(crate) fn add(&mut self, count: usize) {
        self.count = self.count.saturating_add(count as u64);
        if !self.bars.shown {
            return;
        }
        if self.bar.is_none() && self.began.elapsed() >= PATIENCE {
            let wide = screen::width() >= 64;
            let template = match (self.len, wide) {
                (Some(_), true) => {
                    "{msg} {bytes}/{total_bytes} [{wide_bar}] {bytes_per_sec} {eta} left"
                }
                (Some(_), false) => "{msg} {percent}% {bytes_per_sec} {eta}",
                (None, _) => "{msg} {bytes} {bytes_per_sec}",
            };
            let bar = self.bars.draw(self.len, template);
            bar.set_message(self.what);
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.count);
        }
    }

    /// Says how much was there before it began.
    pub(crate) fn beginning(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.bar.is_some() {
            self.bars.clear();
        }
    }
}

/// Measures the bodies of a source on their way up.
pub(crate) fn measured(
    mut source: Source,
    bars: Bars,
) -> impl FnMut() -> Result<Body, TransportError> + Send {
    move || {
        let body = source()?;
        let len = body.len();
        let meter = bars.meter("up", len);
        Ok(Body::reader(len, Counting { body, meter }))
    }
}

struct Counting {
    body: Body,
    meter: Meter,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = Read::read(&mut self.body, buffer)?;
        self.meter.add(count);
        Ok(count)
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
