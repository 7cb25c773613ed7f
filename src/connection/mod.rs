//! Who is called: a stored connection, as text and as data.
//!
//! ```text
//! type://login:password@host:port/schema?extra ──▶ Connection ──▶ Extra: headers, options, settings
//! {"conn_type": …, "host": …, "extra": {…}}    ◀──
//! ```

mod doubts;
mod extra;
pub(crate) mod id;
mod json;
mod print;
pub(crate) mod record;
mod uri;

pub use crate::base::Problem;
pub use extra::Extra;

pub(crate) use id::ConnectionId;
pub(crate) use record::Connection;
