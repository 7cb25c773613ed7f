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

use bytes::Bytes;
use http::Method;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use super::auth::OwnAuth;
use super::data::{Data, Rare};
use super::record::Kind;
use super::resend::Resend;
use super::text::CallText;
use crate::auth::AuthScheme;
use crate::base::Error;
#[cfg(feature = "cookies")]
use crate::base::Secret;
use crate::base::headers;
use crate::body::multipart::{Multipart, MultipartBody};
use crate::body::{Payload, Replay};
use crate::options::Options;
use crate::retry::RetryPolicy;

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
    /// Plans a call of `endpoint`, which adds path and query to the base URL and can change nothing else.
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

    /// Sets the data; parameters of a GET, nothing for HEAD, else the body.
    #[inline]
    pub fn data(mut self, data: impl Into<Data>) -> Self {
        self.rare().data = data.into();
        self
    }

    /// Sets pairs as the data: parameters of a GET, else a form body.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(
        self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.data(Data::form(pairs))
    }

    /// Sends a multipart body that was [written](Multipart::write) before: some of its parts come from sources, which
    /// the driver is given as a [`MultipartSource`](crate::body::MultipartSource).
    pub fn multipart_body(mut self, body: &MultipartBody) -> Self {
        self.put_header(CONTENT_TYPE.as_str(), body.content_type().as_bytes(), Kind::Storable);
        match body.payload() {
            Payload::Bytes(bytes) => self.data(bytes),
            Payload::External { len, replay } => self.external(len, replay),
        }
    }

    /// Sets a JSON body, written as the original writes it: `", "` and `": "`, other than ASCII escaped.
    /// Data that is not empty goes before it.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match crate::base::json::to_python_json(value) {
            Ok(bytes) => self.rare().json = Some(bytes.into()),
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Sets a JSON body that is written already; it is sent as it is. Data that is not empty goes before it.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    ///
    /// let plan = RequestPlan::post("v1/orders").json_text(r#"{"amount": 100000000000000000000}"#);
    /// assert!(plan.check().is_ok());
    /// ```
    pub fn json_text(mut self, text: impl Into<Bytes>) -> Self {
        self.rare().json = Some(text.into());
        self
    }

    /// Sets a body with the Content-Type that it has where no layer sets one.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    ///
    /// let plan = RequestPlan::put("v1/report").body_with_type("a,b\n", "text/csv");
    /// assert!(plan.check().is_ok());
    /// ```
    pub fn body_with_type(mut self, body: impl Into<Bytes>, content_type: &str) -> Self {
        match headers::check(CONTENT_TYPE.as_str(), content_type, "body") {
            Ok((_, content_type)) => {
                self.rare().data = Data::Typed(body.into(), content_type.into());
            }
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Sets a body of several parts, all of them in memory. It goes before JSON and takes its fields itself: only
    /// a GET has data beside it, as parameters.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::body::multipart::{Multipart, Part};
    /// use http_hook::RequestPlan;
    ///
    /// let mut form = Multipart::default();
    /// form.field("kind", "report")?;
    /// form.file(Part::bytes("file", "a,b\n").with_filename("a.csv"))?;
    /// let plan = RequestPlan::post("v1/uploads").multipart(form);
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    pub fn multipart(mut self, body: Multipart) -> Self {
        self.rare().multipart = Some(body);
        self
    }

    /// Adds a parameter to the URL, form-encoded.
    #[inline]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        let added = self.text.param(name, value);
        self.refuse_unless(added);
        self
    }

    /// Adds parameters that are encoded already; what is not legal in a URL is still escaped.
    pub fn params_text(mut self, text: &str) -> Self {
        let added = self.text.params_text(text);
        self.refuse_unless(added);
        self
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
        self.options(Options { check_response: Some(check), ..Options::default() })
    }

    /// Sets the policy for this call in place of the hook's.
    #[inline]
    pub fn retry(mut self, policy: impl Into<Arc<RetryPolicy>>) -> Self {
        self.rare().policy = Some(policy.into());
        self
    }

    /// Sets the longest time for everything: sends, waits, redirects.
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

    /// Sends an Idempotency-Key made from the call's seed, the same with every send, and so allows sending the
    /// request again.
    #[inline]
    pub fn idempotency_key(mut self) -> Self {
        self.resend = Resend::Keyed;
        self
    }

    /// Proves who is calling by `scheme` in place of the connection's; it goes to the same origin, and no other.
    pub fn auth(mut self, scheme: AuthScheme) -> Self {
        let auth = OwnAuth::new(scheme, &mut self.text);
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
    /// let plan = RequestPlan::get("v1/orders").basic_auth("reader", "open sesame");
    /// assert!(plan.check().is_ok());
    /// ```
    pub fn basic_auth(mut self, login: &str, password: &str) -> Self {
        let auth = OwnAuth::basic(login, password, &mut self.text);
        self.put_auth(auth);
        self
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

    /// Uses a source that the driver holds as the body.
    pub fn external(self, len: Option<u64>, replay: Replay) -> Self {
        self.data(Data::External { len, replay })
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

    fn put_header(&mut self, name: &str, value: &[u8], kind: Kind) {
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
    fn refuse_unless(&mut self, added: Result<(), Error>) {
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
