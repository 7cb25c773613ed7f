//! What people see while a call runs: a timeline, a countdown, the progress of a transfer; and what an interrupt does.

mod bar;
pub(crate) mod signals;
mod timeline;

pub(crate) use bar::{Bars, measured};
pub(crate) use timeline::{Shown, Timeline, Told};
