//! A server of threads that counts.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A server on loopback. It counts a request when it has read it, and then takes its time.
pub struct Server {
    address: SocketAddr,
    counts: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Server {
    /// Starts a server whose slow answers take `dwell`.
    ///
    /// # Errors
    ///
    /// If there is no port to be had.
    pub fn start(dwell: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Mutex::default());
        let shared = Arc::clone(&counts);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counts = Arc::clone(&shared);
                // Who is killed leaves half a request: that is an error, and no count.
                thread::spawn(move || serve(&stream, dwell, &counts));
            }
        });
        Ok(Self { address, counts })
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how many requests of each id there were.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u32> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns how many ids there were.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn serve(
    stream: &TcpStream,
    dwell: Duration,
    counts: &Mutex<BTreeMap<String, u32>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let (mut writer, mut line) = (stream, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mut parts = path.trim_start_matches('/').splitn(2, '/');
        let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let count = {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(id.to_owned()).or_default();
            *count += 1;
            *count
        };
        if matches!(kind, "slow" | "get") {
            thread::sleep(dwell);
        }
        let answer: &[u8] = if kind == "busy" && count <= 2 {
            b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"
        } else {
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        };
        writer.write_all(answer)?;
    }
}
