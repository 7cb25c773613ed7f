//! A crowd: very many clients of one hook, one call each, in an outage.

use std::time::Duration;

use http::StatusCode;
use http_hook::options::SendOptions;
use http_hook::retry::Random;
use http_hook::{Error, Options};

use crate::figures::{Series, sum};
use crate::strategy::Strategy;
use crate::world::{Answer, Model, World};

const OUTAGE: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(600);

/// What the server says in the outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// 503, and no more.
    Busy,
    /// 503 with a Retry-After of a minute: whoever may retry is waiting when the outage ends.
    InAMinute,
}

/// What the crowd did.
#[derive(Clone, Debug, PartialEq)]
pub struct Crowd {
    /// Requests that reached the server.
    pub sends: f64,
    /// Calls that ended well.
    pub good: f64,
    /// The most calls that waited at once.
    pub waiting: u32,
    /// What happened, second by second.
    pub series: Series,
}

/// Lets `clients` calls of one shared hook begin in an outage of 60 s, evenly spread by chance.
///
/// # Errors
///
/// [`ErrorKind::Policy`](http_hook::ErrorKind::Policy) if the gates make no sense.
pub fn crowd(
    strategy: &Strategy,
    clients: u32,
    answers: Answers,
    seed: u64,
) -> Result<Crowd, Error> {
    let mut seeds = Random::new(seed, 0);
    let hooks = [strategy.hook(seeds.bits(), Options::default())?];
    let model = Server { clients, arrived: 0, random: Random::new(seeds.bits(), 0), answers };
    let (series, waiting) = World::new(&hooks, model, seeds.bits()).run(END);
    let all = 0..usize::MAX;
    Ok(Crowd { sends: sum(&series.attempts, &all), good: sum(&series.good, &all), waiting, series })
}

struct Server {
    clients: u32,
    arrived: u32,
    random: Random,
    answers: Answers,
}

impl Model for Server {
    /// The outage has as many pieces as there are clients; each comes somewhere in its piece.
    fn arrival(&mut self, _client: usize) -> Option<Duration> {
        if self.arrived >= self.clients {
            return None;
        }
        let place = (f64::from(self.arrived) + self.random.draw()) / f64::from(self.clients);
        self.arrived += 1;
        Some(OUTAGE.mul_f64(place))
    }

    fn serve(&mut self, _options: &SendOptions, now: Duration) -> (Duration, Answer) {
        let answer = match self.answers {
            _ if now >= OUTAGE => Answer::Good,
            Answers::Busy => Answer::Status(StatusCode::SERVICE_UNAVAILABLE),
            Answers::InAMinute => Answer::Later(60),
        };
        (Duration::ZERO, answer)
    }
}
