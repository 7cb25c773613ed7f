//! A connection made ready, with what settings and environment say below it.

use std::env;
use std::ffi::OsStr;

use http_hook::hook::{Defaults, HookBuilder};
use http_hook::options::{Setting, Verify};
use http_hook::retry::Stop;
use http_hook::{Connection, Hook, Options, RetryPolicy};
use http_hook_sources::Process;

use crate::args::{ClientArgs, LimitArgs};
use crate::cookies::CookieFile;
use crate::exit::Problem;
use crate::settings::{Limit, Settings};
use crate::store;

/// Settings, and the command line that they stand below: what that decides need not be valid in them.
#[derive(Clone, Copy)]
pub(crate) struct Below<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) said: Option<(&'a LimitArgs, &'a ClientArgs)>,
}

/// Makes the hook of a connection: what is stored counts more than all that is said here. `follows`: redirects are followed where
/// nobody says anything.
pub(crate) fn make(
    connection: &Connection,
    below: Below<'_>,
    compressed: bool,
    follows: bool,
    cookies: Option<&CookieFile>,
) -> Result<Hook, Problem> {
    let hook = builder(connection, below, compressed, follows, cookies)?;
    hook.build().map_err(|error| Problem::of_hook(&error))
}

/// The same hook, to be added to.
pub(crate) fn builder(
    connection: &Connection,
    below: Below<'_>,
    compressed: bool,
    follows: bool,
    cookies: Option<&CookieFile>,
) -> Result<HookBuilder, Problem> {
    let Below { settings, said } = below;
    let says = |says: fn(&LimitArgs) -> bool| said.is_some_and(|(limits, _)| says(limits));
    let mut defaults = Defaults::default();
    let retry = or(says(|said| said.retry.is_some()), settings.retry(), 0)?;
    let stop = Stop::after_attempt(retry.saturating_add(1));
    defaults.policy = RetryPolicy { stop, ..RetryPolicy::default() };
    let location = says(|said| said.location || said.no_location);
    defaults.options.allow_redirects = Some(or(location, settings.location(follows), follows)?);
    let max_redirs = says(|said| said.max_redirs.is_some());
    defaults.options.max_redirects = Some(or(max_redirs, settings.max_redirs(), 0)?);
    let limit = |key, is_said| {
        Ok(match or(is_said, settings.limit(key), None)? {
            None => Setting::Inherit,
            Some(Limit(None)) => Setting::Unset,
            Some(Limit(Some(limit))) => Setting::Set(limit),
        })
    };
    let mut options = Options::default();
    options.connect_timeout =
        limit("connect-timeout", says(|said| said.connect_timeout.is_some()))?;
    options.head_timeout = limit("timeout", says(|said| said.timeout.is_some()))?;
    options.idle_timeout.clone_from(&options.head_timeout);
    if let Some(cacert) = settings.value("cacert") {
        options.verify = Setting::Set(Verify::File(cacert.text.clone()));
    }
    let proxy = said.is_some_and(|(_, client)| client.proxy.is_some());
    options.proxies = or(proxy, settings.proxies(), Setting::Inherit)?;
    let builder = Hook::builder(connection)
        .defaults(defaults)
        .options(options)
        .decode(compressed)
        .cookies(cookies.map(CookieFile::jar).unwrap_or_default());
    let builder = Process::current().dress(builder).map_err(|error| store::problem(&error))?;
    if !proxy {
        return Ok(builder);
    }
    let is_proxy = |name: &OsStr| name.to_ascii_lowercase().as_encoded_bytes().ends_with(b"_proxy");
    Ok(builder.environment(env::vars_os().filter(|(name, _)| !is_proxy(name))))
}

/// What is read, or `usual` where that cannot be read and decides nothing.
fn or<T>(decides_nothing: bool, read: Result<T, Problem>, usual: T) -> Result<T, Problem> {
    match read {
        Err(_) if decides_nothing => Ok(usual),
        read => read,
    }
}

/// Names the netrc of the user.
pub(crate) fn netrc() -> String {
    let process = Process::current();
    let path = process.netrc_in_use().map(|path| format!(" {}", path.display()));
    format!("netrc{}", path.unwrap_or_default())
}
