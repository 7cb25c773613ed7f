//! The vectors on one part of a policy alone.

use std::sync::Arc;

use http_hook::retry::{Event, RetryState};
use serde_json::{Value, json};

use super::shot::{Shot, Types};
use super::strategies::{retry_of, stop_of, wait_of};
use super::values::{Draws, attempt, close, duration, expect, number, text};

pub(super) fn check_wait(vector: &Value) -> Result<(), String> {
    let wait = wait_of(&vector["strategy"])?;
    let outcome = match vector.get("outcome") {
        Some(outcome) => Shot::read(outcome),
        None => Shot::Result(Value::Null),
    };
    let below_one = 1.0 - f64::EPSILON / 2.0;
    for case in vector["cases"].as_array().expect("cases") {
        let ask = |draw: f64| {
            let mut draws = 0;
            let state = RetryState { attempt_number: attempt(case), ..RetryState::new(&outcome) };
            let seconds = wait.seconds(&state, &mut || {
                draws += 1;
                draw
            });
            (seconds.get(), draws)
        };
        if case.get("draws_used").is_none() {
            let (seconds, draws) = ask(0.5);
            let accepted = case["accept"].as_array().cloned();
            let accepted = accepted.unwrap_or_else(|| vec![case["seconds"].clone()]);
            let right = accepted.iter().any(|value| close(seconds, number(value)));
            expect(
                right && draws == 0,
                case,
                &json!({"seconds": seconds.to_string(), "draws": draws}),
            )?;
            continue;
        }
        let rows = [
            ("at_0", 0.0),
            ("at_0.25", 0.25),
            ("at_0.5", 0.5),
            ("at_0.75", 0.75),
            ("sup", below_one),
        ];
        for (name, draw) in rows {
            let (seconds, draws) = ask(draw);
            let right = close(seconds, number(&case[name])) && case["draws_used"] == draws;
            expect(right, case, &json!({name: seconds.to_string(), "draws": draws}))?;
        }
    }
    Ok(())
}

pub(super) fn check_wait_draws(vector: &Value) -> Result<(), String> {
    let wait = wait_of(&vector["strategy"])?;
    let draws = Draws::read(&vector["draws"]);
    for case in vector["cases"].as_array().expect("cases") {
        let before = draws.used();
        let outcome = Shot::Result(Value::Null);
        let state = RetryState { attempt_number: attempt(case), ..RetryState::new(&outcome) };
        let seconds = wait.seconds(&state, &mut || draws.next()).get();
        let used = draws.used() - before;
        let right = close(seconds, number(&case["seconds"])) && case["draws_used"] == used;
        expect(right, case, &json!({"seconds": seconds, "draws_used": used}))?;
    }
    Ok(())
}

pub(super) fn check_stop(vector: &Value) -> Result<(), String> {
    for case in vector["cases"].as_array().expect("cases") {
        let mut stop = stop_of(&vector["strategy"])?;
        for name in case["events"].as_array().into_iter().flatten() {
            let event = Event::new(text(name));
            event.set();
            stop.bind(&event);
        }
        let outcome = Shot::Result(Value::Null);
        let state = RetryState {
            attempt_number: attempt(case),
            elapsed: duration(&case["elapsed"]),
            upcoming: duration(&case["upcoming"]),
            ..RetryState::new(&outcome)
        };
        let stops = stop.stops(&state);
        expect(case["stop"] == stops, case, &json!(stops))?;
    }
    Ok(())
}

pub(super) fn check_retry(vector: &Value, types: &Arc<Types>) -> Result<(), String> {
    let condition = retry_of(&vector["strategy"], types)?;
    for case in vector["cases"].as_array().expect("cases") {
        let holds = condition.holds(&Shot::read(&case["outcome"]));
        expect(case["retry"] == holds, case, &json!(holds))?;
    }
    Ok(())
}

pub(super) fn check_construct(vector: &Value, types: &Arc<Types>) -> Result<(), String> {
    let strategy = &vector["strategy"];
    let built = match text(&vector["part"]).as_str() {
        "wait" => wait_of(strategy).map(drop),
        "stop" => stop_of(strategy).map(drop),
        _ => retry_of(strategy, types).map(drop),
    };
    let result = if built.is_ok() { "ok" } else { "invalid_argument" };
    expect(vector["expect"] == result, vector, &json!(result))
}
