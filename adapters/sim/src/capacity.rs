//! D: a fan-out of many calls to a server whose capacity it was not told.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_hook::fanout::Fanout;
use http_hook::gates::GateSettings;
use http_hook::options::Setting;
use http_hook::retry::{Random, Stop, Wait};
use http_hook::{Act, Error, Options, RequestPlan, RetryPolicy};

use crate::agenda::Agenda;
use crate::figures::{count, sum};
use crate::strategy::Strategy;
use crate::world::{Answer, at};

/// How long the server works on a request, in the mean.
const WORK: Duration = Duration::from_millis(100);
/// How long it takes to refuse one.
const REFUSAL: Duration = Duration::from_millis(5);
/// How long clients wait for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// When half of the capacity goes, and when it comes back.
const CHANGES: [u32; 2] = [40, 80];
const END: u32 = 120;
/// The seconds after which throughput counts.
const SETTLED: u32 = 30;
/// One request in so many takes so many times as long.
const STALLS: (f64, f64) = (0.01, 5.0);

/// A server that can work on some requests at once, for 100 ms each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The others wait their turn.
    Queue,
    /// Requests beyond its rate are refused by a 429, but for a fifth of a second's worth.
    Rate,
    /// The others wait; from 40 to 80 s it can work on half as many.
    Halves,
    /// The others wait; each takes from half to one and a half as long, and one in a hundred five times as long as that.
    Noisy,
}

/// How many calls a fan-out has under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many.
    Fixed(usize),
    /// As many as it finds out, at most so many.
    Adaptive(usize),
}

/// What a fan-out came to in 120 s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Until 3 s in a row had 90 % of what the server can do, from the beginning, and from each change on: the longest. `None`: never.
    pub reached: Option<Duration>,
    /// The longest time with more than 1.2 times as many sends under way as the server can work on.
    pub over: Duration,
    /// The share of what the server can do that was had from it, after 30 s.
    pub throughput: f64,
    /// The share of the calls that failed.
    pub failed: f64,
}

/// Lets a fan-out without end, with up to 3 retries a call, meet a server that works on `at_once` requests at once. Clients wait 1 s; the
/// server works on what nobody waits for any more, too.
///
/// # Errors
///
/// None that an argument could cause.
///
/// # Examples
///
/// ```
/// use http_hook_sim::{Limit, Server, capacity};
///
/// let adaptive = capacity(Server::Queue, 16, Limit::Adaptive(1_000), 1)?;
/// let fixed = capacity(Server::Queue, 16, Limit::Fixed(8), 1)?;
/// assert!(adaptive.throughput > 0.95 && fixed.throughput < 0.6);
/// # Ok::<(), http_hook::Error>(())
/// ```
pub fn capacity(server: Server, at_once: u32, limit: Limit, seed: u64) -> Result<Capacity, Error> {
    let policy = RetryPolicy {
        wait: Wait::full_jitter(Duration::from_secs(1), Duration::from_secs(20)),
        stop: Stop::after_attempt(4),
        ..RetryPolicy::default()
    };
    let mut options = Options::default();
    options.head_timeout = Setting::Set(PATIENCE);
    let mut seeds = Random::new(seed, 0);
    let hook = Strategy { policy, gates: GateSettings::none() }.hook(seeds.bits(), options)?;
    let plans = std::iter::repeat_with(|| RequestPlan::get("v1/orders"));
    let calls = match limit {
        Limit::Fixed(limit) => Fanout::new(&hook, plans, limit, seeds.bits()),
        Limit::Adaptive(most) => Fanout::new(&hook, plans, most, seeds.bits()).adaptive(),
    };
    let random = Random::new(seeds.bits(), 0);
    Ok(Run::new(server, at_once, random).run(calls))
}

enum Due {
    Change,
    Woke(u64),
    /// A send was worked on.
    Served(u64),
    /// A send was refused.
    Refused(u64),
    /// A client gives up to wait.
    Patience(u64),
}

struct Run {
    server: Server,
    at_once: u32,
    random: Random,
    agenda: Agenda<Due>,
    sends: u64,
    /// The slots that wait for an answer, by their sends.
    open: BTreeMap<u64, u64>,
    /// The sends that wait for the server.
    queue: VecDeque<u64>,
    busy: u32,
    /// Requests that the server would not refuse, and when that was so.
    tokens: (f64, Duration),
    good: Vec<u32>,
    failed: u32,
    over: (Option<Duration>, Duration),
}

impl Run {
    fn new(server: Server, at_once: u32, random: Random) -> Self {
        let mut agenda = Agenda::new();
        for second in CHANGES {
            agenda.add(seconds(second), Due::Change);
        }
        Self {
            server,
            at_once,
            random,
            agenda,
            sends: 0,
            open: BTreeMap::new(),
            queue: VecDeque::new(),
            busy: 0,
            tokens: (0.0, Duration::ZERO),
            good: Vec::new(),
            failed: 0,
            over: (None, Duration::ZERO),
        }
    }

    fn run<I: Iterator<Item = RequestPlan>>(mut self, mut calls: Fanout<'_, I, Bytes>) -> Capacity {
        let mut now = Duration::ZERO;
        loop {
            while let Some((slot, act)) = calls.next(at(now)) {
                match act {
                    Act::Send(..) => self.send(slot, now),
                    Act::Read(body, _) => calls.read(slot, Ok(body), at(now)),
                    Act::Sleep(wait) => self.agenda.add(now.saturating_add(wait), Due::Woke(slot)),
                    Act::Done(Ok(_)) => count(&mut self.good, now),
                    Act::Done(Err(_)) => self.failed += 1,
                }
            }
            self.watch(now);
            let Some((then, due)) = self.agenda.next().filter(|(then, _)| *then < seconds(END))
            else {
                break;
            };
            now = then;
            let (send, answer) = match due {
                Due::Change => {
                    self.work(now);
                    continue;
                }
                Due::Woke(slot) => {
                    calls.woke(slot, at(now));
                    continue;
                }
                Due::Served(send) => {
                    self.busy -= u32::from(self.server != Server::Rate);
                    self.work(now);
                    (send, Answer::Good)
                }
                Due::Refused(send) => (send, Answer::Status(StatusCode::TOO_MANY_REQUESTS)),
                Due::Patience(send) => (send, Answer::Silence),
            };
            if let Some(slot) = self.open.remove(&send) {
                calls.sent(slot, answer.to_result(), || at(now));
            }
        }
        self.found()
    }

    /// Tells how many requests the server can work on at once.
    fn can(&self, now: Duration) -> u32 {
        let is_half = self.server == Server::Halves
            && (seconds(CHANGES[0])..seconds(CHANGES[1])).contains(&now);
        if is_half { self.at_once / 2 } else { self.at_once }
    }

    /// Tells how many requests the server can do in a second.
    fn rate(&self, now: Duration) -> f64 {
        let (share, times) = STALLS;
        let longer = if self.server == Server::Noisy { 1.0 + share * (times - 1.0) } else { 1.0 };
        f64::from(self.can(now)) / (WORK.as_secs_f64() * longer)
    }

    fn send(&mut self, slot: u64, now: Duration) {
        let send = self.sends;
        self.sends += 1;
        self.open.insert(send, slot);
        self.agenda.add(now + PATIENCE, Due::Patience(send));
        if self.server != Server::Rate {
            self.queue.push_back(send);
            return self.work(now);
        }
        let (left, since) = self.tokens;
        let more = now.saturating_sub(since).as_secs_f64() * self.rate(now);
        let left = (left + more).min((self.rate(now) / 5.0).max(2.0));
        let refused = left < 1.0;
        self.tokens = (if refused { left } else { left - 1.0 }, now);
        if refused {
            self.agenda.add(now + REFUSAL, Due::Refused(send));
        } else {
            let work = self.draw();
            self.agenda.add(now + work, Due::Served(send));
        }
    }

    /// Lets the server begin with what waits, if it can.
    fn work(&mut self, now: Duration) {
        while self.busy < self.can(now) {
            let Some(send) = self.queue.pop_front() else { return };
            self.busy += 1;
            let work = self.draw();
            self.agenda.add(now + work, Due::Served(send));
        }
    }

    /// Draws how long a request takes: 2 % more or less, or far more.
    fn draw(&mut self) -> Duration {
        if self.server != Server::Noisy {
            return WORK.mul_f64(0.98 + 0.04 * self.random.draw());
        }
        let work = WORK.mul_f64(0.5 + self.random.draw());
        let (share, times) = STALLS;
        if self.random.draw() < share { work.mul_f64(times) } else { work }
    }

    /// Notes since when there are too many sends under way.
    fn watch(&mut self, now: Duration) {
        let under_way = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
        let (since, longest) = self.over;
        let is_over = f64::from(under_way) > 1.2 * f64::from(self.can(now)) + 1e-9;
        let since = if is_over { since.or(Some(now)) } else { since };
        let longest = since.map_or(longest, |since| longest.max(now.saturating_sub(since)));
        self.over = (since.filter(|_| is_over), longest);
    }

    fn found(&mut self) -> Capacity {
        self.watch(seconds(END));
        let could = |from, until| -> f64 {
            (from..until).map(|second| self.rate(seconds(second))).fold(0.0, |sum, rate| sum + rate)
        };
        let had = |from, until| sum(&self.good, &(index(from)..index(until)));
        let reached = |from: u32, until: u32| {
            let is_it = |second: &u32| had(*second, second + 3) >= 0.9 * could(*second, second + 3);
            (from..until.saturating_sub(2)).find(is_it).map(|second| seconds(second + 3 - from))
        };
        let [half, whole] = CHANGES;
        let phases = match self.server {
            Server::Halves => vec![reached(0, half), reached(half, whole), reached(whole, END)],
            _ => vec![reached(0, END)],
        };
        let all = f64::from(self.failed) + had(0, END);
        Capacity {
            reached: phases
                .into_iter()
                .collect::<Option<Vec<_>>>()
                .and_then(|all| all.into_iter().max()),
            over: self.over.1,
            throughput: had(SETTLED, END) / could(SETTLED, END),
            failed: f64::from(self.failed) / all.max(1.0),
        }
    }
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}

fn index(second: u32) -> usize {
    usize::try_from(second).unwrap_or(usize::MAX)
}
