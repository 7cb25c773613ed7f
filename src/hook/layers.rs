//! Which layer says what: where the parts of a hook come from.

use std::fmt;

use http::HeaderName;

use crate::connection::Connection;
use crate::options::Options;

/// Where something comes from, the lowest layer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// Nobody said anything.
    Default,
    /// The environment that was passed in.
    Environment,
    /// What the program set on the hook.
    Program,
    /// The stored connection: one of its fields.
    Connection(&'static str),
    /// The call.
    Call,
    /// The authentication scheme.
    Scheme,
    /// The same with a login of the netrc.
    Netrc,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::Program => f.write_str("program"),
            Self::Connection(field) => write!(f, "connection.{field}"),
            Self::Call => f.write_str("call"),
            Self::Scheme => f.write_str("authentication"),
            Self::Netrc => f.write_str("netrc"),
        }
    }
}

/// Where the parts of a hook come from, kept beside them.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Every layer's word on a header, in order.
    pub(crate) headers: Vec<(HeaderName, Layer)>,
    /// Whether the scheme is Basic with a login of the netrc.
    pub(crate) netrc: bool,
    pub(crate) scheme: Option<Layer>,
    pub(crate) host: Option<Layer>,
    pub(crate) port: Option<Layer>,
    pub(crate) program: Options,
    pub(crate) extra: Options,
}

impl Sources {
    /// Reads which fields of a connection make its base URL.
    pub(crate) fn of(connection: &Connection, has_default_host: bool) -> Self {
        let host = connection.host().filter(|host| !host.is_empty());
        let whole = host.is_some_and(|host| host.contains("://"));
        let scheme = match (whole, connection.schema()) {
            (true, _) => Layer::Connection("host"),
            (false, Some(schema)) if !schema.is_empty() => Layer::Connection("schema"),
            (false, Some(_)) if connection.conn_type() == Some("https") => {
                Layer::Connection("conn_type")
            }
            _ => Layer::Default,
        };
        let port = connection.port().filter(|port| *port != 0).map(|_| Layer::Connection("port"));
        let host = match host {
            Some(_) => Layer::Connection("host"),
            None if has_default_host => Layer::Program,
            None => Layer::Default,
        };
        Self { scheme: Some(scheme), host: Some(host), port, ..Self::default() }
    }
}
