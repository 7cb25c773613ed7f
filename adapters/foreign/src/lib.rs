//! What the tests of http-hook against servers nobody here wrote have in common. `run` starts the servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::Response;
use http_hook::hook::HookBuilder;
use http_hook::observe::Event;
use http_hook::{Cause, Connection, Failure, Hook, RequestPlan};
use http_hook_isahc::{blocking, from_hook};
use serde_json::Value;

/// The password that Apache and squid know for the login `reader`.
pub const PASSWORD: &str = "open sesame";

/// Gives the base URL of a server, or the folder `FILES` of certificates.
#[must_use]
pub fn place(name: &str) -> String {
    let name = format!("FOREIGN_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run adapters/foreign/run"))
}

/// Gives the path of a certificate or a key.
#[must_use]
pub fn file(name: &str) -> String {
    format!("{}/{name}", place("FILES"))
}

/// Makes a hook of a connection that says nothing but `base` and `extra`.
pub fn builder(base: &str, extra: &Value) -> HookBuilder {
    Hook::builder(&Connection::new().with_host(base).with_extra(extra.to_string()))
}

/// A call that is over.
#[derive(Debug)]
pub struct Told {
    /// What came of it.
    pub result: Result<Response<Bytes>, Failure>,
    /// How many requests were sent.
    pub sends: u32,
}

impl Told {
    /// Sums it up: `200 in 1`, `401 in 2`, `tls No in 1`, or why nothing was sent.
    #[must_use]
    pub fn sum(&self) -> String {
        let what = match &self.result {
            Ok(answer) => answer.status().as_u16().to_string(),
            Err(failure) => match failure.cause() {
                Cause::Response(answer) => answer.status().as_u16().to_string(),
                Cause::Transport(error) => format!("{} {:?}", error.kind().name(), error.sent()),
                _ => failure.reason().name().to_owned(),
            },
        };
        format!("{what} in {}", self.sends)
    }

    /// Gives a header of the answer, empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let headers = match &self.result {
            Ok(answer) => Some(answer.headers()),
            Err(failure) => failure.headers(),
        };
        let value = headers.and_then(|headers| headers.get(name));
        value
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .unwrap_or_default()
    }

    /// Reads the body of an answer that passes as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let answer = self.result.as_ref().expect("an answer");
        serde_json::from_slice(answer.body()).expect("JSON")
    }
}

/// Makes the same call by the async and the blocking face, and lets no difference pass.
#[must_use]
pub fn call(hook: &Hook, plan: impl Fn() -> RequestPlan) -> Told {
    let (sends, count) = counter();
    let face = from_hook(hook.clone()).expect("isahc starts").with_observer(count);
    let result = pollster::block_on(face.run(plan()));
    let told = Told { result, sends: sends.load(Ordering::Relaxed) };
    let twin = call_blocking(hook, plan());
    assert_eq!(told.sum(), twin.sum(), "async and blocking differ: {told:?}, {twin:?}");
    told
}

/// Makes a call by the blocking face.
#[must_use]
pub fn call_blocking(hook: &Hook, plan: RequestPlan) -> Told {
    let (sends, count) = counter();
    let face = blocking::from_hook(hook.clone()).expect("isahc starts").with_observer(count);
    let result = face.run(plan);
    Told { result, sends: sends.load(Ordering::Relaxed) }
}

fn counter() -> (Arc<AtomicU32>, impl Fn(&Event<'_>) + Send + Sync) {
    let sends = Arc::new(AtomicU32::new(0));
    let count = {
        let sends = Arc::clone(&sends);
        move |event: &Event<'_>| {
            if let Event::Send { send, .. } = event {
                sends.store(*send, Ordering::Relaxed);
            }
        }
    };
    (sends, count)
}
