//! One connection: requests in, scripts played, in turn.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::script::{Act, Reply};
use super::seen::Seen;
use super::{PATIENCE, Shared};

const MAX_HEAD: usize = 4 << 20;
const MAX_BODY: usize = 256 << 20;
/// The first byte of a TLS handshake, which this server answers in plain text.
const TLS_HANDSHAKE: u8 = 22;
const TICK: Duration = Duration::from_millis(20);

pub(super) struct Connection {
    stream: TcpStream,
    number: usize,
    shared: Arc<Shared>,
    buffer: Vec<u8>,
    until: Instant,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, number: usize, shared: Arc<Shared>) -> Self {
        Self { stream, number, shared, buffer: Vec::new(), until: Instant::now() + PATIENCE * 6 }
    }

    /// Serves until a script ends the connection or the other side does.
    pub(super) fn serve(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        self.stream.set_read_timeout(Some(TICK))?;
        self.stream.set_write_timeout(Some(PATIENCE))?;
        while let Some(head) = self.head()? {
            let seen = Seen { connection: self.number, head, ..Seen::default() };
            let (index, reply) = self.shared.arrived(seen);
            if !self.play(index, &reply)? {
                break;
            }
        }
        Ok(())
    }

    /// Plays a script; gives whether the connection is kept.
    fn play(&mut self, index: usize, reply: &Reply) -> io::Result<bool> {
        for act in reply.acts() {
            match act {
                Act::ReadBody => self.body(index)?,
                Act::Write(bytes) => self.stream.write_all(bytes)?,
                Act::Drip(bytes, every) => {
                    for byte in bytes {
                        self.rest(*every)?;
                        self.stream.write_all(&[*byte])?;
                    }
                }
                Act::Wait(time) => self.rest(*time)?,
                Act::Close => {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.drain();
                    return Ok(false);
                }
                Act::Reset => {
                    SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))?;
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
                self.stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
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
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
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
            match self.stream.read(&mut piece) {
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
