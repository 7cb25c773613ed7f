//! What may go to another thread, stated in one table.

use http_hook::observe::Observer;
use http_hook::options::SendOptions;
use http_hook::transport::Transport;
use http_hook::{
    Attempt, Call, Connection, Failure, Hook, HttpHook, RequestPlan, RetryPolicy, Step,
    TransportError, blocking,
};

fn all<T: Send + Sync + 'static>() {}
fn send<T: Send + 'static>() {}

#[test]
fn all_that_is_shared_may_be() {
    all::<Connection>();
    all::<Hook>();
    all::<RequestPlan>();
    all::<RetryPolicy>();
    all::<SendOptions>();
    all::<TransportError>();
    all::<Box<dyn Transport>>();
    all::<Box<dyn blocking::Transport>>();
    all::<Box<dyn Observer>>();
    all::<HttpHook<Box<dyn Transport>, ()>>();
    all::<blocking::HttpHook<Box<dyn blocking::Transport>, ()>>();
}

#[test]
fn all_that_is_handed_on_may_go_to_another_thread() {
    all::<Call>();
    all::<Attempt>();
    all::<Failure>();
    send::<Step>();
    send::<http_hook::body::Body>();
    send::<blocking::Body>();
}
