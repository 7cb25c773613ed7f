//! A stored connection.

use pyo3::prelude::*;

use crate::error::of_error;
use crate::number;

/// Where calls go, and what goes with them: host, login, default headers and options.
///
/// `Connection("https://user:password@api.example.com")` reads an Airflow URI or its JSON form; the fields can be given by name
/// in place of it, or over it. `repr` shows no secret.
#[pyclass(frozen, module = "http_hook", from_py_object)]
#[derive(Clone)]
pub(crate) struct Connection(pub(crate) http_hook::Connection);

#[pymethods]
impl Connection {
    #[new]
    #[pyo3(signature = (text=None, *, id=None, conn_type=None, host=None, schema=None, login=None, password=None, port=None, extra=None))]
    #[expect(clippy::too_many_arguments, reason = "they are named")]
    fn new(
        py: Python<'_>,
        text: Option<&str>,
        id: Option<&str>,
        conn_type: Option<&str>,
        host: Option<&str>,
        schema: Option<&str>,
        login: Option<&str>,
        password: Option<&str>,
        port: Option<&Bound<'_, PyAny>>,
        extra: Option<&str>,
    ) -> PyResult<Self> {
        let mut made = match text {
            Some(text) => {
                http_hook::Connection::parse(text).map_err(|error| of_error(py, &error))?
            }
            None => http_hook::Connection::new(),
        };
        if let Some(id) = id {
            made = made.with_id(id).map_err(|error| of_error(py, &error))?;
        }
        if let Some(conn_type) = conn_type {
            made = made.with_conn_type(conn_type);
        }
        if let Some(host) = host {
            made = made.with_host(host);
        }
        if let Some(schema) = schema {
            made = made.with_schema(schema);
        }
        if let Some(login) = login {
            made = made.with_login(login);
        }
        if let Some(password) = password {
            made = made.with_password(password);
        }
        if let Some(port) = port {
            made = made.with_port(number::whole("port", port, u16::MAX)?);
        }
        if let Some(extra) = extra {
            made = made.with_extra(extra);
        }
        Ok(Self(made))
    }

    #[getter]
    fn id(&self) -> Option<&str> {
        self.0.id()
    }

    #[getter]
    fn conn_type(&self) -> Option<&str> {
        self.0.conn_type()
    }

    #[getter]
    fn host(&self) -> Option<&str> {
        self.0.host()
    }

    #[getter]
    fn schema(&self) -> Option<&str> {
        self.0.schema()
    }

    #[getter]
    fn login(&self) -> Option<&str> {
        self.0.login()
    }

    #[getter]
    fn password(&self) -> Option<&str> {
        self.0.password().map(http_hook::Secret::expose)
    }

    #[getter]
    fn port(&self) -> Option<i64> {
        self.0.port()
    }

    #[getter]
    fn extra(&self) -> Option<&str> {
        self.0.extra().map(http_hook::Secret::expose)
    }

    /// Writes the connection as a URI, secrets included.
    fn to_uri(&self) -> String {
        self.0.to_uri().expose().to_owned()
    }

    /// Writes the connection as JSON, secrets included.
    fn to_json(&self) -> String {
        self.0.to_json().expose().to_owned()
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
