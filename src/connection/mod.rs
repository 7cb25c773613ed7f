//! Who is called: a stored connection, as text and as data.
//!
//! ```text
//! type://login:password@host:port/schema?extra ──▶ Connection ──▶ Extra: headers, options, settings
//! {"conn_type": …, "host": …, "extra": {…}}    ◀──
//! ```
//!
//! What the members of an extra mean for HTTP:
//!
//! | member | means |
//! | --- | --- |
//! | `timeout`, `verify`, `verify_ssl`, `cert`, `proxies`, `proxy`, `stream`, `allow_redirects`, `max_redirects`, `trust_env`, `check_response` | an [option](crate::Options::from_json); `null` is as good as absent |
//! | `srv_lookup` | refused if true: service records are not looked up here |
//! | `http_hook`, if it is an object | settings that Airflow does not know: `{"retry": {…}, "auth": {…}}` |
//! | anything else | a header: a text, or `null` to remove the name |
//!
//! A text that is not JSON means nothing, as in Airflow, where an object is no header under any name, so that `http_hook` changes the
//! meaning of no connection. Options in the query of a URI are typed as Airflow's server side does it: a text that is JSON stands for
//! that value, so that `?timeout=5&verify=false` is what it looks like (D6).

mod doubts;
mod extra;
pub(crate) mod id;
mod json;
mod print;
pub(crate) mod record;
#[cfg(test)]
mod tests;
mod uri;

pub use crate::base::Problem;
pub use crate::base::redact::nearest;
pub(crate) use extra::Extra;

pub(crate) use id::ConnectionId;
pub(crate) use record::Connection;
