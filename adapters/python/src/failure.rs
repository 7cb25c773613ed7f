//! How a call ended without a response that passes.

use http_hook::Cause;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

/// Why a call was given up, what came last, and how often it was sent. Without secrets.
#[pyclass(frozen, module = "http_hook")]
pub(crate) struct Failure(pub(crate) http_hook::Failure);

#[pymethods]
impl Failure {
    /// Why: `rejected`, `attempts`, `deadline`, `not_idempotent`, `redirect` and the like.
    #[getter]
    fn reason(&self) -> &'static str {
        self.0.reason().name()
    }

    /// What came last: `response`, `refused` (a response that could not be acted upon), `transport` or `request`.
    #[getter]
    fn cause(&self) -> &'static str {
        match self.0.cause() {
            Cause::Response(_) => "response",
            Cause::Refused { .. } => "refused",
            Cause::Transport(_) => "transport",
            _ => "request",
        }
    }

    /// The kind of the error, of a request that could not be made or an exchange that failed.
    #[getter]
    fn kind(&self) -> Option<&'static str> {
        match self.0.cause() {
            Cause::Request(error) | Cause::Refused { error, .. } => Some(error.kind().name()),
            Cause::Transport(error) => Some(error.kind().name()),
            _ => None,
        }
    }

    /// Whether the server can have seen the last request: `no`, `maybe` or `yes`.
    #[getter]
    fn sent(&self) -> &'static str {
        match self.0.cause() {
            Cause::Transport(error) => error.sent().name(),
            Cause::Response(_) | Cause::Refused { .. } => "yes",
            _ => "no",
        }
    }

    /// What came last, as text: `404:Not Found`.
    #[getter]
    fn text(&self) -> String {
        self.0.cause().to_string()
    }

    /// The number of attempts.
    #[getter]
    fn attempts(&self) -> u32 {
        self.0.attempts()
    }

    /// The number of requests that were sent, redirects, challenges and tokens included.
    #[getter]
    fn requests(&self) -> u32 {
        self.0.sends()
    }

    /// The seconds spent waiting between them.
    #[getter]
    fn idle_for(&self) -> f64 {
        self.0.idle_for().as_secs_f64()
    }

    /// The wait that the server asked for last, in seconds.
    #[getter]
    fn hint(&self) -> Option<f64> {
        self.0.hint().map(|hint| hint.as_secs_f64())
    }

    #[getter]
    fn status(&self) -> Option<u16> {
        self.0.status().map(|status| status.as_u16())
    }

    #[getter]
    fn method(&self) -> Option<&str> {
        self.0.method().map(http::Method::as_str)
    }

    /// The URL as it may be shown.
    #[getter]
    fn url(&self) -> Option<&str> {
        self.0.url()
    }

    /// The body of the last response, cut at 64 KiB.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.body().map(|body| PyBytes::new(py, body))
    }

    #[getter]
    fn is_timeout(&self) -> bool {
        self.0.is_timeout()
    }

    #[getter]
    fn is_connect(&self) -> bool {
        self.0.is_connect()
    }

    /// Is copied as what it tells: the exception that it stands in may have to cross processes.
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let told = PyDict::new(py);
        told.set_item("reason", self.reason())?;
        told.set_item("cause", self.cause())?;
        told.set_item("kind", self.kind())?;
        told.set_item("sent", self.sent())?;
        told.set_item("text", self.text())?;
        told.set_item("attempts", self.attempts())?;
        told.set_item("requests", self.requests())?;
        told.set_item("idle_for", self.idle_for())?;
        told.set_item("hint", self.hint())?;
        told.set_item("status", self.status())?;
        told.set_item("method", self.method())?;
        told.set_item("url", self.url())?;
        told.set_item("body", self.body(py))?;
        told.set_item("is_timeout", self.is_timeout())?;
        told.set_item("is_connect", self.is_connect())?;
        let copy = py.import("http_hook._told")?.getattr("copied_failure")?;
        Ok((
            copy,
            PyTuple::new(py, [told.into_any(), PyString::new(py, &self.0.to_string()).into_any()])?,
        ))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Failure {}: {}>", self.0.reason().name(), self.0)
    }
}
