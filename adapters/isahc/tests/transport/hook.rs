//! A hook over isahc against a server that fails: what is sent again, and what is not.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use http_hook::transport::Clock;
use http_hook::{Hook, HttpHook, RequestPlan, RetryPolicy, Timestamp, blocking};
use http_hook_conformance::server::{Reply, serve};
use http_hook_isahc::IsahcTransport;

type Planned<'a> = &'a dyn Fn(String) -> RequestPlan;

#[derive(Clone, Copy)]
struct RealTime(Duration, Instant);

impl RealTime {
    fn new() -> Self {
        Self(SystemTime::UNIX_EPOCH.elapsed().expect("after 1970"), Instant::now())
    }

    fn read(self) -> Timestamp {
        Timestamp::new(self.0 + self.1.elapsed())
    }
}

impl blocking::Clock for RealTime {
    fn now(&self) -> Timestamp {
        self.read()
    }

    fn sleep(&self, wait: Duration) {
        thread::sleep(wait);
    }
}

#[async_trait]
impl Clock for RealTime {
    fn now(&self) -> Timestamp {
        self.read()
    }

    async fn sleep(&self, wait: Duration) {
        thread::sleep(wait);
    }
}

#[test]
fn a_call_is_sent_as_often_as_its_policy_says() {
    let unavailable = || Reply::status(503, &[("Retry-After", "0")], b"later");
    let reset = || Reply::silent().reset();
    let ok = || Reply::ok(b"done");
    let get = RequestPlan::get;
    let post = |path: String| RequestPlan::post(path).data("order");
    let again = |path: String| post(path).allow_resend();
    let cut = || ok().without_last(2).close();
    #[rustfmt::skip]
    let rows: [(&str, Planned, Vec<Reply>, usize, bool); 5] = [
        // why                                plan    replies                                      sent  passes
        ("a GET is retried",                  &get,   vec![unavailable(), reset(), ok()],          3,    true),
        ("attempts are used up",              &get,   vec![reset(), reset(), reset(), ok()],       3,    false),
        ("a body that broke off",             &get,   vec![cut(), ok()],                           2,    true),
        ("a POST may have acted",             &post,  vec![reset(), ok()],                         1,    false),
        ("a POST that may be sent again",     &again, vec![reset(), ok()],                         2,    true),
    ];
    let transport = IsahcTransport::default();
    let policy = RetryPolicy::default(); // 3 attempts
    for (why, plan, replies, sent, passes) in rows {
        for blocking in [false, true] {
            let server = serve();
            let route = server.route(replies.clone());
            let hook = Hook::to(&format!("http://{}", server.addr())).expect("a hook");
            let plan = plan(route.path().to_owned());
            let answer = if blocking {
                blocking::HttpHook::new(hook, transport.clone(), RealTime::new())
                    .run_with_advanced_retry(policy.clone(), plan)
            } else {
                let hook = HttpHook::new(hook, transport.clone(), RealTime::new());
                pollster::block_on(hook.run_with_advanced_retry(policy.clone(), plan))
            };
            let seen = route.requests();
            assert_eq!((answer.is_ok(), seen.len()), (passes, sent), "{why}: {answer:?}, {seen:?}");
        }
    }
}
