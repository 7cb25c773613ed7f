//! From words and options to a plan.

use std::fs;
use std::path::Path;

use http::Method;
use http_hook::auth::AuthScheme;
use http_hook::options::{ClientCert, Proxies, Proxy, Setting, Verify};
use http_hook::{Options, RequestPlan, RetryPolicy};

use super::body::{Body, Field, Source, Value};
use super::curl::CurlBody;
use super::item::{self, Item};
use super::words::Words;
use crate::args::{AuthArgs, CallArgs, ClientArgs, LimitArgs};
use crate::conditions;
use crate::exit::Problem;
use crate::screen;
use crate::secret;
use crate::settings::{Limit, Settings};

/// A plan, and where its body is from unless it holds it.
pub(crate) struct Planned {
    pub(crate) plan: RequestPlan,
    pub(crate) method: Method,
    pub(crate) source: Option<Source>,
    /// Whether there is no body.
    pub(crate) is_bare: bool,
    /// The headers of the command line.
    pub(crate) typed: Vec<(String, String)>,
    /// The body as options of curl, where these are asked for and it is not too long.
    pub(crate) curl: Option<CurlBody>,
}

impl Planned {
    /// Makes the plan of a call of `endpoint`.
    pub(crate) fn new(
        call: &CallArgs,
        settings: &Settings,
        words: &Words<'_>,
        endpoint: &str,
        seed: u64,
        holds_body: bool,
    ) -> Result<Self, Problem> {
        let mut params = Vec::new();
        let mut headers = Vec::new();
        let mut fields = Vec::new();
        let mut file = None;
        let given = call.request.headers.iter().map(|word| item::header(word));
        let items = words.items.iter().enumerate();
        for item in given.chain(items.map(|(index, word)| Item::parse(word, index + 1))) {
            match item? {
                Item::Param(name, value) => params.push((name, value)),
                Item::Header(name, value) => headers.push((name, value)),
                Item::Text(name, value) => fields.push(Field { name, value: Value::Text(value) }),
                Item::Json(name, value) => fields.push(Field { name, value: Value::Json(value) }),
                Item::File(name, path) => {
                    fields.push(Field { name, value: Value::File(path, None) });
                }
                Item::Body(path) if file.is_none() => file = Some(path),
                Item::Body(_) => {
                    return Err(Problem::usage("there is more than one body: two items @FILE"));
                }
            }
        }
        for name in &call.storable {
            let is_it = |own: &str| own.eq_ignore_ascii_case(name);
            if is_it("authorization") || !headers.iter().any(|(own, _)| is_it(own)) {
                let name = screen::line(name);
                return Err(Problem::usage(format!(
                    "--storable {name}: {}",
                    if is_it("authorization") {
                        "credentials are kept by a connection only"
                    } else {
                        "the call sets no header of this name"
                    }
                )));
            }
        }
        let mut body = Body::new(&call.request, fields, file.as_deref())?;
        if holds_body {
            body = body.held()?;
        }
        let guessed = if body.is_none() { Method::GET } else { Method::POST };
        let method = words.method.clone().unwrap_or(guessed);
        let mut plan = RequestPlan::new(method.clone(), endpoint);
        let typed = method == Method::GET
            || headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let curl = if call.curl { CurlBody::new(&body, call) } else { None };
        let is_bare = body.is_none();
        let own = headers.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        let own = own.collect();
        let source;
        (plan, source) = body.put_on(plan, typed, seed)?;
        for (name, value) in params {
            plan = plan.param(&name, &value);
        }
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("authorization")
                && call.auth.user.is_none()
                && call.auth.bearer.is_none()
            {
                // It counts more than what the connection says, and goes to the same origin only.
                plan = plan.auth(match value {
                    Some(value) => AuthScheme::ApiKey { name, value: value.into() },
                    None => AuthScheme::None,
                });
                continue;
            }
            let storable = call.storable.iter().any(|own| own.eq_ignore_ascii_case(&name));
            plan = match value {
                Some(value) if storable => plan.storable_header(&name, &value),
                // The open ones of HTTP are shown and stored, whatever else is secret.
                Some(value) => plan.header(&name, &value),
                None => plan.without_header(&name),
            };
        }
        plan = authenticated(&call.auth, plan)?;
        plan = plan.options(options(call)?);
        plan = limited(&call.limits, settings, plan)?;
        if !call.checks.is_empty() {
            plan = plan.response_check(conditions::all(&call.checks, "--check")?);
        }
        plan.check().map_err(Problem::of_error)?;
        Ok(Self { plan, method, source, is_bare, typed: own, curl })
    }
}

fn authenticated(auth: &AuthArgs, plan: RequestPlan) -> Result<RequestPlan, Problem> {
    Ok(match scheme(auth)? {
        Some(scheme) => plan.auth(scheme),
        None => plan,
    })
}

/// Who is calling, if that is said.
pub(crate) fn scheme(auth: &AuthArgs) -> Result<Option<AuthScheme>, Problem> {
    if let Some(source) = &auth.bearer {
        return Ok(Some(AuthScheme::Bearer { token: secret::read(source, "--bearer")?.into() }));
    }
    let Some(user) = &auth.user else { return Ok(None) };
    let (login, password) = match (user.split_once(':'), &auth.password) {
        (Some(_), Some(_)) => {
            return Err(Problem::usage("--user has a password, and --password is another"));
        }
        (Some((login, password)), None) => (login, password.to_owned()),
        (None, Some(source)) => (user.as_str(), secret::read(source, "--password")?),
        (None, None) => (user.as_str(), secret::ask("password")?),
    };
    let (login, password) = (login.to_owned(), password.into());
    Ok(Some(if auth.digest {
        AuthScheme::Digest { login, password }
    } else {
        AuthScheme::Basic { login, password }
    }))
}

/// What is said on the command line: it counts more than the connection.
fn options(call: &CallArgs) -> Result<Options, Problem> {
    let mut options = of_limits(&call.limits, &call.client)?;
    if call.result.no_fail || conditions::tell_status(&call.checks) {
        options.check_response = Some(false);
    }
    Ok(options)
}

/// The same of what holds for many calls.
pub(crate) fn of_limits(limits: &LimitArgs, client: &ClientArgs) -> Result<Options, Problem> {
    let mut options = of_client(client)?;
    options.connect_timeout = setting(limits.connect_timeout);
    options.head_timeout = setting(limits.timeout);
    options.idle_timeout = setting(limits.timeout);
    options.allow_redirects = match (limits.location, limits.no_location) {
        (false, false) => None,
        (location, _) => Some(location),
    };
    options.max_redirects = limits.max_redirs;
    Ok(options)
}

/// What is said of the network.
pub(crate) fn of_client(client: &ClientArgs) -> Result<Options, Problem> {
    let mut options = Options::default();
    let text = |path: &Path| path.to_string_lossy().into_owned();
    if let Some(proxy) = &client.proxy {
        options.proxies =
            proxies(proxy).map_err(|why| Problem::usage(format!("--proxy: {why}")))?;
    }
    if client.insecure {
        options.verify = Setting::Set(Verify::Off);
    } else if let Some(path) = &client.cacert {
        readable(path, "--cacert")?;
        options.verify = Setting::Set(Verify::File(text(path)));
    }
    if let Some(cert) = &client.cert {
        readable(cert, "--cert")?;
        let key = client.key.as_deref().map(text);
        options.cert = Setting::Set(ClientCert { cert: text(cert), key });
    }
    Ok(options)
}

/// Reads a proxy, or `none`.
pub(crate) fn proxies(text: &str) -> Result<Setting<Proxies>, String> {
    if text == "none" {
        // A list without proxies that bypasses everything: the environment has no say.
        let proxies = Proxies { by_target: Vec::new(), no_proxy: Some("*".to_owned()) };
        return Ok(Setting::Set(proxies));
    }
    let proxy = Proxy::parse(text).map_err(|error| error.message().replacen("proxy: ", "", 1))?;
    // By scheme: `all` would come behind `http_proxy` and `https_proxy` of the environment.
    let by_target = ["http", "https"].map(|scheme| (scheme.to_owned(), proxy.clone())).to_vec();
    Ok(Setting::Set(Proxies { by_target, no_proxy: None }))
}

fn readable(path: &Path, what: &str) -> Result<(), Problem> {
    let opened = fs::File::open(path);
    opened
        .map(|_| ())
        .map_err(|error| Problem::local(format!("{what}: cannot read {}: {error}", path.display())))
}

/// Adds policy, deadline and leave to send again.
pub(crate) fn limited(
    limits: &LimitArgs,
    settings: &Settings,
    mut plan: RequestPlan,
) -> Result<RequestPlan, Problem> {
    if let Some(path) = &limits.policy {
        plan = plan.retry(read_policy(path)?);
    }
    if let Some(retries) = limits.retry {
        plan = plan.retries(retries);
    }
    let deadline = match limits.deadline {
        Some(deadline) => Some(deadline),
        None => settings.limit("deadline")?,
    };
    if let Some(Limit(Some(deadline))) = deadline {
        plan = plan.deadline(deadline);
    }
    if limits.resend {
        plan = plan.allow_resend();
    }
    if limits.idempotency_key {
        plan = plan.idempotency_key();
    }
    Ok(plan)
}

/// Reads the policy of a file.
pub(crate) fn read_policy(path: &Path) -> Result<RetryPolicy, Problem> {
    let name = path.to_string_lossy();
    let text = item::text(item::read(&name)?, &name)?;
    RetryPolicy::from_json(&text).map_err(|error| {
        Problem::usage(format!("{name}: {error}"))
            .with_hint("`http-hook policy show` prints one as it is written")
    })
}

fn setting<T>(limit: Option<Limit>) -> Setting<T>
where
    T: From<std::time::Duration>,
{
    match limit {
        None => Setting::Inherit,
        Some(Limit(None)) => Setting::Unset,
        Some(Limit(Some(limit))) => Setting::Set(limit.into()),
    }
}
