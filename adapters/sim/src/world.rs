//! The loop: what is due next, through the machine, until nothing is due.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use http_hook::options::SendOptions;
use http_hook::retry::Random;
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Attempt, Call, Hook, RequestPlan, Sent, Step, Timestamp, TransportError, TransportErrorKind,
};

use crate::agenda::Agenda;
use crate::figures::{Series, count};

/// When the world begins: 2030-01-01T00:00:00Z.
const START: Timestamp = Timestamp::new(Duration::from_secs(1_893_456_000));

/// What differs between experiments: when requests come, and what becomes of them. Times are since the start.
pub(crate) trait Model {
    /// Tells when the next request of this client comes, if there is one more.
    fn arrival(&mut self, client: usize) -> Option<Duration>;

    /// Takes a request that reaches the server at `now`; tells how long the client waits, and for what.
    fn serve(&mut self, options: &SendOptions, now: Duration) -> (Duration, Answer);
}

/// What a client gets.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// 200.
    Good,
    /// A status.
    Status(StatusCode),
    /// 503 with a Retry-After of this many seconds.
    Later(u32),
    /// Nothing, until its patience ends.
    Silence,
}

/// Clients, a server, and what is due.
pub(crate) struct World<'a, M> {
    hooks: &'a [Hook],
    model: M,
    agenda: Agenda<(usize, Due)>,
    seeds: Random,
    waiting: u32,
    most_waiting: u32,
    series: Series,
}

enum Due {
    Arrival,
    Wait(Call),
    Answer(Attempt, Answer),
}

impl<'a, M: Model> World<'a, M> {
    pub(crate) fn new(hooks: &'a [Hook], model: M, seed: u64) -> Self {
        let (agenda, seeds) = (Agenda::new(), Random::new(seed, 0));
        Self { hooks, model, agenda, seeds, waiting: 0, most_waiting: 0, series: Series::default() }
    }

    /// Lets time pass up to `end`: a call that is not over by then is no success. Returns what happened, and how
    /// many calls waited at once at most.
    pub(crate) fn run(mut self, end: Duration) -> (Series, u32) {
        for client in 0..self.hooks.len() {
            self.expect(client);
        }
        while let Some((now, (client, due))) = self.agenda.next() {
            if now > end {
                break;
            }
            self.advance(client, due, now);
        }
        (self.series, self.most_waiting)
    }

    /// Notes when the next request of this client comes.
    fn expect(&mut self, client: usize) {
        if let Some(at) = self.model.arrival(client) {
            self.agenda.add(at, (client, Due::Arrival));
        }
    }

    fn advance(&mut self, client: usize, due: Due, now: Duration) {
        let Some(hook) = self.hooks.get(client) else { return };
        let time = at(now);
        let step = match due {
            Due::Arrival => {
                self.expect(client);
                count(&mut self.series.requests, now);
                let plan = RequestPlan::get("v1/orders");
                Call::new(hook, plan, self.seeds.bits(), time).step(hook, time)
            }
            Due::Wait(call) => {
                self.waiting -= 1;
                call.step(hook, time)
            }
            Due::Answer(attempt, answer) => attempt.finish(hook, answer.to_result(), time),
        };
        self.follow(client, hook, step, now);
    }

    /// Goes on until the call has to wait for something, or is over.
    fn follow(&mut self, client: usize, hook: &Hook, mut step: Step, now: Duration) {
        loop {
            step = match step {
                Step::Send { options, attempt, .. } => {
                    count(&mut self.series.attempts, now);
                    let (takes, answer) = self.model.serve(&options, now);
                    if !takes.is_zero() {
                        let due = Due::Answer(attempt, answer);
                        return self.agenda.add(now.saturating_add(takes), (client, due));
                    }
                    attempt.finish(hook, answer.to_result(), at(now))
                }
                Step::Wait { call, wait, .. } => {
                    self.waiting += 1;
                    self.most_waiting = self.most_waiting.max(self.waiting);
                    return self.agenda.add(now.saturating_add(wait), (client, Due::Wait(call)));
                }
                Step::Done(result) => {
                    if result.is_ok() {
                        count(&mut self.series.good, now);
                    }
                    return;
                }
            }
        }
    }
}

impl Answer {
    pub(crate) fn to_result(self) -> Result<Response<Bytes>, TransportError> {
        let mut response = Response::new(Bytes::new());
        match self {
            Self::Good => {}
            Self::Status(status) => *response.status_mut() = status,
            Self::Later(seconds) => {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Silence => {
                let kind = TransportErrorKind::Timeout(TimeoutPhase::Head);
                return Err(TransportError::new(kind, Sent::Maybe));
            }
        }
        Ok(response)
    }
}

/// Returns the point in time this long after the world's begin.
pub(crate) fn at(now: Duration) -> Timestamp {
    START.after(now)
}
