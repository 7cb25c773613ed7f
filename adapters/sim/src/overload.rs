//! B: a server that is nearly full, stalls, and then may never catch up.

use std::time::Duration;

use http_hook::options::{SendOptions, Setting};
use http_hook::retry::Random;
use http_hook::{Error, Options};

use crate::figures::Figures;
use crate::strategy::Strategy;
use crate::world::{Answer, Model, World};

pub(crate) const FROM: u32 = 60;
pub(crate) const UNTIL: u32 = 70;
/// Requests a second that come.
pub(crate) const LOAD: u32 = 280;
/// Requests a second that the server can do.
const CAPACITY: u32 = 300;
const SECOND: Duration = Duration::from_secs(1);
const STALLED: std::ops::Range<Duration> = Duration::from_secs(60)..Duration::from_secs(70);
const END: Duration = Duration::from_secs(600);

/// 280/s on a server of 300/s, which works in order, also on what no client waits for any more; clients wait 1 s.
pub(crate) fn run(strategy: &Strategy, seed: u64) -> Result<Figures, Error> {
    let mut seeds = Random::new(seed, 0);
    let mut options = Options::default();
    options.head_timeout = Setting::Set(SECOND);
    let hooks = [strategy.hook(seeds.bits(), options)?];
    let model = Server { arrivals: 0, free: Duration::ZERO };
    let (series, _) = World::new(&hooks, model, seeds.bits()).run(END);
    Ok(Figures::new(series, FROM..UNTIL, f64::from(LOAD)))
}

struct Server {
    arrivals: u32,
    /// When all that has come so far will be done.
    free: Duration,
}

impl Model for Server {
    fn arrival(&mut self, _client: usize) -> Option<Duration> {
        let at = SECOND * self.arrivals / LOAD;
        self.arrivals += 1;
        (at < END).then_some(at)
    }

    fn serve(&mut self, options: &SendOptions, now: Duration) -> (Duration, Answer) {
        let start = now.max(self.free);
        let start = if STALLED.contains(&start) { STALLED.end } else { start };
        self.free = start + SECOND / CAPACITY;
        let takes = self.free.saturating_sub(now);
        match options.timeouts.head {
            Some(patience) if takes > patience => (patience, Answer::Silence),
            _ => (takes, Answer::Good),
        }
    }
}
