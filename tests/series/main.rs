//! Machines over calls: pages, polls, and many calls at once.

mod adaptive;
mod cancelled;
mod checks;
mod fanout;
mod gated;
#[path = "../invariants/mod.rs"]
mod invariants;
mod items;
mod named;
mod once;
mod pages;
mod polls;
mod progress;
mod short;
mod stops;
mod stored;
mod stores;
#[path = "../support/mod.rs"]
mod support;
mod work;
