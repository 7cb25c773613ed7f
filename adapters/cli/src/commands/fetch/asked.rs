//! What tells one download from another.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use http_hook::blocking::{Body, Clock as _};
use http_hook::observe::Event;
use http_hook::{Act, Call, Hook, RequestPlan, Run, SendCause};

use super::digest;
use crate::args::CallArgs;
use crate::connection::Found;

/// A digest of what is asked for, and of who asks, so that no part of another file is taken for one of this: the connection with its
/// login, what was given, and the request that is made of them.
pub(super) fn asked(found: &Found, hook: &Hook, plan: &RequestPlan, call: &CallArgs) -> String {
    let (given, auth) = (&call.request, &call.auth);
    let connection = found.connection.to_json();
    let jar = call.client.cookies.as_deref();
    let cookies = jar.map(Path::to_string_lossy);
    let mut all = format!(
        "{:?}",
        (
            (&found.name, connection.expose(), hook.base_url()),
            (&call.words, &given.headers, &given.data, &given.json, &given.parts),
            (&auth.user, &auth.password, &auth.bearer, auth.digest, cookies),
        )
    );
    // What is fetched to be sent, a token, is another one each time: it is told by what it is fetched with.
    let first = AtomicBool::new(false);
    let observer = |event: &Event<'_>| {
        if matches!(event, Event::Send { cause: SendCause::First, .. }) {
            first.store(true, Ordering::Relaxed);
        }
    };
    let now = http_hook_clock::SystemClock::new().now();
    let call = Call::new(hook, plan.clone(), 0, now);
    let mut run: Run<'_, Body, Body> = Run::stream(hook, call);
    run = run.observer(&observer);
    if let Act::Send(request, _) = run.woke(now)
        && first.load(Ordering::Relaxed)
    {
        let _ = write!(all, "{} {}", request.method(), request.uri());
        for (name, value) in request.headers() {
            // What a jar holds changes from one request to the next.
            if jar.is_none() || name != http::header::COOKIE {
                let _ = write!(all, "\n{name}: {:?}", value.as_bytes());
            }
        }
    }
    digest::of_text(&all)
}
