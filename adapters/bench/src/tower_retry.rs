//! tower's retry layer over a service that answers at once. It has no part in building the request: what it costs
//! comes on top of that.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;

use bytes::Bytes;
use http::{Request, Response};
use tower::retry::{Policy, Retry};
use tower::{Service, ServiceExt, service_fn};

use crate::{Inputs, Scenario, by_hand};

#[derive(Clone)]
struct ServerErrors {
    left: u32,
}

impl Policy<Request<Bytes>, Response<Bytes>, Infallible> for ServerErrors {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<Bytes>,
        result: &mut Result<Response<Bytes>, Infallible>,
    ) -> Option<Ready<()>> {
        let failed = result.as_ref().is_ok_and(|response| response.status().is_server_error());
        if !failed || self.left == 0 {
            return None;
        }
        self.left -= 1;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &Request<Bytes>) -> Option<Request<Bytes>> {
        Some(request.clone())
    }
}

/// A request by hand, then one call that passes at once.
#[must_use]
pub fn success() -> Scenario {
    let mut inputs = Inputs::new();
    let answer = service_fn(|request: Request<Bytes>| {
        black_box(request);
        ready(Ok::<_, Infallible>(Response::new(Bytes::new())))
    });
    let mut service = Retry::new(ServerErrors { left: 3 }, answer);
    Box::new(move || {
        let request = by_hand::request(inputs.take());
        let sent = async { service.ready().await?.call(request).await };
        let response = pollster::block_on(sent).expect("it is answered");
        assert!(response.status().is_success());
        black_box(response);
    })
}
