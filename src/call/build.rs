//! Every request of a call is built here, from what the caller planned, never from an earlier request.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request};

use crate::auth::ready::{Auth, NOTHING};
use crate::base::redact::{ShownUrl, Whose};
use crate::base::{Bound, Error, ErrorKind, Origin, Scheme, headers};
use crate::body::Payload;
use crate::hook::Hook;
use crate::options::Options;
use crate::options::in_force::InForce;
use crate::redirect::hop::Hop;
use crate::redirect::rewrite;
use crate::request::RequestPlan;
use crate::request::auth::OwnAuth;
use crate::request::checks::More;
use crate::request::link::Link;
use crate::request::record::Proof;
use crate::request::resend::Resend;
use crate::request::shared::SharedText;
use crate::request::take::Taken;
use crate::request::text::CallText;
use crate::request::woven::Below;
use crate::retry::{RetryPolicy, idempotency};

/// draft-ietf-httpapi-idempotency-key-header-07.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A plan made ready: the part of a call that stays the same over all its sends.
pub(crate) struct Ready {
    pub(crate) method: Method,
    pub(crate) target: PathAndQuery,
    /// What the target was made of, beside the base, and the headers.
    pub(crate) text: SharedText,
    pub(crate) payload: Payload,
    /// The Content-Type of the body where no layer sets one.
    pub(crate) content_type: Option<Box<HeaderValue>>,
    pub(crate) in_force: Arc<InForce>,
    pub(crate) options: Option<Box<Options>>,
    pub(crate) policy: Option<Arc<RetryPolicy>>,
    pub(crate) resend: Resend,
    /// What few calls have.
    pub(crate) more: Option<Box<More>>,
    /// The call's own scheme, for the origin of the connection like the connection's.
    pub(crate) auth: Option<CallAuth>,
    #[cfg(feature = "cookies")]
    pub(crate) has_cookies: bool,
}

/// The call's own scheme, which only its origin is shown.
pub(crate) enum CallAuth {
    /// None: the hook's is of a netrc, and the call does not trust its environment.
    Nobody,
    Proof(Proof),
    Scheme(Box<Bound<Arc<Auth>>>),
}

impl CallAuth {
    fn new(own: OwnAuth, hook: &Hook) -> Result<Self, Error> {
        match own {
            OwnAuth::Proof(proof) => Ok(Self::Proof(proof)),
            OwnAuth::Scheme(auth) => Self::of(auth, hook),
        }
    }

    /// A scheme: its tokens are verified as the hook says, not as the call does.
    #[cold]
    fn of(auth: Arc<Auth>, hook: &Hook) -> Result<Self, Error> {
        let auth = auth.placed(hook.origin(), &*hook.in_force(None)?);
        Ok(Self::Scheme(Bound::new(hook.origin().clone(), auth).into()))
    }
}

impl Ready {
    /// Takes a plan apart. `seed` decides the boundary of a multipart body.
    ///
    /// # Errors
    ///
    /// What cannot be sent.
    #[inline]
    pub(crate) fn new(hook: &Hook, plan: RequestPlan, seed: u64) -> Result<Self, Box<Unready>> {
        let RequestPlan { method, mut text, resend, auth, rare } = plan;
        let mut taken = match rare {
            None => Taken::default(),
            Some(rare) => match rare.take(&method, &mut text, seed) {
                Ok(taken) => taken,
                Err(fault) => return Err(Unready::planned(hook, text, *fault).into()),
            },
        };
        let policy = match (taken.policy, taken.retries) {
            (None, None) => None,
            (policy, retries) => match own_policy(policy, retries, hook) {
                Ok(policy) => Some(policy),
                Err(fault) => return Err(Unready::planned(hook, text, *fault).into()),
            },
        };
        let (text, target) =
            hook.base().target(text).map_err(|fault| Box::new(Unready::new(hook, None, fault)))?;
        let resend = match resend {
            Resend::ByMethod if hook.defaults().resend_any => Resend::Allowed,
            Resend::ByMethodOnly => Resend::ByMethod,
            own => own,
        };
        let (payload, content_type) = taken.body;
        let unready = |fault| Box::new(Unready::new(hook, Some(&target), fault));
        let in_force = hook.in_force(taken.options.as_deref()).map_err(unready)?;
        if let Some(link) = taken.more.as_mut().and_then(|more| more.link.as_mut()) {
            if let Some(pair) = hook.own().at(&link.origin).and_then(|own| own.auth.pair()) {
                link.take_out(pair);
            }
            check_link(hook, &method, &payload, &in_force, link).map_err(unready)?;
        }
        Ok(Self {
            auth: match auth {
                Some(auth) => Some(CallAuth::new(auth, hook).map_err(unready)?),
                None if hook.sources().netrc && !in_force.trust_env => Some(CallAuth::Nobody),
                None => None,
            },
            method,
            target,
            text,
            payload,
            content_type: content_type.map(Box::new),
            in_force,
            options: taken.options,
            policy,
            resend,
            more: taken.more,
            #[cfg(feature = "cookies")]
            has_cookies: taken.has_cookies,
        })
    }

    /// Where the first request goes, if not to the target.
    pub(crate) fn link(&self) -> Option<&Link> {
        self.more.as_ref()?.link.as_ref()
    }

    /// What the first request of an attempt is in the place of the planned one, if a link leads to it.
    pub(super) fn first_hop(&self) -> Option<Box<Hop>> {
        let link = self.link()?;
        Some(Box::new(Hop::to_link(&self.method, &link.origin, &link.target)))
    }

    /// Whether the call brings a scheme.
    pub(super) fn has_own_auth(&self) -> bool {
        matches!(self.auth, Some(CallAuth::Proof(_) | CallAuth::Scheme(_)))
    }

    /// Whether the call's own headers set or take out this name.
    fn names(&self, name: &HeaderName) -> bool {
        self.text.headers().any(|header| header.name() == name.as_str())
    }
}

/// Why a plan cannot be sent, and where it would have gone, as that may be shown.
pub(crate) struct Unready {
    pub(crate) fault: Error,
    pub(crate) url: String,
}

impl Unready {
    #[cold]
    fn planned(hook: &Hook, text: CallText, fault: Error) -> Self {
        // Its parameters are not taken yet, and what could not be may be among them.
        let target = hook.base().target(text).ok();
        let target = target.and_then(|(_, target)| target.path().parse::<PathAndQuery>().ok());
        Self::new(hook, target.as_ref(), fault)
    }

    #[cold]
    fn new(hook: &Hook, target: Option<&PathAndQuery>, fault: Error) -> Self {
        let origin = hook.origin();
        let url = match target {
            Some(target) => shown(origin, target, whose(hook, target)),
            None => origin.to_string(),
        };
        Self { fault, url }
    }
}

/// Whether the endpoint is a whole URL, which nobody means: it goes below the base, as with the original.
#[cold]
pub(super) fn is_whole_url(ready: &Ready) -> bool {
    let endpoint = ready.text.endpoint().to_ascii_lowercase();
    let is_url = endpoint.starts_with("http://") || endpoint.starts_with("https://");
    is_url && ready.link().is_none()
}

/// A URL of a call as it may be shown.
pub(super) fn shown(origin: &Origin, target: &PathAndQuery, whose: Whose) -> String {
    match origin.join(target.clone()) {
        Ok(uri) => ShownUrl::new(&uri, whose).to_string(),
        Err(_) => origin.to_string(),
    }
}

/// Checks that a link may be followed: by the rules of redirects, and to another origin without a body, which nobody there asked
/// for.
#[cold]
fn check_link(
    hook: &Hook,
    method: &Method,
    payload: &Payload,
    in_force: &InForce,
    link: &Link,
) -> Result<(), Error> {
    let home = hook.origin();
    let from_https = link.secure || home.scheme() == Scheme::Https;
    if from_https && link.origin.scheme() == Scheme::Http && !in_force.allow_downgrade {
        let message = "link: from https to http, which `allow_downgrade` does not allow";
        return Err(Error::new(ErrorKind::Redirect, message));
    }
    if link.origin == *home {
        return Ok(());
    }
    let bodiless = matches!(payload, Payload::Bytes(bytes) if bytes.is_empty());
    if !bodiless || !matches!(*method, Method::GET | Method::HEAD) {
        let message = "link: to another origin only a GET or HEAD without a body goes";
        return Err(Error::new(ErrorKind::Redirect, message));
    }
    Ok(())
}

/// Returns the policy of a call that has one of its own, or its own number of retries.
#[cold]
fn own_policy(
    policy: Option<Arc<RetryPolicy>>,
    retries: Option<u32>,
    hook: &Hook,
) -> Result<Arc<RetryPolicy>, Box<Error>> {
    let policy = policy.unwrap_or_else(|| Arc::clone(hook.shared_policy()));
    let policy = match retries {
        None => policy,
        Some(retries) => Arc::new(policy.with_retries(retries)),
    };
    policy.validate()?;
    Ok(policy)
}

/// Builds a request of the call: the planned one, or what a redirect makes of it.
///
/// At the origin of the connection the headers are all layers, and the credentials. At any other origin they are
/// the core's own defaults and those of the call that [may cross](rewrite::crosses): nothing of the connection.
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
    let mut request = Request::new(Payload::EMPTY);
    fill(&mut request, hook, ready, hop, seed)?;
    Ok(request)
}

/// The same in the place of an empty request: it is large, and moving it costs.
#[inline]
pub(crate) fn fill(
    request: &mut Request<Payload>,
    hook: &Hook,
    ready: &Ready,
    hop: Option<&Hop>,
    seed: u64,
) -> Result<(), Error> {
    let origin = hop.map_or(hook.origin(), |hop| &hop.origin);
    let keep_body = hop.is_none_or(|hop| hop.keep_body);
    let own = hook.own().at(origin);
    let (method, target) =
        hop.map_or((&ready.method, &ready.target), |hop| (&hop.method, &hop.target));
    if keep_body {
        *request.body_mut() = ready.payload.clone();
    }
    *request.method_mut() = method.clone();
    let headers = request.headers_mut();
    // Whether anything may have taken the place of the proof.
    let mut covered = ready.auth.is_some() || !keep_body;
    if let Some(own) = own {
        let shown = own.auth.shown();
        let below = if ready.auth.is_none() { &own.proven } else { &own.headers };
        let below = Below { headers: below, marks: &own.marks };
        ready.text.put_over(below, usize::from(ready.auth.is_some()), headers, |name| {
            covered |= shown.is_some_and(|(shown, _)| shown == name);
        })?;
    } else {
        *headers = hook.default_headers();
        // One action has one key, wherever it is led.
        let keyed = ready.resend == Resend::Keyed;
        let passes =
            |name: &HeaderName| rewrite::crosses(name) || keyed && *name == IDEMPOTENCY_KEY;
        ready.text.lay_over(headers, passes)?;
    }
    if ready.resend == Resend::Keyed {
        headers.entry(IDEMPOTENCY_KEY).or_insert_with(|| idempotency::key(seed));
    }
    if !keep_body {
        take_out_body(headers);
    } else if let Some(usual) = &ready.content_type {
        // One that the call takes out stays out.
        if !ready.names(&CONTENT_TYPE) && !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::clone(usual));
        }
    }
    if covered {
        // A proof replaces a header of its name from any layer, as in the original.
        prove(hook, ready, origin, headers)?;
    }
    *request.uri_mut() = origin.join(target.clone())?;
    Ok(())
}

/// Whether a request that nothing was added to since certainly has room for its headers.
pub(crate) fn surely_fits(hook: &Hook, ready: &Ready, request: &Request<Payload>) -> bool {
    /// More than the key of the call, and the type of its body.
    const OWN: usize = 1024;
    let below = hook.own().at(hook.origin()).map_or(usize::MAX, |own| own.size);
    let size = below.saturating_add(ready.text.size()).saturating_add(OWN);
    let counted = !matches!(ready.auth, Some(CallAuth::Scheme(_)));
    counted && headers::surely_fit(request.headers().len(), size)
}

/// How this call proves who is calling, to the origin that the proof belongs to and to no other.
pub(crate) fn auth_at<'a>(hook: &'a Hook, ready: &'a Ready, origin: &Origin) -> Option<&'a Auth> {
    match &ready.auth {
        Some(CallAuth::Scheme(own)) => own.at(origin).map(|auth| &**auth),
        Some(CallAuth::Proof(_) | CallAuth::Nobody) => {
            ready.in_force.at_home(origin).map(|_| &NOTHING)
        }
        None => hook.own().at(origin).map(|own| &own.auth),
    }
}

/// Lays the header that always proves who is calling over those of a request to the origin that it belongs to.
///
/// # Errors
///
/// Kind [`Limit`](ErrorKind::Limit) if there are too many headers.
fn prove(
    hook: &Hook,
    ready: &Ready,
    origin: &Origin,
    headers: &mut HeaderMap,
) -> Result<(), Error> {
    let Some((name, value)) = proof(hook, ready, origin)? else { return Ok(()) };
    let put = headers.try_insert(name, value);
    put.map(drop).map_err(|_| Error::new(ErrorKind::Limit, "too many headers"))
}

/// The header that always proves who is calling, for a request to the origin that it belongs to.
///
/// # Errors
///
/// None for what was taken as a proof.
#[inline]
pub(crate) fn proof(
    hook: &Hook,
    ready: &Ready,
    origin: &Origin,
) -> Result<Option<(HeaderName, HeaderValue)>, Error> {
    if let Some(CallAuth::Proof(proof)) = &ready.auth {
        let Some(home) = ready.in_force.at_home(origin) else { return Ok(None) };
        return ready.text.proof(*proof, home).map(Some);
    }
    let shown = auth_at(hook, ready, origin).and_then(Auth::shown);
    Ok(shown.map(|(name, value)| (name.clone(), value.clone())))
}

/// Which part of the planned target is whose.
pub(crate) fn whose(hook: &Hook, target: &PathAndQuery) -> Whose {
    match hook.base().whose(target) {
        Whose::Call { query, len, .. } if hook.shows_base() => {
            Whose::Call { base: Some(0), query, len }
        }
        whose => whose,
    }
}

/// Without a body there is nothing that its headers could describe.
fn take_out_body(headers: &mut HeaderMap) {
    let names: Vec<_> =
        headers.keys().filter(|name| rewrite::describes_body(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}
