//! What of a plan becomes parameters and body.

use std::fmt::Display;

use bytes::Bytes;
use http::Method;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use super::data::Data;
use super::plan::RequestPlan;
use super::query;
use super::record::Kind;
use crate::base::{Error, ErrorKind, headers};
use crate::body::multipart::{Multipart, MultipartBody};
use crate::body::{Payload, Replay};

impl RequestPlan {
    /// Sets the data; parameters of a GET, nothing for HEAD, else the body.
    #[inline]
    pub fn data(mut self, data: impl Into<Data>) -> Self {
        self.rare().data = data.into();
        self
    }

    /// Sets the body as it is, a text or bytes, without a Content-Type of its own: the [`data`](Self::data) of a method that has a body.
    ///
    /// With GET and HEAD it is an error of kind [`Body`](crate::ErrorKind::Body) that ends the call: what they take are parameters.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    ///
    /// assert!(RequestPlan::post("v1/notes").body("remember the milk").check().is_ok());
    /// assert!(RequestPlan::get("v1/notes").body("remember the milk").check().is_err());
    /// ```
    pub fn body(mut self, body: impl Into<Data>) -> Self {
        if matches!(self.method, Method::GET | Method::HEAD) {
            let says = "body: GET and HEAD have none; parameters are set by `param` or `data`";
            self.refuse(Error::new(ErrorKind::Body, says));
            return self;
        }
        self.data(body)
    }

    /// Sets pairs as the data: parameters of a GET, else a form body.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(
        self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.data(Data::form(pairs))
    }

    /// Whether it has a body already: data of a GET is none.
    pub(crate) fn has_body(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| {
            let data = !rare.data.is_empty() && self.method != Method::GET;
            data || rare.json.is_some() || rare.multipart.is_some()
        })
    }

    /// Sends a multipart body that was [written](Multipart::write) before: some of its parts come from sources, which
    /// the driver [joins](MultipartBody::join).
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

    /// Adds a parameter to the URL, form-encoded: a text, a number, anything that displays.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    ///
    /// let plan = RequestPlan::get("v1/orders").param("limit", 50).param("sort", "newest");
    /// assert!(plan.check().is_ok());
    /// ```
    #[inline]
    pub fn param(mut self, name: &str, value: impl Display) -> Self {
        let added = self.text.param(name, value);
        self.refuse_unless(added);
        self
    }

    /// Adds the fields of a value as parameters: a list gives its name once for each member, `None` is left out, a list of pairs
    /// stands for itself.
    ///
    /// A field with fields of its own is an error of kind [`Url`](crate::ErrorKind::Url) that ends the call.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::RequestPlan;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Filter {
    ///     state: &'static str,
    ///     tag: Vec<u32>,
    ///     after: Option<String>,
    /// }
    ///
    /// let filter = Filter { state: "open", tag: vec![1, 2], after: None };
    /// let plan = RequestPlan::get("v1/orders").query(&filter); // state=open&tag=1&tag=2
    /// assert!(plan.check().is_ok());
    /// ```
    pub fn query<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match query::pairs(value) {
            Ok(pairs) => pairs.iter().fold(self, |plan, (name, value)| plan.param(name, value)),
            Err(error) => {
                self.refuse(error);
                self
            }
        }
    }

    /// Adds parameters that are encoded already; what is not legal in a URL is still escaped.
    pub fn params_text(mut self, text: &str) -> Self {
        let added = self.text.params_text(text);
        self.refuse_unless(added);
        self
    }

    /// Uses a source that the driver holds as the body.
    pub fn external(self, len: Option<u64>, replay: Replay) -> Self {
        self.data(Data::External { len, replay })
    }
}
