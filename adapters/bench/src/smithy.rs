//! The orchestrator of the AWS clients, over a connector that answers at once.

use std::convert::Infallible;
use std::hint::black_box;

use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use http::Request;

use crate::{Inputs, Scenario, by_hand};

#[derive(Debug)]
struct Answer;

impl HttpConnector for Answer {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        black_box(request);
        let status = 200.try_into().expect("200 is a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::empty())))
    }
}

/// Without retries.
#[must_use]
pub fn without_retry() -> Scenario {
    calls(|builder| builder.no_retry())
}

/// With its standard retry mode, which is not needed.
#[must_use]
pub fn standard_retry() -> Scenario {
    calls(|builder| builder.standard_retry(&RetryConfig::standard()))
}

fn calls(retry: fn(OperationBuilder) -> OperationBuilder) -> Scenario {
    let mut inputs = Inputs::new();
    let builder = OperationBuilder::new()
        .behavior_version(BehaviorVersion::latest())
        .service_name("bench")
        .operation_name("bench")
        .http_client(http_client_fn(|_, _| SharedHttpConnector::new(Answer)))
        .endpoint_url(&inputs.take().host)
        .no_auth()
        .timeout_config(TimeoutConfig::disabled());
    let operation: Operation<Request<Bytes>, (), Infallible> = retry(builder)
        .serializer(|request: Request<Bytes>| {
            Ok(HttpRequest::try_from(request.map(|_| SdkBody::empty()))?)
        })
        .deserializer(|response| {
            assert!(response.status().is_success());
            Ok(())
        })
        .build();
    Box::new(move || {
        let request = by_hand::request(inputs.take());
        pollster::block_on(operation.invoke(request)).expect("it is answered");
    })
}
