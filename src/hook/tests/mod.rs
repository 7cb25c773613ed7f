//! The base URL of a connection, and what becomes of endpoints.

mod url;
mod url_properties;
