//! The same cases over a real transport and a server with sockets.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use http::{HeaderMap, Request, Response};
use http_hook::options::{Capabilities, SendOptions};
use http_hook::{Hook, StopReason, Timestamp, TransportError, blocking};
use serde_json::Value;

use super::arguments::plan;
use super::judge::compare;
use super::{Fault, Made, Outcome, Sent, each};
use crate::recorded::answer::Answers;
use crate::recorded::case::Case;
use crate::recorded::report::Verdict;
use crate::recorded::values::Places;

/// A transport, and the server that it leads to.
pub trait Wire: blocking::Transport {
    /// Gives the ports and the authority of the server.
    fn places(&self) -> Places;

    /// Takes the answers of a case and forgets what arrived before.
    fn begin(&self, answers: Answers);

    /// Gives the requests since [`begin`](Self::begin), in the order they arrived.
    fn arrived(&self) -> Vec<Arrived>;
}

/// A request as it arrived, and by which way.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// The host that was dialled.
    pub host: String,
    /// The port that was dialled.
    pub port: u16,
    /// Whether it came over TLS.
    pub tls: bool,
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, out of its chunks.
    pub body: Vec<u8>,
}

/// Runs one case over sockets. Every call of it has to be `run`.
pub fn run_over(case: &Case, wire: &impl Wire) -> Verdict {
    let places = wire.places();
    wire.begin(Answers::new(&places.substitute(&case.input["server"], false)));
    let mut before = 0;
    each(case, &places, |hook, input, call, recorded| {
        assert!(call.get("fn").is_none_or(|name| name == "run"), "not a plain call: {call}");
        let made = match hook {
            Ok(hook) => send(hook, input, call, wire, &mut before),
            Err(fault) => Made::failed(call, fault.clone()),
        };
        compare(recorded, &made)
    })
}

fn send(hook: &Hook, input: &Value, call: &Value, wire: &impl Wire, before: &mut usize) -> Made {
    let planned = match plan(input, call) {
        Ok(planned) => planned,
        Err(fault) => return Made::failed(call, fault),
    };
    let noted = Noted { wire, sends: Mutex::default() };
    let face = blocking::HttpHook::new(hook.clone(), &noted, RealTime(Instant::now()));
    let result = match planned.source {
        None => face.run(planned.plan),
        Some(source) => {
            let bytes = source.content.unwrap_or_default();
            let mut open =
                || Ok(blocking::Body::reader(source.length, std::io::Cursor::new(bytes.clone())));
            face.run_with_body(planned.plan, &mut open)
        }
    };
    let sends = noted.sends.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut made = Made::failed(&Value::Null, Fault::not_found());
    made.base_url = Some(hook.base_url().to_owned());
    made.outcome = match result {
        Ok(response) => Outcome::Answer(Box::new(response)),
        Err(failure) => {
            made.unsendable = failure.reason() == StopReason::Invalid;
            Outcome::Fault(Fault::from(&failure))
        }
    };
    made.statuses = sends.iter().filter_map(|send| send.status).collect();
    let arrived = wire.arrived();
    let new = arrived.get(*before..).unwrap_or_default();
    *before = arrived.len();
    // A tunnel arrives before the request that it is for.
    let mut of = sends.iter();
    made.sent = new
        .iter()
        .filter_map(|one| {
            let send = if one.method == "CONNECT" { sends.first() } else { of.next() };
            send.map(|send| Sent::arrived(one, &send.url, &send.options))
        })
        .collect();
    made
}

/// One send of the hook.
struct Send {
    url: String,
    options: SendOptions,
    status: Option<u16>,
}

/// Notes what the hook sends by the transport.
struct Noted<'a, W> {
    wire: &'a W,
    sends: Mutex<Vec<Send>>,
}

impl<W: Wire> blocking::Transport for &Noted<'_, W> {
    fn capabilities(&self) -> Capabilities {
        self.wire.capabilities()
    }

    fn send(
        &self,
        request: Request<blocking::Body>,
        options: &SendOptions,
    ) -> Result<Response<blocking::Body>, TransportError> {
        let url = request.uri().to_string();
        let answer = self.wire.send(request, options);
        let status = answer.as_ref().ok().map(|response| response.status().as_u16());
        let send = Send { url, options: options.clone(), status };
        self.sends.lock().unwrap_or_else(PoisonError::into_inner).push(send);
        answer
    }
}

/// The clock of a case, which begins with it.
struct RealTime(Instant);

impl blocking::Clock for RealTime {
    fn now(&self) -> Timestamp {
        Timestamp::new(Duration::from_secs(1_700_000_000) + self.0.elapsed())
    }

    fn sleep(&self, wait: Duration) {
        thread::sleep(wait);
    }
}
