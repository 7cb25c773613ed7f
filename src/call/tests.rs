//! What only somebody who knows the digest can write: a stored call that cannot be.

use std::time::Duration;

use serde_json::{Value, json};

use super::form::{Moment, PlanForm, ProgressForm, plan_form, progress_form, text_of};
use super::{Call, Step};
use crate::base::chance::digest;
use crate::base::redact::{Piece, path_pieces, query_pieces, sent_path, sent_query};
use crate::base::{Error, ErrorKind, Timestamp};
use crate::hook::Hook;
use crate::options::Options;
use crate::request::RequestPlan;

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_800_000_000));

fn hook() -> Hook {
    Hook::to("https://api.example.com").expect("a hook")
}

/// Takes up a call that was changed by somebody who worked the digests out anew.
fn changed(
    change_plan: impl FnOnce(&mut Value),
    change: impl FnOnce(&mut ProgressForm),
) -> Result<Call, Error> {
    let hook = hook();
    let Step::Send { attempt, .. } =
        Call::new(&hook, RequestPlan::get("a"), 7, NOW).step(&hook, NOW)
    else {
        panic!("it begins");
    };
    let plan = plan_form(&attempt.0, &hook).expect("a plan");
    let mut progress =
        progress_form(&attempt.0, &hook, Moment::Interrupted, &plan).expect("its progress");
    let mut plan = serde_json::to_value(&plan).expect("a value");
    change_plan(&mut plan);
    let plan: PlanForm = serde_json::from_value(plan).expect("a plan");
    let plan = text_of(&plan).expect("a text");
    progress.plan = digest(&plan);
    change(&mut progress);
    progress.digest = String::new();
    progress.digest = digest(&text_of(&progress).expect("a text"));
    let progress = text_of(&progress).expect("a text");
    Call::resume_parts(&hook, &plan, &progress, &Options::default(), NOW)
}

#[test]
fn counts_that_cannot_be_are_refused() {
    let rows = [
        // sends, attempts, whether that can be
        (1, 1, true),
        (2, 1, true),
        (7, 7, true),
        (Call::MAX_SENDS, 1, true),
        (0, 0, false),
        (1, 0, false),
        (1, 2, false),
        (6, 7, false),
        (0, 1, false),
        (Call::MAX_SENDS, Call::MAX_SENDS + 1, false),
        (Call::MAX_SENDS + 1, 1, false),
        (u32::MAX, u32::MAX, false),
    ];
    for (sends, attempts, can_be) in rows {
        let change = |progress: &mut ProgressForm| {
            progress.sends = sends;
            progress.attempt_number = attempts;
        };
        let call = changed(|_| {}, change);
        assert_eq!(call.is_ok(), can_be, "{sends} sends, {attempts} attempts");
    }
}

#[test]
fn times_that_cannot_be_are_refused() {
    type Set = fn(&mut ProgressForm, Duration);
    let sets: [(&str, Set); 3] = [
        ("due", |progress, wait| progress.due = progress.written.after(wait)),
        ("the wait before", |progress, wait| progress.previous_wait = wait),
        ("all waits", |progress, wait| progress.idle_for = wait),
    ];
    let longest = Options::MAX_TIMEOUT;
    let little = Duration::from_nanos(1);
    let rows = [
        (longest.saturating_sub(little), true),
        (longest, true),
        (longest.saturating_add(little), false),
        (longest.saturating_mul(2), false),
        (Duration::MAX, false),
    ];
    for (what, set) in sets {
        for (wait, can_be) in rows {
            let call = changed(|_| {}, |progress| set(progress, wait));
            assert_eq!(call.is_ok(), can_be, "{what} {wait:?}");
        }
    }
    let begun = |progress: &mut ProgressForm| progress.started = NOW.after(little);
    assert!(changed(|_| {}, begun).is_err(), "begun after it was written");
}

#[test]
fn a_stored_link_is_read_in_the_form_that_is_written() {
    let rows = [
        // origin, target, whether it is read
        ("https://files.example.net", "/p?a=1", true),
        ("https://api.example.com", "/p", true),
        ("https://files.example.net", "/a b", false),
        ("https://files.example.net", "/a#f", false),
        ("https://files.example.net", "/a%2fb", false),
        ("https://files.example.net", "/a?b c", false),
        ("https://files.example.net", "p", false),
        ("https://files.example.net", "?a=1", false),
        ("https://files.example.net", "", false),
        ("https://files.example.net", "//other.example/p", false),
        ("https://files.example.net", "https://files.example.net/p", false),
        ("https://files.example.net", "https://other.example/p", false),
        ("files.example.net", "/p", false),
        ("ftp://files.example.net", "/p", false),
        ("http://files.example.net", "/p", false),
    ];
    for (origin, target, can_be) in rows {
        let link = json!({"origin": origin, "target": target});
        let call = changed(|plan| plan["link"] = link, |_| {});
        assert_eq!(call.is_ok(), can_be, "{origin} {target}");
    }
}

/// What a store refuses of a path or a query is what the redactor hides of it, as it is given or as it is sent, and nothing else.
#[test]
fn a_store_refuses_what_is_hidden() {
    let rows = [
        // endpoint, whether it is open
        ("a", true),
        ("a?page=2&token_type=x", true),
        ("a?token", true),
        ("a?token&page=2", true),
        ("a?%74oken", true),
        ("a?key;token", true),
        ("a?token=", false),
        ("a?%74oken=S", false),
        ("a?to+ken=S", false),
        ("a?page=2;token=S", false),
        ("a?u=https://u:S@h", false),
        ("a;token=S", false),
        ("a/token", true),
    ];
    for (endpoint, open) in rows {
        assert_eq!(agreed(endpoint), open, "{endpoint}");
    }
}

/// Whether an endpoint is open, about which the store and what is shown agree.
fn agreed(endpoint: &str) -> bool {
    let (path, query) = endpoint.split_once('?').unwrap_or((endpoint, ""));
    let mut open = true;
    let mut look = |piece: Piece<'_>| open &= matches!(piece, Piece::Open(_));
    for path in [path, &sent_path(path)] {
        path_pieces(path, &mut look);
    }
    for query in [query, &sent_query(query)] {
        query_pieces(query, &mut look);
    }
    let hook = hook();
    let given = [RequestPlan::get(endpoint), RequestPlan::get(path).params_text(query)];
    for plan in given {
        let stored = Call::new(&hook, plan, 7, NOW).store(&hook).map_err(|error| error.kind());
        assert_eq!(
            stored.map(drop),
            if open { Ok(()) } else { Err(ErrorKind::NotStorable) },
            "{endpoint}"
        );
    }
    open
}

#[test]
fn a_store_and_what_is_shown_agree_about_a_quoted_url() {
    agreed("a?token\"https://");
}

proptest::proptest! {
    #[test]
    fn a_store_and_what_is_shown_agree(
        parts in proptest::collection::vec(
            proptest::sample::select(&[
                "token", "page", "%74oken", "to", "ken", "=", "&", ";", "?", ":", "+", "%3D", "%26", "/", "@", "S",
                "%C2%AD", "\"", "{", "https://", "%25",
            ][..]),
            0..8,
        ),
    ) {
        let query = parts.concat();
        agreed(&format!("a?{query}"));
    }
}

/// A link to another origin is taken up where it could have been made, and nowhere else.
#[test]
fn a_stored_link_leads_to_another_origin_only_without_a_body() {
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "QUERY"] {
        for body in [json!({"text": ""}), json!({"text": "x"}), json!({"external": {"len": 0}})] {
            for origin in ["https://api.example.com", "https://files.example.net"] {
                let link = json!({"origin": origin, "target": "/p"});
                let change = |plan: &mut Value| {
                    (plan["method"], plan["body"], plan["link"]) =
                        (method.into(), body.clone(), link);
                };
                let call = changed(change, |_| {}).map(drop).map_err(|error| error.kind());
                let home = origin == "https://api.example.com";
                let open = ["GET", "HEAD"].contains(&method) && body["text"] == "";
                let expected = if home || open { Ok(()) } else { Err(ErrorKind::Redirect) };
                assert_eq!(call, expected, "{method} {body} {origin}");
            }
        }
    }
}
