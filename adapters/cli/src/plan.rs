//! From words and options to a plan.

use http::Method;
use http_hook::RetryPolicy;
use http_hook::options::Setting;
use http_hook::retry::Stop;
use http_hook::{Options, RequestPlan};

use crate::args::{Call, Limit};
use crate::exit::Problem;
use crate::item::{self, Item};

/// Method, endpoint and items of a call.
pub(crate) struct Words<'a> {
    method: Option<Method>,
    pub(crate) endpoint: &'a str,
    items: &'a [String],
}

/// The methods that may be written in lower case.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

impl<'a> Words<'a> {
    /// Tells method, endpoint and items apart: a method is written in capitals or well known, and an endpoint follows.
    pub(crate) fn new(words: &'a [String]) -> Result<Self, Problem> {
        let known = |word: &str| METHODS.iter().any(|method| method.eq_ignore_ascii_case(word));
        let capitals = |word: &str| word.bytes().all(|byte| byte.is_ascii_uppercase());
        match words {
            [method, endpoint, items @ ..] if known(method) || capitals(method) => {
                let method = method.to_ascii_uppercase().parse();
                let method = method.map_err(|_| Problem::usage("the method is not a token"))?;
                Ok(Self { method: Some(method), endpoint, items })
            }
            [endpoint, items @ ..] => Ok(Self { method: None, endpoint, items }),
            [] => Err(Problem::usage("there is no endpoint")),
        }
    }
}

/// The body as it was given, before the method is known.
enum Body {
    None,
    Data(Vec<u8>),
    Json(String),
    Form(Vec<(String, String)>),
}

/// The value of a field of the body.
enum Field {
    Text(String),
    /// As JSON has it.
    Json(String),
}

/// Makes the plan of a call of `endpoint`.
pub(crate) fn plan(call: &Call, words: &Words<'_>, endpoint: &str) -> Result<RequestPlan, Problem> {
    let mut params = Vec::new();
    let mut headers = Vec::new();
    let mut fields = Vec::new();
    let mut file = None;
    let given = call.headers.iter().map(|word| item::header(word));
    for item in given.chain(words.items.iter().map(|word| Item::parse(word))) {
        match item? {
            Item::Param(name, value) => params.push((name, value)),
            Item::Header(name, value) => headers.push((name, value)),
            Item::Text(name, value) => fields.push((name, Field::Text(value))),
            Item::Json(name, value) => fields.push((name, Field::Json(value))),
            Item::Body(bytes) if file.is_none() => file = Some(bytes),
            Item::Body(_) => return Err(Problem::usage("there is more than one body")),
        }
    }
    let body = body(call, fields, file)?;
    let guessed = if matches!(body, Body::None) { Method::GET } else { Method::POST };
    let mut plan = RequestPlan::new(words.method.clone().unwrap_or(guessed), endpoint);
    plan = match body {
        Body::None => plan,
        Body::Data(bytes) => plan.data(bytes),
        Body::Json(text) => plan.json_text(text),
        Body::Form(pairs) => plan.form(pairs),
    };
    for (name, value) in params {
        plan = plan.param(&name, &value);
    }
    for (name, value) in headers {
        plan = match value {
            Some(value) => plan.secret_header(&name, &value),
            None => plan.without_header(&name),
        };
    }
    plan.check().map_err(Problem::of_error)?;
    Ok(with_limits(call, plan))
}

fn body(call: &Call, fields: Vec<(String, Field)>, file: Option<Vec<u8>>) -> Result<Body, Problem> {
    let data = call.data.as_deref().map(item::text_or_file).transpose()?;
    let json = call.json.as_deref().map(item::text_or_file).transpose()?;
    let mut bodies = Vec::new();
    bodies.extend(data.or(file).map(Body::Data));
    if let Some(bytes) = json {
        bodies.push(Body::Json(item::json(&item::text(bytes, "--json")?, "--json")?));
    }
    if !fields.is_empty() {
        bodies.push(if call.form { form(fields)? } else { object(fields) });
    }
    if bodies.len() > 1 {
        return Err(Problem::usage("there is more than one body"));
    }
    Ok(bodies.pop().unwrap_or(Body::None))
}

/// Of two fields of one name the last one counts, in the place of the first.
fn object(fields: Vec<(String, Field)>) -> Body {
    let mut members: Vec<(String, String)> = Vec::new();
    for (name, value) in fields {
        let value = match value {
            Field::Text(text) => item::quoted(&text),
            Field::Json(text) => text,
        };
        match members.iter_mut().find(|(own, _)| *own == name) {
            Some(member) => member.1 = value,
            None => members.push((name, value)),
        }
    }
    let members = members.iter().map(|(name, value)| format!("{}: {value}", item::quoted(name)));
    Body::Json(format!("{{{}}}", members.collect::<Vec<_>>().join(", ")))
}

fn form(fields: Vec<(String, Field)>) -> Result<Body, Problem> {
    let pairs = fields.into_iter().map(|(name, value)| match value {
        Field::Text(text) => Ok((name, text)),
        Field::Json(_) => Err(Problem::usage(format!("{name}:= has no meaning in a form"))),
    });
    pairs.collect::<Result<_, _>>().map(Body::Form)
}

fn with_limits(call: &Call, mut plan: RequestPlan) -> RequestPlan {
    let mut options = Options::default();
    options.connect_timeout = setting(call.connect_timeout);
    options.head_timeout = setting(call.max_time);
    options.idle_timeout = setting(call.max_time);
    options.allow_redirects = Some(call.location);
    options.max_redirects = Some(call.max_redirs);
    plan = plan.options(options).retry(policy(call.retry));
    if let Limit(Some(deadline)) = call.deadline {
        plan = plan.deadline(deadline);
    }
    if call.retry_unsafe {
        plan = plan.allow_resend();
    }
    if call.idempotency_key {
        plan = plan.idempotency_key();
    }
    plan
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

/// The usual policy with this many retries.
fn policy(retries: u32) -> RetryPolicy {
    RetryPolicy { stop: Stop::after_attempt(retries.saturating_add(1)), ..RetryPolicy::default() }
}
