//! Who is called: a stored connection, as text and as data.

mod id;
mod secret;

pub use id::ConnectionId;
pub use secret::Secret;

/// A stored connection, with the fields that Airflow gives it.
///
/// Everything but the id may be absent. `schema` is the scheme of the URL; `conn_type` names the kind of
/// service and never decides the scheme (but see DESIGN D5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    pub(crate) id: Option<ConnectionId>,
    pub(crate) conn_type: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) login: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) port: Option<i64>,
    pub(crate) extra: Option<Secret>,
}
