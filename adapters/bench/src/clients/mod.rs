//! Real clients over loopback, each bare and under a hook: the same request, and the answer read whole.

pub mod bare;
pub mod hooked;
pub mod load;
pub mod pairs;
pub mod server;

use std::net::SocketAddr;

use crate::Input;
use load::{Side, asynchronous, blocking};

/// How many requests are in flight in the second load.
pub const MANY: u64 = 64;

/// Two ways to send the same request, to be compared.
pub struct Row {
    /// The client, and what it is compared with if that is not the bare client.
    pub name: &'static str,
    /// What the hook's CPU time may be at most, as a part of the other side's.
    pub bar: f64,
    /// Whether it is compared with the client alone.
    pub bare: bool,
    threads: Threads,
    /// Makes one side, with so many requests in flight.
    make: fn(Input, Way, u64) -> Side,
}

/// Which threads work in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Threads {
    /// One, which does everything.
    One,
    /// The client has one besides that of the caller.
    Own,
    /// One for each request in flight.
    Each,
}

/// A side of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What the hook is compared with.
    Other,
    /// Through the hook.
    Hook,
}

impl Row {
    /// Whether more than one thread works at a time. Else all of it is done on one CPU, so that no request waits for another CPU to wake.
    #[must_use]
    pub fn is_parallel(&self, in_flight: u64) -> bool {
        match self.threads {
            Threads::One => false,
            Threads::Own => true,
            Threads::Each => in_flight > 1,
        }
    }

    /// Prepares the way of sending to a server at `address`.
    #[must_use]
    pub fn side(&self, way: Way, address: SocketAddr, in_flight: u64) -> Side {
        (self.make)(input(address), way, in_flight)
    }
}

/// All rows, in the order of the table.
pub const ROWS: &[Row] = &[
    Row {
        name: "isahc",
        bar: 1.03,
        bare: true,
        threads: Threads::Own,
        make: |input, way, in_flight| match way {
            Way::Other => asynchronous(|| bare::Isahc::new(input), in_flight),
            Way::Hook => asynchronous(|| hooked::isahc(input), in_flight),
        },
    },
    Row {
        name: "ureq",
        bar: 1.03,
        bare: true,
        threads: Threads::Each,
        make: |input, way, in_flight| match way {
            Way::Other => blocking(bare::Ureq::new(input), in_flight),
            Way::Hook => blocking(hooked::ureq(input), in_flight),
        },
    },
    Row {
        name: "reqwest",
        bar: 1.03,
        bare: true,
        threads: Threads::One,
        make: |input, way, in_flight| match way {
            Way::Other => asynchronous(|| bare::Reqwest::new(input), in_flight),
            Way::Hook => asynchronous(|| hooked::reqwest(input), in_flight),
        },
    },
    Row {
        name: "hyper",
        bar: 1.05,
        bare: true,
        threads: Threads::One,
        make: |input, way, in_flight| match way {
            Way::Other => asynchronous(|| bare::Hyper::new(input), in_flight),
            Way::Hook => asynchronous(|| hooked::hyper(input), in_flight),
        },
    },
    Row {
        name: "ureq, in one chain",
        bar: 1.03,
        bare: true,
        threads: Threads::Each,
        make: |input, way, in_flight| match way {
            Way::Other => blocking(bare::Ureq::new(input), in_flight),
            Way::Hook => blocking(hooked::ChainedBlocking(hooked::ureq(input)), in_flight),
        },
    },
    Row {
        name: "reqwest, in one chain",
        bar: 1.03,
        bare: true,
        threads: Threads::One,
        make: |input, way, in_flight| match way {
            Way::Other => asynchronous(|| bare::Reqwest::new(input), in_flight),
            Way::Hook => asynchronous(|| hooked::Chained(hooked::reqwest(input)), in_flight),
        },
    },
    Row {
        name: "reqwest, beside its middleware",
        bar: 1.00,
        bare: false,
        threads: Threads::One,
        make: |input, way, in_flight| match way {
            Way::Other => asynchronous(|| bare::Middleware::new(input), in_flight),
            Way::Hook => asynchronous(|| hooked::reqwest(input), in_flight),
        },
    },
];

/// The request of all scenarios, to a server at `address`, with what a hook adds: that it wants no content coding.
fn input(address: SocketAddr) -> Input {
    let mut input = Input::new();
    input.host = format!("http://{address}");
    input.headers.insert(1, ("accept-encoding".to_owned(), "identity".to_owned()));
    input
}
