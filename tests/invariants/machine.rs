//! The machine under any script: methods, policies, schemes, gates, answers, clocks, storing, cancelling.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_hook::body::Payload;
use http_hook::options::SendOptions;
use http_hook::{
    Attempt, Call, Failure, Hook, RequestPlan, SendCause, Sent, Step, StopReason, Timestamp,
    TransportError, TransportErrorKind, WaitReason,
};

use super::counts::{self, note};
use super::purse::Purse;
use super::script::{
    Answer, CLIENT, COOKIE, Event, Gate, HOST, Kept, MAX_ATTEMPTS, MAX_SENDS, Scheme, Script, TOKEN,
};
use super::{Choices, MARKER};

const START: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));
/// Longer than any wait of the policies and gates of a script, hints and their jitter included.
const LONGEST_WAIT: Duration = Duration::from_secs(67);
/// The most a retry costs the budget of a script.
/// How many further ways a script is run; it says which.
const WAYS: usize = 5;

/// Any bytes are a script, and every script keeps the rules, straight on and in one other way.
pub(crate) fn machine(bytes: &[u8]) {
    tried(&Script::decode(bytes));
}

/// The same for scripts in which tokens are refused and not to be had, and the gates are near their ends.
pub(crate) fn short_of_tokens(bytes: &[u8]) {
    tried(&Script::short_of_tokens(bytes));
}

fn tried(script: &Script) {
    let straight = script.run(Way::Straight);
    counts::script();
    script.run(Way::PolicyOfHook).is(&straight, true);
    let length = straight.trace.len();
    let at = usize::from(script.at) / WAYS % length;
    let steady = !script.clock_goes_back();
    match usize::from(script.at) % WAYS {
        0 if steady => {
            let stored = script.run(Way::StoredAtSome(0xff));
            if !script.forgets() && !loses_permits(script) {
                stored.is(&straight, script.gates == Gate::None);
            }
        }
        1 if steady => script.run(Way::AskedTooEarly).is(&straight, true),
        2 if !script.has_bad_bodies() => script.run(Way::Streamed).is(&straight, true),
        0..=3 => _ = script.run(Way::CancelledAt(at)),
        _ => _ = script.run(Way::DroppedAt(at)),
    }
    counts::forget();
}

/// The first byte tells at which waits the call is stored and taken up, the second at which sends its process ends; the rest
/// is a script.
pub(crate) fn resume(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let (waits, sends) = (from.byte(), from.byte());
    resumed(&Script::decode(from.0), waits, sends);
}

/// The same for scripts in which tokens are refused and not to be had, and the gates are near their ends.
pub(crate) fn resume_short_of_tokens(bytes: &[u8]) {
    let mut from = Choices(bytes);
    let (waits, sends) = (from.byte(), from.byte());
    resumed(&Script::short_of_tokens(from.0), waits, sends);
}

/// Whether a call may wait within an attempt that has a permit: whoever takes it up begins that attempt again.
fn loses_permits(script: &Script) -> bool {
    script.token_host == HOST && matches!(script.gates, Gate::Rate | Gate::All)
}

fn resumed(script: &Script, waits: u8, sends: u8) {
    if script.clock_goes_back() {
        return;
    }
    // What is lost with a process: a permit of the breaker, and what the call alone knew.
    let crashes = matches!(script.gates, Gate::None | Gate::Rate);
    let sends = if crashes { sends } else { 0 };
    let broken = script.run(Way::BrokenAtSome(sends));
    counts::forget();
    let resumed = script.run(Way::Resumed { waits, sends });
    counts::script();
    if !script.forgets() && !loses_permits(script) {
        resumed.is(&broken, script.gates == Gate::None);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Straight,
    /// The policy is the hook's, which is not asked about each response of 200 to 299, and not the plan's, which is.
    PolicyOfHook,
    /// At those waits whose bit is set.
    StoredAtSome(u8),
    AskedTooEarly,
    CancelledAt(usize),
    DroppedAt(usize),
    /// By a driver that leaves bodies to the caller.
    Streamed,
    /// At those sends whose bit is set, the connection breaks.
    BrokenAtSome(u8),
    /// At those sends whose bit is set, the process ends instead; at those waits it is stored.
    Resumed {
        waits: u8,
        sends: u8,
    },
}

impl Way {
    fn stores(self, number: u32) -> bool {
        match self {
            Self::StoredAtSome(waits) | Self::Resumed { waits, .. } => is_set(waits, number),
            _ => false,
        }
    }

    fn breaks(self, number: u32) -> bool {
        match self {
            Self::BrokenAtSome(sends) | Self::Resumed { sends, .. } => is_set(sends, number),
            _ => false,
        }
    }
}

fn is_set(mask: u8, number: u32) -> bool {
    mask.rotate_right(number) & 1 == 1
}

#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most of them are the large one")]
enum Seen {
    Sent { method: Method, uri: Uri, headers: HeaderMap, body: Payload, sends: u32 },
    Waited(Duration),
    Ended { reason: Option<StopReason>, sends: u32, text: String },
}

/// What was seen in one run.
struct Seens {
    trace: Vec<Seen>,
}

impl Seens {
    /// The same, but for the words of the end unless `exact`: a call that is taken up has forgotten what came last.
    fn is(&self, other: &Self, exact: bool) {
        assert_eq!(self.trace.len(), other.trace.len(), "{:#?}\n{:#?}", self.trace, other.trace);
        for (own, other) in self.trace.iter().zip(&other.trace) {
            match (own, other) {
                (Seen::Ended { reason, sends, .. }, Seen::Ended { reason: r, sends: s, .. })
                    if !exact || r.is_none() && reason.is_some() =>
                {
                    // Nor can it end with what came last, where a gate refuses the next attempt, or the time the next hop.
                    let refused = matches!(
                        reason,
                        Some(StopReason::RateLimit | StopReason::Breaker | StopReason::Deadline)
                    );
                    let reason = if refused && r.is_none() { &None } else { reason };
                    assert_eq!((reason, sends), (r, s));
                }
                _ => assert_eq!(own, other),
            }
        }
    }
}

/// One run of a script.
struct Run<'a> {
    script: &'a Script,
    way: Way,
    hook: Hook,
    bucket: Option<Arc<Purse>>,
    now: Timestamp,
    /// The latest time that the call has heard of.
    latest: Timestamp,
    events: std::slice::Iter<'a, Event>,
    trace: Vec<Seen>,
    sends: u32,
    idle: Duration,
    /// In this attempt.
    hops: u32,
    fetched: u32,
    refused: bool,
    /// Tokens so far, and whether the next request has to carry the last.
    tokens: u32,
    asked: usize,
    has_token: bool,
    may_act_again: bool,
    attempts: u32,
    /// Retries that began with a request for a token, which is paid for.
    token_retries: u32,
    /// One that is waited for.
    retry_due: u32,
    first: Option<(Uri, HeaderMap, Payload)>,
}

impl Script {
    fn run(&self, way: Way) -> Seens {
        let (hook, bucket) = match way {
            Way::PolicyOfHook => self.hook_with_policy(),
            _ => self.hook(),
        };
        let mut run = Run {
            script: self,
            way,
            hook,
            bucket,
            now: START,
            latest: START,
            events: self.events.iter(),
            trace: Vec::new(),
            sends: 0,
            idle: Duration::ZERO,
            hops: 0,
            fetched: 0,
            refused: false,
            tokens: 0,
            asked: 0,
            has_token: false,
            may_act_again: true,
            attempts: 0,
            token_retries: 0,
            retry_due: 0,
            first: None,
        };
        run.finish();
        run.no_gate_jams();
        Seens { trace: run.trace }
    }
}

impl Run<'_> {
    fn finish(&mut self) {
        let call = Call::new(&self.hook, self.plan(), self.script.seed, START);
        let mut step = call.step(&self.hook, START);
        for _ in 0..=4 * MAX_SENDS {
            let at = self.trace.len();
            let (cancelled, dropped) =
                (self.way == Way::CancelledAt(at), self.way == Way::DroppedAt(at));
            step = match step {
                Step::Send { request, options, attempt } => {
                    self.sent(&request, &options, &attempt);
                    if cancelled {
                        let failure = attempt.cancel(&self.hook);
                        return self.ended(&failure, StopReason::Cancelled);
                    }
                    if dropped {
                        return;
                    }
                    if attempt.cause() == SendCause::Token {
                        self.token(attempt)
                    } else {
                        self.answer(attempt)
                    }
                }
                Step::Wait { call, wait, reason } => {
                    self.waits(&call, wait, reason);
                    if cancelled {
                        let failure = call.cancel(&self.hook);
                        return self.ended(&failure, StopReason::Cancelled);
                    }
                    if dropped {
                        return;
                    }
                    self.go_on(call, wait)
                }
                Step::Done(result) => return self.done(result),
            };
        }
        panic!("no end after {} sends", self.sends);
    }

    fn sent(&mut self, request: &Request<Payload>, options: &SendOptions, attempt: &Attempt) {
        self.sends += 1;
        let cause = attempt.cause();
        note(|counts| counts.sends += 1);
        assert!(self.sends <= MAX_SENDS, "{} sends", self.sends);
        assert_eq!(attempt.sends(), self.sends);
        assert!(attempt.number() <= MAX_ATTEMPTS, "attempt {}", attempt.number());
        if attempt.number() > self.attempts {
            assert_eq!(attempt.number(), self.attempts + 1);
            assert!(self.attempts == 0 || self.may_act_again, "sent again for harm");
            self.attempts = attempt.number();
            (self.hops, self.fetched, self.refused) = (0, 0, false);
        }
        let left = self.script.deadline.map(|deadline| START.after(deadline).since(self.latest));
        assert_eq!(options.timeouts.total, left, "the transport knows the deadline");
        let headers = request.headers();
        let retry_due = std::mem::take(&mut self.retry_due);
        if cause == SendCause::Token {
            self.token_retries += retry_due;
            assert_eq!(request.uri().host(), Some(self.script.token_host));
            assert!(!self.has_token, "a token that was fetched is used");
            self.fetched += 1;
            assert!(self.fetched <= 1 + u32::from(self.refused), "one token, one more after a 401");
            is_silent_to(request, &[MARKER, TOKEN, COOKIE]);
        } else {
            self.planned(request, cause);
        }
        self.trace.push(Seen::Sent {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: headers.clone(),
            body: request.body().clone(),
            sends: self.sends,
        });
    }

    /// The planned request, or what a redirect made of it.
    fn planned(&mut self, request: &Request<Payload>, cause: SendCause) {
        let headers = request.headers();
        let is_home =
            request.uri().host() == Some(HOST) && request.uri().scheme_str() == Some("https");
        if cause == SendCause::Redirect {
            self.hops += 1;
            note(|counts| counts.redirects += 1);
            assert!(self.script.redirects && self.hops <= super::script::MAX_REDIRECTS);
        }
        assert!(self.hops > 0 || is_home);
        note(|counts| counts.challenges += u64::from(cause == SendCause::Challenge));
        let cookie = headers.contains_key("cookie");
        note(|counts| counts.cookies += u64::from(cookie));
        assert!(!cookie || self.script.jar != Kept::Nowhere);
        is_silent_to(request, &[MARKER, CLIENT]);
        if !is_home {
            assert!(!headers.contains_key("authorization"));
            is_silent_to(request, &[TOKEN]);
        }
        if is_home && matches!(self.script.scheme, Scheme::Client | Scheme::Refresh) {
            let token = headers.get("authorization").expect("a token");
            assert_eq!(token.as_bytes(), format!("Bearer {TOKEN}{}", self.tokens).as_bytes());
            self.has_token = false;
        }
        if self.hops == 0 {
            let mut steady = headers.clone();
            for name in ["authorization", "cookie", "x-attempt"] {
                steady.remove(name);
            }
            let this = (request.uri().clone(), steady, request.body().clone());
            assert_eq!(*self.first.get_or_insert_with(|| this.clone()), this, "as the first");
        }
    }

    fn token(&mut self, attempt: Attempt) -> Step {
        let tokens = &self.script.tokens;
        let usual = super::script::TokenAnswer::Token("");
        let answer = tokens.get(self.asked).unwrap_or(&usual);
        self.asked += 1;
        note(|counts| counts.tokens += 1);
        if answer.is_good() {
            self.tokens += 1;
            self.has_token = true;
        }
        // What failed was not the planned request, unless that was led on.
        self.may_act_again = self.hops == 0 || self.may_repeat();
        attempt.finish(&self.hook, answer.given(self.tokens), self.now)
    }

    fn answer(&mut self, attempt: Attempt) -> Step {
        let usual = Event::default();
        let event = self.events.next().unwrap_or(&usual);
        self.now = self.now.after(event.took).before(event.back);
        self.latest = self.latest.max(self.now);
        let breaks = self.way.breaks(self.sends) && self.hops == 0 && !self.script.is_used_up();
        let acted = breaks || event.answer.acted() || self.hops > 0;
        self.may_act_again = !acted || self.may_repeat();
        self.may_act_again &= !self.script.is_used_up();
        if breaks {
            let lost = TransportError::new(TransportErrorKind::Interrupted, Sent::Maybe);
            if matches!(self.way, Way::BrokenAtSome(_)) {
                return attempt.finish(&self.hook, Err(lost), self.now);
            }
            // The process ends while a request is under way; another takes the call up.
            let text = attempt.store(&self.hook).expect("nothing in a script is secret");
            drop(attempt);
            is_silent(&text);
            note(|counts| counts.stored += 1);
            (self.has_token, self.fetched) = (false, 0);
            let call = Call::resume(&self.hook, &text, self.now).expect("what was stored");
            return call.step(&self.hook, self.now);
        }
        self.refused |= matches!(event.answer, Answer::Challenge(_))
            || matches!(event.answer, Answer::Given { status: 401, .. });
        if self.script.reads_bodies() && matches!(event.answer, Answer::Given { .. }) {
            note(|counts| counts.bodies += 1);
        }
        let answer = event.answer.given();
        if self.way == Way::Streamed {
            streamed(&self.hook, attempt, answer, self.now)
        } else {
            attempt.finish(&self.hook, answer, self.now)
        }
    }

    fn plan(&self) -> RequestPlan {
        let plan = self.script.plan();
        if self.way == Way::PolicyOfHook { plan } else { plan.retry(self.script.policy.clone()) }
    }

    fn may_repeat(&self) -> bool {
        self.script.is_harmless() && !self.script.is_used_up()
    }

    fn waits(&mut self, call: &Call, wait: Duration, reason: WaitReason) {
        assert!(wait <= LONGEST_WAIT, "{wait:?} is nobody's wait");
        let fits = |deadline| START.after(deadline) > self.latest.after(wait);
        assert!(self.script.deadline.is_none_or(fits), "{wait:?} outlives the deadline");
        assert_eq!(call.due(), self.latest.after(wait));
        self.idle = self.idle.saturating_add(wait);
        assert_eq!(call.idle_for(), self.idle);
        self.trace.push(Seen::Waited(wait));
        match reason {
            WaitReason::Backoff | WaitReason::Hint => {
                assert!(self.may_act_again, "waits to do harm");
                (self.has_token, self.retry_due) = (false, 1);
                note(|counts| counts.gates += u64::from(self.bucket.is_some()));
            }
            WaitReason::RateLimit => note(|counts| counts.gates += 1),
            reason => panic!("{reason}: nobody else is there"),
        }
    }

    fn go_on(&mut self, call: Call, wait: Duration) -> Step {
        let due = self.latest.after(wait);
        let call = if self.way.stores(self.sends) && !self.script.is_used_up() {
            note(|counts| counts.stored += 1);
            // Whoever takes it up knows no token but one that is good for longer.
            (self.has_token, self.fetched) = (false, 0);
            stored(&self.hook, call, self.now)
        } else if self.way == Way::AskedTooEarly {
            asked_early(&self.hook, call, self.now, due)
        } else {
            call
        };
        (self.now, self.latest) = (due, due);
        call.step(&self.hook, due)
    }

    fn done(&mut self, result: Result<Response<Bytes>, Failure>) {
        match result {
            Ok(response) => {
                let text = response.status().to_string();
                self.trace.push(Seen::Ended { reason: None, sends: self.sends, text });
            }
            Err(failure) => {
                let reason = failure.reason();
                assert_ne!(reason, StopReason::Cancelled);
                let gates = [StopReason::Budget, StopReason::Breaker, StopReason::RateLimit];
                note(|counts| counts.gates += u64::from(gates.contains(&reason)));
                self.ended(&failure, reason);
            }
        }
    }

    /// A failure counts what was done, and tells no secret.
    fn ended(&mut self, failure: &Failure, reason: StopReason) {
        assert_eq!(failure.reason(), reason);
        assert_eq!((failure.sends(), failure.idle_for()), (self.sends, self.idle));
        let text = format!("{failure} {failure:?}");
        is_silent(&text);
        self.trace.push(Seen::Ended { reason: Some(reason), sends: self.sends, text });
    }

    /// However a call ends, also unseen, the next one is let through in the end, and what was paid and not used is there.
    fn no_gate_jams(&self) {
        if let Some(bucket) = &self.bucket {
            let retries = self.attempts.saturating_sub(1) + self.token_retries;
            assert!(
                bucket.tokens() + retries * Purse::PRICE >= Purse::FULL,
                "the price of a retry is lost"
            );
        }
        let later = self.latest.after(Duration::from_secs(86_400));
        let call = Call::new(&self.hook, self.plan(), 7, later);
        let step = call.step(&self.hook, later);
        if let Step::Done(Err(failure)) = &step {
            let gates = [StopReason::Breaker, StopReason::Budget, StopReason::RateLimit];
            assert!(!gates.contains(&failure.reason()), "a gate jams: {failure}");
        }
        if let Step::Wait { reason, .. } = &step {
            assert_ne!(*reason, WaitReason::Token, "the flight of a token is never free");
        }
    }
}

/// The response by its head first, and its body only as far as it is asked for.
fn streamed(
    hook: &Hook,
    attempt: Attempt,
    answer: Result<Response<Bytes>, TransportError>,
    now: Timestamp,
) -> Step {
    let Ok(response) = answer else { return attempt.finish(hook, answer, now) };
    let (parts, body) = response.into_parts();
    match attempt.head(hook, &parts, now) {
        None => Step::Done(Ok(Response::from_parts(parts, body))),
        Some(reading) => {
            let limit = usize::try_from(reading.limit()).unwrap_or(usize::MAX).min(body.len());
            reading.finish(hook, Ok(Response::from_parts(parts, body.slice(..limit))), now)
        }
    }
}

/// To JSON and back. The call itself is gone before the other goes on: what it had paid is there again.
fn stored(hook: &Hook, call: Call, now: Timestamp) -> Call {
    let text = call.store(hook).expect("nothing in a script is secret");
    drop(call);
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
    for secret in [MARKER, TOKEN, CLIENT, COOKIE] {
        assert!(!text.contains(secret), "a secret in {text:?}");
    }
}

/// None of these secrets is in a request.
fn is_silent_to(request: &Request<Payload>, secrets: &[&str]) {
    let is_in = |bytes: &[u8], secret: &str| {
        bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
    };
    for secret in secrets {
        let within = request.headers().values().any(|value| is_in(value.as_bytes(), secret));
        assert!(!within, "a secret in a header: {:?}", request.headers());
        if let Payload::Bytes(body) = request.body() {
            assert!(!is_in(body, secret), "a secret in a body");
        }
    }
}
