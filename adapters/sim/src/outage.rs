//! A1, A2, A3: a server that fails for a minute, wholly or in part.

use std::time::Duration;

use http::StatusCode;
use http_hook::options::SendOptions;
use http_hook::retry::Random;
use http_hook::{Error, Options};

use crate::chance::until_next;
use crate::figures::Figures;
use crate::strategy::Strategy;
use crate::world::{Answer, Model, World};

pub(crate) const FROM: u32 = 60;
pub(crate) const UNTIL: u32 = 120;
/// Requests a second, of all clients together.
pub(crate) const LOAD: f64 = 100.0;
/// When the last request comes.
const LAST: Duration = Duration::from_secs(240);
/// What is not over by then has failed.
const END: Duration = Duration::from_secs(360);

/// A load of 100 requests a second for 240 s; from 60 to 120 s attempts fail, each at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outage {
    /// How many clients share the load; each has gates of its own.
    pub clients: u32,
    /// The share of attempts that fail during the outage, from 0 to 1.
    pub fail: f64,
    /// The share of attempts that fail at any other time.
    pub otherwise: f64,
}

impl Outage {
    pub(crate) fn run(self, strategy: &Strategy, seed: u64) -> Result<Figures, Error> {
        let mut seeds = Random::new(seed, 0);
        let hooks = (0..self.clients)
            .map(|_| strategy.hook(seeds.bits(), Options::default()))
            .collect::<Result<Vec<_>, _>>()?;
        let per_client = LOAD / f64::from(self.clients.max(1));
        let clients = (0..self.clients).map(|_| (Duration::ZERO, Random::new(seeds.bits(), 0)));
        let model = Server {
            outage: self,
            per_client,
            clients: clients.collect(),
            faults: Random::new(seeds.bits(), 0),
        };
        let (series, _) = World::new(&hooks, model, seeds.bits()).run(END);
        Ok(Figures::new(series, FROM..UNTIL, LOAD))
    }
}

struct Server {
    outage: Outage,
    per_client: f64,
    /// When each client came last, and its own chance: arrivals are the same whatever the policy.
    clients: Vec<(Duration, Random)>,
    faults: Random,
}

impl Model for Server {
    fn arrival(&mut self, client: usize) -> Option<Duration> {
        let (last, random) = self.clients.get_mut(client)?;
        *last += until_next(self.per_client, random);
        (*last < LAST).then_some(*last)
    }

    fn serve(&mut self, _options: &SendOptions, now: Duration) -> (Duration, Answer) {
        let down = (u64::from(FROM)..u64::from(UNTIL)).contains(&now.as_secs());
        let share = if down { self.outage.fail } else { self.outage.otherwise };
        let fine = self.faults.draw() >= share;
        let answer =
            if fine { Answer::Good } else { Answer::Status(StatusCode::SERVICE_UNAVAILABLE) };
        (Duration::ZERO, answer)
    }
}
