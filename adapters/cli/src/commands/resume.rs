//! `http-hook resume`: goes on with a call that was kept.

use http_hook::options::Setting;
use http_hook::{Call, Options};

use super::Context;
use super::call::{check_secrets, format_of, target};
use super::session::{Session, Way};
use crate::args::Resume;
use crate::connection;
use crate::cookies::CookieFile;
use crate::exit::Problem;
use crate::hook;
use crate::request::{Source, of_client};
use crate::state::{State, StateFile};

/// Takes the call up, waits what is left of its wait, and goes on.
pub(crate) fn run(resume: &Resume, context: &Context) -> Result<u8, Problem> {
    let state = State::read(&resume.state)?;
    let found = connection::find_again(&state.connection, &context.settings)?;
    let cookies = resume.client.cookies.as_deref().map(CookieFile::read).transpose()?;
    let hook = hook::make(&found.connection, &context.settings, false, cookies.as_ref())?;
    let way = Way::new(&context.tape)?.hiding(&hook);
    let hook = hook.for_client(way.transport().capabilities());
    let given = of_client(&resume.client)?;
    if !matches!(given.proxies, Setting::Inherit) {
        return Err(Problem::usage("--proxy: a call goes on by the proxy that it began with"));
    }
    // What weakens a connection counts only if it is said again.
    let mut allowed = Options::default();
    allowed.verify = given.verify;
    allowed.cert = given.cert;
    let source = state.body.as_ref().map(http_hook_clock::file).transpose();
    let source = source.map_err(|error| Problem::local(format!("the body: {error}")))?;
    check_secrets(resume.result.show_secrets)?;
    let format = format_of(&resume.result, &context.settings)?;
    let shown = resume.state.display().to_string();
    let kept = StateFile::new(&resume.state, state.connection.clone(), state.body.clone()).taken();
    let session = Session {
        name: &found.name,
        origin: &found.origin,
        method: None,
        source: source.map(|mut upload| Box::new(move || upload.open()) as Source),
        deadline: None,
        result: &resume.result,
        format,
        target: target(&resume.result, "")?,
        explained: None,
        state: Some((kept, shown)),
        cookies: cookies.as_ref(),
        tries_head: false,
    };
    let call = |now| {
        Call::resume_under(&hook, &state.call, &allowed, now)
            .map_err(|error| Problem::usage(format!("{}: {error}", resume.state.display())))
    };
    session.run(&hook, &way, call, context)
}
