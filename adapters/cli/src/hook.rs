//! A connection made ready, with what settings and environment say below it.

use std::env;
use std::ffi::OsStr;

use http_hook::hook::{Defaults, HookBuilder};
use http_hook::options::{Proxies, Setting, Verify};
use http_hook::retry::Stop;
use http_hook::{Connection, Hook, Options, RetryPolicy};
use http_hook_sources::Process;

use crate::cookies::CookieFile;
use crate::exit::Problem;
use crate::settings::{Limit, Settings};
use crate::store;

/// Makes the hook of a connection: what is stored counts more than all that is said here. `follows`: redirects are followed where
/// nobody says anything.
pub(crate) fn make(
    connection: &Connection,
    settings: &Settings,
    compressed: bool,
    follows: bool,
    cookies: Option<&CookieFile>,
) -> Result<Hook, Problem> {
    let hook = builder(connection, settings, compressed, follows, cookies)?;
    hook.build().map_err(|error| Problem::of_hook(&error))
}

/// The same hook, to be added to.
pub(crate) fn builder(
    connection: &Connection,
    settings: &Settings,
    compressed: bool,
    follows: bool,
    cookies: Option<&CookieFile>,
) -> Result<HookBuilder, Problem> {
    let mut defaults = Defaults::default();
    let stop = Stop::after_attempt(settings.retry()?.saturating_add(1));
    defaults.policy = RetryPolicy { stop, ..RetryPolicy::default() };
    defaults.options.allow_redirects = Some(settings.location(follows)?);
    defaults.options.max_redirects = Some(settings.max_redirs()?);
    // What is said on the command line is the call's.
    let (proxies, is_said) = settings.proxies()?;
    let proxies = proxies.filter(|_| !is_said);
    let builder = Hook::builder(connection)
        .defaults(defaults)
        .options(options(settings, proxies)?)
        .decode(compressed)
        .cookies(cookies.map(CookieFile::jar).unwrap_or_default());
    let builder = Process::current().dress(builder).map_err(|error| store::problem(&error))?;
    if !is_said {
        return Ok(builder);
    }
    let is_proxy = |name: &OsStr| name.to_ascii_lowercase().to_string_lossy().ends_with("_proxy");
    Ok(builder.environment(env::vars_os().filter(|(name, _)| !is_proxy(name))))
}

/// Names the netrc of the user.
pub(crate) fn netrc() -> String {
    let process = Process::current();
    let path = process.netrc_in_use().map(|path| format!(" {}", path.display()));
    format!("netrc{}", path.unwrap_or_default())
}

/// What files and environment say of a call.
fn options(settings: &Settings, proxies: Option<Setting<Proxies>>) -> Result<Options, Problem> {
    let mut options = Options::default();
    let setting = |limit: Option<Limit>| match limit {
        None => Setting::Inherit,
        Some(Limit(None)) => Setting::Unset,
        Some(Limit(Some(limit))) => Setting::Set(limit),
    };
    options.connect_timeout = setting(settings.limit("connect-timeout")?);
    let timeout = setting(settings.limit("timeout")?);
    options.head_timeout.clone_from(&timeout);
    options.idle_timeout = timeout;
    options.proxies = proxies.unwrap_or_default();
    if let Some(cacert) = settings.value("cacert") {
        options.verify = Setting::Set(Verify::File(cacert.text.clone()));
    }
    Ok(options)
}
