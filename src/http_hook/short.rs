//! A call in one chain: `api.get("v1/orders").param("limit", 50).retries(3).send()`.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::HttpHook;
use crate::auth::AuthScheme;
use crate::base::{Error, ErrorKind, Secret, TransportError};
use crate::body::multipart::{Multipart, MultipartBody};
use crate::body::{Body, Open, Upload};
use crate::options::Options;
use crate::request::{Data, Filter, RequestPlan};
use crate::response::Failure;
use crate::retry::{Condition, RetryPolicy};
use crate::transport::{Clock, Transport};

/// A call that is planned on the hook that will send it: a [`RequestPlan`], and what its body comes from.
///
/// `H` is an [`HttpHook`] or a [`blocking::HttpHook`](crate::blocking::HttpHook), `B` the body that its transport takes. Every setter
/// is the plan's of the same name, and `send` is [`run`](HttpHook::run) of the plan.
///
/// # Examples
///
/// ```
/// use http_hook::{Hook, ResponseExt as _, blocking};
/// use http_hook::options::Capabilities;
/// # use std::time::Duration;
/// # struct NoTime;
/// # impl http_hook::blocking::Clock for NoTime {
/// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
/// #     fn sleep(&self, _: Duration) {}
/// # }
/// # let clock = NoTime;
/// let echo = blocking::from_fn(Capabilities::none("echo"), |request, _| {
///     Ok(http::Response::new(request.into_body()))
/// });
/// let api = blocking::HttpHook::new(Hook::to("https://api.example.com")?, echo, clock);
///
/// let ids: Vec<u32> = api.post("v1/orders").param("limit", 50).json(&[7, 8]).retries(3).send()?.json()?;
/// assert_eq!(ids, [7, 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a call does nothing until it is sent"]
pub struct CallBuilder<'a, H, B> {
    on: &'a H,
    plan: RequestPlan,
    /// Elsewhere: most have none, and a builder is moved for each thing that is said.
    body: Option<Box<Given<B>>>,
}

/// A body that is more than a plan holds.
enum Given<B> {
    Upload(Upload<B>),
    /// A form, and the sources of its parts that have one, in their order.
    Form(Multipart, Vec<Upload<B>>),
}

/// Setters that are the plan's.
macro_rules! of_the_plan {
    ($($(#[$about:meta])* $name:ident($($argument:ident: $of:ty),*);)+) => {
        $(
            $(#[$about])*
            #[inline]
            pub fn $name(mut self, $($argument: $of),*) -> Self {
                self.plan = self.plan.$name($($argument),*);
                self
            }
        )+
    };
}

impl<'a, H, B> CallBuilder<'a, H, B> {
    #[inline]
    pub(crate) fn new(on: &'a H, plan: RequestPlan) -> Self {
        Self { on, plan, body: None }
    }

    of_the_plan! {
        /// Adds a parameter to the URL: see [`RequestPlan::param`].
        param(name: &str, value: impl Display);
        /// Adds the fields of a value as parameters: see [`RequestPlan::query`].
        query(value: &(impl Serialize + ?Sized));
        /// Sets a header: see [`RequestPlan::header`].
        header(name: &str, value: &str);
        /// Sets a header that is no secret whatever its name: see [`RequestPlan::storable_header`].
        storable_header(name: &str, value: &str);
        /// Sets a header that is never printed, never stored: see [`RequestPlan::secret_header`].
        secret_header(name: &str, value: &str);
        /// Takes out a header of the connection: see [`RequestPlan::without_header`].
        without_header(name: &str);
        /// Sets the data: see [`RequestPlan::data`].
        data(data: impl Into<Data>);
        /// Sets the body as it is: see [`RequestPlan::body`]. One from a file or another source is [`upload`](Self::upload).
        body(body: impl Into<Data>);
        /// Sets pairs as the data: see [`RequestPlan::form`].
        form(pairs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>);
        /// Sets a JSON body: see [`RequestPlan::json`].
        json(value: &(impl Serialize + ?Sized));
        /// Sets a JSON body that is written already: see [`RequestPlan::json_text`].
        json_text(text: impl Into<Bytes>);
        /// Sets a body and its Content-Type: see [`RequestPlan::body_with_type`].
        body_with_type(body: impl Into<Bytes>, content_type: &str);
        /// Lays options over those of the connection: see [`RequestPlan::options`].
        options(options: Options);
        /// Switches the check of the status on or off: see [`RequestPlan::check_response`].
        check_response(check: bool);
        /// Checks the response beyond its status: see [`RequestPlan::response_check`].
        response_check(passes: Condition);
        /// The same, sending again where it does not pass: see [`RequestPlan::response_check_or_retry`].
        response_check_or_retry(passes: Condition);
        /// Makes another body of that of the response: see [`RequestPlan::response_filter`].
        response_filter(filter: Filter);
        /// Sends at most so many times more: see [`RequestPlan::retries`].
        retries(retries: u32);
        /// Sets the policy: see [`RequestPlan::retry`].
        retry(policy: impl Into<Arc<RetryPolicy>>);
        /// Sets the time limits of each send: see [`RequestPlan::timeout`].
        timeout(timeout: Duration);
        /// Sets the longest time for everything: see [`RequestPlan::deadline`].
        deadline(deadline: Duration);
        /// Allows sending again what is not idempotent: see [`RequestPlan::allow_resend`].
        allow_resend();
        /// Sends an Idempotency-Key: see [`RequestPlan::idempotency_key`].
        idempotency_key();
        /// Proves who is calling: see [`RequestPlan::auth`].
        auth(scheme: impl Into<AuthScheme>);
        /// Proves it by login and password: see [`RequestPlan::basic`].
        basic(login: &str, password: &str);
        /// Proves it by a token: see [`RequestPlan::bearer`].
        bearer(token: impl Into<Secret>);
    }

    /// Adds a cookie: see [`RequestPlan::cookie`].
    #[cfg(feature = "cookies")]
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.plan = self.plan.cookie(name, value);
        self
    }

    /// Sets a body of several parts, to which [`part`](Self::part) adds: see [`RequestPlan::multipart`].
    pub fn multipart(mut self, form: Multipart) -> Self {
        self.refuse_another();
        self.body = Some(Box::new(Given::Form(form, Vec::new())));
        self
    }

    /// Adds a field to a multipart body, before its files; with any other body, the call is refused.
    pub fn field(self, name: &str, value: impl Into<Bytes>) -> Self {
        self.with_form(|form, _| form.field(name, value))
    }

    /// Adds a part of a multipart body that comes from a source, under the name of its file. With any other body, the call is refused.
    pub fn part(self, name: &str, upload: Upload<B>) -> Self {
        self.with_form(|form, sources| {
            form.file(upload.part(name))?;
            sources.push(upload);
            Ok(())
        })
    }

    fn with_form(
        mut self,
        add: impl FnOnce(&mut Multipart, &mut Vec<Upload<B>>) -> Result<(), Error>,
    ) -> Self {
        let (mut form, mut sources) = match self.body.map(|body| *body) {
            Some(Given::Form(form, sources)) => (form, sources),
            None => Default::default(),
            Some(Given::Upload(_)) => {
                self.plan.refuse(twice());
                Default::default()
            }
        };
        if let Err(error) = add(&mut form, &mut sources) {
            self.plan.refuse(error);
        }
        self.body = Some(Box::new(Given::Form(form, sources)));
        self
    }

    /// Sends what comes from a source as the body, as a file does.
    pub fn upload(mut self, upload: Upload<B>) -> Self {
        self.refuse_another();
        self.body = Some(Box::new(Given::Upload(upload)));
        self
    }

    fn refuse_another(&mut self) {
        if self.body.is_some() {
            self.plan.refuse(twice());
        }
    }
}

/// Of two bodies, one would be lost without a word.
#[cold]
fn twice() -> Error {
    let says = "body: it is given twice (fields beside a file are those of a form: multipart(form).part(name, file))";
    Error::new(ErrorKind::Body, says)
}

/// Makes a plan of a call in one chain, for what takes plans: [`pages`](HttpHook::pages), [`poll`](HttpHook::poll),
/// [`fan_out`](HttpHook::fan_out). A body that comes from a source cannot go along, as a plan is data: such a plan is refused at its
/// first step.
impl<H, B> From<CallBuilder<'_, H, B>> for RequestPlan {
    fn from(call: CallBuilder<'_, H, B>) -> Self {
        let mut plan = call.plan;
        if call.body.is_some() && plan.has_body() {
            plan.refuse(twice());
        }
        match call.body.map(|body| *body) {
            None => plan,
            Some(Given::Form(form, sources)) if sources.is_empty() => plan.multipart(form),
            Some(_) => {
                let says = "body: one that comes from a source goes with `send` or `stream` alone";
                plan.refuse(Error::new(ErrorKind::Body, says));
                plan
            }
        }
    }
}

/// A source that a call owns.
type Source<B> = Box<Open<'static, B>>;

/// Joins a form and the bodies of its parts, in order: what the body of the transport does that.
type Join<B> = fn(&MultipartBody, Vec<B>) -> Result<B, TransportError>;

/// What a call is sent from: the hook, the plan, and the source of its body.
pub(crate) type Planned<'a, H, B> = (&'a H, RequestPlan, Option<Source<B>>);

impl<'a, H, B: 'static> CallBuilder<'a, H, B> {
    /// Ends the planning. `boundary` decides that of a multipart body with sources; one in memory is the plan's own.
    #[inline]
    pub(crate) fn planned(
        self,
        boundary: impl FnOnce(&H) -> u64,
        join: Join<B>,
    ) -> Planned<'a, H, B> {
        let Self { on, plan, body } = self;
        let (plan, source) = match body {
            None => (plan, None),
            Some(body) => with_body(plan, *body, || boundary(on), join),
        };
        (on, plan, source)
    }
}

/// Gives a plan its body.
#[cold]
fn with_body<B: 'static>(
    mut plan: RequestPlan,
    body: Given<B>,
    boundary: impl FnOnce() -> u64,
    join: Join<B>,
) -> (RequestPlan, Option<Source<B>>) {
    if plan.has_body() {
        plan.refuse(twice());
    }
    match body {
        Given::Upload(mut upload) => {
            let plan = plan.external(upload.len(), upload.replay());
            (plan, Some(Box::new(move || upload.open())))
        }
        Given::Form(form, sources) if sources.is_empty() => (plan.multipart(form), None),
        Given::Form(form, mut sources) => match form.write(boundary()) {
            Ok(body) => {
                let plan = plan.multipart_body(&body);
                let open = move || {
                    join(&body, sources.iter_mut().map(Upload::open).collect::<Result<_, _>>()?)
                };
                (plan, Some(Box::new(open)))
            }
            Err(error) => {
                plan.refuse(error);
                (plan, None)
            }
        },
    }
}

impl<T: Transport, C: Clock> CallBuilder<'_, HttpHook<T, C>, Body> {
    /// Performs the call and checks its response: [`HttpHook::run`] of the plan.
    ///
    /// # Errors
    ///
    /// A [`Failure`]; it prints `404:Not Found` for a status that does not pass.
    pub async fn send(self) -> Result<Response<Bytes>, Failure> {
        match self.planned(|on| on.face.draw(), MultipartBody::join) {
            (on, plan, None) => on.run(plan).await,
            (on, plan, Some(mut source)) => on.run_with_body(plan, &mut *source).await,
        }
    }

    /// Performs the call and reads the body of the response as JSON, whatever its Content-Type says.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); and where the body is not what is expected, a [`Failure`] for the reason
    /// [`Check`](crate::StopReason::Check), which holds the response and says what [`json`](crate::ResponseExt::json) says, and of which call.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # struct NoTime;
    /// # #[async_trait::async_trait]
    /// # impl http_hook::transport::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     async fn sleep(&self, _: Duration) {}
    /// # }
    /// # let server = http_hook::transport::from_fn(http_hook::options::Capabilities::none("server"), |_, _| async move {
    /// #     Ok(http::Response::new(bytes::Bytes::from("[7, 8]").into()))
    /// # });
    /// # let api = http_hook::HttpHook::new(http_hook::Hook::to("https://api.example.com")?, server, NoTime);
    ///
    /// let ids: Vec<u32> = pollster::block_on(api.get("v1/orders").read_json())?;
    /// assert_eq!(ids, [7, 8]);
    /// let failure = pollster::block_on(api.get("v1/orders").read_json::<Vec<String>>()).unwrap_err();
    /// let says = "the answer is not the JSON expected: $[0]: expected a string, found an integer; GET https://api.example.com/v1/orders, 1 attempt";
    /// assert_eq!(failure.to_string(), says);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn read_json<A: DeserializeOwned>(self) -> Result<A, Failure> {
        match self.planned(|on| on.face.draw(), MultipartBody::join) {
            (on, plan, None) => on.read_json(plan, None).await,
            (on, plan, Some(mut source)) => on.read_json(plan, Some(&mut *source)).await,
        }
    }

    /// Performs the call and leaves the body of the response to be streamed: [`HttpHook::stream`] of the plan. It is as long as the server
    /// likes: count it as it comes, and drop it where it is too long.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); what breaks in the body after that is the body's error.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write as _;
    /// # struct NoTime;
    /// # #[async_trait::async_trait]
    /// # impl http_hook::transport::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     async fn sleep(&self, _: std::time::Duration) {}
    /// # }
    /// # use http_hook::options::{Capabilities, Capability};
    /// # let can = Capabilities::of("server", &[Capability::StreamResponse]);
    /// # let server = http_hook::transport::from_fn(can, |_, _| async move {
    /// #     Ok(http::Response::new(bytes::Bytes::from("[7, 8]").into()))
    /// # });
    /// # let api = http_hook::HttpHook::new(http_hook::Hook::to("https://api.example.com")?, server, NoTime);
    /// # let mut file = Vec::new();
    /// # pollster::block_on(async {
    ///
    /// let mut body = api.get("v1/export").stream().await?.into_body();
    /// let mut room: usize = 1 << 30;
    /// while let Some(piece) = body.chunk().await? {
    ///     room = room.checked_sub(piece.len()).ok_or("more than 1 GiB")?;
    ///     file.write_all(&piece)?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # assert_eq!(file, b"[7, 8]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn stream(self) -> Result<Response<Body>, Failure> {
        match self.planned(|on| on.face.draw(), MultipartBody::join) {
            (on, plan, None) => on.streamed(plan, None).await,
            (on, plan, Some(mut source)) => on.streamed(plan, Some(&mut *source)).await,
        }
    }
}

impl<H, B> fmt::Debug for CallBuilder<'_, H, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallBuilder").field("plan", &self.plan).finish_non_exhaustive()
    }
}
