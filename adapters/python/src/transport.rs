//! A transport of the package's own: ureq.

use http::Request;
use http_hook::TransportError;
use http_hook::blocking::{Body, Transport};
use http_hook::body::Payload;
use http_hook::options::Capabilities;
use http_hook::response::Reason;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::send::Send;

/// Sends requests by ureq, over connections that it keeps. Safe to share by threads.
#[pyclass(frozen, module = "http_hook")]
pub(crate) struct UreqTransport(http_hook_ureq::UreqTransport);

pub(crate) fn capabilities() -> Capabilities {
    http_hook_ureq::UreqTransport::default().capabilities()
}

/// What came back: the status, the header lines, the reason phrase and the body.
type Answer<'py> = (u16, Bound<'py, PyList>, String, Bound<'py, PyBytes>);

#[pymethods]
impl UreqTransport {
    #[new]
    fn new() -> Self {
        Self(http_hook_ureq::UreqTransport::default())
    }

    /// Sends a request whose body the machine holds, and reads the answer up to its limit.
    ///
    /// Gives status, headers, reason phrase and body; or the kind of the error, whether the server can have seen the request,
    /// and a text.
    fn send<'py>(&self, py: Python<'py>, send: &Send) -> PyResult<Bound<'py, PyAny>> {
        let body = match send.request.body() {
            Payload::Bytes(bytes) => bytes.clone(),
            _ => {
                let told = ("request_body", "no", "the caller holds the body");
                return told.into_bound_py_any(py);
            }
        };
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = send.request.method().clone();
        *request.uri_mut() = send.request.uri().clone();
        request.headers_mut().clone_from(send.request.headers());
        let answer = py.detach(|| {
            let response = self.0.send(request, &send.options)?;
            let reason = Reason::of(&response);
            let (head, body) = response.into_parts();
            let body = body.collect(send.options.max_response_bytes)?;
            Ok::<_, TransportError>((head, reason, body))
        });
        match answer {
            Ok((head, reason, body)) => {
                let lines = PyList::empty(py);
                for (name, value) in &head.headers {
                    let value: String = value.as_bytes().iter().copied().map(char::from).collect();
                    lines.append((PyString::intern(py, name.as_str()), value))?;
                }
                let reason = reason.as_str().to_owned();
                let told: Answer<'_> =
                    (head.status.as_u16(), lines, reason, PyBytes::new(py, &body));
                told.into_bound_py_any(py)
            }
            Err(error) => {
                let told = (error.kind().name(), error.sent().name(), error.to_string());
                told.into_bound_py_any(py)
            }
        }
    }
}
