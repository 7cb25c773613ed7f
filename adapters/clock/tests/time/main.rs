//! Real time, and what it limits.

mod clock;
mod limits;
mod waiting;
