//! One call in the caller's words.
//!
//! | method | `data` becomes |
//! | --- | --- |
//! | GET | parameters of the URL |
//! | HEAD | nothing |
//! | any other | the body |

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use super::auth::OwnAuth;
use super::checks::Filter;
use super::data::{Data, Rare};
use super::record::Kind;
use super::resend::Resend;
use super::text::CallText;
use crate::auth::AuthScheme;
use crate::base::{Error, Secret};
use crate::options::Options;
use crate::retry::{Condition, RetryPolicy};

/// One call: method, endpoint, data, headers, options, deadline.
///
/// What cannot be sent (a header with a line break, say) is kept as an error and ends the call at its first
/// step, before anything is sent; [`check`](RequestPlan::check) tells sooner.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http_hook::RequestPlan;
///
/// let plan = RequestPlan::get("v1/orders")
///     .param("limit", "50")
///     .header("accept", "application/json")
///     .deadline(Duration::from_secs(30));
/// assert!(plan.check().is_ok());
/// ```
#[derive(Clone)]
#[must_use = "a plan does nothing until it is run"]
pub struct RequestPlan {
    pub(crate) method: Method,
    /// Endpoint, parameters and headers.
    pub(crate) text: CallText,
    pub(crate) resend: Resend,
    pub(crate) auth: Option<OwnAuth>,
    pub(crate) rare: Option<Box<Rare>>,
}

impl RequestPlan {
    /// Plans a call of `endpoint`, which adds path and query to the base URL and cannot leave its origin.
    ///
    /// A whole URL is no endpoint of another host: as with the original it is appended to the base URL as a path, as
    /// `https://api.example.com/v2/https://example.org/orders`. [`explain`](crate::Hook::explain) warns of it, and a failure says so.
    /// For another host make another hook, by [`Hook::to`](crate::Hook::to) or a connection of its own.
    ///
    /// As with the original, a segment `..` takes away the one before it, be that of the base URL: a value that is put into a path has
    /// to be checked for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Call, Hook, RequestPlan, Step, Timestamp};
    ///
    /// let (hook, now) = (Hook::to("https://api.example.com/v2")?, Timestamp::default());
    /// let target = |endpoint: &str| match Call::new(&hook, RequestPlan::get(endpoint), 7, now).step(&hook, now) {
    ///     Step::Send { request, .. } => request.uri().to_string(),
    ///     _ => unreachable!(),
    /// };
    /// assert_eq!(target("orders"), "https://api.example.com/v2/orders");
    /// assert_eq!(target("/orders"), "https://api.example.com/v2/orders");
    /// assert_eq!(target("../v1/orders"), "https://api.example.com/v1/orders");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn new(method: Method, endpoint: impl AsRef<str>) -> Self {
        Self {
            method,
            text: CallText::new(endpoint.as_ref()),
            resend: Resend::ByMethod,
            auth: None,
            rare: None,
        }
    }

    /// Plans a GET.
    #[inline]
    pub fn get(endpoint: impl AsRef<str>) -> Self {
        Self::new(Method::GET, endpoint)
    }

    /// Plans a HEAD.
    #[inline]
    pub fn head(endpoint: impl AsRef<str>) -> Self {
        Self::new(Method::HEAD, endpoint)
    }

    /// Plans a POST, the method of the original's constructor.
    #[inline]
    pub fn post(endpoint: impl AsRef<str>) -> Self {
        Self::new(Method::POST, endpoint)
    }

    /// Plans a PUT.
    #[inline]
    pub fn put(endpoint: impl AsRef<str>) -> Self {
        Self::new(Method::PUT, endpoint)
    }

    /// Plans a PATCH.
    #[inline]
    pub fn patch(endpoint: impl AsRef<str>) -> Self {
        Self::new(Method::PATCH, endpoint)
    }

    /// Plans a DELETE.
    #[inline]
    pub fn delete(endpoint: impl AsRef<str>) -> Self {
        Self::new(Method::DELETE, endpoint)
    }

    /// Sets a header for this call; it replaces one of the same name from the connection.
    ///
    /// Its value can be shown and stored if the name is one of the open ones of HTTP (`accept`, `content-type`, `range` and
    /// their like): see [`storable_header`](Self::storable_header) for others.
    #[inline]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.put_header(name, value.as_bytes(), Kind::Plain);
        self
    }

    /// Sets a header that may be [stored](crate::Call::store) with the call, and shown, whatever its name: it is no secret.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    ///
    /// let plan = RequestPlan::post("v1/orders").storable_header("x-trace", "7");
    /// assert!(plan.check().is_ok());
    /// ```
    pub fn storable_header(mut self, name: &str, value: &str) -> Self {
        self.put_header(name, value.as_bytes(), Kind::Storable);
        self
    }

    /// Sets a header whose value is secret: never printed, never stored.
    pub fn secret_header(mut self, name: &str, value: &str) -> Self {
        self.put_header(name, value.as_bytes(), Kind::Secret);
        self
    }

    /// Takes a header of the connection, or a default one, out of this call.
    pub fn without_header(mut self, name: &str) -> Self {
        self.put_header(name, b"", Kind::Removes);
        self
    }

    /// Lays options over those of the connection.
    #[inline]
    pub fn options(mut self, options: Options) -> Self {
        let below = self.rare().options.take().map(|below| *below).unwrap_or_default();
        self.rare().options = Some(Box::new(options.over(below)));
        self
    }

    /// Switches the check of the status on or off for this call.
    #[inline]
    pub fn check_response(self, check: bool) -> Self {
        self.options(Options::default().check_response(check))
    }

    /// Accepts a response whose status passes only if `passes` holds for it, too: Airflow's `response_check`. What does not is a
    /// [`Failure`](crate::Failure) that prints `Response check returned False.`, and is not sent again.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    /// use http_hook::retry::{Condition, RetryOutcome};
    ///
    /// let data = Condition::statuses(&[200]) & Condition::json("/state", "ready");
    /// let code = Condition::custom(|outcome| outcome.body().is_some_and(|body| body.starts_with(b"[")));
    /// assert!(RequestPlan::get("jobs/7").response_check(data).check().is_ok());
    /// assert!(RequestPlan::get("jobs").response_check(code).check().is_ok());
    /// ```
    pub fn response_check(mut self, passes: Condition) -> Self {
        let more = self.rare().more.get_or_insert_default();
        (more.passes, more.again) = (Some(passes), false);
        self
    }

    /// The same, but what does not pass is worth another attempt: the policy in force says after what wait and how often,
    /// whatever its condition.
    pub fn response_check_or_retry(mut self, passes: Condition) -> Self {
        let more = self.rare().more.get_or_insert_default();
        (more.passes, more.again) = (Some(passes), true);
        self
    }

    /// Makes another body of that of the response that passes: Airflow's `response_filter`. If it cannot, the call has failed.
    pub fn response_filter(mut self, filter: Filter) -> Self {
        self.rare().more.get_or_insert_default().filter = Some(filter);
        self
    }

    /// Sets the policy for this call in place of the hook's.
    #[inline]
    pub fn retry(mut self, policy: impl Into<Arc<RetryPolicy>>) -> Self {
        self.rare().policy = Some(policy.into());
        self
    }

    /// Sends the request at most `retries` times more, under the policy in force: the call's own, else the hook's, else
    /// [the default](RetryPolicy::default). What may not be sent twice still is not.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    ///
    /// let plan = RequestPlan::get("v1/orders").retries(3); // four attempts at most
    /// assert!(plan.check().is_ok());
    /// ```
    pub fn retries(mut self, retries: u32) -> Self {
        self.rare().retries = Some(retries);
        self
    }

    /// Sets the longest time for connecting, for the head of a response, and between two pieces of its body: what the original
    /// calls `timeout`. It holds for each send; [`deadline`](Self::deadline) is for the whole call.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use http_hook::RequestPlan;
    ///
    /// let plan = RequestPlan::get("v1/orders").timeout(Duration::from_secs(5));
    /// assert!(plan.check().is_ok());
    /// ```
    pub fn timeout(self, timeout: Duration) -> Self {
        self.options(Options::default().timeout(timeout))
    }

    /// Sets the longest time for everything: sends, waits, redirects.
    ///
    /// A client that knows no limit for a whole exchange ([`TotalTimeout`](crate::options::Capability::TotalTimeout)) is given up by the
    /// async loop when the time is over. The blocking loop has to wait for it, and what then comes late is no answer.
    #[inline]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.rare().deadline = Some(deadline);
        self
    }

    /// Allows sending the request again although its method is not idempotent and the server may have acted.
    #[inline]
    pub fn allow_resend(mut self) -> Self {
        self.resend = Resend::Allowed;
        self
    }

    /// Sends an Idempotency-Key made from the call's seed, or the one that the call's own header has, the same with every send, at any
    /// origin that a redirect leads to, and so allows sending the request again. Without it a header of this name stays at home.
    #[inline]
    pub fn idempotency_key(mut self) -> Self {
        self.resend = Resend::Keyed;
        self
    }

    /// Proves who is calling by `scheme` in place of the connection's; it goes to the same origin, and no other. A token that
    /// [OAuth 2.0](AuthScheme::OAuth2) fetches is the plan's and its clones': for one that all calls share, give the scheme to the
    /// [hook](crate::hook::HookBuilder::auth).
    pub fn auth(mut self, scheme: impl Into<AuthScheme>) -> Self {
        let auth = OwnAuth::new(scheme.into(), &mut self.text);
        self.put_auth(auth);
        self
    }

    /// Proves who is calling by login and password, as [`auth`](Self::auth) does by [`AuthScheme::Basic`].
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    ///
    /// let plan = RequestPlan::get("v1/orders").basic("reader", "open sesame");
    /// assert!(plan.check().is_ok());
    /// ```
    pub fn basic(mut self, login: &str, password: &str) -> Self {
        let auth = OwnAuth::basic(login, password, &mut self.text);
        self.put_auth(auth);
        self
    }

    /// Proves who is calling by a token, as [`auth`](Self::auth) does by [`AuthScheme::Bearer`].
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    ///
    /// let plan = RequestPlan::get("v1/orders").bearer("t0ken");
    /// assert!(plan.check().is_ok());
    /// ```
    pub fn bearer(self, token: impl Into<Secret>) -> Self {
        self.auth(AuthScheme::Bearer { token: token.into() })
    }

    /// Adds a cookie for the origin of the connection. The call keeps it, and those that answers set, from its first
    /// request to its last.
    #[cfg(feature = "cookies")]
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        let (name, value) = (name.into(), value.into());
        let mut trial = crate::cookies::Jar::default();
        let sound =
            "http://cookie.invalid".parse().and_then(|origin| trial.insert(&origin, &name, &value));
        match sound {
            Ok(()) => self.rare().cookies.get_or_insert_default().push((name, value)),
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Makes the call end with `error` at its first step, unless an earlier error does.
    pub fn refuse(&mut self, error: Error) {
        self.rare().error.get_or_insert_with(|| Box::new(error));
    }

    /// Tells whether everything given so far can be sent.
    ///
    /// # Errors
    ///
    /// The first thing that cannot.
    pub fn check(&self) -> Result<(), &Error> {
        match self.error() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    pub(super) fn put_header(&mut self, name: &str, value: &[u8], kind: Kind) {
        if let Err(error) = self.text.header(name, value, kind) {
            self.rare().error.get_or_insert(error);
        }
    }

    fn put_auth(&mut self, auth: Result<OwnAuth, Error>) {
        match auth {
            Ok(auth) => self.auth = Some(auth),
            Err(error) => self.refuse(error),
        }
    }

    #[inline]
    pub(super) fn refuse_unless(&mut self, added: Result<(), Error>) {
        if let Err(error) = added {
            self.refuse(error);
        }
    }
}

impl Default for RequestPlan {
    /// A POST to the base URL.
    fn default() -> Self {
        Self::post("")
    }
}

/// Without values: parameters, headers and data may hold secrets.
impl fmt::Debug for RequestPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = String::from_utf8_lossy(self.text.endpoint());
        let path = endpoint.split(['?', '#']).next().unwrap_or_default();
        let none = Data::None;
        f.debug_struct("RequestPlan")
            .field("method", &self.method)
            .field("path", &crate::base::redact::shown_path(path))
            .field("headers", &self.text.names())
            .field("data", self.rare.as_ref().map_or(&none, |rare| &rare.data))
            .field("deadline", &self.deadline_given())
            .field("error", &self.error())
            .finish_non_exhaustive()
    }
}
