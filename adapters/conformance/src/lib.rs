//! What has to hold whatever client sends: the suite for transports, and the runner of recorded cases.

pub mod check;
pub mod recorded;
pub mod server;
