//! When to send again: data, or the caller's code.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_hook::retry::{Condition, Stop, Wait};
use http_hook_airflow::RetryArguments;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyType};

use crate::argument::{to_json_text, to_value};
use crate::error::{of_argument, of_error};

/// When to send again, after what wait, and when to give up.
///
/// `RetryPolicy()` is the default: 3 attempts, full jitter, what the server asks for up to 60 s. `RetryPolicy({"stop": …})` reads
/// the JSON form, given as text or dict.
#[pyclass(frozen, module = "http_hook", from_py_object)]
#[derive(Clone)]
pub(crate) struct RetryPolicy {
    pub(crate) policy: Arc<http_hook::RetryPolicy>,
    /// What the caller's code raised, for whoever called it by way of the machine.
    pub(crate) raised: Raised,
}

/// An exception on its way past the machine, which knows none.
#[derive(Clone, Default)]
pub(crate) struct Raised(Option<Arc<Mutex<Option<PyErr>>>>);

impl Raised {
    fn keep(&self, error: PyErr) {
        if let Some(kept) = &self.0 {
            kept.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// Whether something waits to be raised. Nothing of the policy's is asked then: it might run another call, which would raise it.
    fn is_kept(&self) -> bool {
        let kept = self.0.as_ref();
        kept.is_some_and(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner).is_some())
    }

    /// Whether there is code that can raise.
    pub(crate) const fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Raises what was kept.
    pub(crate) fn check(&self) -> PyResult<()> {
        let Some(kept) = &self.0 else { return Ok(()) };
        kept.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

impl RetryPolicy {
    pub(crate) fn of(policy: http_hook::RetryPolicy) -> Self {
        Self { policy: Arc::new(policy), raised: Raised::default() }
    }
}

#[pymethods]
impl RetryPolicy {
    #[new]
    #[pyo3(signature = (policy=None))]
    fn new(py: Python<'_>, policy: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(policy) = policy else { return Ok(Self::of(http_hook::RetryPolicy::default())) };
        let text = to_json_text(policy)?;
        let policy = http_hook::RetryPolicy::from_json(&text);
        Ok(Self::of(policy.map_err(|error| of_error(py, &error))?))
    }

    /// The policy that never sends again.
    #[staticmethod]
    fn never() -> Self {
        Self::of(http_hook::RetryPolicy::never())
    }

    /// Reads tenacity's strategies given as data: `{"stop": {"stop_after_attempt": 3}, "wait": {"wait_fixed": 1}}`. With `hints` the
    /// server's wishes count as well.
    #[staticmethod]
    #[pyo3(signature = (arguments, hints=true))]
    fn from_strategies(
        py: Python<'_>,
        arguments: &Bound<'_, PyAny>,
        hints: bool,
    ) -> PyResult<Self> {
        let arguments = RetryArguments::from_json(&to_value(arguments)?);
        let mut policy = arguments.map_err(|error| of_argument(py, &error))?.policy;
        if !hints {
            policy.hints = http_hook::retry::Hints::none();
        }
        Ok(Self::of(policy))
    }

    /// Asks code: `when()` whether an outcome is worth another attempt, `wait()` for how many seconds, `stop(upcoming)` whether to
    /// give up. Such a policy cannot be stored. With `hints` the server's wishes count as well. What the code raises ends the call, and
    /// so does a wait that is no number of seconds: not a number, infinite, or too large to count; a negative one is none.
    #[staticmethod]
    #[pyo3(signature = (when, wait, stop, hints=true))]
    fn custom(when: Py<PyAny>, wait: Py<PyAny>, stop: Py<PyAny>, hints: bool) -> Self {
        let raised = Raised(Some(Arc::default()));
        let (of_when, of_wait, of_stop) = (raised.clone(), raised.clone(), raised.clone());
        let default = http_hook::RetryPolicy::default();
        let policy = http_hook::RetryPolicy {
            when: Condition::custom(move |_| {
                Python::attach(|py| {
                    let answer = when.call0(py).and_then(|answer| answer.is_truthy(py));
                    answer.unwrap_or_else(|error| {
                        of_when.keep(error);
                        false
                    })
                })
            }),
            once: Condition::Never,
            wait: Wait::custom(move |_, _| {
                Python::attach(|py| {
                    let answer = wait.call0(py).and_then(|answer| waited(answer.bind(py)));
                    answer.unwrap_or_else(|error| {
                        of_wait.keep(error);
                        Duration::ZERO
                    })
                })
            }),
            stop: Stop::custom(move |state| {
                if of_stop.is_kept() {
                    return true;
                }
                Python::attach(|py| {
                    let upcoming = state.upcoming.as_secs_f64();
                    let answer = stop.call1(py, (upcoming,));
                    let answer = answer.and_then(|answer| answer.is_truthy(py));
                    answer.unwrap_or_else(|error| {
                        of_stop.keep(error);
                        true
                    })
                })
            }),
            hints: if hints { default.hints.clone() } else { http_hook::retry::Hints::none() },
            ..default
        };
        Self { policy: Arc::new(policy), raised }
    }

    /// Whether the policy is data.
    #[getter]
    fn is_storable(&self) -> bool {
        self.policy.is_storable()
    }

    /// Writes the policy as JSON.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        serde_json::to_string(&*self.policy)
            .map_err(|error| crate::error::of_json(py, "retry policy", &error))
    }

    /// Nobody can change it: a copy is the policy itself.
    fn __copy__(own: Py<Self>) -> Py<Self> {
        own
    }

    fn __deepcopy__(own: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        own
    }

    /// Is pickled as its JSON; code cannot be.
    fn __reduce__<'py>(own: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, (String,))> {
        Ok((own.get_type(), (own.get().to_json(own.py())?,)))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.extract::<Self>().is_ok_and(|other| other.policy == self.policy)
    }

    fn __repr__(&self) -> String {
        match serde_json::to_string(&*self.policy) {
            Ok(text) => format!("RetryPolicy({text})"),
            Err(_) => "RetryPolicy(code)".to_owned(),
        }
    }
}

/// Takes what code says for a wait. No wait at all would be the worst reading of a time that nobody can wait.
fn waited(answer: &Bound<'_, PyAny>) -> PyResult<Duration> {
    if answer.is_instance_of::<PyBool>() {
        return Err(PyTypeError::new_err("wait: must be a finite number of seconds, not bool"));
    }
    let seconds: f64 = answer.extract()?;
    let least = if seconds < 0.0 && seconds.is_finite() { 0.0 } else { seconds };
    let read = Duration::try_from_secs_f64(least).ok();
    read.filter(|wait| *wait <= http_hook::Options::MAX_TIMEOUT).ok_or_else(|| {
        PyValueError::new_err(format!("wait: must be a finite number of seconds, not {seconds:?}"))
    })
}
