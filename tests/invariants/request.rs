//! What is sent: an endpoint never leaves its origin, and headers are what a plain model says.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Request, Uri};
use http_hook::body::Payload;
use http_hook::{Call, Connection, Hook, RequestPlan, Step, Timestamp};

use super::lines;

/// What nobody may set but the transport.
pub(crate) const REFUSED: [&str; 10] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The first line is a host, the second an endpoint, the third parameters.
pub(crate) fn join(bytes: &[u8]) {
    let Some(lines) = lines(bytes) else { return };
    let line = |number: usize| lines.get(number).copied().unwrap_or_default();
    let Ok(hook) = Hook::new(&Connection::new().with_host(line(0))) else { return };
    let plan = RequestPlan::get(line(1)).params_text(line(2));
    let Some(request) = first_request(&hook, plan) else { return };
    let uri = request.uri();
    let origin = hook.origin();
    assert_eq!(
        uri.scheme_str(),
        Some(origin.http_scheme().as_str()),
        "the scheme is the connection's"
    );
    assert_eq!(uri.authority(), Some(origin.authority()), "host and port are the connection's");
    assert!(!uri.authority().is_some_and(|a| a.as_str().contains('@')), "no user info");
    let text = uri.to_string();
    assert!(text.bytes().all(|byte| (0x21..0x7f).contains(&byte)), "visible ASCII: {text:?}");
    assert_eq!(text.parse::<Uri>().ok().as_ref(), Some(uri), "what is sent is read alike");
}

/// Each line is `c` or `p` for connection or program and call, a name, and after a colon a value; without one the
/// header is taken out.
pub(crate) fn headers(bytes: &[u8]) {
    let Some(lines) = lines(bytes) else { return };
    let mut builder = Hook::builder(&Connection::new().with_host("http://api.example.com"));
    let mut plan = RequestPlan::get("");
    let mut model = Model::new();
    let (mut below, mut above) = (Vec::new(), Vec::new());
    for line in lines {
        let (field, value) = match line.split_once(':') {
            Some((field, value)) => (field, Some(value)),
            None => (line, None),
        };
        match (field.strip_prefix('c'), field.strip_prefix('p'), value) {
            (Some(name), _, Some(value)) => {
                builder = builder.header(name, value);
                below.push((name, Some(value)));
            }
            (Some(name), _, None) => {
                builder = builder.without_header(name);
                below.push((name, None));
            }
            (_, Some(name), Some(value)) => {
                plan = plan.header(name, value);
                above.push((name, Some(value)));
            }
            (_, Some(name), None) => {
                plan = plan.without_header(name);
                above.push((name, None));
            }
            _ => {}
        }
    }
    let Ok(hook) = builder.build() else { return };
    let Some(request) = first_request(&hook, plan) else { return };
    for (name, value) in below.into_iter().chain(above) {
        model.lay(name, value);
    }
    let sent = request.headers();
    assert!(sent.len() <= 256, "{} headers", sent.len());
    let mut seen = BTreeMap::new();
    for (name, value) in sent {
        assert!(!REFUSED.contains(&name.as_str()), "{name} belongs to the transport");
        let text = value.as_bytes();
        assert!(text.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')), "{name} is clean");
        let before = seen.insert(name.as_str(), String::from_utf8_lossy(text));
        assert_eq!(before, None, "{name} is sent once");
    }
    let expected = model.0.iter().map(|(name, value)| (name.as_str(), value.into())).collect();
    assert_eq!(seen, expected, "later layers win");
}

/// The merge of headers, as slow and plain as can be.
struct Model(BTreeMap<String, String>);

impl Model {
    fn new() -> Self {
        let usual = [
            ("accept", "*/*"),
            ("accept-encoding", "identity"),
            ("user-agent", Hook::DEFAULT_USER_AGENT),
        ];
        Self(usual.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    fn lay(&mut self, name: &str, value: Option<&str>) {
        let name = name.to_ascii_lowercase();
        match value {
            Some(value) => {
                self.0.insert(name, value.trim_end_matches([' ', '\t']).to_owned());
            }
            None => {
                self.0.remove(&name);
            }
        }
    }
}

/// The request of the first send, if the plan can be sent.
fn first_request(hook: &Hook, plan: RequestPlan) -> Option<Request<Payload>> {
    let now = Timestamp::new(Duration::from_secs(1_800_000_000));
    match Call::new(hook, plan, 7, now).step(hook, now) {
        Step::Send { request, attempt, .. } => {
            drop(attempt);
            Some(request)
        }
        Step::Wait { wait, .. } => panic!("{wait:?} before anything was sent"),
        Step::Done(result) => {
            assert!(result.is_err(), "nothing was sent and nothing came");
            None
        }
    }
}
