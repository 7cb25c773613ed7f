//! The arguments of Airflow's `HttpHook` in the words of [`http_hook`], for whoever drives it from Python.
//!
//! ```text
//! HttpHook(method, auth_type, tcp_keep_alive…) ──▶ HookArguments ──▶ Method, Options, AuthScheme
//! run(endpoint, data, headers, extra_options, …) ─▶ CallArguments ──▶ RequestPlan, and the source of its body
//! run_with_advanced_retry({stop, wait, retry…}) ──▶ RetryArguments ─▶ RetryPolicy
//! HttpAsyncHook ──▶ AsyncHookArguments    HttpOperator, HttpNotifier ──▶ OperatorArguments ─▶ RequestPlan, Paging
//! HttpSensor ──▶ SensorArguments          HttpEventTrigger ──▶ event_trigger           ─▶ RequestPlan, Polling
//! ```
//!
//! Arguments come as JSON values, because no type of Python's is at hand here. What JSON lacks is written as an object
//! with one member, whose name says what it is: see [`Argument`].
//!
//! | argument | becomes |
//! | --- | --- |
//! | `endpoint` | the endpoint of the plan; `None` is the empty one |
//! | `data` | [`RequestPlan::data`](http_hook::RequestPlan::data): text, bytes, a form, or a source |
//! | `headers` | [`header`](http_hook::RequestPlan::header), and [`without_header`](http_hook::RequestPlan::without_header) for `None` |
//! | `extra_options` | [`Options::from_json`](http_hook::Options::from_json) |
//! | `json`, `params`, `cookies`, `auth`, `files` | the plan's methods of these names |
//! | `auth_type` | an [`AuthScheme`](http_hook::auth::AuthScheme) with the connection's login |
//! | `stop`, `wait`, `retry` | a [`RetryPolicy`](http_hook::RetryPolicy), as data where that can be |
//!
//! An argument that the original's language would refuse when it runs is an [`ArgumentError`], which names the argument
//! and never repeats what it holds.
//!
//! # Examples
//!
//! ```
//! use http_hook::blocking::HttpHook;
//! use http_hook::{Connection, Hook};
//! use http_hook_airflow::{CallArguments, HookArguments, RetryArguments};
//! use http_hook_mock::{MockTransport, Reply};
//! use serde_json::json;
//!
//! let connection = Connection::parse("http://reader:secret@api.example.test/https")?;
//! let hook = HookArguments::from_json(&json!({"method": "GET", "auth_type": "HTTPBasicAuth"}))?;
//! let retry = RetryArguments::from_json(&json!({
//!     "stop": {"stop_after_attempt": 3},
//!     "wait": {"wait_fixed": 1},
//!     "retry": {"retry_if_exception_type": "requests.ConnectionError"},
//! }))?;
//! let call = CallArguments {
//!     endpoint: json!("v1/orders"),
//!     data: json!({"limit": 50}),
//!     extra_options: json!({"check_response": false}),
//!     ..CallArguments::default()
//! };
//!
//! let server = MockTransport::new([Reply::status(404).on("GET", "/v1/orders?limit=50")]);
//! let mut builder = Hook::builder(&connection).options(hook.options());
//! if let Some(scheme) = hook.auth(&connection)? {
//!     builder = builder.auth(scheme);
//! }
//! let plan = call.plan(hook.method())?.plan.retry(retry.policy);
//! let response = HttpHook::new(builder.build()?, server.clone(), server.clock()).run(plan)?;
//! assert_eq!(response.status(), 404);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod argument;
mod async_hook;
mod call;
mod classes;
mod condition;
mod data;
mod error;
mod files;
mod hook;
mod json;
mod operator;
mod retry;
mod sensor;
mod strategy;

pub use argument::Argument;
pub use async_hook::AsyncHookArguments;
pub use call::{CallArguments, Planned, Source};
pub use error::{ArgumentError, Refusal};
pub use hook::{AuthType, HookArguments};
pub use operator::{OperatorArguments, ResponseCheck, ResponseFilter};
pub use retry::RetryArguments;
pub use sensor::{SensorArguments, event_trigger};

/// The example of the README is a test, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
