//! One call under way.

use bytes::Bytes;
use http_hook::options::Setting;
use http_hook::{
    Attempt, Options, Reading, Sent, Step, Timestamp, TransportError, TransportErrorKind,
};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::error::of_error;
use crate::failure::Failure;
use crate::hook::Hook;
use crate::number;
use crate::plan::Plan;
use crate::policy::Raised;
use crate::response::response;
use crate::send::{Send, Wait};

/// One call: `step` it, do what it asks for, answer. Nothing is sent, read or waited for here.
///
/// `seed` decides every random choice, `now` is the time in seconds since 1970. Each move returns a `Send`, a `Wait`, or `None`
/// when the call is over; then `failure` tells how.
#[pyclass(module = "http_hook")]
pub(crate) struct Call {
    hook: Py<Hook>,
    raised: Raised,
    phase: Phase,
}

enum Phase {
    Waiting(http_hook::Call),
    Sending(Attempt),
    Reading(Reading),
    Moving,
    Over(Option<Py<Failure>>),
}

type Answer<'py> = PyResult<Bound<'py, PyAny>>;

#[pymethods]
impl Call {
    #[new]
    #[pyo3(signature = (hook, plan, seed, now))]
    fn new(
        hook: Py<Hook>,
        plan: &Plan,
        seed: &Bound<'_, PyAny>,
        now: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let own = hook.get();
        let call = http_hook::Call::new(
            &own.hook,
            plan.plan.clone(),
            number::whole("seed", seed, u64::MAX)?,
            time(now)?,
        );
        let raised = [&plan.raised, &own.raised].into_iter().find(|raised| raised.is_some());
        let raised = raised.cloned().unwrap_or_default();
        Ok(Self { hook, raised, phase: Phase::Waiting(call) })
    }

    /// Takes up a stored call. One that was stored under way counts as broken off.
    #[staticmethod]
    fn resume(
        py: Python<'_>,
        hook: Py<Hook>,
        text: &str,
        now: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let call = http_hook::Call::resume_under(&hook.get().hook, text, &harmless(), time(now)?);
        Self::resumed(py, hook, call)
    }

    /// Takes up a call whose plan and progress were stored apart.
    #[staticmethod]
    fn resume_parts(
        py: Python<'_>,
        hook: Py<Hook>,
        plan: &str,
        progress: &str,
        now: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let own = &hook.get().hook;
        let call = http_hook::Call::resume_parts(own, plan, progress, &harmless(), time(now)?);
        Self::resumed(py, hook, call)
    }

    /// Goes on. A step that comes too early only says how long to wait.
    fn step<'py>(&mut self, py: Python<'py>, now: &Bound<'_, PyAny>) -> Answer<'py> {
        let now = time(now)?;
        match self.take() {
            Phase::Waiting(call) => {
                let step = call.step(&self.hook.get().hook, now);
                self.after(py, step)
            }
            other => self.out_of_turn(other),
        }
    }

    /// Answers with a response whose body was read, and whose content codings are undone.
    #[pyo3(signature = (status, headers, body, now, reason=None))]
    fn finish<'py>(
        &mut self,
        py: Python<'py>,
        status: &Bound<'_, PyAny>,
        headers: Vec<(String, String)>,
        body: Option<PyBackedBytes>,
        now: &Bound<'_, PyAny>,
        reason: Option<&str>,
    ) -> Answer<'py> {
        let now = time(now)?;
        let body = body.map(Bytes::from_owner).unwrap_or_default();
        let status = number::whole("status", status, u16::MAX)?;
        let answer = response(status, &headers, reason, body);
        match self.take() {
            Phase::Sending(attempt) => {
                let step = attempt.finish(&self.hook.get().hook, answer, now);
                self.after(py, step)
            }
            Phase::Reading(reading) => {
                let step = reading.finish(&self.hook.get().hook, answer, now);
                self.after(py, step)
            }
            other => self.out_of_turn(other),
        }
    }

    /// Answers with the head of a response. `None`: the call is over, and the body is the caller's to read. Else it has to be read
    /// up to this number of bytes, and the call finished with it.
    #[pyo3(signature = (status, headers, now, reason=None))]
    fn head(
        &mut self,
        status: &Bound<'_, PyAny>,
        headers: Vec<(String, String)>,
        now: &Bound<'_, PyAny>,
        reason: Option<&str>,
    ) -> PyResult<Option<u64>> {
        let now = time(now)?;
        let status = number::whole("status", status, u16::MAX)?;
        let attempt = match self.take() {
            Phase::Sending(attempt) => attempt,
            other => return self.out_of_turn(other).map(|_| None),
        };
        let Ok(response) = response(status, &headers, reason, Bytes::new()) else {
            // To be told when it is finished.
            self.phase = Phase::Sending(attempt);
            return Ok(Some(0));
        };
        let (head, ()) = response.map(|_| ()).into_parts();
        let reading = attempt.head(&self.hook.get().hook, &head, now);
        let limit = reading.as_ref().map(Reading::limit);
        self.phase = match reading {
            Some(reading) => Phase::Reading(reading),
            None => Phase::Over(None),
        };
        self.raised.check()?;
        Ok(limit)
    }

    /// Answers with an error in place of a response: its kind by name, and whether the server can have seen the request
    /// (`no`, `maybe` or `yes`).
    #[pyo3(signature = (kind, sent, now, text=None))]
    fn fail<'py>(
        &mut self,
        py: Python<'py>,
        kind: &str,
        sent: &str,
        now: &Bound<'_, PyAny>,
        text: Option<String>,
    ) -> Answer<'py> {
        let now = time(now)?;
        let kind = TransportErrorKind::from_name(kind);
        let (Some(kind), Some(sent)) = (kind, Sent::from_name(sent)) else {
            return Err(PyValueError::new_err(
                "there is no such kind, or sent is not no, maybe or yes",
            ));
        };
        let mut error = TransportError::new(kind, sent);
        if let Some(text) = text {
            error = error.with_source(text);
        }
        match self.take() {
            Phase::Sending(attempt) => {
                let step = attempt.finish(&self.hook.get().hook, Err(error), now);
                self.after(py, step)
            }
            Phase::Reading(reading) => {
                let step = reading.finish(&self.hook.get().hook, Err(error), now);
                self.after(py, step)
            }
            other => self.out_of_turn(other),
        }
    }

    /// Gives the call up before the pending request is sent, because the call could not be kept.
    fn withdraw(&mut self, py: Python<'_>, text: String) -> PyResult<Py<Failure>> {
        let error = http_hook::Error::new(http_hook::ErrorKind::NotStorable, text);
        match self.take() {
            Phase::Sending(attempt) => {
                let failure = attempt.withdraw(&self.hook.get().hook, error);
                self.end(py, failure)
            }
            other => {
                self.out_of_turn(other).and_then(|_| Err(PyRuntimeError::new_err("out of turn")))
            }
        }
    }

    /// Gives the call up. What was being sent may have been seen.
    fn cancel(&mut self, py: Python<'_>) -> PyResult<Option<Py<Failure>>> {
        let hook = self.hook.clone_ref(py);
        let hook = &hook.get().hook;
        let failure = match self.take() {
            Phase::Waiting(call) => call.cancel(hook),
            Phase::Sending(attempt) => attempt.cancel(hook),
            Phase::Reading(reading) => reading.cancel(hook),
            other => {
                self.phase = other;
                return Ok(None);
            }
        };
        self.end(py, failure).map(Some)
    }

    /// Writes what is pending as JSON: a request as under way, a wait as waiting. To be kept *before* a request is sent.
    fn store(&self, py: Python<'_>) -> PyResult<String> {
        let hook = &self.hook.get().hook;
        let text = match &self.phase {
            Phase::Waiting(call) => call.store(hook),
            Phase::Sending(attempt) => attempt.store(hook),
            _ => return Err(nothing_pending(py)),
        };
        text.map_err(|error| of_error(py, &error))
    }

    /// Writes the plan alone, which stays the same; for a call that waits or has not begun.
    fn store_plan(&self, py: Python<'_>) -> PyResult<String> {
        let hook = &self.hook.get().hook;
        match &self.phase {
            Phase::Waiting(call) => call.store_plan(hook).map_err(|error| of_error(py, &error)),
            _ => Err(nothing_pending(py)),
        }
    }

    /// Writes the progress alone, without URL, headers and body.
    fn store_progress(&self, py: Python<'_>) -> PyResult<String> {
        let hook = &self.hook.get().hook;
        let text = match &self.phase {
            Phase::Waiting(call) => call.store_progress(hook),
            Phase::Sending(attempt) => attempt.store_progress(hook),
            _ => return Err(nothing_pending(py)),
        };
        text.map_err(|error| of_error(py, &error))
    }

    /// Whether the pending request may be sent again although nobody knows what became of it.
    #[getter]
    fn repeatable(&self) -> bool {
        match &self.phase {
            Phase::Sending(attempt) => attempt.repeatable(),
            _ => true,
        }
    }

    /// Returns the URL of the pending request as it may be shown; of none that can be read, the origin.
    fn shown_url(&self, url: &str) -> String {
        let hook = &self.hook.get().hook;
        let Phase::Sending(attempt) = &self.phase else { return hook.origin().to_string() };
        match url.parse() {
            Ok(uri) => attempt.shown_url(hook, &uri).to_string(),
            Err(_) => hook.origin().to_string(),
        }
    }

    /// The number of requests so far; 0 once the call is over.
    #[getter]
    fn requests(&self) -> u32 {
        match &self.phase {
            Phase::Waiting(call) => call.sends(),
            Phase::Sending(attempt) => attempt.sends(),
            _ => 0,
        }
    }

    /// Whether the call is over.
    #[getter]
    fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    /// How the call ended, if not with the response that came last.
    #[getter]
    fn failure(&self, py: Python<'_>) -> Option<Py<Failure>> {
        match &self.phase {
            Phase::Over(failure) => failure.as_ref().map(|failure| failure.clone_ref(py)),
            _ => None,
        }
    }

    fn __repr__(&self) -> String {
        match &self.phase {
            Phase::Waiting(call) => format!("<{call:?}>"),
            Phase::Sending(attempt) => format!("<{attempt:?}>"),
            Phase::Reading(reading) => format!("<{reading:?}>"),
            Phase::Moving => "<Call moving>".to_owned(),
            Phase::Over(None) => "<Call over>".to_owned(),
            Phase::Over(Some(failure)) => format!("<Call over: {}>", failure.get().0),
        }
    }
}

impl Call {
    fn resumed(
        py: Python<'_>,
        hook: Py<Hook>,
        call: Result<http_hook::Call, http_hook::Error>,
    ) -> PyResult<Self> {
        let call = call.map_err(|error| of_error(py, &error))?;
        let raised = hook.get().raised.clone();
        Ok(Self { hook, raised, phase: Phase::Waiting(call) })
    }

    fn take(&mut self) -> Phase {
        std::mem::replace(&mut self.phase, Phase::Moving)
    }

    fn after<'py>(&mut self, py: Python<'py>, step: Step) -> Answer<'py> {
        let asked = match step {
            Step::Send { request, options, attempt } => {
                let send = Send {
                    request,
                    options,
                    cause: attempt.cause(),
                    own_origin: attempt.to_own_origin(&self.hook.get().hook),
                    number: attempt.number(),
                };
                self.phase = Phase::Sending(attempt);
                send.into_bound_py_any(py)?
            }
            Step::Wait { call, wait, reason } => {
                self.phase = Phase::Waiting(call);
                Wait::new(wait, reason).into_bound_py_any(py)?
            }
            Step::Done(Ok(_)) => {
                self.phase = Phase::Over(None);
                py.None().into_bound(py)
            }
            Step::Done(Err(failure)) => {
                self.end(py, failure)?;
                py.None().into_bound(py)
            }
        };
        // What the policy's code raised goes before anything that was decided without it.
        self.raised.check()?;
        Ok(asked)
    }

    fn end(&mut self, py: Python<'_>, failure: http_hook::Failure) -> PyResult<Py<Failure>> {
        let failure = Py::new(py, Failure(failure))?;
        self.phase = Phase::Over(Some(failure.clone_ref(py)));
        Ok(failure)
    }

    fn out_of_turn<'py>(&mut self, phase: Phase) -> Answer<'py> {
        self.phase = phase;
        Err(PyRuntimeError::new_err("the call did not ask for this"))
    }
}

/// What a stored call may have that its hook has not, for it weakens nothing: no certificate, as in calls of the asynchronous hook.
fn harmless() -> Options {
    let mut options = Options::default();
    options.cert = Setting::Unset;
    options
}

fn time(now: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    number::time("now", now).map(Timestamp::new)
}

fn nothing_pending(py: Python<'_>) -> PyErr {
    let says = "not storable: nothing is pending";
    of_error(py, &http_hook::Error::new(http_hook::ErrorKind::NotStorable, says))
}
