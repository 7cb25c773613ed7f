//! What goes by ureq's connections: whether anything of a request was sent, how it ended, and how much came of which ureq gave
//! nothing out. It all happens on the thread that waits.

use std::cell::Cell;
use std::mem;
use std::time::Instant;

use http_hook::TransportError;
use http_hook::transport::catch_panic;
use ureq::config::Config;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};
use ureq::{Agent, Error, Timeout};

use super::chunks::Chunks;
use super::hide::hide;

/// How much may come of one head with all the interim ones before it, or of trailers.
const MOST: usize = 256 << 10;

thread_local! {
    static SEEN: Cell<Seen> = const { Cell::new(Seen::NOTHING) };
    /// Chunks begin with what came with the head. ureq asks for its buffers so often that this is by itself.
    static BEGINS: Cell<bool> = const { Cell::new(false) };
}

/// What was seen, and while what was done.
#[expect(clippy::struct_excessive_bools, reason = "each is seen apart from the others")]
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    /// Something of the request was handed to a connection to where it goes, and not only to its proxy.
    pub(crate) sent: bool,
    /// The connection ended.
    pub(crate) ended: bool,
    /// By an error.
    pub(crate) broken: bool,
    pub(crate) received: usize,
    /// The request goes by a proxy.
    pub(crate) proxied: bool,
    /// When ureq began to wait for more of the body.
    pub(crate) since: Option<Instant>,
    /// A step gives out some of the body.
    pub(crate) in_body: bool,
    /// The head waits for the begin of the body, which is at hand: one packet in place of two.
    pub(crate) joins: bool,
    /// Names of headers were changed.
    pub(crate) hidden: bool,
    /// What came of a body that comes in chunks.
    pub(crate) chunks: Option<Chunks>,
}

impl Seen {
    pub(crate) const NOTHING: Self = Self {
        sent: false,
        ended: false,
        broken: false,
        received: 0,
        proxied: false,
        since: None,
        in_body: false,
        joins: false,
        hidden: false,
        chunks: None,
    };

    /// Takes a step of ureq's, which may panic, and watches on. One within another, as where the source of a body sends by itself,
    /// leaves to the other what that has seen.
    ///
    /// # Errors
    ///
    /// Its panic.
    pub(crate) fn during<T>(self, step: impl FnOnce() -> T) -> (Result<T, TransportError>, Self) {
        let begins = BEGINS.replace(self.chunks.is_some_and(|chunks| !chunks.have_begun()));
        let outer = SEEN.replace(self);
        let done = catch_panic("ureq panicked", step);
        BEGINS.set(begins);
        (done, SEEN.replace(outer))
    }
}

/// Makes an agent whose connections are watched.
pub(crate) fn watched(config: Config) -> Agent {
    let connector = DefaultConnector::default().chain(Watch);
    Agent::with_parts(config, connector, DefaultResolver::default())
}

#[derive(Debug)]
struct Watch;

impl<In: Transport> Connector<In> for Watch {
    type Out = Watched<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Watched<In>>, Error> {
        // One to a proxy is made as if there were none.
        let proxied = details.config.proxy().is_some();
        Ok(chained.map(|inner| Watched { inner, proxied, head: Vec::new() }))
    }
}

#[derive(Debug)]
struct Watched<In> {
    inner: In,
    proxied: bool,
    /// A head that waits for its body.
    head: Vec<u8>,
}

impl<In: Transport> Watched<In> {
    /// Sends the head that waits, with so much of the body behind it.
    #[cold]
    fn join(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let mut all = mem::take(&mut self.head);
        let output = self.inner.buffers().output();
        all.extend_from_slice(output.get(..amount).unwrap_or_default());
        let room = output.len().max(1);
        for part in all.chunks(room) {
            let output = self.inner.buffers().output();
            output.get_mut(..part.len()).unwrap_or_default().copy_from_slice(part);
            self.inner.transmit_output(part.len(), timeout)?;
        }
        all.clear();
        self.head = all;
        Ok(())
    }

    #[cold]
    fn begin_chunks(&mut self) {
        BEGINS.set(false);
        let mut seen = SEEN.get();
        if let Some(chunks) = &mut seen.chunks {
            chunks.take(self.inner.buffers().input());
            SEEN.set(seen);
        }
    }
}

impl<In: Transport> Transport for Watched<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        if BEGINS.get() {
            self.begin_chunks();
        }
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let seen = SEEN.get();
        let is_own = seen.proxied == self.proxied;
        if seen.joins && is_own {
            SEEN.set(Seen { joins: false, ..seen });
            let output = self.inner.buffers().output();
            self.head.extend_from_slice(output.get(..amount).unwrap_or_default());
            return Ok(());
        }
        SEEN.set(Seen { sent: seen.sent || is_own, ..seen });
        if self.head.is_empty() {
            return self.inner.transmit_output(amount, timeout);
        }
        self.join(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if !self.head.is_empty() {
            self.transmit_output(0, timeout)?; // there was no body after all
        }
        let before = self.buffers().input().len();
        let mut seen = SEEN.get();
        if let Some(limit) = timeout.per_read.filter(|_| seen.in_body) {
            if seen.since.get_or_insert_with(Instant::now).elapsed() > *limit {
                return Err(Error::Timeout(Timeout::PerRead));
            }
        }
        let more = self.inner.await_input(timeout);
        let came = self.inner.buffers().input().get(before..).unwrap_or_default();
        seen.received = seen.received.saturating_add(came.len());
        if let Some(chunks) = &mut seen.chunks {
            chunks.take(came);
        }
        if !seen.in_body {
            seen.hidden |= hide(self.inner.buffers());
        }
        seen.broken = matches!(more, Err(Error::Io(_)));
        seen.ended = seen.broken || matches!(more, Ok(false));
        SEEN.set(seen);
        if seen.received > MOST {
            return Err(Error::LargeResponseHeader(seen.received, MOST));
        }
        more
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use ureq::unversioned::transport::LazyBuffers;

    use super::*;

    type Pieces<'a> = &'a [&'a [u8]];

    /// What was sent, piece by piece.
    #[derive(Debug)]
    struct Inner {
        buffers: LazyBuffers,
        sent: Vec<Vec<u8>>,
    }

    impl Transport for Inner {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.buffers
        }

        fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
            self.sent.push(self.buffers.output()[..amount].to_vec());
            Ok(())
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
            Ok(false)
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    /// Sends these pieces, then waits; over a connection to a proxy if the request goes by one.
    fn sent(seen: Seen, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
        let inner = Inner { buffers: LazyBuffers::new(64, 8), sent: Vec::new() };
        let mut watched = Watched { inner, proxied: false, head: Vec::new() };
        let (done, seen) = seen.during(|| {
            for piece in pieces {
                watched.buffers().output()[..piece.len()].copy_from_slice(piece);
                watched.transmit_output(piece.len(), NextTimeout::default()).expect("it is sent");
            }
            watched.await_input(NextTimeout::default()).expect("it waits");
        });
        done.expect("no panic");
        assert!(watched.head.is_empty());
        (watched.inner.sent, seen.sent)
    }

    #[test]
    fn a_head_is_joined_with_what_follows() {
        let joins = Seen { joins: true, ..Seen::NOTHING };
        let proxied = Seen { proxied: true, ..joins };
        #[rustfmt::skip]
        let rows: [(Seen, Pieces<'_>, Pieces<'_>, bool); 7] = [
            (Seen::NOTHING, &[b"head", b"body"],       &[b"head", b"body"],      true),
            (joins,         &[b"head", b"body"],       &[b"headbody"],           true),
            (joins,         &[b"head", b"bod", b"y"],  &[b"headbod", b"y"],      true),
            (joins,         &[b"head", b"bodybody"],   &[b"headbody", b"body"],  true),
            (joins,         &[b"head"],                &[b"head"],               true),
            (proxied,       &[b"CONN", b"ECT"],       &[b"CONN", b"ECT"],      false),
            (joins,         &[],                       &[],                      false),
        ];
        for (seen, pieces, expected, is_sent) in rows {
            assert_eq!(
                sent(seen, pieces),
                (expected.iter().map(|p| p.to_vec()).collect(), is_sent)
            );
        }
    }
}
