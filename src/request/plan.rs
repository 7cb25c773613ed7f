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
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;

use super::auth::AuthScheme;
use super::auth::flow::Auth;
use super::multipart::{Multipart, MultipartBody};
use super::options::Options;
use super::payload::{Payload, Replay};
use super::{form, headers};
#[cfg(feature = "cookies")]
use crate::connection::Secret;
use crate::error::{Error, ErrorKind};
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
    pub(crate) endpoint: String,
    pub(crate) params: String,
    /// Whether all of `params` was encoded here, so that nobody need look again.
    pub(crate) params_are_clean: bool,
    pub(crate) headers: CallHeaders,
    pub(crate) data: Data,
    pub(crate) json: Option<Bytes>,
    multipart: Option<Box<Multipart>>,
    pub(crate) options: Option<Box<Options>>,
    pub(crate) policy: Option<Arc<RetryPolicy>>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) resend: Resend,
    pub(crate) auth: Option<Arc<Auth>>,
    #[cfg(feature = "cookies")]
    pub(crate) cookies: Option<Vec<(String, Secret)>>,
    error: Option<Box<Error>>,
}

/// The headers of a call, in the order given: `None` takes the name out of the layers below.
pub(crate) type CallHeaders = Vec<(HeaderName, Option<HeaderValue>)>;

/// When a request may be sent again although the server may have acted on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resend {
    /// When its method is idempotent (RFC 9110 §9.2.2).
    #[default]
    ByMethod,
    /// Always: an Idempotency-Key makes it safe.
    Keyed,
    /// Always: the caller says so.
    Allowed,
}

/// What a call carries: the seed's `data` argument.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Data {
    /// Nothing.
    #[default]
    None,
    /// Text: raw parameters of a GET, else a UTF-8 body without a Content-Type.
    Text(String),
    /// Bytes: a body without a Content-Type. A GET takes ASCII only, as raw parameters.
    Bytes(Bytes),
    /// Encoded pairs: parameters of a GET, else a form body.
    Form(String),
    /// A source that the driver holds.
    External {
        /// The length in bytes, if known.
        len: Option<u64>,
        /// Whether it can be read more than once.
        replay: Replay,
    },
}

impl Data {
    /// Encodes pairs as a form: `a=1&b=two+words`.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut encoded = String::new();
        for (name, value) in pairs {
            form::encode_into(&mut encoded, name.as_ref(), value.as_ref());
        }
        Self::Form(encoded)
    }

    /// Whether it counts as absent, so that `json` is looked at: as an empty value does in the original.
    fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::Text(text) | Self::Form(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::External { .. } => false,
        }
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for Data {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

/// Tells the kind only: data may hold secrets.
impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Form(text) => write!(f, "Form({} bytes)", text.len()),
            Self::External { len, replay } => write!(f, "External({len:?}, {replay:?})"),
        }
    }
}

impl RequestPlan {
    /// Plans a call of `endpoint`, which adds path and query to the base URL and can change nothing else.
    #[inline]
    pub fn new(method: Method, endpoint: impl Into<String>) -> Self {
        Self {
            method,
            endpoint: endpoint.into(),
            params: String::new(),
            params_are_clean: true,
            headers: Vec::new(),
            data: Data::None,
            json: None,
            multipart: None,
            options: None,
            policy: None,
            deadline: None,
            resend: Resend::ByMethod,
            auth: None,
            #[cfg(feature = "cookies")]
            cookies: None,
            error: None,
        }
    }

    /// Plans a GET.
    #[inline]
    pub fn get(endpoint: impl Into<String>) -> Self {
        Self::new(Method::GET, endpoint)
    }

    /// Plans a HEAD.
    #[inline]
    pub fn head(endpoint: impl Into<String>) -> Self {
        Self::new(Method::HEAD, endpoint)
    }

    /// Plans a POST, the method of the original's constructor.
    #[inline]
    pub fn post(endpoint: impl Into<String>) -> Self {
        Self::new(Method::POST, endpoint)
    }

    /// Plans a PUT.
    #[inline]
    pub fn put(endpoint: impl Into<String>) -> Self {
        Self::new(Method::PUT, endpoint)
    }

    /// Plans a PATCH.
    #[inline]
    pub fn patch(endpoint: impl Into<String>) -> Self {
        Self::new(Method::PATCH, endpoint)
    }

    /// Plans a DELETE.
    #[inline]
    pub fn delete(endpoint: impl Into<String>) -> Self {
        Self::new(Method::DELETE, endpoint)
    }

    /// Sets the data; parameters of a GET, nothing for HEAD, else the body.
    #[inline]
    pub fn data(mut self, data: impl Into<Data>) -> Self {
        self.data = data.into();
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
    /// the driver is given as a [`MultipartSource`](super::multipart_source::MultipartSource).
    pub fn multipart_body(mut self, body: &MultipartBody) -> Self {
        self.put_header(CONTENT_TYPE, Some(body.content_type().clone()));
        match body.payload() {
            Payload::Bytes(bytes) => self.data(bytes),
            Payload::External { len, replay } => self.external(len, replay),
        }
    }

    /// Sets a JSON body, written as the original writes it: `", "` and `": "`, other than ASCII escaped.
    /// Data that is not empty goes before it.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match crate::json::to_python_json(value) {
            Ok(bytes) => self.json = Some(bytes.into()),
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
    /// use http_hook::request::multipart::{Multipart, Part};
    /// use http_hook::RequestPlan;
    ///
    /// let mut form = Multipart::default();
    /// form.field("kind", "report")?;
    /// form.file(Part::bytes("file", "a,b\n").with_filename("a.csv"))?;
    /// let plan = RequestPlan::post("v1/uploads").multipart(form);
    /// # Ok::<(), http_hook::Error>(())
    /// ```
    pub fn multipart(mut self, body: Multipart) -> Self {
        self.multipart = Some(Box::new(body));
        self
    }

    /// Adds a parameter to the URL, form-encoded.
    #[inline]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        if self.params.is_empty() {
            self.params.reserve(64);
        }
        form::encode_into(&mut self.params, name, value);
        self
    }

    /// Adds parameters that are encoded already; what is not legal in a URL is still escaped.
    pub fn params_text(mut self, text: &str) -> Self {
        if !self.params.is_empty() && !text.is_empty() {
            self.params.push('&');
        }
        self.params.push_str(text);
        self.params_are_clean = false;
        self
    }

    /// Sets a header for this call; it replaces one of the same name from the connection.
    #[inline]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match headers::check(name, value, "header") {
            Ok((name, value)) => self.put_header(name, Some(value)),
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Sets a header whose value is secret: never printed, never stored.
    pub fn secret_header(mut self, name: &str, value: &str) -> Self {
        match headers::check(name, value, "header") {
            Ok((name, mut value)) => {
                value.set_sensitive(true);
                self.put_header(name, Some(value));
            }
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Takes a header of the connection, or a default one, out of this call.
    pub fn without_header(mut self, name: &str) -> Self {
        match headers::check(name, "", "header") {
            Ok((name, _)) => self.put_header(name, None),
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Lays options over those of the connection.
    #[inline]
    pub fn options(mut self, options: Options) -> Self {
        let below = self.options.take().map(|below| *below).unwrap_or_default();
        self.options = Some(Box::new(options.over(below)));
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
        self.policy = Some(policy.into());
        self
    }

    /// Sets the longest time for everything: sends, waits, redirects.
    #[inline]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
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
        match Auth::new(scheme, "", None) {
            Ok(auth) => self.auth = Some(Arc::new(auth)),
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Adds a cookie for the origin of the connection. The call keeps it, and those that answers set, from its first
    /// request to its last.
    #[cfg(feature = "cookies")]
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        let (name, value) = (name.into(), value.into());
        let mut trial = crate::response::cookies::Jar::default();
        let sound =
            "http://cookie.invalid".parse().and_then(|origin| trial.insert(&origin, &name, &value));
        match sound {
            Ok(()) => self.cookies.get_or_insert_default().push((name, value)),
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
        self.error.get_or_insert_with(|| Box::new(error));
    }

    /// Tells whether everything given so far can be sent.
    ///
    /// # Errors
    ///
    /// The first thing that cannot.
    pub fn check(&self) -> Result<(), &Error> {
        match &self.error {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn put_header(&mut self, name: HeaderName, value: Option<HeaderValue>) {
        if self.headers.len() >= headers::MAX_HEADERS {
            return self.refuse(Error::new(ErrorKind::Limit, "too many headers in one call"));
        }
        self.headers.push((name, value));
    }

    pub(crate) fn take_error(&mut self) -> Option<Box<Error>> {
        self.error.take()
    }

    /// Parts data and JSON into parameters and body, by the method. Gives the body and its usual Content-Type.
    /// `seed` decides the boundary of a multipart body.
    pub(crate) fn take_payload(
        &mut self,
        seed: u64,
    ) -> Result<(Payload, Option<HeaderValue>), Error> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

        let mut data = std::mem::take(&mut self.data);
        if self.method == Method::HEAD {
            data = Data::None;
        } else if self.method == Method::GET {
            self.data_to_params(std::mem::take(&mut data))?;
        }
        if let Some(multipart) = self.multipart.take() {
            if !data.is_empty() {
                let message = "a multipart body takes its fields itself, not as data beside it";
                return Err(Error::new(ErrorKind::Body, message));
            }
            let body = multipart.write(seed)?;
            return match body.payload() {
                bytes @ Payload::Bytes(_) => Ok((bytes, Some(body.content_type().clone()))),
                Payload::External { .. } => {
                    let message =
                        "a multipart body with sources is written before: see `multipart_body`";
                    Err(Error::new(ErrorKind::Body, message))
                }
            };
        }
        if data.is_empty() {
            return Ok(match self.json.take() {
                Some(json) => (json.into(), Some(JSON)),
                None => (Payload::EMPTY, None),
            });
        }
        Ok(match data {
            Data::None => (Payload::EMPTY, None),
            Data::Text(text) => (Bytes::from(text).into(), None),
            Data::Bytes(bytes) => (bytes.into(), None),
            Data::Form(text) => (Bytes::from(text).into(), Some(FORM)),
            Data::External { len, replay } => (Payload::External { len, replay }, None),
        })
    }

    fn data_to_params(&mut self, data: Data) -> Result<(), Error> {
        let text = match data {
            Data::None => return Ok(()),
            Data::Text(text) | Data::Form(text) => text,
            Data::Bytes(bytes) if bytes.is_ascii() => String::from_utf8_lossy(&bytes).into_owned(),
            Data::Bytes(_) => {
                return Err(Error::new(ErrorKind::Url, "parameters given as bytes must be ASCII"));
            }
            Data::External { .. } => {
                return Err(Error::new(ErrorKind::Body, "the data of a GET are parameters"));
            }
        };
        if !self.params.is_empty() {
            let message = "a GET takes its parameters as data or as params, not both";
            return Err(Error::new(ErrorKind::Url, message));
        }
        self.params = text;
        self.params_are_clean = false;
        Ok(())
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
        let path = self.endpoint.split(['?', '#']).next().unwrap_or_default();
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("RequestPlan")
            .field("method", &self.method)
            .field("path", &path)
            .field("headers", &names)
            .field("data", &self.data)
            .field("deadline", &self.deadline)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
