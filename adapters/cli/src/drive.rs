//! The loop over a run: what is asked for is done, shown and kept.

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_hook::blocking::{Body, Clock, Transport};
use http_hook::{Act, Failure, Run};

use crate::cookies::CookieFile;
use crate::output::{Heads, response_head};
use crate::screen::{self, FAINT, styled};
use crate::state::StateFile;

/// What is done beside sending and waiting.
#[derive(Default)]
pub(crate) struct Beside<'a> {
    pub(crate) cookies: Option<&'a CookieFile>,
    pub(crate) state: Option<&'a StateFile>,
    /// Whether heads are told on stderr.
    pub(crate) tells_heads: bool,
    pub(crate) heads: Heads,
    /// Takes the head of each request as it may be shown.
    pub(crate) last_request: Option<String>,
    /// The body of it, where it is in memory.
    pub(crate) last_body: Option<Bytes>,
}

/// Drives a run until it is over.
pub(crate) fn drive(
    mut run: Run<'_, Body, Body>,
    hook: &http_hook::Hook,
    transport: &dyn Transport,
    clock: &dyn Clock,
    beside: &mut Beside<'_>,
) -> Result<Response<Body>, Failure> {
    let mut act = run.woke(clock.now());
    loop {
        act = match act {
            Act::Send(request, options) => {
                if let Some(Err(error)) = beside.state.map(|state| state.keep(run.store())) {
                    act = run.withdraw(error);
                    continue;
                }
                beside.sending(&run, hook, &request);
                let uri = request.uri().clone();
                let answer = transport.send(request, &options);
                if let Ok(response) = &answer {
                    beside.answered(&uri, response, clock);
                }
                run.sent(answer, || clock.now())
            }
            Act::Read(body, limit) => {
                let body = body.read(limit);
                run.read(body, clock.now())
            }
            Act::Sleep(wait) => {
                if run.wait_reason().is_some() {
                    if let Some(Err(error)) = beside.state.map(|state| state.keep(run.store())) {
                        act = run.withdraw(error);
                        continue;
                    }
                    clock.sleep(wait);
                }
                run.woke(clock.now())
            }
            Act::Done(result) => {
                if let Some(state) = beside.state {
                    state.remove();
                }
                return result;
            }
        };
    }
}

impl Beside<'_> {
    fn sending(
        &mut self,
        run: &Run<'_, Body, Body>,
        hook: &http_hook::Hook,
        request: &Request<Body>,
    ) {
        let shown = run.attempt().map(|attempt| attempt.shown_url(hook, request.uri()).to_string());
        let head = self.heads.request(request, &shown.unwrap_or_default());
        if self.tells_heads {
            tell('>', &head);
        }
        self.last_request = Some(head);
        self.last_body = match request.body() {
            Body::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        };
    }

    fn answered(&self, uri: &Uri, response: &Response<Body>, clock: &dyn Clock) {
        if let Some(cookies) = self.cookies {
            cookies.take(uri, response.headers(), clock.now());
        }
        if self.tells_heads {
            tell('<', &response_head(response, true));
        }
    }
}

fn tell(mark: char, head: &str) {
    for line in head.lines() {
        screen::error(&styled(FAINT, &format!("     {mark} {line}")));
    }
}
