//! Options: what is set in a layer, what is in force, what a transport gets with each send.
//!
//! ```text
//! Defaults < connection extra < call  ──resolve──▶  in force  ──each send──▶  SendOptions
//! ```

mod capabilities;
mod client;
pub(crate) mod in_force;
mod json;
pub(crate) mod layer;
pub(crate) mod proxy;
mod send;
mod setters;
mod setting;
mod shown;
#[cfg(test)]
mod tests;

pub use capabilities::{Capabilities, Capability};
pub use client::{ClientCert, ClientOptions, KeepAlive, Proxies, Proxy, Verify};
pub use send::{SendOptions, Timeouts};
pub use setting::Setting;

pub(crate) use json::OPTION_NAMES;
pub(crate) use layer::Options;
