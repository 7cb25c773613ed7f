//! The machine under any script: methods, policies, answers, clocks, storing, cancelling.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_hook::body::Payload;
use http_hook::hook::Defaults;
use http_hook::retry::{Hints, Stop, Wait};
use http_hook::transport::TimeoutPhase;
use http_hook::{
    Call, Connection, Failure, Hook, RequestPlan, RetryPolicy, Sent, Step, StopReason, Timestamp,
    TransportError, TransportErrorKind,
};

use super::{Choices, MARKER};

const START: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));
/// Longer than any wait of the policies of a script, hints and their jitter included.
const LONGEST_WAIT: Duration = Duration::from_secs(67);
const MAX_ATTEMPTS: u32 = 6;

/// Any bytes are a script, and every script keeps the rules.
pub(crate) fn machine(bytes: &[u8]) {
    let script = Script::decode(bytes);
    let straight = script.run(Way::Straight);
    for way in [Way::StoredAtEveryWait, Way::AskedTooEarly] {
        if !script.clock_goes_back() {
            assert_eq!(script.run(way).trace, straight.trace, "{way:?} changes nothing");
        }
    }
    for at in 0..straight.trace.len() {
        script.run(Way::CancelledAt(at));
    }
    script.crash_in_flight();
}

/// The first byte tells at which waits the call is stored and taken up; the rest is a script.
pub(crate) fn resume(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let at = from.byte();
    let script = Script::decode(from.0);
    if !script.clock_goes_back() {
        let straight = script.run(Way::Straight);
        assert_eq!(
            script.run(Way::StoredAtSome(at)).trace,
            straight.trace,
            "storing changes nothing"
        );
    }
}

/// What happens to a call, decided beforehand.
pub(crate) struct Script {
    method: Method,
    body: &'static str,
    policy: RetryPolicy,
    deadline: Option<Duration>,
    may_resend: bool,
    airflow: bool,
    seed: u64,
    events: Vec<Event>,
}

/// One answer, and how the clock stands when it comes.
#[derive(Clone, Debug)]
struct Event {
    answer: Answer,
    took: Duration,
    back: Duration,
}

#[derive(Clone, Debug)]
enum Answer {
    Status(u16, Option<&'static str>),
    Broken(TransportErrorKind, Sent),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Straight,
    StoredAtEveryWait,
    /// At those whose bit is set.
    StoredAtSome(u8),
    AskedTooEarly,
    CancelledAt(usize),
}

#[derive(Debug, PartialEq)]
enum Seen {
    Sent { request: String, sends: u32 },
    Waited(Duration),
    Ended(String),
}

struct Run {
    trace: Vec<Seen>,
}

impl Script {
    /// Reads a script out of bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let mut from = Choices(bytes);
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let method = from.one_of(&methods);
        let body = from.one_of(&["", "text", "secret=none"]);
        let policy = policy(&mut from);
        let deadline = from.flag().then(|| Duration::from_millis(from.milliseconds()));
        let (may_resend, airflow) = (from.flag(), from.flag());
        let seed = u64::from(from.byte());
        let mut events = Vec::new();
        while !from.is_empty() && events.len() < 32 {
            events.push(event(&mut from));
        }
        Self { method, body, policy, deadline, may_resend, airflow, seed, events }
    }

    fn clock_goes_back(&self) -> bool {
        self.events.iter().any(|event| !event.back.is_zero())
    }

    fn hook(&self) -> Hook {
        let connection = Connection::new()
            .with_host("https://api.example.com/v1")
            .with_login("svc")
            .with_password(MARKER);
        let defaults = if self.airflow { Defaults::airflow() } else { Defaults::default() };
        Hook::builder(&connection).defaults(defaults).build().expect("a connection")
    }

    fn plan(&self) -> RequestPlan {
        let mut plan = RequestPlan::new(self.method.clone(), "orders")
            .param("page", "1")
            .retry(self.policy.clone());
        if self.method != Method::GET {
            plan = plan.data(self.body);
        }
        if let Some(deadline) = self.deadline {
            plan = plan.deadline(deadline);
        }
        if self.may_resend { plan.allow_resend() } else { plan }
    }

    /// Whether the server may have acted on what was sent, and acting twice may do harm.
    fn sent_for_good(&self, answer: &Answer) -> bool {
        let harmless = self.may_resend || self.airflow;
        let idempotent = !matches!(self.method, Method::POST | Method::PATCH);
        let acted = !matches!(answer, Answer::Status(421 | 425, _) | Answer::Broken(_, Sent::No));
        acted && !harmless && !idempotent
    }

    fn run(&self, way: Way) -> Run {
        let hook = self.hook();
        let mut now = START;
        let mut latest = now;
        let (mut sends, mut idle) = (0, Duration::ZERO);
        let mut for_good = false;
        let mut trace = Vec::new();
        let mut events = self.events.iter();
        let mut first: Option<String> = None;
        let mut step = Call::new(&hook, self.plan(), self.seed, now).step(&hook, now);
        for _ in 0..=4 * MAX_ATTEMPTS {
            let cancelled = way == Way::CancelledAt(trace.len());
            step = match step {
                Step::Send { request, options, attempt } => {
                    sends += 1;
                    assert!(!for_good, "sent again although the server may have acted");
                    assert!(sends <= MAX_ATTEMPTS, "{sends} sends");
                    assert_eq!((attempt.sends(), attempt.number()), (sends, sends));
                    let left = self.deadline.map(|deadline| START.after(deadline).since(latest));
                    assert_eq!(options.timeouts.total, left, "the transport knows the deadline");
                    let text = described(&request);
                    assert_eq!(first.get_or_insert_with(|| text.clone()), &text, "as the first");
                    trace.push(Seen::Sent { request: text, sends });
                    if cancelled {
                        ended(&attempt.cancel(&hook), sends, idle, StopReason::Cancelled);
                        return Run { trace };
                    }
                    let usual = Event {
                        answer: Answer::Status(503, None),
                        took: Duration::ZERO,
                        back: Duration::ZERO,
                    };
                    let event = events.next().unwrap_or(&usual);
                    now = now.after(event.took).before(event.back);
                    latest = latest.max(now);
                    for_good = self.sent_for_good(&event.answer);
                    attempt.finish(&hook, event.answer.given(), now)
                }
                Step::Wait { call, wait, .. } => {
                    assert!(wait <= LONGEST_WAIT, "{wait:?} is nobody's wait");
                    let fits = |deadline| START.after(deadline) > latest.after(wait);
                    assert!(self.deadline.is_none_or(fits), "{wait:?} outlives the deadline");
                    assert_eq!(call.due(), latest.after(wait));
                    idle = idle.saturating_add(wait);
                    assert_eq!(call.idle_for(), idle);
                    trace.push(Seen::Waited(wait));
                    if cancelled {
                        ended(&call.cancel(&hook), sends, idle, StopReason::Cancelled);
                        return Run { trace };
                    }
                    let call = match way {
                        Way::StoredAtEveryWait => stored(&hook, &call, now),
                        Way::StoredAtSome(at) if at.rotate_right(sends) & 1 == 1 => {
                            stored(&hook, &call, now)
                        }
                        Way::AskedTooEarly => asked_early(&hook, call, now, latest.after(wait)),
                        _ => call,
                    };
                    now = latest.after(wait);
                    latest = now;
                    call.step(&hook, now)
                }
                Step::Done(result) => {
                    let text = match &result {
                        Ok(response) => response.status().to_string(),
                        Err(failure) => {
                            ended(failure, sends, idle, failure.reason());
                            assert_ne!(failure.reason(), StopReason::Cancelled);
                            format!("{failure} {failure:?}")
                        }
                    };
                    trace.push(Seen::Ended(text));
                    return Run { trace };
                }
            };
        }
        panic!("no end after {sends} sends");
    }

    /// The process ends while a request is under way; another takes the call up.
    fn crash_in_flight(&self) {
        let hook = self.hook();
        let step = Call::new(&hook, self.plan(), self.seed, START).step(&hook, START);
        let Step::Send { attempt, .. } = step else { return };
        let text = attempt.store(&hook).expect("nothing in a script is secret");
        drop(attempt);
        is_silent(&text);
        let call = Call::resume(&hook, &text, START).expect("what was stored");
        let unknown = Answer::Broken(TransportErrorKind::Interrupted, Sent::Maybe);
        match call.step(&hook, START) {
            Step::Send { .. } | Step::Wait { .. } => {
                assert!(!self.sent_for_good(&unknown), "sent again after a crash");
            }
            Step::Done(result) => assert!(result.is_err(), "nothing came"),
        }
    }
}

impl Answer {
    fn given(&self) -> Result<Response<Bytes>, TransportError> {
        match *self {
            Self::Status(status, hint) => {
                let mut response = Response::builder().status(status);
                if let Some(hint) = hint {
                    response = response.header("retry-after", hint);
                }
                Ok(response.body(Bytes::from_static(b"text")).expect("a response"))
            }
            Self::Broken(kind, sent) => Err(TransportError::new(kind, sent)),
        }
    }
}

fn policy(from: &mut Choices<'_>) -> RetryPolicy {
    let second = Duration::from_secs(1);
    let wait = from.one_of(&[
        Wait::fixed(Duration::ZERO),
        Wait::fixed(second),
        Wait::exponential(second, 20 * second),
        Wait::full_jitter(second / 10, 20 * second),
    ]);
    let stop = Stop::after_attempt(from.byte().into()) | Stop::after_attempt(MAX_ATTEMPTS);
    let hints = if from.flag() { Hints::none() } else { Hints::default() };
    RetryPolicy { wait, stop, hints, ..RetryPolicy::default() }
}

fn event(from: &mut Choices<'_>) -> Event {
    let statuses = [200, 204, 301, 400, 404, 408, 421, 425, 429, 500, 503, 504, 600, 999, 101];
    let hints = [None, Some("1"), Some("59"), Some("61"), Some("-1"), Some("99999999999999999999")];
    let kinds = [
        TransportErrorKind::Dns,
        TransportErrorKind::Connect,
        TransportErrorKind::Tls,
        TransportErrorKind::Timeout(TimeoutPhase::Head),
        TransportErrorKind::Interrupted,
        TransportErrorKind::Limit,
    ];
    let answer = if from.flag() {
        Answer::Broken(from.one_of(&kinds), from.one_of(&[Sent::No, Sent::Maybe, Sent::Yes]))
    } else {
        Answer::Status(from.one_of(&statuses), from.one_of(&hints))
    };
    let took = Duration::from_millis(from.milliseconds());
    let back = if from.byte() < 250 { 0 } else { from.milliseconds() };
    Event { answer, took, back: Duration::from_millis(back) }
}

fn described(request: &Request<Payload>) -> String {
    format!("{} {} {:?} {:?}", request.method(), request.uri(), request.headers(), request.body())
}

/// A failure counts what was done, and tells no secret.
fn ended(failure: &Failure, sends: u32, idle: Duration, reason: StopReason) {
    assert_eq!(failure.reason(), reason);
    assert_eq!((failure.sends(), failure.idle_for()), (sends, idle));
    is_silent(&format!("{failure} {failure:?}"));
}

/// To JSON and back.
fn stored(hook: &Hook, call: &Call, now: Timestamp) -> Call {
    let text = call.store(hook).expect("nothing in a script is secret");
    is_silent(&text);
    let resumed = Call::resume(hook, &text, now).expect("what was stored");
    assert_eq!(resumed.store(hook).as_ref().ok(), Some(&text), "storing changes nothing");
    resumed
}

/// A step that comes too early says how long is left, as often as it is asked.
fn asked_early(hook: &Hook, call: Call, now: Timestamp, due: Timestamp) -> Call {
    if due <= now {
        return call;
    }
    match call.step(hook, now) {
        Step::Wait { call, wait, .. } => {
            assert_eq!(wait, due.since(now));
            call
        }
        other => panic!("too early: {other:?}"),
    }
}

fn is_silent(text: &str) {
    assert!(!text.contains(MARKER), "a secret in {text:?}");
}
