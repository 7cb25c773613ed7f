//! Functions of the hook beside `run`: its connection test and its session.

use std::sync::Mutex;
use std::time::Duration;

use http_hook::body::Payload;
use http_hook::{Call, Hook, Options, Step, Timestamp, blocking};
use serde_json::{Value, json};

use super::arguments::plan;
use super::sent::Sent;
use super::{Fault, Made, SEED};
use crate::recorded::answer::Answers;

/// The library's own connection test, through its blocking face (D10: it sends HEAD).
pub(super) fn tested(hook: &Hook, answers: &mut Answers) -> Made {
    let shared = Mutex::new((std::mem::take(answers), Vec::new()));
    let transport =
        blocking::from_fn(http_hook_mock::everything("recorded"), |request, options| {
            let request = request.map(|_| Payload::EMPTY);
            let request = Sent::new(&request, options, None);
            let (answers, sent) = &mut *shared.lock().expect("one thread");
            let answer = request.exchange(answers, sent);
            answer.map(|response| response.map(Into::into))
        });
    let test = blocking::HttpHook::new(hook.clone(), transport, Still).test_connection("");
    let (rest, sent) = shared.into_inner().expect("one thread");
    *answers = rest;
    let told = match test {
        Ok(_) => json!([true, "Connection successfully tested"]),
        Err(failure) => json!([false, failure.cause().to_string()]),
    };
    Made { sent, ..Made::value(told) }
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
pub(super) fn get_conn(hook: &Hook, call: &Value) -> Made {
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
