//! OAuth 2.0 against Authlib's server: grants, expiry, refusal, one request for many calls.

use std::thread;
use std::time::Duration;

use http_hook::auth::OAuth2;
use http_hook::{Hook, RequestPlan, Secret};
use http_hook_foreign::{builder, call_blocking, file, place};
use http_hook_isahc::blocking;
use serde_json::json;

const SECRET: &str = "s3cret/+%";
/// A little more than a token of a client called `brief…` lives.
const LIFE: Duration = Duration::from_millis(2_100);

fn credentials(client: &str) -> OAuth2 {
    OAuth2::client_credentials(format!("{}/token", place("TOKENS")), client, Secret::new(SECRET))
}

fn refresh(client: &str, token: &str) -> OAuth2 {
    let url = format!("{}/token", place("TOKENS"));
    let mut scheme = OAuth2::refresh(url, client, Secret::new(token));
    scheme.client_secret = Some(Secret::new(SECRET));
    scheme
}

fn hook(base: &str, scheme: OAuth2) -> Hook {
    let hook = builder(base, &json!({"verify": file("ca.pem")}));
    hook.auth(scheme).build().expect("a hook")
}

/// Asks the server about a client, without a token.
fn ask(plan: RequestPlan) -> String {
    let hook = builder(&place("TOKENS"), &json!({"verify": file("ca.pem")})).build();
    let answer = call_blocking(&hook.expect("a hook"), plan).result.expect("an answer");
    String::from_utf8(answer.into_body().into()).expect("a text")
}

fn issued(client: &str) -> String {
    ask(RequestPlan::get(format!("count/{client}")))
}

fn api(hook: &Hook) -> String {
    call_blocking(hook, RequestPlan::post("api").data("box")).sum()
}

#[test]
fn one_token_serves_many_calls() {
    for (client, in_form) in [("many", false), ("many-by-form", true)] {
        let mut scheme = credentials(client);
        scheme.secret_in_form = in_form;
        let hook = hook(&place("TOKENS"), scheme);
        let face = blocking::from_hook(hook).expect("isahc starts");
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..4 {
                        let answer = face.run(RequestPlan::post("api").data("box"));
                        assert_eq!(answer.expect("an answer").body(), "{\"body\":\"box\"}\n");
                    }
                });
            }
        });
        assert_eq!(issued(client), "1", "{client}: one request for 32 calls");
    }
}

#[test]
fn a_token_is_used_until_it_ends() {
    let rows = [
        // client (lives 2 s)  skew in seconds  told, the third after the token's life
        ("brief", 0, ["200 in 2", "200 in 1", "200 in 2"], "2"),
        ("brief-and-shared", 30, ["200 in 2", "200 in 1", "200 in 2"], "2"),
    ];
    for (client, skew, told, count) in rows {
        let mut scheme = credentials(client);
        scheme.skew = Duration::from_secs(skew);
        let hook = hook(&place("TOKENS"), scheme);
        assert_eq!([api(&hook), api(&hook)], told[..2], "{client}");
        thread::sleep(LIFE);
        assert_eq!(api(&hook), told[2], "{client}: after its end");
        assert_eq!(issued(client), count, "{client}");
    }
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let own = hook(&place("TOKENS"), credentials("refused"));
    assert_eq!(api(&own), "200 in 2", "token, call");
    ask(RequestPlan::post("revoke/refused"));
    assert_eq!(api(&own), "200 in 3", "call, token, call");
    assert_eq!(issued("refused"), "2");

    let never = hook(&place("BIN"), credentials("refused-always"));
    let answer = call_blocking(&never, RequestPlan::get("status/401"));
    assert_eq!(answer.sum(), "401 in 4", "token, call, token, call: {answer:?}");
    assert_eq!(issued("refused-always"), "2");
}

#[test]
fn a_refresh_token_is_followed_by_the_next() {
    let first = ask(RequestPlan::post("seed/brief-refresh"));
    let mut scheme = refresh("brief-refresh", &first);
    scheme.skew = Duration::ZERO;
    let own = hook(&place("TOKENS"), scheme.clone());
    assert_eq!([api(&own), api(&own)], ["200 in 2", "200 in 1"]);
    thread::sleep(LIFE);
    assert_eq!(api(&own), "200 in 2", "the server takes each refresh token once");
    ask(RequestPlan::post("revoke/brief-refresh"));
    assert_eq!(api(&own), "200 in 3", "refused, refreshed, sent again");
    assert_eq!(issued("brief-refresh"), "4");

    let late = hook(&place("TOKENS"), scheme);
    let answer = call_blocking(&late, RequestPlan::get("api"));
    assert_eq!(answer.sum(), "auth in 1", "the first refresh token is used up: {answer:?}");
}

#[test]
fn no_token_is_a_failure_of_authentication() {
    let mut scheme = credentials("unknown");
    scheme.client_secret = Some(Secret::new("wrong"));
    let hook = hook(&place("TOKENS"), scheme);
    let answer = call_blocking(&hook, RequestPlan::get("api"));
    assert_eq!(answer.sum(), "auth in 1", "{answer:?}");
    let text = format!("{answer:?}");
    assert!(text.contains("invalid_client") && !text.contains("wrong"), "{text}");
    assert_eq!(issued("unknown"), "0");
}
