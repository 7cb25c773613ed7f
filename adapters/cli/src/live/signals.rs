//! Interrupts: the call stops where it is, says so, and the command ends with the signal's code.

use std::sync::Arc;

use super::{Bars, Timeline};

/// Ends the command on SIGINT (130), SIGTERM (143) and SIGHUP (129).
#[cfg(unix)]
pub(crate) fn watch(timeline: &Arc<Timeline>, bars: &Bars, quiet: bool, state: Option<String>) {
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
                if let Some(path) = state.filter(|path| std::path::Path::new(path).exists()) {
                    crate::screen::error(&crate::screen::field(
                        "go on",
                        &format!("http-hook resume {path}"),
                    ));
                }
            }
            std::process::exit(128 + signal);
        }
    });
}

/// Signals are left to the system.
#[cfg(not(unix))]
pub(crate) fn watch(_: &Arc<Timeline>, _: &Bars, _: bool, _: Option<String>) {}
