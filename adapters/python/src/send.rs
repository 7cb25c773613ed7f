//! What a call asks for: a request to be sent, or a wait.

use std::time::Duration;

use http::Request;
use http_hook::body::Payload;
use http_hook::options::{SendOptions, Verify};
use http_hook::{SendCause, WaitReason};
use percent::encoded;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

/// No socket of Python's takes a longer limit: it counts milliseconds in 31 bits.
const LONGEST: Duration = Duration::from_millis(i32::MAX.unsigned_abs() as u64);

/// Send this request, then answer by `finish`, `head` or `fail`.
#[pyclass(frozen, module = "http_hook")]
pub(crate) struct Send {
    pub(crate) request: Request<Payload>,
    pub(crate) options: SendOptions,
    pub(crate) cause: SendCause,
    pub(crate) own_origin: bool,
    pub(crate) number: u32,
}

/// Let `seconds` pass, then `step` the call again.
#[pyclass(frozen, get_all, module = "http_hook")]
pub(crate) struct Wait {
    /// How long.
    seconds: f64,
    /// What for: `backoff`, `hint`, `breaker`, `rate_limit` or `token`.
    reason: &'static str,
}

impl Wait {
    pub(crate) fn new(wait: Duration, reason: WaitReason) -> Self {
        Self { seconds: wait.as_secs_f64(), reason: reason.name() }
    }
}

#[pymethods]
impl Wait {
    fn __repr__(&self) -> String {
        format!("<Wait {} s: {}>", self.seconds, self.reason)
    }
}

#[pymethods]
impl Send {
    #[getter]
    fn method<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::intern(py, self.request.method().as_str())
    }

    #[getter]
    fn url(&self) -> String {
        self.request.uri().to_string()
    }

    /// The headers as pairs of texts; each name in its usual spelling.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let pairs = PyList::empty(py);
        for (name, value) in self.request.headers() {
            let value: String = value.as_bytes().iter().copied().map(char::from).collect();
            pairs.append((PyString::intern(py, &spelled(name.as_str())), value))?;
        }
        Ok(pairs)
    }

    /// The body: bytes, or `None` if there is none or the caller holds it.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        match self.request.body() {
            Payload::Bytes(bytes) if !bytes.is_empty() => Some(PyBytes::new(py, bytes)),
            _ => None,
        }
    }

    /// Whether the caller holds the body.
    #[getter]
    fn is_external(&self) -> bool {
        matches!(self.request.body(), Payload::External { .. })
    }

    /// The length of the body in bytes, `None` if it is not known.
    #[getter]
    fn content_length(&self) -> Option<u64> {
        self.request.body().len()
    }

    /// Why it is sent: `first`, `retry`, `redirect`, `challenge` or `token`.
    #[getter]
    fn cause(&self) -> &'static str {
        self.cause.name()
    }

    /// The number of the attempt, from 1.
    #[getter]
    fn number(&self) -> u32 {
        self.number
    }

    /// Whether it goes to the connection's own origin.
    #[getter]
    fn own_origin(&self) -> bool {
        self.own_origin
    }

    /// Limits in seconds for connecting, up to the head, between two pieces of the body, and for the whole exchange.
    #[getter]
    fn timeouts(&self) -> (Option<f64>, Option<f64>, Option<f64>, Option<f64>) {
        let limits = &self.options.timeouts;
        let seconds = |limit: Option<Duration>| limit.map(|limit| limit.min(LONGEST).as_secs_f64());
        (seconds(limits.connect), seconds(limits.head), seconds(limits.idle), seconds(limits.total))
    }

    /// True, false, or the path of a file with authorities.
    #[getter]
    fn verify<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.options.client.verify {
            Verify::System => true.into_bound_py_any(py),
            Verify::Off => false.into_bound_py_any(py),
            Verify::File(path) => path.into_bound_py_any(py),
        }
    }

    /// The path of a client certificate, or a pair of it and its key.
    #[getter]
    fn cert<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(cert) = &self.options.client.cert else { return Ok(None) };
        match &cert.key {
            None => cert.cert.as_str().into_bound_py_any(py).map(Some),
            Some(key) => (cert.cert.as_str(), key.as_str()).into_bound_py_any(py).map(Some),
        }
    }

    /// The URL of the proxy, its credentials in it.
    #[getter]
    fn proxy(&self) -> Option<String> {
        let proxy = self.options.client.proxy.as_ref()?;
        let Some((login, password)) = &proxy.credential else { return Some(proxy.uri.clone()) };
        let (scheme, authority) = proxy.uri.split_once("://")?;
        Some(format!("{scheme}://{}:{}@{authority}", encoded(login), encoded(password.expose())))
    }

    /// TCP keep-alive as idle time, interval (both in seconds) and count; `None` if it is off.
    #[getter]
    fn keep_alive(&self) -> Option<(u64, u64, u32)> {
        let own = self.options.client.keep_alive?;
        Some((own.idle.as_secs(), own.interval.as_secs(), own.count))
    }

    /// Whether the caller wants to stream the body of the response.
    #[getter]
    fn stream(&self) -> bool {
        self.options.stream
    }

    /// The largest body that may be read into memory, in bytes.
    #[getter]
    fn max_response_bytes(&self) -> u64 {
        self.options.max_response_bytes
    }

    /// Names method and origin; a path may hold secrets.
    fn __repr__(&self) -> String {
        let host = self.request.uri().host().unwrap_or_default();
        format!("<Send {} to {host}: {}>", self.request.method(), self.cause.name())
    }
}

/// Spells a header's name as clients of Python do: names have no case, but people look at them.
fn spelled(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|char| {
            let spelled = if start { char.to_ascii_uppercase() } else { char };
            start = char == '-';
            spelled
        })
        .collect()
}

mod percent {
    //! Text in the user info of a URL.

    use std::fmt::Write as _;

    /// Escapes everything but unreserved characters.
    pub(super) fn encoded(text: &str) -> String {
        let mut all = String::with_capacity(text.len());
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                all.push(char::from(byte));
            } else {
                let _ = write!(all, "%{byte:02X}");
            }
        }
        all
    }
}
