//! Cases of kind `http`: calls through one hook, at the level of the machine.
//!
//! What the machine emits is compared with what arrived at the recorded server, after adding what every client
//! adds: Host and the framing of the body. Not compared: the order and spelling of header names (D15), the
//! fragment and the user info of a URL, the log, and texts that come from the recorded client or language.

mod arguments;
mod faults;
mod judge;
mod others;
mod over;
mod retry;
mod sent;
mod series;

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::cookies::Jar;
use http_hook::hook::Defaults;
use http_hook::options::Setting;
use http_hook::{Call, Connection, Failure, Hook, Step, StopReason, Timestamp};
use http_hook_airflow::Planned;
use serde_json::{Map, Value, json};

use crate::recorded::answer::Answers;
use crate::recorded::case::Case;
use crate::recorded::connections;
use crate::recorded::report::Verdict;
use crate::recorded::values::{FILES, Places};

pub use faults::{Fault, refuses};
pub use over::{Arrived, Wire, run_over};
pub use sent::Sent;
pub use series::{run_async, run_operator, run_sensor};

use arguments::{hook_arguments, plan, scheme};
pub(crate) use judge::WRAPPER;
use judge::compare;
use others::{get_conn, tested};
use retry::{Arguments, Last};

/// The seed of every call: nothing that is compared depends on it.
const SEED: u64 = 7;

/// How a call ended.
pub(crate) enum Outcome {
    Answer(Box<Response<Bytes>>),
    Value(Value),
    Fault(Fault),
}

/// One call, as it went.
pub(crate) struct Made {
    outcome: Outcome,
    base_url: Option<String>,
    sent: Vec<Sent>,
    /// Of the last attempt.
    statuses: Vec<u16>,
    sleeps: Vec<Duration>,
    /// The number of the last attempt of a run that was given up.
    gave_up: Option<u32>,
    attempts: Option<u32>,
    /// The number of attempts of a call of the machine that failed, and its last response.
    failed_after: Option<u32>,
    last: Option<Box<Response<Bytes>>>,
    /// Whether no request could be built.
    unsendable: bool,
}

/// Runs one case.
#[must_use]
pub fn run(case: &Case) -> Verdict {
    let places = Places::default();
    let mut answers = Answers::new(&places.substitute(&case.input["server"], false));
    each(case, &places, |hook, input, call, recorded| match call["fn"].as_str() {
        Some("run_with_advanced_retry") => retried(hook, input, call, &mut answers, recorded),
        _ => compare(recorded, &make(hook, input, call, &mut answers)),
    })
}

/// Makes the hook of a case, and judges its calls in turn until one differs.
fn each(
    case: &Case,
    places: &Places,
    mut judge: impl FnMut(Result<&Hook, &Fault>, &Value, &Value, &Value) -> Verdict,
) -> Verdict {
    each_with(case, places, hook, |_, hook, input, call, recorded| {
        judge(hook, input, call, recorded)
    })
}

/// The same with a hook of another class.
fn each_with(
    case: &Case,
    places: &Places,
    make: impl Fn(&Connection, &Value) -> Result<Hook, Fault>,
    mut judge: impl FnMut(Option<&Connection>, Result<&Hook, &Fault>, &Value, &Value, &Value) -> Verdict,
) -> Verdict {
    let input = places.substitute(&case.input, false);
    let expected = places.substitute(&case.expected, true);
    let connection = match connections::read(&input["connection"]) {
        Some(Ok(connection)) => Some(connection),
        Some(Err(error)) => {
            let recorded = expected.get("connection_error").unwrap_or(&expected);
            return refuses(recorded, &Fault::from(&error));
        }
        None => None,
    };
    let hook = match &connection {
        Some(connection) => make(connection, &input),
        None => Err(Fault::not_found()),
    };
    let calls = input["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut verdict = Verdict::Passed;
    for (index, call) in calls.iter().enumerate() {
        // An error of the hook's constructor is one of each call here.
        let of_hook = expected.get("hook_error").map(|error| json!({"outcome": {"error": error}}));
        let recorded = of_hook.as_ref().unwrap_or(&expected["calls"][index]);
        verdict = judge(connection.as_ref(), hook.as_ref(), &input, call, recorded);
        if let Verdict::Differs { expected, .. } = &mut verdict {
            if index > 0 {
                *expected = format!("call {}: {expected}", index + 1);
            }
            break;
        }
    }
    verdict
}

/// Makes the hook of a case.
fn hook(connection: &Connection, input: &Value) -> Result<Hook, Fault> {
    let empty = Map::new();
    let variables = input["env"].as_object().unwrap_or(&empty);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // A session of the original keeps cookies and undoes codings; there is one for each call.
    let mut builder = Hook::builder(connection)
        .defaults(Defaults::airflow())
        .options(hook_arguments(&input["hook"])?.options())
        .environment(variables.iter().map(|(name, value)| (name, text(value))))
        .cookies(Jar::default())
        .decode(true);
    let netrc = variables.get("NETRC").map(text).unwrap_or_default();
    let netrc = netrc.strip_prefix(FILES).and_then(|name| input["files"].get(&name[1..]));
    // As there, one that cannot be read is none.
    let can_be_read = |text: &&str| Hook::builder(connection).netrc(text).is_ok();
    if let Some(netrc) = netrc.and_then(Value::as_str).filter(can_be_read) {
        builder = builder.netrc(netrc).expect("it can be read");
    }
    if let Some(scheme) = scheme(connection, &input["hook"])? {
        builder = builder.auth(scheme);
    }
    let hook = builder.build().map_err(|error| Fault::from(&error))?;
    Ok(hook.for_client(http_hook_mock::everything("recorded")))
}

/// Runs a call under tenacity's arguments: by the controller, then by the machine.
fn retried(
    hook: Result<&Hook, &Fault>,
    input: &Value,
    call: &Value,
    answers: &mut Answers,
    recorded: &Value,
) -> Verdict {
    let arguments = match Arguments::read(&call["retry"]) {
        Ok(arguments) => arguments,
        Err(fault) => return compare(recorded, &Made::failed(call, fault)),
    };
    let mut same = answers.clone();
    let made = arguments.control(takes(input), || make(hook, input, call, answers));
    // What comes before the wrapper's text is alike once this much is.
    let verdict = compare(recorded, &made);
    let alike = match &verdict {
        Verdict::Differs { expected, .. } => expected.starts_with(WRAPPER),
        other => *other == Verdict::Passed,
    };
    let (Ok(hook), Ok(mut planned), true) = (hook, plan(input, call), alike) else {
        return verdict;
    };
    planned.plan = planned.plan.retry(arguments.of_machine());
    let mut made = drive(hook, planned, input, &mut same, Some(&arguments.last));
    made.base_url = Some(hook.base_url().to_owned());
    let unsendable = made.unsendable;
    // The machine does not try twice what cannot be built.
    match arguments.compare_machine(recorded, made) {
        Verdict::Differs { .. } if unsendable => verdict,
        Verdict::Passed => verdict,
        other => other,
    }
}

impl Made {
    /// A call that came to nothing before any request. The original's connection test never fails, it tells.
    fn failed(call: &Value, fault: Fault) -> Self {
        let outcome = match call["fn"].as_str() {
            Some("test_connection") => Outcome::Value(json!([false, fault.message])),
            _ => Outcome::Fault(fault),
        };
        Self {
            outcome,
            base_url: None,
            sent: Vec::new(),
            statuses: Vec::new(),
            sleeps: Vec::new(),
            gave_up: None,
            attempts: None,
            failed_after: None,
            last: None,
            unsendable: false,
        }
    }

    fn take_outcome(&mut self) -> Outcome {
        std::mem::replace(&mut self.outcome, Outcome::Value(Value::Null))
    }

    /// Adds what the next attempt made.
    fn followed_by(mut self, next: Self) -> Self {
        self.sent.extend(next.sent);
        Self { sent: self.sent, ..next }
    }
}

fn make(hook: Result<&Hook, &Fault>, input: &Value, call: &Value, answers: &mut Answers) -> Made {
    let hook = match hook {
        Ok(hook) => hook,
        Err(fault) => return Made::failed(call, fault.clone()),
    };
    let mut made = match call["fn"].as_str().unwrap_or("run") {
        "url_from_endpoint" => {
            let endpoint = call["endpoint"].as_str().unwrap_or_default();
            Made::value(hook.url_from_endpoint(endpoint).into())
        }
        "get_conn" => get_conn(hook, call),
        "test_connection" => tested(hook, answers),
        _ => send(hook, input, call, answers),
    };
    made.base_url = Some(hook.base_url().to_owned());
    made
}

impl Made {
    fn value(value: Value) -> Self {
        let mut made = Self::failed(&Value::Null, Fault::not_found());
        made.outcome = Outcome::Value(value);
        made
    }
}

fn send(hook: &Hook, input: &Value, call: &Value, answers: &mut Answers) -> Made {
    let planned = match plan(input, call) {
        Ok(planned) => planned,
        Err(fault) => return Made::failed(call, fault),
    };
    drive(hook, planned, input, answers, None)
}

/// The seconds that each attempt takes.
fn takes(input: &Value) -> Duration {
    Duration::from_secs_f64(input["clock"]["attempt_takes"].as_f64().unwrap_or_default())
}

/// The loop of the machine, over the scripted server and a clock that moves by waits and `attempt_takes`.
fn drive(
    hook: &Hook,
    planned: Planned,
    input: &Value,
    answers: &mut Answers,
    last: Option<&Last>,
) -> Made {
    let takes = takes(input);
    let mut now = Timestamp::new(Duration::from_secs(1_700_000_000));
    let (mut sent, mut statuses, mut sleeps) = (Vec::new(), Vec::new(), Vec::new());
    let mut source = planned.source.and_then(|source| source.content);
    let mut step = Call::new(hook, planned.plan, SEED, now).step(hook, now);
    let result = loop {
        step = match step {
            Step::Send { request, options, attempt } => {
                let request = Sent::new(&request, &options, source.as_deref());
                // A source that is read once has nothing left for a second send.
                source = source.map(|_| Bytes::new());
                let answer = request.exchange(answers, &mut sent);
                statuses.extend(answer.as_ref().map(|response| response.status().as_u16()));
                if let Some(last) = last {
                    *last.lock().expect("no panic") = Fault::of_exchange(&answer);
                }
                now = now.after(takes);
                attempt.finish(hook, answer, now)
            }
            Step::Wait { call, wait, .. } => {
                sleeps.push(wait);
                statuses.clear();
                now = now.after(wait);
                call.step(hook, now)
            }
            Step::Done(result) => break result,
        };
    };
    let mut made = Made::failed(&Value::Null, Fault::not_found());
    made.outcome = match result {
        Ok(response) => Outcome::Answer(Box::new(response)),
        Err(failure) => {
            made.unsendable = failure.reason() == StopReason::Invalid;
            made.failed_after = Some(failure.attempts());
            made.last = failure.response().cloned().map(Box::new);
            Outcome::Fault(Fault::from(&failure as &Failure))
        }
    };
    let attempts = sleeps.len().saturating_add(1);
    made.attempts = u32::try_from(attempts).ok();
    Made { sent, statuses, sleeps, ..made }
}

/// Gives an option of the layer, as the session shows it.
pub(crate) fn setting<T>(setting: &Setting<T>) -> Option<&T> {
    match setting {
        Setting::Set(value) => Some(value),
        Setting::Inherit | Setting::Unset => None,
    }
}
