//! Tokens beyond a hook: one is used where it belongs, and nowhere else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;
use http_hook::auth::{AuthScheme, OAuth2, Token, TokenCache};
use http_hook::body::Payload;
use http_hook::options::Verify;
use http_hook::{Connection, Hook, RequestPlan, Secret, SendCause};
use proptest::prelude::*;
use proptest::sample::select;

use crate::cases::cases;
use crate::support::{Scenario, response};

/// By the text of the key, as a store has it.
#[derive(Debug, Default)]
struct Store(Mutex<BTreeMap<String, Token>>);

impl TokenCache for Store {
    fn load(&self, key: &str) -> Option<Token> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn store(&self, key: &str, token: &Token) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key.to_owned(), token.clone());
    }
}

/// Everything that a token is bound to.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    id: &'static str,
    host: &'static str,
    endpoint: &'static str,
    refresh: Option<&'static str>,
    client: String,
    scope: Option<String>,
    audience: Vec<(&'static str, String)>,
    verify: Option<Verify>,
    secret: Option<&'static str>,
    in_body: bool,
    typed: bool,
}

impl Place {
    fn hook(&self, store: &Arc<Store>) -> Hook {
        let client = self.client.clone();
        let mut own = OAuth2::client_credentials(self.endpoint, client, Secret::new(""));
        own.client_secret = self.secret.map(Secret::new);
        own.secret_in_form = self.in_body;
        own.require_token_type = self.typed;
        if let Some(token) = self.refresh {
            own.refresh_token = Some(Secret::new(token));
        }
        own.scope.clone_from(&self.scope);
        let fields = self.audience.iter();
        own.fields = fields.map(|(name, value)| ((*name).into(), Secret::new(value))).collect();
        own.verify.clone_from(&self.verify);
        let mut connection = Connection::new().with_host(self.host);
        if !self.id.is_empty() {
            connection = connection.with_id(self.id).expect("an id");
        }
        let hook = Hook::builder(&connection)
            .auth(AuthScheme::OAuth2(Box::new(own)))
            .token_cache(Arc::<Store>::clone(store))
            .build()
            .expect("a hook");
        hook.for_client(http_hook_mock::everything("test"))
    }
}

/// Texts that would run together, were they only put side by side.
fn texts() -> impl Strategy<Value = String> {
    let pieces = ["a", "b", "\n", "\"", "\\", ",", "[", "]", "null", " ", "\u{1f}", "\0", "é"];
    prop::collection::vec(select(pieces.to_vec()), 0..4).prop_map(|pieces| pieces.concat())
}

fn verifies() -> Vec<Option<Verify>> {
    let file = |path: &str| Some(Verify::File(path.into()));
    vec![None, Some(Verify::Off), file("/a.pem"), file("/b.pem")]
}

fn places() -> impl Strategy<Value = Place> {
    let audience = (select(vec!["audience", "resource"]), texts());
    (
        select(vec!["", "api", "ap"]),
        select(vec!["https://a.test", "https://b.test", "http://a.test", "https://a.test:8443"]),
        select(vec!["https://id-a.test/t", "https://id-b.test/t", "https://id-a.test/t?b"]),
        select(vec![None, Some("r-1"), Some("r-2")]),
        texts(),
        prop::option::of(texts()),
        prop::collection::vec(audience, 0..3),
        (select(verifies()), select(vec![None, Some(""), Some("s3cr3t"), Some("s3cr3t2")])),
        (any::<bool>(), any::<bool>()),
    )
        .prop_map(|(id, host, endpoint, refresh, client, scope, audience, own, flags)| Place {
            id,
            host,
            endpoint,
            refresh,
            client,
            scope,
            audience,
            verify: own.0,
            secret: own.1,
            in_body: flags.0,
            typed: flags.1,
        })
}

/// Two places: alike but for some of their parts, so that each part is decisive at times.
fn pairs() -> impl Strategy<Value = (Place, Place)> {
    (places(), places(), any::<u16>()).prop_map(|(one, two, takes)| {
        let mut other = one.clone();
        let takes = |bit: u32| takes & (1 << bit) != 0;
        if takes(0) {
            other.id = two.id;
        }
        if takes(1) {
            other.host = two.host;
        }
        if takes(2) {
            other.endpoint = two.endpoint;
        }
        if takes(3) {
            other.refresh = two.refresh;
        }
        if takes(4) {
            other.client = two.client;
        }
        if takes(5) {
            other.scope = two.scope;
        }
        if takes(6) {
            other.audience = two.audience;
        }
        if takes(7) {
            other.verify = two.verify;
        }
        if takes(8) {
            other.secret = two.secret;
        }
        if takes(9) {
            other.in_body = two.in_body;
        }
        if takes(10) {
            other.typed = two.typed;
        }
        (one, other)
    })
}

/// Calls once; tells the token that was fetched, and what was shown.
fn call(hook: &Hook, token: &str) -> (bool, String) {
    let answer =
        format!(r#"{{"access_token": "{token}", "expires_in": 3600, "token_type": "Bearer"}}"#);
    let sent = Scenario::new(hook, RequestPlan::get("a")).run(|_| Ok(response(200, &[], &answer)));
    let fetched = sent.sends.iter().any(|(.., cause)| *cause == SendCause::Token);
    let shown = |request: &Request<Payload>| {
        let value = request.headers().get("authorization").expect("a token");
        value.to_str().expect("ASCII").to_owned()
    };
    (fetched, sent.sends.last().map(|(request, ..)| shown(request)).expect("a send"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases().cases / 10, ..cases() })]

    #[test]
    fn a_kept_token_is_used_in_its_own_place_only((one, two) in pairs()) {
        let store = Arc::new(Store::default());
        assert_eq!(call(&one.hook(&store), "t-1"), (true, "Bearer t-1".to_owned()));
        let (fetched, shown) = call(&two.hook(&store), "t-2");
        if one == two {
            assert_eq!((fetched, shown.as_str()), (false, "Bearer t-1"));
        } else {
            assert_eq!((fetched, shown.as_str()), (true, "Bearer t-2"), "{one:?} {two:?}");
        }
        // The first one's stays the first one's.
        let (fetched, shown) = call(&one.hook(&store), "t-3");
        assert_eq!((fetched, shown.as_str()), (false, "Bearer t-1"));
        let keys = store.0.lock().expect("a store").keys().cloned().collect::<String>();
        assert!(!keys.contains("s3cr3t") && !keys.contains("r-1") && !keys.contains("r-2"));
    }
}

#[test]
fn a_token_asked_for_with_further_fields_stays_with_its_hook() {
    let store = Arc::new(Store::default());
    let mut own = OAuth2::client_credentials("https://id.test/t", "svc", Secret::new("s3cr3t"));
    own.fields = vec![("assertion".into(), Secret::new("x"))];
    let hook = Hook::builder(&Connection::new().with_host("https://a.test"))
        .auth(AuthScheme::OAuth2(Box::new(own)))
        .token_cache(Arc::<Store>::clone(&store))
        .build()
        .expect("a hook");
    assert!(call(&hook, "t-1").0);
    assert!(store.0.lock().expect("a store").is_empty());
    assert!(!call(&hook, "t-2").0, "the hook itself keeps it");
}

#[test]
fn a_kept_refresh_token_outlives_its_token() {
    let store = Arc::new(Store::default());
    let place = Place {
        id: "",
        host: "https://a.test",
        endpoint: "https://id.test/t",
        refresh: Some("r-0"),
        client: "svc".into(),
        scope: None,
        audience: Vec::new(),
        verify: None,
        secret: Some("s3cr3t"),
        in_body: false,
        typed: false,
    };
    let answer = |_| {
        let body = r#"{"access_token": "t", "expires_in": 0, "refresh_token": "r-1"}"#;
        Ok(response(200, &[], body))
    };
    for expected in ["refresh_token=r-0", "refresh_token=r-1"] {
        let sent = Scenario::new(&place.hook(&store), RequestPlan::get("a")).run(answer);
        let Payload::Bytes(form) = sent.sends[0].0.body() else { panic!("a form") };
        let form = String::from_utf8_lossy(form);
        assert!(form.contains(expected), "{form}");
    }
}

/// What another authority stands for, or nobody, is not for those who would not have asked it: also where the options say so.
#[test]
fn a_kept_token_is_bound_to_how_its_endpoint_is_verified() {
    let hook = |extra: &str, own: Option<Verify>, store: &Arc<Store>| {
        let mut scheme = OAuth2::client_credentials("https://id.test/t", "svc", Secret::new("s"));
        scheme.verify = own;
        Hook::builder(&Connection::new().with_host("https://a.test").with_extra(extra))
            .auth(AuthScheme::OAuth2(Box::new(scheme)))
            .token_cache(Arc::<Store>::clone(store))
            .build()
            .expect("a hook")
            .for_client(http_hook_mock::everything("test"))
    };
    let file = |path: &str| Some(Verify::File(path.into()));
    let (none, a, b) = ("{}", r#"{"verify": "/a.pem"}"#, r#"{"verify": "/b.pem"}"#);
    let off = r#"{"verify": false}"#;
    let rows = [
        ("as before", (none, None), (none, None), true),
        ("said and meant", (none, None), (none, Some(Verify::System)), true),
        ("off for the API alone", (none, None), (off, None), true),
        ("off", (none, None), (none, Some(Verify::Off)), false),
        ("a file", (none, None), (a, None), false),
        ("another file", (a, None), (b, None), false),
        ("the same file", (a, None), (b, file("/a.pem")), true),
        ("the scheme knows better", (a, Some(Verify::System)), (none, None), true),
    ];
    for (why, (one, own), (two, other), is_shared) in rows {
        let store = Arc::new(Store::default());
        assert!(call(&hook(one, own, &store), "t-1").0);
        assert_eq!(!call(&hook(two, other, &store), "t-2").0, is_shared, "{why}");
    }
}

/// The digest of secrets is that of the standard, so that nobody computes them from it: these are made with another
/// implementation.
#[test]
fn a_key_tells_no_secret() {
    let rows = [
        (Some("pw"), None, "618e538d0769f1a3695e0eba462e3e6d"),
        (Some("pw"), Some("short"), "3090a8e937cd73ae90a2e3e481b68dce"),
        (None, Some("rt"), "c307a0f9e1544fcd690ecf94cc768be3"),
    ];
    for (secret, refresh, digest) in rows {
        let store = Arc::new(Store::default());
        let place = Place {
            id: "api",
            host: "https://a.test",
            endpoint: "https://id.test/t",
            refresh,
            client: "svc".into(),
            scope: None,
            audience: Vec::new(),
            verify: None,
            secret,
            in_body: false,
            typed: false,
        };
        let _ = call(&place.hook(&store), "t");
        let key = store.0.lock().expect("a store").keys().next().cloned().expect("a key");
        let parts: Vec<serde_json::Value> = serde_json::from_str(&key).expect("JSON");
        assert_eq!(parts[6][0], digest, "{key}");
    }
}

/// A scheme that a plan brings goes along with the plan, through any hook: its token does not.
#[test]
fn a_token_of_a_plan_s_own_scheme_is_used_in_its_own_place_only() {
    let hook = |host: &str, extra: &str| {
        Hook::builder(&Connection::new().with_host(host).with_extra(extra))
            .build()
            .expect("a hook")
            .for_client(http_hook_mock::everything("test"))
    };
    let scheme = |verify: Option<Verify>| {
        let mut own = OAuth2::client_credentials("https://id.test/t", "svc", Secret::new("s"));
        own.verify = verify;
        RequestPlan::get("a").auth(AuthScheme::OAuth2(Box::new(own)))
    };
    let fetches = |hook: &Hook, plan: &RequestPlan| {
        let token = response(200, &[], r#"{"access_token": "t", "expires_in": 3600}"#);
        let sent = Scenario::new(hook, plan.clone()).run(|_| Ok(token.clone()));
        sent.sends.iter().filter(|(.., cause)| *cause == SendCause::Token).count()
    };
    let (a, b) = ("https://a.test", "https://b.test");
    let (none, off) = ("{}", r#"{"verify": false}"#);
    let (file, other) = (r#"{"verify": "/a.pem"}"#, r#"{"verify": "/b.pem"}"#);
    let rows = [
        // why, the hooks, what the scheme says, whether the second one has the token of the first
        ("as before", (a, none), (a, none), None, true),
        ("off for the API alone", (a, off), (a, none), None, true),
        ("a file", (a, file), (a, none), None, false),
        ("the other way round", (a, none), (a, file), None, false),
        ("another file", (a, file), (a, other), None, false),
        ("the same file", (a, file), (a, file), None, true),
        ("the scheme knows better", (a, file), (a, other), Some(Verify::System), true),
        ("another origin", (a, none), (b, none), None, false),
    ];
    for (why, one, two, own, is_shared) in rows {
        let (one, two, plan) = (hook(one.0, one.1), hook(two.0, two.1), scheme(own));
        assert_eq!((fetches(&one, &plan), fetches(&one, &plan)), (1, 0), "{why}");
        assert_eq!(fetches(&two, &plan), usize::from(!is_shared), "{why}");
        assert_eq!((fetches(&one, &plan), fetches(&two, &plan)), (0, 0), "{why}: each has its own");
        let call = plan.clone().options(http_hook::Options::default().verify(Verify::Off));
        assert_eq!(fetches(&one, &call), 0, "{why}: what one call says is for its own requests");
    }
    // The endpoint that is the API's own, which is not verified.
    let own = OAuth2::client_credentials("https://a.test/t", "svc", Secret::new("s"));
    let plan = RequestPlan::get("a").auth(AuthScheme::OAuth2(Box::new(own)));
    assert_eq!(fetches(&hook(a, off), &plan), 1);
    assert_eq!(fetches(&hook(a, none), &plan), 1, "nobody verified the endpoint");
    // Not for any number of places.
    let plan = scheme(None);
    for round in 0..2 {
        for number in 0..40 {
            let host = format!("https://{number}.api.test");
            assert_eq!(fetches(&hook(&host, none), &plan), 1, "{round} {number}");
        }
    }
}
