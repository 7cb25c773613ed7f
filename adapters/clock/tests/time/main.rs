//! Real time, and what it limits.

mod clock;
mod fan_out;
mod limits;
mod waiting;
