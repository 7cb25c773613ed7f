//! HTTP calls through a stored connection, decided by a pure state machine.

mod clock;
pub mod connection;
pub mod error;
mod failure;
mod json;
pub mod request;
pub mod response;
pub mod retry;
mod time;
mod transport;

pub use clock::Clock;
pub use connection::{Connection, ConnectionId, Extra, Problem, Secret};
pub use error::{
    Cause, Error, ErrorKind, Failure, Sent, StopReason, TimeoutPhase, TransportError,
    TransportErrorKind,
};
pub use json::to_python_json;
pub use request::{
    BaseParts, BaseUrl, ClientCert, ClientOptions, KeepAlive, Options, Origin, Payload, Proxies,
    Proxy, Replay, Scheme, SendOptions, Setting, Timeouts, Verify,
};
pub use request::{form, headers};
pub use response::Reason;
pub use time::Timestamp;
pub use transport::{Body, BoxBody, Capabilities, Capability, FromFn, Transport, from_fn};
/// The blocking twins of the traits.
pub mod blocking {
    pub use crate::clock::blocking::Clock;
    pub use crate::transport::blocking::{Body, FromFn, Transport, from_fn};
}
