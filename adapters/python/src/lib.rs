//! The machine of [`http_hook`] as an extension module of Python: what decides is here, what sends is the caller's.
//!
//! ```text
//! Hook(connection, …) ──▶ Plan(method, endpoint, …) ──▶ Call(hook, plan, seed, now) ──step──▶ Send | Wait | None: it is over
//!                                                                     ▲                         │
//!                                                                     └── finish, head, fail ◀──┘
//! ```
//!
//! Arguments are Airflow's, read by [`http_hook_airflow`]. No method opens a socket, reads a clock or draws a number.

#![forbid(unsafe_code)]

mod argument;
mod call;
mod connection;
mod error;
mod failure;
mod hook;
mod number;
mod plan;
mod policy;
mod response;
mod send;
mod simulate;
#[cfg(feature = "ureq")]
mod transport;

use pyo3::prelude::*;

/// The machine of http-hook. Use the package `http_hook`, which has the loops around it.
#[pymodule]
mod _http_hook {
    #[pymodule_export]
    use crate::call::Call;
    #[pymodule_export]
    use crate::connection::Connection;
    #[pymodule_export]
    use crate::error::{ArgumentError, Error};
    #[pymodule_export]
    use crate::failure::Failure;
    #[pymodule_export]
    use crate::hook::Hook;
    #[pymodule_export]
    use crate::plan::Plan;
    #[pymodule_export]
    use crate::policy::RetryPolicy;
    #[pymodule_export]
    use crate::send::{Send, Wait};
    #[pymodule_export]
    use crate::simulate::simulate;
    #[cfg(feature = "ureq")]
    #[pymodule_export]
    use crate::transport::UreqTransport;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("DEFAULT_USER_AGENT", http_hook::Hook::DEFAULT_USER_AGENT)?;
        module.add("MAX_FAILURE_BODY", http_hook::Failure::MAX_BODY)
    }
}
