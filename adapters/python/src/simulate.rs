//! What a policy does to a server that fails.

use http_hook_sim::{Experiment, Strategy};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::argument::to_json_text;
use crate::error::of_error;
use crate::number;

/// Simulates clients under a strategy, `{"policy": …, "gates": …}`, in virtual time.
///
/// `experiment` is `outage` (a minute, one client), `crowd` (the same, 20 clients), `partial` (the share `fail` of all attempts)
/// or `overload`. Gives a dict: `amp`, `peak`, `success`, and `recovery` in seconds, `None` if there was none.
#[pyfunction]
#[pyo3(signature = (strategy, experiment="outage", *, seed=None, fail=None),
    text_signature = "(strategy, experiment='outage', *, seed=1, fail=0.3)")]
pub(crate) fn simulate<'py>(
    py: Python<'py>,
    strategy: &Bound<'py, PyAny>,
    experiment: &str,
    seed: Option<&Bound<'py, PyAny>>,
    fail: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let text = to_json_text(strategy)?;
    let strategy = Strategy::from_json(&text).map_err(|error| of_error(py, &error))?;
    let seed = seed.map_or(Ok(1), |seed| number::whole("seed", seed, u64::MAX))?;
    let fail = fail.map_or(Ok(0.3), |fail| number::share("fail", fail))?;
    let experiment = match experiment {
        "outage" => Experiment::A1,
        "crowd" => Experiment::A2,
        "partial" => Experiment::partial(fail),
        "overload" => Experiment::B,
        _ => {
            let says = "experiment: there are outage, crowd, partial and overload";
            return Err(PyValueError::new_err(says));
        }
    };
    let figures = py.detach(|| experiment.run(&strategy, seed));
    let figures = figures.map_err(|error| of_error(py, &error))?;
    let told = PyDict::new(py);
    told.set_item("amp", figures.amp)?;
    told.set_item("peak", figures.peak)?;
    told.set_item("success", figures.success)?;
    told.set_item("recovery", figures.recovery.map(|time| time.as_secs_f64()))?;
    Ok(told)
}
