//! Cases of kind `http`: calls through one hook, at the level of the machine.
//!
//! What the machine emits is compared with what arrived at the recorded server, after adding what every client
//! adds: Host and the framing of the body. Not compared: the order and spelling of header names (D15), the
//! fragment and the user info of a URL, the log, and texts that come from the recorded client or language.

mod arguments;
mod faults;
mod sent;

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use http_hook::{
    Call, Capabilities, Defaults, Failure, Hook, Options, Payload, Reason, Setting, Step,
    Timestamp, blocking,
};
use serde_json::{Value, json};

use crate::recorded::answer::Answers;
use crate::recorded::case::Case;
use crate::recorded::compare::difference;
use crate::recorded::connections;
use crate::recorded::report::Verdict;
use crate::recorded::values::substitute;

pub use arguments::{Inexpressible, Planned, keep_alive, plan};
pub use faults::{Fault, refuses};
pub use sent::Sent;

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
    statuses: Vec<u16>,
    sleeps: Vec<Duration>,
}

/// Runs one case.
#[must_use]
pub fn run(case: &Case) -> Verdict {
    let input = substitute(&case.input, false);
    let expected = substitute(&case.expected, true);
    let connection = match connections::read(&input["connection"]) {
        Some(Ok(connection)) => Some(connection),
        Some(Err(error)) => {
            let recorded = expected.get("connection_error").unwrap_or(&expected);
            return refuses(recorded, &Fault::from(&error));
        }
        None => None,
    };
    let hook = connection.as_ref().map(|connection| {
        let options = keep_alive(&input["hook"]);
        Hook::builder(connection).defaults(Defaults::airflow()).options(options).build()
    });
    let mut answers = Answers::new(&input["server"]);
    let calls = input["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut verdict = Verdict::Passed;
    for (index, call) in calls.iter().enumerate() {
        let made = match &hook {
            Some(Ok(hook)) => make(hook, &input, call, &mut answers),
            Some(Err(error)) => Made::failed(call, Fault::from(error)),
            None => Made::failed(call, Fault::not_found()),
        };
        // An error of the hook's constructor is one of each call here.
        let of_hook = expected.get("hook_error").map(|error| json!({"outcome": {"error": error}}));
        let recorded = of_hook.as_ref().unwrap_or(&expected["calls"][index]);
        verdict = compare(recorded, &made);
        if let Verdict::Differs { expected, .. } = &mut verdict {
            if index > 0 {
                *expected = format!("call {}: {expected}", index + 1);
            }
            break;
        }
    }
    verdict
}

impl Made {
    /// A call that came to nothing before any request. The original's connection test never fails, it tells.
    fn failed(call: &Value, fault: Fault) -> Self {
        let outcome = match call["fn"].as_str() {
            Some("test_connection") => Outcome::Value(json!([false, fault.message])),
            _ => Outcome::Fault(fault),
        };
        Self { outcome, base_url: None, sent: Vec::new(), statuses: Vec::new(), sleeps: Vec::new() }
    }
}

fn make(hook: &Hook, input: &Value, call: &Value, answers: &mut Answers) -> Made {
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
    drive(hook, planned, input, answers)
}

/// The loop of the machine, over the scripted server and a clock that moves by waits and `attempt_takes`.
fn drive(hook: &Hook, planned: Planned, input: &Value, answers: &mut Answers) -> Made {
    let takes = input["clock"]["attempt_takes"].as_f64().unwrap_or_default();
    let takes = Duration::from_secs_f64(takes);
    let mut now = Timestamp::new(Duration::from_secs(1_700_000_000));
    let (mut sent, mut statuses, mut sleeps) = (Vec::new(), Vec::new(), Vec::new());
    let mut source = planned.source;
    let mut step = Call::new(hook, planned.plan, SEED, now).step(hook, now);
    let result = loop {
        step = match step {
            Step::Send { request, options, attempt } => {
                let request = Sent::new(&request, &options, source.as_deref());
                // A source that is read once has nothing left for a second send.
                source = source.map(|_| Vec::new());
                let answer = match request.refusal() {
                    Some(error) => Err(error),
                    None => answers.next(&request.method),
                };
                statuses.extend(answer.as_ref().map(|response| response.status().as_u16()));
                // What nobody takes does not arrive.
                if request.refusal().is_none() {
                    sent.push(request);
                }
                now = now.after(takes);
                attempt.finish(hook, answer, now)
            }
            Step::Wait { call, wait, .. } => {
                sleeps.push(wait);
                now = now.after(wait);
                call.step(hook, now)
            }
            Step::Done(result) => break result,
        };
    };
    let outcome = match result {
        Ok(response) => Outcome::Answer(Box::new(response)),
        Err(failure) => Outcome::Fault(Fault::from(&failure as &Failure)),
    };
    Made { outcome, base_url: None, sent, statuses, sleeps }
}

/// The library's own connection test, through its blocking face (D10: it sends HEAD).
fn tested(hook: &Hook, answers: &mut Answers) -> Made {
    let shared = Mutex::new((std::mem::take(answers), Vec::new()));
    let transport = blocking::from_fn(Capabilities::all("recorded"), |request, options| {
        let request = request.map(|_| Payload::EMPTY);
        let request = Sent::new(&request, options, None);
        let mut shared = shared.lock().expect("one thread");
        let answer = match request.refusal() {
            Some(error) => Err(error),
            None => shared.0.next(&request.method),
        };
        if request.refusal().is_none() {
            shared.1.push(request);
        }
        answer.map(|response| response.map(Into::into))
    });
    let test = blocking::HttpHook::new(hook.clone(), transport, Still).test_connection("");
    let (rest, sent) = shared.into_inner().expect("one thread");
    *answers = rest;
    Made { sent, ..Made::value(json!([test.ok(), test.message()])) }
}

/// A clock that nobody waits for.
struct Still;

impl blocking::Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, _: Duration) {}
}

/// What the original's session holds is here what a call to the base URL would be sent with.
fn get_conn(hook: &Hook, call: &Value) -> Made {
    let input = json!({"hook": {"method": "GET"}});
    let planned = match plan(&input, call) {
        Ok(planned) => planned,
        Err(fault) => return Made::failed(call, fault),
    };
    let now = Timestamp::default();
    match Call::new(hook, planned.plan, SEED, now).step(hook, now) {
        Step::Send { request, options, .. } => {
            let request = Sent::new(&request, &options, None);
            let set =
                call["extra_options"].as_object().and_then(|map| Options::from_json(map).ok());
            let set = set.unwrap_or_default().over(hook.options().clone());
            Made::value(request.session(&set))
        }
        Step::Done(Err(failure)) => Made::failed(call, Fault::from(&failure)),
        other => panic!("nothing is sent: {other:?}"),
    }
}

fn compare(expected: &Value, made: &Made) -> Verdict {
    let outcome = &expected["outcome"];
    let verdict = match &made.outcome {
        Outcome::Fault(fault) => refuses(outcome, fault),
        Outcome::Answer(response) => answered(&outcome["ok"], outcome, response, made),
        Outcome::Value(value) => told(&outcome["ok"]["value"], value),
    };
    if verdict != Verdict::Passed {
        return verdict;
    }
    let recorded = expected["base_url"].as_str().map(without_user_info);
    let base_url = made.base_url.as_ref().zip(recorded);
    if let Some((got, recorded)) = base_url.filter(|(got, recorded)| recorded != *got) {
        return Verdict::differs(format!("base_url {recorded}"), got);
    }
    requests(expected, made)
}

fn answered(ok: &Value, outcome: &Value, response: &Response<Bytes>, made: &Made) -> Verdict {
    let status = response.status().as_u16();
    if !ok.is_object() {
        return Verdict::differs(outcome.to_string(), format!("an answer {status}"));
    }
    let target = made.sent.last().map(|sent| sent.url.clone()).unwrap_or_default();
    let (_, history) = made.statuses.split_last().unwrap_or((&0, &[]));
    let got = json!({
        "status": status,
        "reason": Reason::of(response).as_str(),
        "url": target,
        "history": history,
        "text": text(response.body(), ok["encoding"].as_str()),
    });
    let mut expected = ok.clone();
    expected["url"] = plain(ok["url"].as_str().unwrap_or_default()).into();
    expected.as_object_mut().expect("an object").remove("encoding");
    difference(&expected, &got).unwrap_or(Verdict::Passed)
}

/// Takes user info and fragment off, which no request line shows, and writes the host in lower case.
fn plain(url: &str) -> String {
    let url = without_user_info(url.split('#').next().unwrap_or_default());
    let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    format!("{scheme}://{}{path}", host.to_ascii_lowercase())
}

/// What the base URL of a hook shows: a credential is kept apart from it (D18).
fn without_user_info(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// Decodes as the recorded client did: its guess of an encoding is a trait of that client.
fn text(body: &[u8], encoding: Option<&str>) -> String {
    match encoding.map(str::to_ascii_lowercase).as_deref() {
        Some("iso-8859-1" | "latin-1") => body.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}

/// Compares a told value. The second of a connection test is compared where it is the hook's own text.
fn told(expected: &Value, got: &Value) -> Verdict {
    let own = |text: &str| {
        text.as_bytes().get(3) == Some(&b':') || text.starts_with("Inv") || text.starts_with("The ")
    };
    match (expected.as_array().map(Vec::as_slice), got.as_array()) {
        (Some([Value::Bool(false), Value::String(text)]), Some(got)) if !own(text) => {
            difference(&false.into(), &got[0]).unwrap_or(Verdict::Passed)
        }
        _ => {
            let mut expected = expected.clone();
            if let Some(headers) = expected.get("headers").and_then(Value::as_array) {
                expected["headers"] = sent::sorted(headers.iter().map(sent::pair).collect());
            }
            difference(&expected, got).unwrap_or(Verdict::Passed)
        }
    }
}

fn requests(expected: &Value, made: &Made) -> Verdict {
    let recorded = expected["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
    if recorded.len() != made.sent.len() {
        let (expected, got) = (recorded.len(), made.sent.len());
        return Verdict::differs(format!("{expected} requests"), format!("{got} requests"));
    }
    for (recorded, sent) in recorded.iter().zip(&made.sent) {
        if let Some(verdict) = sent.difference(recorded) {
            return verdict;
        }
    }
    let options = expected.get("send_options").zip(made.sent.first());
    let differs = options.and_then(|(options, sent)| sent.options_difference(options));
    let sleeps = expected.get("sleeps").and_then(|recorded| {
        let got: Vec<f64> = made.sleeps.iter().map(Duration::as_secs_f64).collect();
        difference(recorded, &json!(got))
    });
    differs.or(sleeps).unwrap_or(Verdict::Passed)
}

/// Reads the method of the hook: the original turns it into capitals, and takes POST if none is named.
pub(crate) fn method(hook: &Value) -> Result<Method, Fault> {
    let name = match hook.get("method") {
        None => "POST".to_owned(),
        Some(Value::String(name)) => name.to_ascii_uppercase(),
        Some(_) => return Err(Inexpressible.into()),
    };
    Method::from_bytes(name.as_bytes()).map_err(|_| Fault::new(&["invalid_method"], "the method"))
}

/// Gives an option of the layer, as the session shows it.
pub(crate) fn setting<T>(setting: &Setting<T>) -> Option<&T> {
    match setting {
        Setting::Set(value) => Some(value),
        Setting::Inherit | Setting::Unset => None,
    }
}
