//! What stands around calls: what is seen of them, the clock, and what an interrupt does.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_hook::Timestamp;
use http_hook::blocking::Clock;
use http_hook::observe::Event;
use http_hook_clock::SystemClock;

use super::session::Way;
use super::{Context, Tape};
use crate::args::Format;
use crate::connection::NOT_STORED;
use crate::exit::Problem;
use crate::live::signals::{self, GoOn};
use crate::live::{Bars, Shown, Timeline};
use crate::screen;

/// What stands around calls. As a clock it shows waits, or only counts them where no network is.
pub(crate) struct Stage {
    pub(crate) bars: Bars,
    pub(crate) timeline: Arc<Timeline>,
    real: SystemClock,
    /// The nanoseconds that waits took that nobody waited.
    skipped: Option<AtomicU64>,
    shown: Shown,
}

impl Stage {
    /// Begins, for the connection of a name, where it is from, and where its login is from if that is elsewhere.
    pub(crate) fn new(
        (name, origin, login): (&str, &str, Option<String>),
        deadline: Option<Duration>,
        format: Format,
        go_on: Option<GoOn>,
        context: &Context,
    ) -> Self {
        let for_people = format != Format::Json;
        let bars = Bars::new(context.quiet == 0 && for_people);
        let shown = match (context.verbose, context.quiet) {
            (1.., _) => Shown::All,
            (0, 0) if for_people && std::io::stderr().is_terminal() => Shown::Waits,
            _ => Shown::Nothing,
        };
        let real = SystemClock::new();
        let mut source =
            if origin == NOT_STORED { origin.to_owned() } else { format!("{name} ({origin})") };
        if let Some(login) = login {
            source = format!("{source}, {login}");
        }
        let timeline = Arc::new(Timeline::new(shown, source, deadline, real, bars.clone()));
        signals::watch(&timeline, &bars, context.quiet > 1, go_on);
        let skipped = matches!(context.tape, Tape::Replay(_)).then(AtomicU64::default);
        Self { bars, timeline, real, skipped, shown }
    }

    /// Takes note of an event.
    pub(crate) fn event(&self, event: &Event<'_>) {
        self.timeline.event(event);
    }

    /// Writes down what was recorded, and says so; or tells what the recording and the call disagree on.
    pub(crate) fn end(&self, way: &Way, context: &Context) -> Result<(), Problem> {
        way.end(&context.tape)?;
        if let Tape::Record(path) = &context.tape {
            self.note(&format!("recorded in {}", path.display()));
        }
        Ok(())
    }

    /// Says something on stderr if somebody looks on, or asked for it.
    pub(crate) fn note(&self, text: &str) {
        if self.shown != Shown::Nothing {
            self.bars.clear();
            screen::note(text);
        }
    }
}

impl Clock for Stage {
    fn now(&self) -> Timestamp {
        let skipped = self.skipped.as_ref().map_or(0, |skipped| skipped.load(Ordering::Relaxed));
        self.real.now().after(Duration::from_nanos(skipped))
    }

    fn sleep(&self, wait: Duration) {
        match &self.skipped {
            Some(skipped) => {
                let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
                skipped.fetch_add(wait, Ordering::Relaxed);
            }
            None => self.bars.sleep(wait, &self.timeline.why()),
        }
    }
}
