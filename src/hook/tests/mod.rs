//! The base URL of a connection, what becomes of endpoints, and what is shown of what servers say.

mod shown;
mod url;
mod url_properties;
