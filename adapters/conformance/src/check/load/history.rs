//! Calls through a hook that sends again, over a server where connections die: what the server saw against what was told.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::{Method, Request, Response};
use http_hook::RetryPolicy;
use http_hook::body::Body;
use http_hook::options::{Capabilities, SendOptions};
use http_hook::retry::{Stop, Wait};
use http_hook::transport::{Clock, Transport};
use http_hook::{Hook, HttpHook, RequestPlan, Sent, Timestamp, TransportError};

use super::{ANSWERS, Chance, DEATHS, Step, pick};
use crate::check::probe::Probe;
use crate::server::{Reply, Route, Seen};

const CALLS: u64 = 120;
const SENDS: u32 = 4;

/// What one call may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Neither idempotent nor keyed: once at most.
    Plain,
    Keyed,
    Idempotent,
}

pub(super) async fn calls(probe: &Probe<'_>) -> Step {
    let mut chance = Chance(120);
    let mut keys = Vec::new();
    let (mut done, mut again) = (0, 0);
    let told = Arc::new(Mutex::new(Vec::new()));
    let transport = Noting { transport: probe.transport, told: Arc::clone(&told) };
    let hook = Hook::to(&format!("http://{}", probe.server.addr())).map_err(|e| e.to_string())?;
    let hook = HttpHook::new(hook, transport, Now(Instant::now())).with_seed(5);
    let stop = Stop::after_attempt(SENDS);
    let policy = Arc::new(RetryPolicy { wait: Wait::None, stop, ..RetryPolicy::default() });
    for number in 0..CALLS {
        let id = number.to_string();
        let way =
            [Way::Plain, Way::Keyed, Way::Idempotent][usize::try_from(number % 3).unwrap_or(0)];
        let route = probe.route(script(&mut chance, &id));
        let result = hook.run(plan(way, route.path(), &id).retry(Arc::clone(&policy))).await;
        let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
        let seen = route.requests();
        check(way, result.is_ok(), &told, &seen).map_err(|why| {
            format!(
                "{way:?}: {why}: was told {told:?} and success {}, came as {seen:?}",
                result.is_ok()
            )
        })?;
        key(way, &route, &mut keys)?;
        done += u32::from(result.is_ok());
        again += u32::from(told.len() > 1);
    }
    // Else the history shows nothing.
    if done > 40 && again > 20 { Ok(()) } else { Err(format!("{done} done, {again} sent again")) }
}

fn script(chance: &mut Chance, id: &str) -> Vec<Reply> {
    let mut replies: Vec<Reply> = (0..SENDS)
        .map(|_| match chance.below(4) {
            0 | 1 => pick(&DEATHS, chance, id),
            2 => Reply::status(503, &[], b"not now"),
            _ => pick(&ANSWERS, chance, id),
        })
        .collect();
    replies.push(Reply::ok(b"one too many"));
    replies
}

fn plan(way: Way, path: &str, id: &str) -> RequestPlan {
    match way {
        Way::Plain => RequestPlan::post(path).data(id.to_owned()),
        Way::Keyed => RequestPlan::post(path).data(id.to_owned()).idempotency_key(),
        Way::Idempotent => RequestPlan::new(Method::PUT, path).data(id.to_owned()),
    }
}

/// Rules a to d: what was done was seen, what was not sent was not, as many came as were sent, and once what may come but once.
fn check(way: Way, done: bool, told: &[Sent], seen: &[Seen]) -> Step {
    let count = |what| told.iter().filter(|told| **told == what).count();
    let (yes, maybe) = (count(Sent::Yes), count(Sent::Maybe));
    if done && seen.is_empty() {
        return Err("done, but never seen".to_owned());
    }
    if !(yes..=yes + maybe).contains(&seen.len()) {
        return Err("the sends that were told are not those that came".to_owned());
    }
    // A status that says "not done" is an answer: then even this one may be sent again by its caller, but not by the hook.
    if way == Way::Plain && seen.len() > 1 {
        return Err("came twice".to_owned());
    }
    Ok(())
}

/// Rule e: one key for all sends of a call, and for no other call.
fn key(way: Way, route: &Route, keys: &mut Vec<String>) -> Step {
    let mut own: Vec<_> =
        route.requests().iter().map(|seen| seen.text("idempotency-key")).collect();
    own.dedup();
    match (way, own.as_slice()) {
        (_, []) | (Way::Plain | Way::Idempotent, [None]) => Ok(()),
        (Way::Keyed, [Some(key)]) if !keys.contains(key) => {
            keys.push(key.clone());
            Ok(())
        }
        _ => Err(format!("{way:?} had the keys {own:?}")),
    }
}

/// The transport, and what it told of each send.
struct Noting<'a> {
    transport: &'a dyn Transport,
    told: Arc<Mutex<Vec<Sent>>>,
}

#[async_trait]
impl Transport for Noting<'_> {
    fn capabilities(&self) -> Capabilities {
        self.transport.capabilities()
    }

    async fn send(
        &self,
        request: Request<Body>,
        options: &SendOptions,
    ) -> Result<Response<Body>, TransportError> {
        let answer = self.transport.send(request, options).await;
        let sent = answer.as_ref().map_or_else(TransportError::sent, |_| Sent::Yes);
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        answer
    }
}

/// The time; there is no waiting in this policy.
struct Now(Instant);

#[async_trait]
impl Clock for Now {
    fn now(&self) -> Timestamp {
        Timestamp::new(self.0.elapsed())
    }

    async fn sleep(&self, wait: Duration) {
        thread::sleep(wait.min(Duration::from_millis(5)));
    }
}
