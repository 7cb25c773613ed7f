//! What a policy does to a server that fails: many clients, a model server, virtual time, and the real machine.
//!
//! ```text
//! Strategy { policy, gates } ──▶ a Hook for each client ──▶ Call, step, Attempt, finish
//!                                                            ▲                      │
//!       arrivals ──▶ Agenda: what is due, by time ───────────┘◀── waits, answers ───┘──▶ Figures, Series
//! ```
//!
//! Every decision is the machine's; this crate only lets time pass and answers. One seed, one result. It is a
//! model: its numbers rank policies, they do not predict a system. The command `http-hook sim` prints it.
//!
//! | experiment | load | what goes wrong |
//! | --- | --- | --- |
//! | [`contention`] (C) | n clients, one row | each reads and writes it if unchanged, until it has written |
//! | [`Experiment::A1`] | one client, 100/s for 240 s | every attempt fails at once from 60 to 120 s |
//! | [`Experiment::A2`] | 20 clients, 5/s each | the same; each client has gates of its own |
//! | [`Experiment::A3`] | one client, 100/s | 30 % of the attempts fail from 60 to 120 s |
//! | [`Experiment::B`] | 280/s on a server of 300/s | it stalls from 60 to 70 s, and goes on with work nobody waits for |
//! | [`capacity`] (D) | a fan-out without end | nobody told it how many calls the server can serve at once |
//!
//! # Examples
//!
//! ```
//! use http_hook::gates::GateSettings;
//! use http_hook_sim::{Experiment, Strategy};
//!
//! let careful = Strategy::default();
//! let eager = Strategy { gates: GateSettings::none(), ..Strategy::default() };
//! assert!(Experiment::A1.run(&careful, 1)?.amp < 0.2);
//! assert!(Experiment::A1.run(&eager, 1)?.amp > 2.5);
//! # Ok::<(), http_hook::Error>(())
//! ```

#![forbid(unsafe_code)]

mod agenda;
mod capacity;
mod chance;
mod contention;
mod crowd;
mod experiment;
mod figures;
mod outage;
mod overload;
mod strategy;
mod world;

pub use capacity::{Capacity, Limit, Server, capacity};
pub use contention::{Contention, contention};
pub use crowd::{Answers, Crowd, crowd};
pub use experiment::Experiment;
pub use figures::{Figures, Series};
pub use outage::Outage;
pub use strategy::Strategy;
