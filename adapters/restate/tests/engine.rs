//! The service behind a real server: `bash adapters/restate/run test`.

#[path = "support/restate.rs"]
mod restate;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_hook_reqwest::response::Outcome;
use http_hook_reqwest::{Connection, HttpHook, RequestPlan, ReqwestTransport};
use http_hook_restate::{Calls, listen};
use http_hook_sources::{Found, Listed, SourceError, Sources};
use http_hook_storm::Server;
use restate::Restate;
use restate_sdk::prelude::*;
use serde_json::{Value, json};

/// A source whose connection comes and goes.
#[derive(Clone, Default)]
struct Changing(Arc<Mutex<Option<Connection>>>);

impl http_hook_sources::blocking::Source for Changing {
    fn name(&self) -> String {
        "changing".to_owned()
    }

    fn find(&self, id: &str) -> Result<Option<Found>, SourceError> {
        let connection = self.0.lock().expect("no panic").clone();
        Ok(connection.filter(|_| id == "storm").map(|one| Found::new(one, "here")))
    }

    fn ids(&self) -> Result<Vec<Listed>, SourceError> {
        Ok(Vec::new())
    }
}

/// A server of its own, with a worker in this process.
async fn start(name: &str, source: Changing) -> (Restate, HttpHook) {
    let restate = Restate::start(name).expect("a server: bash adapters/restate/run test");
    let listener = listen(([127, 0, 0, 1], restate.worker).into()).expect("a port");
    let calls = Calls::new(Sources::new().with(source), ReqwestTransport::default());
    let endpoint = Endpoint::builder().bind(calls).build();
    tokio::spawn(async move {
        restate_sdk::http_server::HttpServer::new(endpoint).serve(listener).await;
    });
    restate.register().await.expect("it knows its worker");
    let ingress = http_hook_reqwest::connect(&restate.ingress()).expect("a hook");
    (restate, ingress)
}

async fn ask(ingress: &HttpHook, key: &str, ask: Value) -> (u16, String) {
    let plan = RequestPlan::post("http_hook/call").header("idempotency-key", key).json(&ask);
    // The key makes a repetition the same call.
    let plan =
        plan.check_response(false).timeout(Duration::from_secs(30)).allow_resend().retries(12);
    let response = ingress.run(plan).await.expect("a response");
    (response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned())
}

fn of(server: &Server) -> Connection {
    Connection::parse(&format!("http://svc:secret@{}", server.address())).expect("a connection")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_made_once_for_its_key() {
    let server = Server::start(Duration::ZERO).expect("a port");
    let source = Changing(Arc::new(Mutex::new(Some(of(&server)))));
    let (mut restate, ingress) = start("once", source).await;
    let post = json!({"connection": "storm", "endpoint": "fast/post", "data": "order"});
    let (status, first) = ask(&ingress, "a", post.clone()).await;
    let outcome: Outcome = serde_json::from_str(&first).expect("an outcome");
    assert!(status == 200 && outcome.passed() && outcome.status() == Some(200), "{first}");
    restate.kill().expect("it starts again");
    assert_eq!(ask(&ingress, "a", post.clone()).await, (200, first));
    assert_eq!(server.counts()["post"], 1);
    ask(&ingress, "b", post).await;
    assert_eq!(server.counts()["post"], 2);
    let busy = json!({"connection": "storm", "endpoint": "busy/get", "retries": 5});
    let (_, text) = ask(&ingress, "c", busy).await;
    assert!(serde_json::from_str::<Outcome>(&text).expect("an outcome").passed(), "{text}");
    assert_eq!(server.counts()["get"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_or_sent_is_refused() {
    let server = Server::start(Duration::ZERO).expect("a port");
    let source = Changing(Arc::new(Mutex::new(Some(of(&server)))));
    let (_restate, ingress) = start("refused", source).await;
    let rows = [
        // why                       ask                                                                            says
        (
            "a secret",
            json!({"connection": "storm", "endpoint": "fast/a", "data": "x", "headers": [["X-Api-Key", "k"]]}),
            "not storable: header",
        ),
        (
            "no method",
            json!({"connection": "storm", "endpoint": "fast/b", "method": "A B"}),
            "the method is not one",
        ),
        (
            "two bodies",
            json!({"connection": "storm", "endpoint": "fast/c", "data": "x", "json": 1}),
            "data and json",
        ),
        (
            "a name that is none of its",
            json!({"connection": "storm", "endpiont": "fast/d"}),
            "unknown field",
        ),
    ];
    for (number, (why, plan, says)) in rows.into_iter().enumerate() {
        let (status, text) = ask(&ingress, &number.to_string(), plan).await;
        assert!(status == 400 && text.contains(says), "{why}: {status} {text}");
    }
    assert_eq!(server.seen(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_gone_is_waited_for() {
    let server = Server::start(Duration::ZERO).expect("a port");
    let source = Changing::default();
    let (_restate, ingress) = start("gone", source.clone()).await;
    let post = json!({"connection": "storm", "endpoint": "fast/post", "data": "order"});
    let asking = tokio::spawn(async move { ask(&ingress, "a", post).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!asking.is_finished());
    *source.0.lock().expect("no panic") = Some(of(&server));
    let (status, text) = asking.await.expect("no panic");
    assert!(
        status == 200 && serde_json::from_str::<Outcome>(&text).expect("an outcome").passed(),
        "{text}"
    );
    assert_eq!(server.counts()["post"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_journal() {
    const CANARY: &str = "kanarienvogel-5b0c9e";
    let server = Server::start(Duration::ZERO).expect("a port");
    let extra = format!(
        r#"{{"X-Key": "{CANARY}", "http_hook": {{"auth": {{"scheme": "bearer", "token": "{CANARY}"}}}}}}"#
    );
    let connection = of(&server)
        .with_password(CANARY)
        .with_login(CANARY)
        .with_description(CANARY)
        .with_extra(extra);
    let source = Changing(Arc::new(Mutex::new(Some(connection))));
    let (restate, ingress) = start("canary", source).await;
    let post =
        json!({"connection": "storm", "endpoint": "fast/marker-in-the-path", "data": "order"});
    let (status, text) = ask(&ingress, "a", post).await;
    assert_eq!(status, 200, "{text}");
    // Restate shows its journal; a part of it as bytes, in hexadecimal digits.
    let admin = http_hook_reqwest::connect(&restate.admin()).expect("a hook");
    let query = RequestPlan::post("query").header("accept", "application/json");
    let query = query.json(&json!({"query": "SELECT * FROM sys_journal"}));
    let all = admin.run(query).await.expect("a journal");
    let all = String::from_utf8_lossy(all.body()).to_lowercase();
    let has = |text: &str| {
        let digits: String =
            text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        all.contains(&text.to_lowercase()) || all.contains(&digits)
    };
    assert!(has("marker-in-the-path"), "{all}");
    for form in [CANARY, "a2FuYXJpZW52b2dlb", "thbmFyaWVudm9nZW", "rYW5hcmllbnZvZ2Vs"] {
        assert!(!has(form), "{form}: {all}");
    }
}
