//! The service: a loop over entries of the journal, each of which holds the whole call.
//!
//! ```text
//! entry: go on ─▶ Sending(attempt)   the request waits in this process: the next entry sends it
//!              ─▶ Wait(call, ms)     Restate sleeps
//!              ─▶ Done(outcome)
//! ```
//!
//! An entry is durable before its future is ready. Whoever replays `Sending` has no request that waits, so it cannot send: it takes
//! the attempt up as broken off. What is decided stands in the journal, and a replay decides nothing.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{pending, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_hook::response::Outcome;
use http_hook::transport::{Clock, Transport};
use http_hook::{Attempt, Call, Connection, HttpHook, Leg};
use http_hook_clock::SystemClock;
use http_hook_sources::Sources;
use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::ask::Ask;

type Api = HttpHook<Arc<dyn Transport>, SystemClock>;

/// The service `http_hook`, whose handler `call` takes an [`Ask`] and returns an [`Outcome`].
pub struct Calls {
    sources: Sources,
    transport: Arc<dyn Transport>,
    max_body: usize,
    hooks: Mutex<HashMap<String, (Connection, Api)>>,
}

/// An entry of the journal.
#[derive(Serialize, Deserialize)]
enum Entry {
    Sending(String),
    Wait(String, u64),
    Done(Box<Outcome>),
}

/// A leg that stands before its send.
struct Live {
    leg: Pin<Box<dyn Future<Output = Leg> + Send>>,
    go: oneshot::Sender<()>,
}

type Kept = Pin<Box<dyn Future<Output = Result<(), Infallible>> + Send>>;

/// What a leg goes on from.
enum From {
    Ask(Box<Ask>, u64),
    Stored(String),
}

#[restate_sdk::service(name = "http_hook")]
impl Calls {
    /// Makes a call, and returns how it ended.
    #[handler(name = "call")]
    async fn call(&self, ctx: Context<'_>, ask: Json<Ask>) -> Result<Json<Outcome>, HandlerError> {
        let ask = ask.into_inner();
        let api = self.api(&ask.connection).await?;
        let live = Arc::new(Mutex::new(None));
        let mut from = From::Ask(Box::new(ask), ctx.random_seed());
        loop {
            let (api, waiting, max_body) = (api.clone(), Arc::clone(&live), self.max_body);
            let entry = ctx
                .run(move || async move { go_on(api, from, &waiting, max_body).await.map(Json) });
            from = match entry.name("go on").await?.into_inner() {
                Entry::Done(outcome) => return Ok(Json(*outcome)),
                Entry::Sending(stored) => From::Stored(stored),
                Entry::Wait(stored, milliseconds) => {
                    ctx.sleep(Duration::from_millis(milliseconds)).await?;
                    From::Stored(stored)
                }
            };
        }
    }
}

impl Calls {
    /// Makes a service that finds connections by their ids in `sources`.
    #[must_use]
    pub fn new(sources: Sources, transport: impl Transport + 'static) -> Self {
        let transport = Arc::new(transport);
        Self { sources, transport, max_body: 1 << 20, hooks: Mutex::default() }
    }

    /// Sets how much of a body is kept in an outcome, in bytes. Default: 1 MiB; Restate bears 32 MiB in a message.
    #[must_use]
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Returns the hook of a connection. Where there is none, Restate asks again later: nothing is lost meanwhile.
    async fn api(&self, id: &str) -> Result<Api, HandlerError> {
        let found = self.sources.get(id).await?;
        let hooks = || self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((same, api)) = hooks().get(id)
            && same == found.connection()
        {
            return Ok(api.clone());
        }
        let hook = self.sources.hook(id).await?.build()?;
        let api = HttpHook::new(hook, Arc::clone(&self.transport), SystemClock::new());
        hooks().insert(id.to_owned(), (found.connection().clone(), api.clone()));
        Ok(api)
    }
}

/// Makes one entry. An error is terminal: it would be the same at each repetition.
async fn go_on(
    api: Api,
    from: From,
    live: &Mutex<Option<Live>>,
    max_body: usize,
) -> Result<Entry, HandlerError> {
    let place = || live.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = place().take();
    let leg = if let Some(Live { leg, go }) = waiting {
        let _ = go.send(());
        leg.await
    } else {
        let call = begin(&api, from).map_err(|error| terminal(&error))?;
        // What cannot be stored is refused before anything is sent.
        call.store(api.get_conn().0).map_err(|error| terminal(&error))?;
        let (kept, mut before) = mpsc::channel(1);
        let (go, went) = oneshot::channel();
        let mut leg: Pin<Box<dyn Future<Output = Leg> + Send>> =
            Box::pin(run(api.clone(), call, kept, went));
        tokio::select! {
            biased;
            Some(stored) = before.recv() => {
                let stored = stored.map_err(|error| terminal(&error))?;
                *place() = Some(Live { leg, go });
                return Ok(Entry::Sending(stored));
            }
            leg = &mut leg => leg,
        }
    };
    Ok(match leg {
        Leg::Wait { stored, wait, .. } => Entry::Wait(
            stored,
            u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1),
        ),
        Leg::Done(result) => Entry::Done(Box::new(Outcome::of(&result, max_body))),
        _ => return Err(TerminalError::new("a leg of a kind that is not known").into()),
    })
}

/// Runs a leg, which stops before the first send that may not be repeated, until it may go on.
async fn run(
    api: Api,
    call: Call,
    kept: mpsc::Sender<Result<String, http_hook::Error>>,
    went: oneshot::Receiver<()>,
) -> Leg {
    let (mut went, hook) = (Some(went), api.get_conn().0.clone());
    // It owns all that it needs: what borrows cannot go from thread to thread here.
    let keep = move |attempt: &Attempt| -> Kept {
        let stops = if attempt.repeatable() { None } else { went.take() };
        let Some(went) = stops else { return Box::pin(ready(Ok(()))) };
        let (kept, stored) = (kept.clone(), attempt.store(&hook));
        Box::pin(async move {
            let _ = kept.send(stored).await;
            // Without leave it stays where it is.
            if went.await.is_err() {
                pending::<()>().await;
            }
            Ok(())
        })
    };
    api.leg(call, keep).await.unwrap_or_else(|never| match never {})
}

fn begin(api: &Api, from: From) -> Result<Call, http_hook::Error> {
    match from {
        From::Ask(ask, seed) => {
            let now = SystemClock::new().now();
            Ok(Call::new(api.get_conn().0, ask.plan()?, seed, now))
        }
        From::Stored(stored) => api.resume(&stored),
    }
}

fn terminal(error: &http_hook::Error) -> HandlerError {
    TerminalError::new_with_code(400, error.to_string()).into()
}
