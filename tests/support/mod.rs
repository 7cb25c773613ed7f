//! What tests of calls share: a time, a connection, responses, and a call that is played up to where it gets interesting.

#![allow(dead_code, reason = "each group uses a part")]

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_hook::body::Payload;
use http_hook::options::SendOptions;
use http_hook::{
    Attempt, Call, Connection, Failure, Hook, RequestPlan, SendCause, Step, Timestamp,
    TransportError, WaitReason,
};

/// When calls begin.
pub(crate) const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

/// What comes of a send.
pub(crate) type Answer = Result<Response<Bytes>, TransportError>;

/// How long a call waited, and for what.
pub(crate) type Waits = Vec<(Duration, WaitReason)>;

/// A time, in seconds since 1970.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::new(Duration::from_secs(seconds))
}

/// A connection with a login.
pub(crate) fn connection() -> Connection {
    Connection::new()
        .with_host("https://api.example.com")
        .with_login("svc")
        .with_password("pw-5b0c9e")
}

/// A hook of that connection with this extra.
pub(crate) fn hook(extra: &str) -> Hook {
    Hook::new(&connection().with_extra(extra)).expect("a connection that can be used")
}

/// A response with headers and a body.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Bytes::copy_from_slice(body.as_bytes())).expect("a response")
}

/// A response of that status and no more.
pub(crate) fn status(status: u16) -> Response<Bytes> {
    response(status, &[], "")
}

/// A call over a hook, and the responses to its first sends.
pub(crate) struct Scenario<'a> {
    hook: &'a Hook,
    plan: RequestPlan,
    now: Timestamp,
    past: Vec<Response<Bytes>>,
}

/// A send that has not been answered.
pub(crate) struct Sending {
    pub(crate) request: Request<Payload>,
    pub(crate) options: SendOptions,
    pub(crate) attempt: Attempt,
}

/// How a call went from beginning to end.
pub(crate) struct Played {
    pub(crate) sends: Vec<(Request<Payload>, SendOptions, SendCause)>,
    pub(crate) waits: Waits,
    pub(crate) result: Result<Response<Bytes>, Failure>,
}

impl<'a> Scenario<'a> {
    /// A call that begins at [`NOW`].
    pub(crate) fn new(hook: &'a Hook, plan: RequestPlan) -> Self {
        Self { hook, plan, now: NOW, past: Vec::new() }
    }

    /// The same at another time.
    pub(crate) fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// The same after these responses: it goes on where the last of them has come.
    pub(crate) fn after(self, past: impl Into<Vec<Response<Bytes>>>) -> Self {
        Self { past: past.into(), ..self }
    }

    /// What is to be done then.
    pub(crate) fn step(self) -> Step {
        let Self { hook, plan, mut now, past } = self;
        let mut step = Call::new(hook, plan, 7, now).step(hook, now);
        for response in past {
            if let Step::Wait { call, wait, .. } = step {
                now = now.after(wait);
                step = call.step(hook, now);
            }
            let Step::Send { attempt, .. } = step else { panic!("nothing is sent: {step:?}") };
            step = attempt.finish(hook, Ok(response), now);
        }
        step
    }

    /// The send that is to be done then.
    pub(crate) fn sending(self) -> Sending {
        match self.step() {
            Step::Send { request, options, attempt } => Sending { request, options, attempt },
            other => panic!("nothing is sent: {other:?}"),
        }
    }

    /// The call that is to wait then, and for how long.
    pub(crate) fn waiting(self) -> (Call, Duration) {
        match self.step() {
            Step::Wait { call, wait, .. } => (call, wait),
            other => panic!("it does not wait: {other:?}"),
        }
    }

    /// Plays the whole call: each send, from number 0 on, is answered by `answer`, each wait is waited for.
    pub(crate) fn run(self, mut answer: impl FnMut(usize) -> Answer) -> Played {
        let (hook, mut now) = (self.hook, self.now);
        let (mut sends, mut waits) = (Vec::new(), Vec::new());
        let mut step = self.step();
        loop {
            step = match step {
                Step::Send { request, options, attempt } => {
                    let answer = answer(sends.len());
                    sends.push((request, options, attempt.cause()));
                    attempt.finish(hook, answer, now)
                }
                Step::Wait { call, wait, reason } => {
                    waits.push((wait, reason));
                    now = now.after(wait);
                    call.step(hook, now)
                }
                Step::Done(result) => return Played { sends, waits, result },
            };
        }
    }
}
