//! Interrupts: the call stops where it is, says so, and the command ends with the signal's code.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Bars, Timeline};

/// How to go on after an interrupt: a file that is there if something was kept, and what to do then.
pub(crate) struct GoOn {
    pub(crate) kept: PathBuf,
    pub(crate) how: String,
}

/// Ends the command on SIGINT (130), SIGTERM (143) and SIGHUP (129).
#[cfg(unix)]
pub(crate) fn watch(timeline: &Arc<Timeline>, bars: &Bars, quiet: bool, go_on: Option<GoOn>) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    // Without a handler the signals still end the command, only without a word.
    let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) else { return };
    let (timeline, bars) = (Arc::clone(timeline), bars.clone());
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            bars.give_up();
            if !quiet {
                crate::screen::error(&timeline.interrupted());
                if let Some(go_on) = go_on.filter(|go_on| go_on.kept.exists()) {
                    crate::screen::error(&crate::screen::field("go on", &go_on.how));
                }
            }
            std::process::exit(128 + signal);
        }
    });
}

/// Signals are left to the system.
#[cfg(not(unix))]
pub(crate) fn watch(_: &Arc<Timeline>, _: &Bars, _: bool, _: Option<GoOn>) {}
