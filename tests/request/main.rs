//! What is sent: URL, headers, body, and by which way.

mod explain;
mod form;
mod headers;
mod multipart;
mod proxy;
#[path = "../support/mod.rs"]
mod support;
mod url;
mod url_properties;
mod wiring;
