//! One connection: requests in, scripts played, in turn.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::script::{Act, Reply};
use super::seen::Seen;
use super::wire::{Handshake, Wire};
use super::{PATIENCE, Shared};

const MAX_HEAD: usize = 4 << 20;
const MAX_BODY: usize = 256 << 20;
/// The first byte of a TLS handshake, which this server answers in plain text.
const TLS_HANDSHAKE: u8 = 22;
const TICK: Duration = Duration::from_millis(20);

pub(super) struct Connection {
    wire: Wire,
    number: usize,
    shared: Arc<Shared>,
    buffer: Vec<u8>,
    until: Instant,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, number: usize, shared: Arc<Shared>) -> Self {
        let until = Instant::now() + PATIENCE * 6;
        Self { wire: Wire::Plain(stream), number, shared, buffer: Vec::new(), until }
    }

    /// Serves until a script ends the connection or the other side does.
    pub(super) fn serve(mut self) -> io::Result<()> {
        self.wire.socket().set_nodelay(true)?;
        self.wire.socket().set_read_timeout(Some(TICK))?;
        self.wire.socket().set_write_timeout(Some(PATIENCE))?;
        if !self.begin()? {
            return Ok(());
        }
        let client = self.wire.client();
        let peer = self.wire.socket().peer_addr().ok();
        while let Some(head) = self.head()? {
            let connection = self.number;
            let client = client.clone();
            let seen = Seen { connection, peer, head, client, ..Seen::default() };
            let (index, reply) = self.shared.arrived(seen);
            if !self.play(index, &reply)? {
                break;
            }
        }
        Ok(())
    }

    /// Does the handshake, whatever it is; gives whether there is a connection.
    fn begin(&mut self) -> io::Result<bool> {
        let shared = Arc::clone(&self.shared);
        match &shared.handshake {
            Handshake::None => return Ok(true),
            #[cfg(feature = "tls")]
            Handshake::Tls(acceptor) => {
                let until = self.until.min(Instant::now() + PATIENCE);
                let go_on = || !shared.is_stopped() && Instant::now() < until;
                let accepted = Wire::accept(acceptor, self.wire.socket().try_clone()?, go_on);
                if let Ok(wire) = accepted {
                    self.wire = wire;
                    return Ok(true);
                }
                // What TLS had to say has to arrive.
                self.wire.end()?;
                self.drain();
            }
            Handshake::Close => {
                self.fill()?;
                self.wire.end()?;
                self.drain();
            }
            Handshake::Reset => {
                self.fill()?;
                SockRef::from(self.wire.socket()).set_linger(Some(Duration::ZERO))?;
            }
            Handshake::Hang => self.drain(),
        }
        Ok(false)
    }

    /// Plays a script; gives whether the connection is kept.
    fn play(&mut self, index: usize, reply: &Reply) -> io::Result<bool> {
        for act in reply.acts() {
            match act {
                Act::ReadBody => self.body(index)?,
                Act::Write(bytes) => self.wire.write_all(bytes)?,
                Act::Drip(bytes, every) => {
                    for byte in bytes {
                        self.rest(*every)?;
                        self.wire.write_all(&[*byte])?;
                    }
                }
                Act::Wait(time) => self.rest(*time)?,
                Act::Close | Act::Cut => {
                    if *act == Act::Close {
                        self.wire.goodbye();
                    }
                    self.wire.end()?;
                    self.drain();
                    return Ok(false);
                }
                Act::Reset => {
                    SockRef::from(self.wire.socket()).set_linger(Some(Duration::ZERO))?;
                    return Ok(false);
                }
                Act::Tunnel(to) => {
                    self.carry(*to)?;
                    return Ok(false);
                }
                Act::Hang => {
                    self.drain();
                    let gone = !self.shared.is_stopped() && Instant::now() < self.until;
                    self.shared.update(index, |seen| seen.gone = gone);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Carries bytes both ways until one side ends, or the server.
    fn carry(&mut self, to: SocketAddr) -> io::Result<()> {
        let mut other = TcpStream::connect(to)?;
        other.set_nodelay(true)?;
        other.set_write_timeout(Some(PATIENCE))?;
        other.write_all(&std::mem::take(&mut self.buffer))?;
        let (mut back, mut here) = (other.try_clone()?, self.wire.socket().try_clone()?);
        let back = thread::spawn(move || {
            let carried = io::copy(&mut back, &mut here);
            let _ = here.shutdown(Shutdown::Write);
            carried
        });
        while self.fill().is_ok_and(|more| more) {
            other.write_all(&std::mem::take(&mut self.buffer))?;
        }
        let _ = other.shutdown(Shutdown::Both); // the other side may be gone
        let _ = back.join();
        Ok(())
    }

    /// Waits in small steps, so that a stopped server stops.
    fn rest(&self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time.min(PATIENCE);
        while Instant::now() < end {
            if self.shared.is_stopped() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            thread::sleep(end.saturating_duration_since(Instant::now()).min(TICK));
        }
        Ok(())
    }

    /// Reads and forgets until the other side closes, so that closing here does not turn into a reset.
    fn drain(&mut self) {
        self.until = self.until.min(Instant::now() + PATIENCE);
        while self.fill().is_ok_and(|more| more) {
            self.buffer.clear();
        }
    }

    fn head(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let rest = self.buffer.split_off(end + 4);
                return Ok(Some(std::mem::replace(&mut self.buffer, rest)));
            }
            if self.buffer.first() == Some(&TLS_HANDSHAKE) {
                self.wire.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
                return Ok(None);
            }
            if self.buffer.len() > MAX_HEAD || !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn body(&mut self, index: usize) -> io::Result<()> {
        let Some(seen) = self.shared.seen(index) else { return Ok(()) };
        if seen.text("expect").is_some() {
            self.wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if seen.text("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            return self.chunks(index);
        }
        let length = seen.text("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        self.counted(index, length)?;
        self.shared.update(index, |seen| seen.whole = true);
        Ok(())
    }

    fn chunks(&mut self, index: usize) -> io::Result<()> {
        loop {
            let line = self.line()?;
            let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
            let size = std::str::from_utf8(size)
                .ok()
                .and_then(|text| usize::from_str_radix(text, 16).ok());
            match size {
                None => return Err(io::ErrorKind::InvalidData.into()),
                Some(0) => break,
                Some(size) => self.counted(index, size)?,
            }
            self.line()?;
        }
        while !self.line()?.is_empty() {}
        self.shared.update(index, |seen| seen.whole = true);
        Ok(())
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let rest = self.buffer.split_off(end + 2);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.truncate(end);
                return Ok(line);
            }
            if !self.fill()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn counted(&mut self, index: usize, length: usize) -> io::Result<()> {
        if length > MAX_BODY {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut left = length;
        while left > 0 {
            if self.buffer.is_empty() && !self.fill()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let rest = self.buffer.split_off(left.min(self.buffer.len()));
            let piece = std::mem::replace(&mut self.buffer, rest);
            left -= piece.len();
            self.shared.update(index, |seen| seen.body.extend_from_slice(&piece));
        }
        Ok(())
    }

    /// Waits for more bytes; gives false at the end of the connection, of patience, or of the server.
    fn fill(&mut self) -> io::Result<bool> {
        let mut piece = [0; 16 << 10];
        loop {
            if self.shared.is_stopped() || Instant::now() >= self.until {
                return Ok(false);
            }
            match self.wire.read(&mut piece) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.buffer.extend_from_slice(&piece[..count]);
                    return Ok(true);
                }
                Err(error) if is_tick(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_tick(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
