//! Which database, and how it is spoken to.

use std::time::Duration;

use http_hook::Connection;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::error::Error;

/// Reads a stored connection.
pub(crate) fn of_connection(connection: &Connection) -> Result<Config, Error> {
    let kind = connection.conn_type().unwrap_or_default();
    if !kind.is_empty() && !kind.starts_with("postgres") {
        return Err(bad("the connection is not one of PostgreSQL"));
    }
    let mut config = Config::new();
    config.host(connection.host().ok_or_else(|| bad("the connection has no host"))?);
    let port = u16::try_from(connection.port().unwrap_or(5432));
    config.port(port.map_err(|_| bad("the connection's port is none"))?);
    config.user(connection.login().unwrap_or("postgres"));
    if let Some(password) = connection.password() {
        config.password(password.expose());
    }
    config.dbname(connection.schema().filter(|name| !name.is_empty()).unwrap_or("postgres"));
    if let Some(mode) = ssl_mode(connection)? {
        config.ssl_mode(mode);
    }
    Ok(config)
}

/// Reads how safe the way has to be. Whoever asks for more than can be had is told so, and does not get less.
fn ssl_mode(connection: &Connection) -> Result<Option<SslMode>, Error> {
    let Some(extra) = connection.extra().filter(|extra| !extra.expose().trim().is_empty()) else {
        return Ok(None);
    };
    let extra: serde_json::Map<String, serde_json::Value> = serde_json::from_str(extra.expose())
        .map_err(|_| bad("the connection's extra is no object of JSON"))?;
    Ok(Some(match extra.get("sslmode").map(serde_json::Value::as_str) {
        None => return Ok(None),
        Some(Some("disable")) => SslMode::Disable,
        Some(Some("prefer")) => SslMode::Prefer,
        Some(Some("require" | "verify-ca" | "verify-full")) => SslMode::Require,
        Some(_) => return Err(bad("the connection's sslmode is none that is known")),
    }))
}

/// Limits how long is waited, where nobody has said how long.
pub(crate) fn with_limits(mut config: Config) -> Config {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    // A server that is gone without a word is not waited for as long as the system would.
    config.keepalives_idle(Duration::from_secs(30));
    config.keepalives_interval(Duration::from_secs(10));
    config.keepalives_retries(3);
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_mins(1));
    }
    if config.get_application_name().is_none() {
        config.application_name("http-hook");
    }
    config
}

pub(crate) fn bad(cause: &str) -> Error {
    Error::Database { what: "database".to_owned(), cause: cause.to_owned() }
}
