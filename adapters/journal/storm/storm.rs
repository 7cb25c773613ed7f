//! A storm: a server that counts what reaches it is killed and started again, the run is killed and gone on with, and in the end
//! everything is counted. Std alone, but for reading results.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What is asked of a storm.
pub(crate) struct Storm<'a> {
    /// The command `http-hook`.
    pub(crate) command: &'a Path,
    /// A folder that is there.
    pub(crate) folder: &'a Path,
    /// Starts the server at an address, with a log.
    pub(crate) server: &'a dyn Fn(SocketAddr, &Path) -> io::Result<Child>,
    /// How many calls there are.
    pub(crate) calls: u32,
    /// How many are under way at once.
    pub(crate) jobs: u32,
    /// How often the run is killed.
    pub(crate) kills: u32,
    /// How often the server is killed.
    pub(crate) server_kills: u32,
    /// Whether there is a journal; without one the run begins anew each time, as a loop in a shell would have it.
    pub(crate) journal: bool,
    /// Decides when.
    pub(crate) seed: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Results, and calls that have one.
    pub(crate) results: u32,
    pub(crate) calls: u32,
    pub(crate) ok: u32,
    pub(crate) failed: u32,
    pub(crate) may_have_acted: u32,
    /// POSTs that reached the server more than once.
    pub(crate) twice: u32,
    /// Results that the server's count contradicts.
    pub(crate) wrong: u32,
    /// Other requests that reached it more than once.
    pub(crate) repeated: u32,
    /// The most memory that any process of the run had, in KiB.
    pub(crate) memory: u64,
    pub(crate) seconds: f64,
    /// How often the run was killed.
    pub(crate) killed: u32,
    /// How often the server was.
    pub(crate) server_killed: u32,
}

impl Figures {
    /// Whether every call has one outcome, and nothing that may not be repeated was.
    pub(crate) fn holds(&self, storm: &Storm<'_>) -> bool {
        self.results == storm.calls
            && self.calls == storm.calls
            && self.twice == 0
            && self.wrong == 0
            && self.killed == storm.kills
            && self.server_killed == storm.server_kills
            && self.memory < 100 << 10
    }
}

/// The method of a call: six of ten are POST, the others may be repeated.
pub(crate) fn method(number: u32) -> &'static str {
    match number % 10 {
        0..6 => "POST",
        6 => "PUT",
        _ => "GET",
    }
}

/// Writes the file of the calls.
pub(crate) fn write_calls(
    path: &Path,
    calls: u32,
    method: impl Fn(u32) -> &'static str,
) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for number in 0..calls {
        let method = method(number);
        let body = if method == "GET" {
            String::new()
        } else {
            format!(r#","json":{{"number":{number},"name":"box","count":3}}"#)
        };
        writeln!(
            out,
            r#"{{"id":"c{number}","method":"{method}","endpoint":"calls/{number}"{body}}}"#
        )?;
    }
    out.flush()
}

/// Answers, and writes the number of each request into the log, where it stays though the process is killed.
pub(crate) fn serve(address: SocketAddr, log: Option<&Path>) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    let log = log.map(|log| OpenOptions::new().append(true).create(true).open(log)).transpose()?;
    let log = log.map(Arc::new);
    let asked = Arc::<Mutex<HashSet<u32>>>::default();
    println!("{}", listener.local_addr()?);
    for stream in listener.incoming().map_while(Result::ok) {
        let (log, asked) = (log.clone(), Arc::clone(&asked));
        thread::Builder::new().stack_size(256 << 10).spawn(move || {
            let _ = exchange(stream, log.as_deref(), &asked);
        })?;
    }
    Ok(())
}

fn exchange(
    mut stream: TcpStream,
    log: Option<&File>,
    asked: &Mutex<HashSet<u32>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 16 << 10];
    let mut filled = 0;
    loop {
        let (head, len) = loop {
            if let Some(end) = buffer[..filled].windows(4).position(|end| end == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
                let len = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    let is = name.eq_ignore_ascii_case("content-length");
                    is.then(|| value.trim().parse::<usize>().ok())?
                });
                break (head, end + 4 + len.unwrap_or(0));
            }
            match stream.read(&mut buffer[filled..])? {
                0 => return Ok(()),
                count => filled += count,
            }
        };
        while filled < len {
            match stream.read(&mut buffer[filled..])? {
                0 => return Ok(()),
                count => filled += count,
            }
        }
        filled = 0;
        let path = head.split(' ').nth(1).unwrap_or_default();
        let number = path.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        if let Some(mut log) = log {
            log.write_all(&u32::to_le_bytes(number))?;
            if number % 97 == 0 {
                thread::sleep(Duration::from_millis(20));
            }
            let busy = number % 1_000 == 7;
            if busy && asked.lock().unwrap().insert(number) {
                stream.write_all(
                    b"HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
                )?;
                continue;
            }
        }
        stream.write_all(
            b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"ok\":true}",
        )?;
    }
}

/// A process that ends with this value.
pub(crate) struct Ended(pub(crate) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server and returns where it listens.
pub(crate) fn started(mut child: Child) -> io::Result<(Ended, SocketAddr)> {
    let mut line = String::new();
    let output = child.stdout.take();
    let child = Ended(child);
    let Some(output) = output else { return Err(io::Error::other("the server prints nothing")) };
    let mut output = BufReader::new(output);
    while !line.trim().contains(':') || line.trim().parse::<SocketAddr>().is_err() {
        line.clear();
        if output.read_line(&mut line)? == 0 {
            return Err(io::Error::other("the server did not start"));
        }
    }
    let address = line.trim().parse().map_err(io::Error::other)?;
    // Whatever else it prints has to go somewhere.
    thread::spawn(move || io::copy(&mut output, &mut io::sink()));
    Ok((child, address))
}

impl Storm<'_> {
    /// Runs the storm.
    pub(crate) fn run(&self) -> io::Result<Figures> {
        let file = self.folder.join("calls.jsonl");
        let (log, results) = (self.folder.join("log"), self.folder.join("results.jsonl"));
        let journal = self.folder.join("run.journal");
        write_calls(&file, self.calls, method)?;
        let _ = fs::remove_file(&log);
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (mut server, address) = started((self.server)(any, &log)?)?;
        let mut random = Random(self.seed);
        let mut times = |count: u32| {
            let mut times: Vec<u64> =
                (0..count).map(|_| random.next() % (u64::from(self.calls) * 9 / 10) + 1).collect();
            times.sort_unstable_by(|a, b| b.cmp(a));
            times
        };
        let (mut kills, mut server_kills) = (times(self.kills), times(self.server_kills));
        let mut figures = Figures::default();
        let began = Instant::now();
        // What reached the server when the last of either was killed: without a journal each run begins anew.
        let mut run = self.start(address, &file, &results, &journal)?;
        loop {
            if let Some(status) = run.0.try_wait()? {
                if !matches!(status.code(), Some(0 | 13)) {
                    return Err(io::Error::other(format!("the run ended: {status}")));
                }
                break;
            }
            figures.memory = figures.memory.max(memory(run.0.id()));
            let count = fs::metadata(&log).map_or(0, |about| about.len() / 4);
            if server_kills.last().is_some_and(|at| count >= *at) {
                server_kills.pop();
                figures.server_killed += 1;
                drop(server);
                thread::sleep(Duration::from_millis(300));
                server = started((self.server)(address, &log)?)?.0;
            }
            if kills.last().is_some_and(|at| count >= *at) {
                kills.pop();
                figures.killed += 1;
                drop(run);
                run = self.start(address, &file, &results, &journal)?;
            }
            if began.elapsed() > Duration::from_secs(3_600) {
                return Err(io::Error::other("the storm takes more than an hour"));
            }
            thread::sleep(Duration::from_millis(2));
        }
        figures.seconds = began.elapsed().as_secs_f64();
        drop(server);
        self.count(&log, &results, &mut figures)?;
        Ok(figures)
    }

    fn start(
        &self,
        address: SocketAddr,
        file: &Path,
        results: &Path,
        journal: &Path,
    ) -> io::Result<Ended> {
        let mut command = Command::new(self.command);
        command.env_clear().env("HTTP_HOOK_SOURCES", "env");
        command.env("AIRFLOW_CONN_STORM", format!("http://{address}"));
        command.args(["run", "-q", "--retry", "40", "--jobs", &self.jobs.to_string(), "-o"]);
        command.arg(results).arg(file).arg("storm");
        if self.journal {
            command.arg("--journal").arg(journal);
            if journal.exists() {
                command.arg("--resume");
            }
        }
        Ok(Ended(command.stdin(Stdio::null()).spawn()?))
    }

    /// Compares what the server counted with what the run says.
    fn count(&self, log: &Path, results: &Path, figures: &mut Figures) -> io::Result<()> {
        let mut reached = vec![0_u32; self.calls as usize];
        for number in fs::read(log)?.chunks_exact(4) {
            let number = u32::from_le_bytes(number.try_into().unwrap_or_default());
            reached[number as usize] += 1;
        }
        for (number, count) in (0..).zip(&reached) {
            let repeatable = method(number) != "POST";
            figures.twice += u32::from(*count > 1 && !repeatable);
            figures.repeated += u32::from(*count > 1 && repeatable);
        }
        let mut told = vec![false; self.calls as usize];
        for line in BufReader::new(File::open(results)?).lines() {
            let line = line?;
            let wrong = || io::Error::other(format!("no result: {line}"));
            let between = |from: &str, to: &str| {
                let begin = line.find(from)? + from.len();
                line[begin..].split(to).next()
            };
            let number = between("\"id\":\"c", "\"").and_then(|id| id.parse::<u32>().ok());
            let number = number.ok_or_else(wrong)?;
            let count = reached[number as usize];
            let post = method(number) == "POST";
            figures.results += 1;
            figures.calls += u32::from(!std::mem::replace(&mut told[number as usize], true));
            match between("\"result\":\"", "\"").ok_or_else(wrong)? {
                "ok" => {
                    figures.ok += 1;
                    figures.wrong += u32::from(count == 0 || post && count != 1);
                }
                "may_have_acted" => {
                    figures.may_have_acted += 1;
                    figures.wrong += u32::from(!post || count > 1);
                }
                _ => figures.failed += 1,
            }
        }
        Ok(())
    }
}

/// The most memory that a process had so far, in KiB.
pub(crate) fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A generator of numbers (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Makes a folder of this process in the temporary one.
pub(crate) fn folder(name: &str) -> io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
