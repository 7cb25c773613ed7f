//! A check as data: one request, a script, an expectation.

use std::pin::Pin;
use std::sync::Arc;

use http::Method;
use http_hook::options::{Capabilities, Capability};
use http_hook::{Sent, TransportErrorKind as Kind};

use super::probe::{Probe, Told, describe, get, request};
use crate::server::Reply;

pub(super) type Checking<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;

const NOTHING: Capabilities = Capabilities::none("");

/// A check: what it is called, what is expected, how it is run.
#[derive(Clone)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) fault: Option<u8>,
    pub(super) expected: &'static str,
    pub(super) needs: Capabilities,
    pub(super) drops_future: bool,
    pub(super) run: Arc<dyn for<'a> Fn(&'a Probe<'a>) -> Checking<'a>>,
}

impl Check {
    pub(super) fn new(
        name: &'static str,
        fault: impl Into<Option<u8>>,
        expected: &'static str,
        run: impl for<'a> Fn(&'a Probe<'a>) -> Checking<'a> + 'static,
    ) -> Self {
        let run = Arc::new(run);
        Self { name, fault: fault.into(), expected, needs: NOTHING, drops_future: false, run }
    }

    /// Leaves the check out where the transport does not offer `capability`.
    pub(super) fn needs(mut self, capability: Capability) -> Self {
        self.needs = self.needs.with(capability);
        self
    }

    /// Marks a check that drops a future: there is none in a blocking transport.
    pub(super) fn drops_future(mut self) -> Self {
        self.drops_future = true;
        self
    }
}

/// What has to come of one send.
#[derive(Clone, Copy)]
pub(super) enum Expect {
    /// This answer, whole.
    Answer(u16, &'static [u8]),
    /// No answer, or one whose body ends in an error: never a whole answer.
    Error(&'static [Kind]),
    /// No answer, and this is known of the request.
    Unsent(&'static [Kind], Sent),
    /// This answer or an error, but no other answer.
    Either(u16, &'static [u8]),
    /// Anything that ends and does not panic.
    Ends,
}

impl Expect {
    pub(super) const fn says(self) -> &'static str {
        match self {
            Self::Answer(..) => "the answer, whole",
            Self::Error(_) => "an error, never a whole answer",
            Self::Unsent(_, Sent::No) => "an error, not sent",
            Self::Unsent(..) => "an error, perhaps sent, once",
            Self::Either(..) => "the answer or an error",
            Self::Ends => "an end, no panic",
        }
    }

    pub(super) fn holds(self, told: &Told) -> Result<(), String> {
        let was = || format!("was told {}", told.summary());
        match (self, told.error()) {
            (Self::Answer(status, body), _) | (Self::Either(status, body), None) => {
                told.answer(status, body).map(|_| ())
            }
            (Self::Error(kinds), Some(error)) if kinds.contains(&error.kind()) => Ok(()),
            (Self::Unsent(kinds, sent), Some(error)) if told.head.is_err() => {
                if kinds.contains(&error.kind()) && error.sent() == sent {
                    return Ok(());
                }
                Err(format!("was told {}", describe(error)))
            }
            (Self::Either(..), Some(error)) if error.kind() != Kind::Bug => Ok(()),
            (Self::Ends, error) if error.is_none_or(|error| error.kind() != Kind::Bug) => Ok(()),
            _ => Err(was()),
        }
    }
}

/// Makes a check of one send: its method and body, the server's replies, what has to come of it.
///
/// With `warm`, the first reply serves a GET that leaves a kept connection behind.
pub(super) fn row(
    name: &'static str,
    fault: impl Into<Option<u8>>,
    (method, body): (Method, &'static [u8]),
    warm: bool,
    replies: Vec<Reply>,
    expect: Expect,
) -> Check {
    Check::new(name, fault, expect.says(), move |probe| {
        let (method, replies) = (method.clone(), replies.clone());
        Box::pin(async move {
            let route = probe.route(replies);
            if warm {
                probe.send(get(route.url())).await.answer(200, b"warm")?;
            }
            let told = probe.send(request(method, route.url(), body)).await;
            expect.holds(&told)?;
            told.agrees_with(&route.requests()[usize::from(warm)..])
        })
    })
}
