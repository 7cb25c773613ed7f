//! Errors of the library as exceptions.

use http_hook::hook::HookError;
use http_hook_airflow::Refusal;
use pyo3::create_exception;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

create_exception!(
    http_hook,
    Error,
    PyValueError,
    "What cannot be read, made or stored. `kind` says what it is about; nothing was sent."
);
create_exception!(
    http_hook,
    ArgumentError,
    PyTypeError,
    "An argument of a type that cannot be taken; `argument` names it."
);

/// Makes the exception of an error, with its kind.
pub(crate) fn of_error(py: Python<'_>, error: &http_hook::Error) -> PyErr {
    with_kind(py, Error::new_err(error.to_string()), error.kind().name())
}

/// Makes the exception of everything that is wrong with a connection.
pub(crate) fn of_hook(py: Python<'_>, error: &HookError) -> PyErr {
    with_kind(py, Error::new_err(error.to_string()), "connection")
}

/// Makes the exception of an argument that cannot be taken.
pub(crate) fn of_argument(py: Python<'_>, error: &http_hook_airflow::ArgumentError) -> PyErr {
    let made = match error.refusal() {
        Refusal::Type(_) => ArgumentError::new_err(error.to_string()),
        Refusal::Error(inner) => {
            with_kind(py, Error::new_err(error.to_string()), inner.kind().name())
        }
        _ => with_kind(py, Error::new_err(error.to_string()), "option"),
    };
    // An exception takes any attribute.
    let _ = made.value(py).setattr("argument", error.argument());
    made
}

/// Makes the exception of a text that is not the JSON that was expected.
pub(crate) fn of_json(py: Python<'_>, what: &str, error: &serde_json::Error) -> PyErr {
    let says = format!("{what}: {error}");
    with_kind(py, Error::new_err(says), "option")
}

pub(crate) fn with_kind(py: Python<'_>, error: PyErr, kind: &str) -> PyErr {
    let _ = error.value(py).setattr("kind", kind);
    error
}
