//! Cases of the kinds `async`, `operator` and `sensor`: the classes around the hook, as the library's counterparts of them.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::body::Payload;
use http_hook::cookies::Jar;
use http_hook::hook::Defaults;
use http_hook::pages::{Pages, Paging};
use http_hook::{Act, Connection, Failure, Hook, ResponseExt as _, Timestamp};
use http_hook_airflow::{AsyncHookArguments, CallArguments, OperatorArguments, SensorArguments};
use serde_json::Value;

use super::judge::compare;
use super::{Fault, Made, Outcome, SEED, Sent, each_with, hook};
use crate::recorded::answer::Answers;
use crate::recorded::case::Case;
use crate::recorded::connections;
use crate::recorded::report::Verdict;
use crate::recorded::values::Places;

/// Runs a case of `HttpAsyncHook`.
#[must_use]
pub fn run_async(case: &Case) -> Verdict {
    let places = Places::default();
    let mut answers = Answers::new(&places.substitute(&case.input["server"], false));
    each_with(case, &places, async_hook, |connection, hook, input, call, recorded| {
        let planned = AsyncHookArguments::from_json(&input["hook"]).and_then(|arguments| {
            let given = |name: &str| call.get(name).cloned().unwrap_or_default();
            let mut request_kwargs = given("request_kwargs");
            if !given("json").is_null() {
                request_kwargs["json"] = given("json");
            }
            let own = CallArguments {
                endpoint: given("endpoint"),
                data: given("data"),
                headers: given("headers"),
                extra_options: given("extra_options"),
                request_kwargs,
            };
            arguments.plan(connection.unwrap_or(&Connection::new()), &own)
        });
        let made = match (hook, planned) {
            (Err(fault), _) => Made::failed(call, fault.clone()),
            (_, Err(error)) => Made::failed(call, Fault::from(error)),
            (Ok(hook), Ok(plan)) => {
                let planned = http_hook_airflow::Planned { plan, source: None };
                let mut made = super::drive(hook, planned, input, &mut answers, None);
                made.base_url = Some(hook.base_url().to_owned());
                made
            }
        };
        compare(&but(recorded, &case.differs, &made), &made)
    })
}

/// What was recorded, but for the parts that differ on purpose.
fn but(recorded: &Value, differs: &[String], made: &Made) -> Value {
    let mut recorded = recorded.clone();
    for part in differs {
        match part.as_str() {
            "delay" => recorded["sleeps"] = Value::Null,
            "statuses" => recorded["requests"] = Value::Null,
            // Clients frame a body that there is not by its method.
            "method" => {
                for (request, sent) in
                    recorded["requests"].as_array_mut().into_iter().flatten().zip(&made.sent)
                {
                    request["framing"] = sent.framing().into();
                    let headers = request["headers"].as_array_mut().expect("headers");
                    headers.retain(|pair| pair[0] != "Content-Length");
                    if sent.framing() == "content-length" {
                        headers.push(serde_json::json!(["Content-Length", "0"]));
                    }
                }
            }
            _ => recorded["outcome"]["error"]["own_text"] = false.into(),
        }
    }
    recorded
}

fn async_hook(connection: &Connection, input: &Value) -> Result<Hook, Fault> {
    let arguments = AsyncHookArguments::from_json(&input["hook"])?;
    let connection = &arguments.connection(connection)?;
    let mut builder = Hook::builder(connection)
        .defaults(Defaults::airflow())
        .options(arguments.options())
        .cookies(Jar::default())
        .decode(true);
    if let Some(scheme) = arguments.auth(connection)? {
        builder = builder.auth(scheme);
    }
    let hook = builder.build().map_err(|error| Fault::from(&error))?;
    Ok(hook.for_client(http_hook_mock::everything("recorded")))
}

/// Runs a case of `HttpOperator`.
#[must_use]
pub fn run_operator(case: &Case) -> Verdict {
    one(case, |hook, input, answers| {
        let arguments = &input["args"];
        let operator = OperatorArguments::from_json(arguments)?;
        let paging = given(&arguments["pagination_function"]);
        let pages = match paging {
            Some(function) => {
                let function = function.clone();
                operator.paging(move |response| call_of(&function, response))
            }
            None => Paging::custom(|_, _| Ok(None)),
        };
        let mut made = Made::failed(&Value::Null, Fault::not_found());
        let read = read(hook, &operator, pages, input, answers, &mut made)?;
        let responses = match read {
            Ok(responses) => responses,
            Err(failure) => {
                made.outcome = Outcome::Fault(Fault::from(&failure));
                return Ok(made);
            }
        };
        let check = given(&arguments["response_check"]);
        let check = check.map(|check| {
            move |all: &[Response<Bytes>]| {
                !is_false(&all.last().map(|last| call_of(check, last)).unwrap_or_default())
            }
        });
        let filter = given(&arguments["response_filter"]);
        let filter = filter.map(|filter| {
            move |all: &[Response<Bytes>]| {
                all.last().map(|last| call_of(filter, last)).unwrap_or_default()
            }
        });
        let result = operator.result(
            &responses,
            paging.is_some(),
            check.as_ref().map(|check| check as &dyn Fn(&[Response<Bytes>]) -> bool),
            filter.as_ref().map(|filter| filter as &dyn Fn(&[Response<Bytes>]) -> Value),
        );
        made.outcome = match result {
            Ok(value) => Outcome::Value(value),
            Err(error) => Outcome::Fault(Fault::from(&error)),
        };
        Ok(made)
    })
}

/// Runs a case of `HttpSensor`: one poke.
#[must_use]
pub fn run_sensor(case: &Case) -> Verdict {
    one(case, |hook, input, answers| {
        let arguments = &input["args"];
        let sensor = SensorArguments::from_json(arguments)?;
        let mut made = Made::failed(&Value::Null, Fault::not_found());
        let pages = Paging::custom(|_, _| Ok(None));
        let read = read(hook, sensor.call(), pages, input, answers, &mut made)?;
        let result = read.map(|mut all| all.pop().expect("one page"));
        let check = given(&arguments["response_check"]);
        let poked = sensor.poke(result, |response| {
            check.is_none_or(|check| !is_false(&call_of(check, response)))
        });
        made.outcome = match poked {
            Ok(come) => Outcome::Value(come.into()),
            Err(failure) => Outcome::Fault(Fault::from(&failure)),
        };
        Ok(made)
    })
}

/// Makes the hook of a case of one call, and judges what became of it.
fn one(
    case: &Case,
    play: impl FnOnce(&Hook, &Value, &mut Answers) -> Result<Made, Fault>,
) -> Verdict {
    let places = Places::default();
    let input = places.substitute(&case.input, false);
    let expected = places.substitute(&case.expected, true);
    let mut answers = Answers::new(&input["server"]);
    let made = match connections::read(&input["connection"]) {
        Some(Ok(connection)) => {
            let input = &input;
            hook(&connection, input).and_then(|hook| play(&hook, input, &mut answers))
        }
        Some(Err(error)) => Err(Fault::from(&error)),
        None => Err(Fault::not_found()),
    };
    compare(&expected, &made.unwrap_or_else(|fault| Made::failed(&Value::Null, fault)))
}

/// Reads all pages over the scripted server, on a clock that moves by the waits.
fn read(
    hook: &Hook,
    operator: &OperatorArguments,
    paging: Paging,
    input: &Value,
    answers: &mut Answers,
    made: &mut Made,
) -> Result<Result<Vec<Response<Bytes>>, Failure>, Fault> {
    let takes =
        Duration::from_secs_f64(input["clock"]["attempt_takes"].as_f64().unwrap_or_default());
    let mut now = Timestamp::new(Duration::from_secs(1_700_000_000));
    let plan = operator.plan()?.plan;
    let mut pages = Pages::<Bytes>::new(hook, plan, paging, SEED, now);
    let mut all = Vec::new();
    while !pages.is_over() {
        let mut act = pages.woke(now);
        let page = loop {
            act = match act {
                Act::Send(request, options) => {
                    let sent = Sent::new(&request.map(Payload::from), &options, None);
                    let answer = sent.exchange(answers, &mut made.sent);
                    now = now.after(takes);
                    pages.sent(answer, || now)
                }
                Act::Read(body, _) => pages.read(Ok(body), now),
                Act::Sleep(wait) => {
                    made.sleeps.push(wait);
                    now = now.after(wait);
                    pages.woke(now)
                }
                Act::Done(page) => break page,
            };
        };
        match page {
            Ok(page) => all.push(page),
            Err(failure) => return Ok(Err(failure)),
        }
    }
    Ok(Ok(all))
}

fn given(argument: &Value) -> Option<&Value> {
    Some(argument).filter(|argument| !argument.is_null())
}

/// Calls a function of the recording's own, which is written as an object with one member.
fn call_of(function: &Value, response: &Response<Bytes>) -> Value {
    let body = || serde_json::from_slice::<Value>(response.body()).unwrap_or_default();
    let Some((name, argument)) = function.as_object().and_then(|members| members.iter().next())
    else {
        panic!("an unknown function {function}");
    };
    match name.as_str() {
        "constant" => argument.clone(),
        "text_contains" => response.text().contains(argument.as_str().unwrap_or_default()).into(),
        "status_is" => (u64::from(response.status().as_u16()) == *argument).into(),
        "json_key" => body()[argument.as_str().unwrap_or_default()].clone(),
        "next_from_body" => body().get("next").cloned().unwrap_or_default(),
        _ => panic!("an unknown function {name}"),
    }
}

/// Whether Python takes it for false.
fn is_false(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    }
}
