//! Sending many requests, one after the other or many at a time.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

/// Sends as many requests as it is told, and reads the answers.
pub type Side = Box<dyn FnMut(u64)>;

/// Sends one request and reads the answer.
pub trait Get: Send + Sync + 'static {
    /// Panics if the answer is not as expected.
    fn get(&self) -> impl Future<Output = ()> + Send;
}

/// The blocking twin.
pub trait GetBlocking: Send + Sync + 'static {
    /// Panics if the answer is not as expected.
    fn get(&self);
}

/// One task for each request in flight, all on the thread that calls.
///
/// # Panics
///
/// If there is no runtime to be had, or a request fails.
pub fn asynchronous<G: Get>(make: impl FnOnce() -> G, in_flight: u64) -> Side {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = Arc::new(runtime.block_on(async { make() }));
    Box::new(move |requests| {
        runtime.block_on(async {
            let task = |_| {
                let client = Arc::clone(&client);
                tokio::spawn(async move {
                    for _ in 0..requests / in_flight {
                        client.get().await;
                    }
                })
            };
            for task in (0..in_flight).map(task).collect::<Vec<_>>() {
                task.await.expect("all requests are answered");
            }
        });
    })
}

/// One thread for each request in flight.
///
/// # Panics
///
/// If a request fails.
pub fn blocking<G: GetBlocking>(client: G, in_flight: u64) -> Side {
    const LONGEST: Duration = Duration::from_secs(60);
    let client = Arc::new(client);
    let (done, all_done) = channel();
    let worker = |_| -> Sender<u64> {
        let (orders, requests) = channel();
        let (client, done) = (Arc::clone(&client), done.clone());
        thread::spawn(move || {
            for requests in requests {
                (0..requests).for_each(|_| client.get());
                let _ = done.send(());
            }
        });
        orders
    };
    let workers: Vec<_> = (0..in_flight).map(worker).collect();
    Box::new(move |requests| {
        for worker in &workers {
            worker.send(requests / in_flight).expect("the worker lives");
        }
        for _ in &workers {
            all_done.recv_timeout(LONGEST).expect("all requests are answered");
        }
    })
}
