//! What a test of a connection finds out.

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::response::Failure;

/// What [`test_connection`](crate::HttpHook::test_connection) found out.
#[derive(Debug)]
pub struct ConnectionTest {
    result: Result<StatusCode, Failure>,
}

impl ConnectionTest {
    /// Whether the server answered at all, with whatever status.
    #[must_use]
    pub fn reachable(&self) -> bool {
        self.status().is_some()
    }

    /// Whether the server answered with a status that passes.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.result.is_ok()
    }

    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match &self.result {
            Ok(status) => Some(*status),
            Err(failure) => failure.status(),
        }
    }

    /// Returns the original's message: that it was tested, or what went wrong.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.result {
            Ok(_) => "Connection successfully tested".to_owned(),
            Err(failure) => failure.cause().to_string(),
        }
    }

    /// Whether a GET may tell more than this answer to a HEAD.
    pub(crate) fn head_not_allowed(&self) -> bool {
        matches!(self.status(), Some(StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED))
    }

    pub(crate) fn of(result: Result<Response<Bytes>, Failure>) -> Self {
        Self { result: result.map(|response| response.status()) }
    }
}
