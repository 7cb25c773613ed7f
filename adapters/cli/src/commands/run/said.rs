//! What tells one run from another.

use std::fs;
use std::path::PathBuf;

use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http_hook::blocking::Body;
use http_hook::observe::sounds_secret;
use http_hook::{Act, Call, Hook, RequestPlan, Run, Timestamp};
use sha2::Digest as _;

use super::lines::Lines;
use super::template::Template;
use super::work::Common;
use crate::args::RunArgs;
use crate::exit::Problem;
use crate::request::item;

/// Sixteen digits that tell what makes calls of lines from anything else, and do not tell what it is. How fast and how often calls are
/// made, and where results go, is not in it: it may differ when the run is gone on with. `hook` is one that sends nothing.
pub(super) fn said(
    args: &RunArgs,
    hook: &Hook,
    common: &Common,
    template: &Template,
    lines: &Lines,
) -> Result<String, Problem> {
    let (request, auth, limits, client) = (&args.request, &args.auth, &args.limits, &args.client);
    let content =
        |path: Option<&PathBuf>| path.map(|path| item::read(&path.to_string_lossy())).transpose();
    // A file may have another name, and the same content.
    let json = request.json.as_ref().map(|_| template.json());
    let body = (&request.data, json, request.form, request.compressed);
    let calls = (&args.words, &request.method, request.head, &request.headers, &args.id, body);
    let again = (limits.resend, limits.idempotency_key, content(limits.policy.as_ref())?);
    let auth = (&auth.user, &auth.password, &auth.bearer, auth.digest);
    // It need not be there.
    let cookies = client.cookies.as_ref().and_then(|path| fs::read(path).ok());
    let server = (hook.origin().to_string(), hook.base_url());
    let columns = lines.names().map(|names| names.iter().collect::<Vec<_>>());
    let plan = common(RequestPlan::get(""));
    let every = (options(hook, &plan), headers(hook, plan));
    let all = format!("{:?}", (calls, again, auth, cookies, server, columns, every));
    let digest = sha2::Sha256::digest(all.as_bytes());
    Ok(digest.map(|byte| format!("{byte:02x}"))[..8].join(""))
}

/// The options in force, whoever says them: an argument, the connection, a variable or a file. Time limits may differ.
fn options(hook: &Hook, plan: &RequestPlan) -> Vec<(String, Option<String>)> {
    let facts = hook.explain(plan).map(|told| told.facts).unwrap_or_default();
    let facts = facts.into_iter().filter(|fact| fact.what.starts_with("option "));
    let facts = facts.filter(|fact| !fact.what.ends_with("_timeout"));
    facts.map(|fact| (fact.what, fact.value)).collect()
}

/// The headers of every request. Of credentials the name alone: they may be others by the time the run goes on.
fn headers(hook: &Hook, plan: RequestPlan) -> Vec<(HeaderName, Vec<u8>)> {
    let now = Timestamp::default();
    let mut run: Run<'_, Body, Body> = Run::stream(hook, Call::new(hook, plan, 0, now));
    let Act::Send(request, _) = run.woke(now) else { return Vec::new() };
    let is_credential = |name: &HeaderName| {
        [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name) || sounds_secret(name.as_str())
    };
    let headers = request.headers().iter();
    let told = headers.map(|(name, value)| {
        let value = if is_credential(name) { &[][..] } else { value.as_bytes() };
        (name.clone(), value.to_vec())
    });
    told.collect()
}
