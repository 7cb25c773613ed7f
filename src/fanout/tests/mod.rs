//! What private things of a fan-out do.

mod limiter;
