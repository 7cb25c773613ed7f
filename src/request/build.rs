//! Every request of a call is built here, from what the caller planned, never from an earlier request.

use std::sync::Arc;

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request};

use super::auth::flow::Auth;
use super::hop::Hop;
use super::in_force::InForce;
use super::payload::Payload;
use super::plan::{CallHeaders, RequestPlan, Resend};
use crate::error::{Error, ErrorKind};
use crate::hook::{DEFAULT_USER_AGENT, Hook};
use crate::response::redirect;
use crate::retry::{RetryPolicy, idempotency};

/// draft-ietf-httpapi-idempotency-key-header-07.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A plan made ready: the part of a call that stays the same over all its sends.
pub(crate) struct Ready {
    pub(crate) method: Method,
    pub(crate) target: PathAndQuery,
    pub(crate) headers: CallHeaders,
    pub(crate) payload: Payload,
    pub(crate) in_force: Arc<InForce>,
    pub(crate) options: Option<Box<super::Options>>,
    pub(crate) policy: Option<Arc<RetryPolicy>>,
    pub(crate) resend: Resend,
    /// The call's own scheme, for the origin of the connection like the connection's.
    pub(crate) auth: Option<Arc<Auth>>,
    #[cfg(feature = "cookies")]
    pub(crate) has_cookies: bool,
}

impl Ready {
    /// Takes a plan apart. `seed` decides the boundary of a multipart body.
    ///
    /// # Errors
    ///
    /// What cannot be sent.
    pub(crate) fn new(hook: &Hook, mut plan: RequestPlan, seed: u64) -> Result<Self, Box<Error>> {
        if let Some(error) = plan.take_error() {
            return Err(error);
        }
        let (payload, content_type) = plan.take_payload(seed)?;
        let mut headers = plan.headers;
        if let Some(usual) = content_type {
            let named = headers.iter().any(|(name, _)| *name == CONTENT_TYPE);
            if !named && !hook.sets_header(&CONTENT_TYPE) {
                headers.push((CONTENT_TYPE, Some(usual)));
            }
        }
        Ok(Self {
            target: if plan.params_are_clean {
                hook.base().target_of_clean(&plan.endpoint, &plan.params)?
            } else {
                hook.base().target(&plan.endpoint, &plan.params)?
            },
            method: plan.method,
            headers,
            payload,
            in_force: hook.in_force(plan.options.as_deref())?,
            options: plan.options,
            policy: plan.policy,
            resend: plan.resend,
            auth: plan.auth,
            #[cfg(feature = "cookies")]
            has_cookies: plan.cookies.is_some(),
        })
    }
}

/// Builds a request of the call: the planned one, or what a redirect makes of it.
///
/// At the origin of the connection the headers are all layers, and the credentials. At any other origin they are
/// the core's own defaults and those of the call that [may cross](redirect::crosses): nothing of the connection.
///
/// # Errors
///
/// What cannot be sent.
pub(crate) fn request(
    hook: &Hook,
    ready: &Ready,
    hop: Option<&Hop>,
    seed: u64,
) -> Result<Request<Payload>, Error> {
    let origin = hop.map_or(hook.origin(), |hop| &hop.origin);
    let keep_body = hop.is_none_or(|hop| hop.keep_body);
    let home = origin == hook.origin();
    let mut headers = match (home, &ready.auth) {
        (true, None) => hook.proven_headers(),
        (true, Some(_)) => hook.headers(),
        (false, _) => default_headers(hook.accept_encoding()),
    };
    for (name, value) in &ready.headers {
        if home || redirect::crosses(name) {
            lay(&mut headers, name, value.as_ref())?;
        }
    }
    if ready.resend == Resend::Keyed {
        headers.entry(IDEMPOTENCY_KEY).or_insert_with(|| idempotency::key(seed));
    }
    if !keep_body {
        take_out_body(&mut headers);
    }
    if home && !(ready.auth.is_none() && ready.headers.is_empty()) {
        // A proof replaces a header of its name from any layer, as in the original.
        auth_of(hook, ready).add_to(&mut headers);
    }

    let (method, target) =
        hop.map_or((&ready.method, &ready.target), |hop| (&hop.method, &hop.target));
    let payload = if keep_body { ready.payload.clone() } else { Payload::EMPTY };
    let mut request = Request::new(payload);
    *request.method_mut() = method.clone();
    *request.uri_mut() = origin.join(target.clone())?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// How this call proves who is calling.
pub(crate) fn auth_of<'a>(hook: &'a Hook, ready: &'a Ready) -> &'a Auth {
    ready.auth.as_deref().unwrap_or(hook.auth())
}

/// The lowest layer of headers, which says nothing about who is calling.
pub(crate) fn default_headers(accept_encoding: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept_encoding));
    headers.insert(USER_AGENT, HeaderValue::from_static(DEFAULT_USER_AGENT));
    headers
}

/// Without a body there is nothing that its headers could describe.
fn take_out_body(headers: &mut HeaderMap) {
    let names: Vec<_> =
        headers.keys().filter(|name| redirect::describes_body(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

fn lay(
    headers: &mut HeaderMap,
    name: &HeaderName,
    value: Option<&HeaderValue>,
) -> Result<(), Error> {
    match value {
        Some(value) => {
            headers
                .try_insert(name, value.clone())
                .map_err(|_| Error::new(ErrorKind::Limit, "too many headers"))?;
        }
        None => {
            headers.remove(name);
        }
    }
    Ok(())
}
