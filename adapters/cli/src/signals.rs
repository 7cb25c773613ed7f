//! Interrupts: the call stops where it is, says so, and the command ends with the signal's code.

use std::sync::Arc;

use crate::timeline::Timeline;

/// Ends the command on SIGINT (130) and SIGTERM (143).
#[cfg(unix)]
pub(crate) fn watch(timeline: &Arc<Timeline>, quiet: bool) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    // Without a handler the signals still end the command, only without a word.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    let timeline = Arc::clone(timeline);
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            if !quiet {
                crate::screen::error(&timeline.interrupted());
            }
            std::process::exit(128 + signal);
        }
    });
}

/// Signals are left to the system.
#[cfg(not(unix))]
pub(crate) fn watch(_: &Arc<Timeline>, _: bool) {}
