//! C: many clients that want to change the same thing.

use std::time::Duration;

use http::StatusCode;
use http_hook::RetryPolicy;
use http_hook::gates::GateSettings;
use http_hook::retry::{Condition, Random, Stop, Wait};
use http_hook::{Attempt, Call, Error, Hook, Options, RequestPlan, Step};

use crate::agenda::Agenda;
use crate::chance::leg;
use crate::strategy::Strategy;
use crate::world::{Answer, at};

/// What contention came to, in the mean of all runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Contention {
    /// Writes that reached the server.
    pub calls: f64,
    /// Seconds until all clients were done.
    pub seconds: f64,
    /// Clients that gave up after [`MAX_SENDS`](http_hook::Call::MAX_SENDS) attempts.
    pub lost: f64,
}

/// Lets `clients` clients write one versioned row: each reads it and writes it if it is unchanged (412 if not), until
/// it has written. Each way through the network takes `|N(10, 2)|` ms.
///
/// Only the wait is compared: a conflict is always retried, and there are no gates.
///
/// # Errors
///
/// None that a wait could cause.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::retry::Wait;
/// use http_hook_sim::contention;
///
/// let (base, cap) = (Duration::from_millis(10), Duration::from_secs(2));
/// let plain = contention(&Wait::exponential(base, cap), 50, 2, 1)?;
/// let jitter = contention(&Wait::full_jitter(base, cap), 50, 2, 1)?;
/// assert!(jitter.calls < plain.calls && jitter.seconds < plain.seconds / 5.0);
/// # Ok::<(), http_hook::Error>(())
/// ```
pub fn contention(wait: &Wait, clients: u32, runs: u32, seed: u64) -> Result<Contention, Error> {
    let policy = RetryPolicy {
        when: Condition::statuses(&[StatusCode::PRECONDITION_FAILED.as_u16()]),
        wait: wait.clone(),
        stop: Stop::Never,
        ..RetryPolicy::default()
    };
    let strategy = Strategy { policy, gates: GateSettings::none() };
    let hook = strategy.hook(0, Options::default())?;
    let mut seeds = Random::new(seed, 0);
    let mut all = Contention::default();
    for _ in 0..runs {
        let one = Row::new(&hook, &mut seeds).run(clients);
        all.calls += one.calls / f64::from(runs);
        all.seconds += one.seconds / f64::from(runs);
        all.lost += one.lost / f64::from(runs);
    }
    Ok(all)
}

enum Due {
    Step(Call),
    Read(Attempt),
    Write(Attempt, u32),
    Answer(Attempt, bool),
}

struct Row<'a> {
    hook: &'a Hook,
    random: &'a mut Random,
    agenda: Agenda<Due>,
    version: u32,
    found: Contention,
}

impl<'a> Row<'a> {
    fn new(hook: &'a Hook, random: &'a mut Random) -> Self {
        let (agenda, found) = (Agenda::new(), Contention::default());
        Self { hook, random, agenda, version: 0, found }
    }

    fn run(mut self, clients: u32) -> Contention {
        for _ in 0..clients {
            let plan = RequestPlan::put("v1/row").data("changed");
            let call = Call::new(self.hook, plan, self.random.bits(), at(Duration::ZERO));
            self.agenda.add(Duration::ZERO, Due::Step(call));
        }
        while let Some((now, due)) = self.agenda.next() {
            self.found.seconds = now.as_secs_f64();
            self.advance(due, now);
        }
        self.found
    }

    /// One send of the machine stands for the read and the write together: four ways through the network.
    fn advance(&mut self, due: Due, now: Duration) {
        let leg = leg(self.random);
        let step = match due {
            Due::Step(call) => call.step(self.hook, at(now)),
            Due::Read(attempt) => {
                let back_and_forth = leg + self::leg(self.random);
                let due = Due::Write(attempt, self.version);
                return self.agenda.add(now + back_and_forth, due);
            }
            Due::Write(attempt, seen) => {
                let unchanged = seen == self.version;
                self.version += u32::from(unchanged);
                self.found.calls += 1.0;
                return self.agenda.add(now + leg, Due::Answer(attempt, unchanged));
            }
            Due::Answer(attempt, written) => {
                let conflict = Answer::Status(StatusCode::PRECONDITION_FAILED);
                let answer = if written { Answer::Good } else { conflict };
                attempt.finish(self.hook, answer.to_result(), at(now))
            }
        };
        match step {
            Step::Send { attempt, .. } => self.agenda.add(now + leg, Due::Read(attempt)),
            Step::Wait { call, wait, .. } => {
                self.agenda.add(now.saturating_add(wait), Due::Step(call));
            }
            Step::Done(result) => self.found.lost += f64::from(u8::from(result.is_err())),
        }
    }
}
