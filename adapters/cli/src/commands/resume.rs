//! `http-hook resume`: goes on with what was kept: a call, the pages of an answer, a poll.

use http_hook::options::Setting;
use http_hook::{Call, Options};

use super::call::{check_secrets, format_of, target, warn};
use super::session::{Session, Way};
use super::{Context, pages, poll};
use crate::args::Resume;
use crate::connection;
use crate::cookies::CookieFile;
use crate::exit::Problem;
use crate::hook::{self, Below};
use crate::jq::Jq;
use crate::output::Target;
use crate::request::{Source, of_client};
use crate::state::{StateFile, What};

/// Takes it up, waits what is left of its wait, and goes on.
pub(crate) fn run(resume: &Resume, context: &Context) -> Result<u8, Problem> {
    let kept = StateFile::taken(&resume.state)?;
    let state = kept.state().clone();
    let found = connection::find_again(&state.connection, &context.settings)?;
    let cookies = resume.client.cookies.as_deref().map(CookieFile::read).transpose()?;
    let (settings, follows) = (&context.settings, state.follows);
    let decodes = state.what != What::Call;
    // What the call said of redirects. Credentials go nowhere else by them.
    let mut said = Options::default();
    (said.allow_redirects, said.max_redirects) = (state.allow_redirects, state.max_redirects);
    let hook = hook::builder(
        &found.connection,
        Below { settings, said: None },
        decodes,
        follows,
        cookies.as_ref(),
    )?
    .options(said.clone())
    .build()
    .map_err(|error| Problem::of_hook(&error))?;
    let way = Way::new(&context.tape)?.hiding(&hook);
    let hook = hook.for_client(way.transport().capabilities());
    let given = of_client(&resume.client)?;
    if !matches!(given.proxies, Setting::Inherit) {
        return Err(Problem::usage("--proxy: a call goes on by the proxy that it began with"));
    }
    // What weakens a connection counts only if it is said again.
    let mut allowed = said;
    allowed.verify = given.verify;
    allowed.cert = given.cert;
    let source = state.body.as_ref().map(http_hook_clock::file).transpose();
    let source = source.map_err(|error| Problem::local(format!("the body: {error}")))?;
    check_secrets(resume.result.show_secrets)?;
    warn(&found, &hook, format_of(&resume.result, settings)?, context);
    let jq = match &state.jq {
        Some(kept) if resume.result.jq.is_none() => Some(Jq::new(kept, "--jq")?),
        _ => Jq::given(&resume.result)?,
    };
    let mut result = resume.result.clone();
    // What a poll waits for has come, whatever its status.
    result.no_fail |= state.what == What::Poll;
    let goes_to = match &state.output {
        // It goes where it was to go.
        Some((path, _)) if resume.result.output.is_none() => Target::File(path.clone()),
        _ => target(&resume.result, "")?,
    };
    kept.apart(&goes_to)?;
    let session = Session {
        name: &found.name,
        origin: &found.origin,
        method: None,
        source: source.map(|mut upload| Box::new(move || upload.open()) as Source),
        deadline: None,
        result: &result,
        format: format_of(&resume.result, &context.settings)?,
        target: goes_to,
        explained: None,
        state: Some(kept),
        cookies: cookies.as_ref(),
        jq,
        tries_head: false,
    };
    let problem =
        |error: http_hook::Error| Problem::usage(format!("{}: {error}", resume.state.display()));
    match state.what {
        What::Call => {
            let call = |now| Call::resume_under(&hook, &state.call, &allowed, now).map_err(problem);
            session.run(&hook, &way, call, context)
        }
        What::Pages => pages::resume(session, &hook, &way, &state, context),
        What::Poll => poll::resume(&session, &hook, &way, &state, context),
    }
}
