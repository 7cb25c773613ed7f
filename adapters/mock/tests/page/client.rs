use std::time::Duration;

use http_hook_mock::ResponseExt;
use http_hook_mock::blocking::{Clock, HttpHook, Transport};

pub struct Shop<T, C>(pub HttpHook<T, C>);

impl<T: Transport, C: Clock> Shop<T, C> {
    pub fn order(&self, what: &str) -> Result<u64, Box<dyn std::error::Error>> {
        let order = self.0.post("v1/orders").json(&what).idempotency_key().retries(3);
        Ok(order.deadline(Duration::from_secs(60)).send()?.json()?)
    }
}
