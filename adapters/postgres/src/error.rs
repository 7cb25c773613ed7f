//! What can go wrong, with the id of the call and the cause.

use std::sync::Arc;

use graphile_worker::errors::GraphileWorkerError;
use http_hook::hook::HookError;
use http_hook_sources::SourceError;

/// Why something could not be done. It prints the id of the call, and the cause with it; never what a connection holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// PostgreSQL could not be reached, or refused.
    #[error("{what}: PostgreSQL: {cause}")]
    Database {
        /// What was tried: `call ID`, or the command.
        what: String,
        /// What the database or its client says.
        cause: String,
    },
    /// The queue could not be set up or run.
    #[error("queue: {0}")]
    Queue(String),
    /// A connection is not defined any more, or cannot be read.
    #[error("call {id}: {source}")]
    Connection {
        /// The call.
        id: String,
        /// What the sources say.
        source: SourceError,
    },
    /// A connection makes no hook.
    #[error("call {id}: connection {connection}: {source}")]
    Hook {
        /// The call.
        id: String,
        /// The connection.
        connection: String,
        /// Everything that is wrong with it.
        source: Arc<HookError>,
    },
    /// A call cannot be stored, or what is stored cannot be taken up.
    #[error("call {id}: {source}")]
    Call {
        /// The call.
        id: String,
        /// What cannot be stored, or is wrong with what was.
        source: http_hook::Error,
    },
    /// A plan cannot be sent.
    #[error("call {id}: {source}")]
    Plan {
        /// The call.
        id: String,
        /// What is wrong with it.
        source: Box<http_hook::Failure>,
    },
    /// The hook has no connection id, by which a worker would find it.
    #[error("call {0}: the hook's connection has no id")]
    NoConnection(String),
    /// A row says that a request is under way, and what is stored of the call that it waits: nobody knows which of the two holds.
    #[error("call {0}: it is under way, but what is stored of it waits")]
    TwoThings(String),
    /// Another call has this id.
    #[error("call {0}: another call has this id")]
    Taken(String),
    /// A stored outcome cannot be read.
    #[error("call {id}: outcome: {cause}")]
    Outcome {
        /// The call.
        id: String,
        /// What is wrong.
        cause: String,
    },
}

impl Error {
    pub(crate) fn database(what: impl Into<String>, error: &dyn std::error::Error) -> Self {
        let mut cause = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            let text = inner.to_string();
            if !cause.contains(&text) {
                cause = format!("{cause}: {text}");
            }
            source = inner.source();
        }
        Self::Database { what: what.into(), cause }
    }
}

impl From<GraphileWorkerError> for Error {
    fn from(error: GraphileWorkerError) -> Self {
        Self::Queue(error.to_string())
    }
}
