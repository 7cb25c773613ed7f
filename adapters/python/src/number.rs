//! Numbers that callers give: what cannot be taken is told by the name of the argument, with what it takes.

use std::fmt::Display;
use std::time::Duration;

use http_hook::Options;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat};

use crate::error::ArgumentError;

/// Reads a whole number from 0 to `most`; what is true or false is none.
pub(crate) fn whole<T>(name: &str, given: &Bound<'_, PyAny>, most: T) -> PyResult<T>
where
    T: TryFrom<u64> + PartialOrd + Display,
{
    let number = if given.is_instance_of::<PyBool>() { None } else { given.extract::<u64>().ok() };
    match number.and_then(|number| T::try_from(number).ok()) {
        Some(number) if number <= most => Ok(number),
        _ => Err(refused(name, &format!("a whole number from 0 to {most}"), given)),
    }
}

/// Reads a number of seconds from 0 to the longest time there is.
pub(crate) fn seconds(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let most = Options::MAX_TIMEOUT;
    let read = number(given).and_then(|number| Duration::try_from_secs_f64(number).ok());
    read.filter(|read| *read <= most).ok_or_else(|| {
        refused(name, &format!("a number of seconds from 0 to {}", most.as_secs()), given)
    })
}

/// Reads a limit of time: nothing is no limit to some clients.
pub(crate) fn limit(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Duration> {
    match seconds(name, given) {
        Ok(limit) if !limit.is_zero() => Ok(limit),
        _ => {
            let most = Options::MAX_TIMEOUT.as_secs();
            Err(refused(name, &format!("more than 0 seconds, and at most {most}"), given))
        }
    }
}

/// Reads a time in seconds since 1970.
pub(crate) fn time(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let read = number(given).and_then(|number| Duration::try_from_secs_f64(number).ok());
    read.ok_or_else(|| refused(name, "a number of seconds since 1970", given))
}

/// Reads a share, from 0 to 1.
pub(crate) fn share(name: &str, given: &Bound<'_, PyAny>) -> PyResult<f64> {
    let read = number(given).filter(|number| (0.0..=1.0).contains(number));
    read.ok_or_else(|| refused(name, "a number from 0 to 1", given))
}

/// What is true or false is no number, though Python counts with it.
fn number(given: &Bound<'_, PyAny>) -> Option<f64> {
    if let Ok(number) = given.cast::<PyFloat>() {
        return Some(number.value());
    }
    if given.is_instance_of::<PyBool>() { None } else { given.extract().ok() }
}

fn refused(name: &str, takes: &str, given: &Bound<'_, PyAny>) -> PyErr {
    // A number is shown; a text may be anybody's.
    let shown = match given.extract::<f64>() {
        // Its digits may be many.
        Ok(number) if number.abs() >= 1e16 || number.abs() < 1e-5 && number != 0.0 => {
            format!("{number:?}")
        }
        Ok(number) if !given.is_instance_of::<PyBool>() => number.to_string(),
        _ => given.get_type().name().map_or_else(|_| "that".to_owned(), |name| name.to_string()),
    };
    let error = ArgumentError::new_err(format!("{name}: must be {takes}, not {shown}"));
    // An exception takes any attribute.
    let _ = error.value(given.py()).setattr("argument", name);
    error
}
