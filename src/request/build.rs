//! Every request of a call is built here, from what the caller planned, never from an earlier request.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, Method, Request};

use super::in_force::InForce;
use super::payload::Payload;
use super::plan::{CallHeaders, RequestPlan, Resend};
use crate::error::{Error, ErrorKind};
use crate::hook::Hook;
use crate::request::Origin;
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
}

impl Ready {
    /// Takes a plan apart.
    ///
    /// # Errors
    ///
    /// What cannot be sent.
    pub(crate) fn new(hook: &Hook, mut plan: RequestPlan) -> Result<Self, Box<Error>> {
        if let Some(error) = plan.take_error() {
            return Err(error);
        }
        let (payload, content_type) = plan.take_payload()?;
        let mut headers = plan.headers;
        if let Some(usual) = content_type {
            let named = headers.iter().any(|(name, _)| *name == CONTENT_TYPE);
            if !named && !hook.sets_header(&CONTENT_TYPE) {
                headers.push((CONTENT_TYPE, Some(HeaderValue::from_static(usual))));
            }
        }
        Ok(Self {
            target: hook.base().target(&plan.endpoint, &plan.params)?,
            method: plan.method,
            headers,
            payload,
            in_force: hook.in_force(plan.options.as_deref()),
            options: plan.options,
            policy: plan.policy,
            resend: plan.resend,
        })
    }
}

/// Builds the request for the origin of the connection.
pub(crate) fn home(hook: &Hook, ready: &Ready, seed: u64) -> Result<Request<Payload>, Error> {
    let mut headers = hook.headers();
    for (name, value) in &ready.headers {
        lay(&mut headers, name, value.as_ref())?;
    }
    if ready.resend == Resend::Keyed {
        headers.entry(IDEMPOTENCY_KEY).or_insert_with(|| idempotency::key(seed));
    }
    hook.authorize(hook.origin(), &mut headers);
    request(
        ready.method.clone(),
        hook.origin(),
        ready.target.clone(),
        headers,
        ready.payload.clone(),
    )
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

fn request(
    method: Method,
    origin: &Origin,
    target: PathAndQuery,
    headers: HeaderMap,
    payload: Payload,
) -> Result<Request<Payload>, Error> {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(origin.http_scheme());
    parts.authority = Some(origin.authority().clone());
    parts.path_and_query = Some(target);
    let uri =
        Uri::from_parts(parts).map_err(|_| Error::new(ErrorKind::Url, "the URL is not valid"))?;
    let mut request = Request::new(payload);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}
